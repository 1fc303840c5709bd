//! Orders: the book of the day, the order as users see it, and the caller's end of one.

mod await_order;
pub(crate) mod book;
pub(crate) mod cancels;
mod cell;
pub(crate) mod deadlines;
mod handle;
pub(crate) mod legs;
pub(crate) mod names;
pub(crate) mod order;
mod outcome;
pub(crate) mod source;
pub(crate) mod trade;
mod waiting;

pub(crate) use cell::{HandleSide, Placed, cell};
pub use handle::{OrderEvents, OrderHandle};
pub use order::{Order, OrderId, OrderKeys, OrderPhase, Origin};
pub use outcome::Outcome;
pub use trade::Trade;
