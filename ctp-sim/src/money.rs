//! Positions and money (§6): terms of an instrument, lots, margin, fees, profit, the accounts.
//!
//! Everything is kept up to date as things happen, so that a check or a tick costs the same at one position as at
//! hundreds. Rounding happens per lot; every total is a sum of lots.

pub(crate) mod account;
pub(crate) mod accounts;
mod book;
mod combining;
pub(crate) mod funds;
pub(crate) mod holding;
pub(crate) mod lot;
pub(crate) mod margin;
pub(crate) mod params;
pub(crate) mod rates;
pub(crate) mod terms;
