//! Orders and trades as Python sees them.

mod handle;
mod trade;
mod view;

pub(crate) use handle::{Order, Outcome};
pub(crate) use trade::Trade;
pub(crate) use view::{OrderView, origin_name};
