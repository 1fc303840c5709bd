//! Positions and money (§6): lots, margin, fees, profit.

pub(crate) mod account;
pub(crate) mod holding;
