//! Trading sessions.

mod account;
mod book;
mod check;
mod event;
mod new_order;
mod order;
mod queries;
mod rows;
mod session;

pub use event::TdEvent;
pub use new_order::NewOrder;
pub use order::{Order, OrderId, OrderKeys, OrderPhase, Origin, Trade};
pub use rows::{Account, Instrument, Position};
