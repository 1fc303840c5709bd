//! Orders: the book of the day, the order as users see it, and the caller's end of one.

pub(crate) mod book;
mod handle;
pub(crate) mod order;

pub use handle::OrderHandle;
pub use order::{Order, OrderId, OrderKeys, OrderPhase, Origin, Trade};
