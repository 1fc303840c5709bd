//! Trading sessions.

mod account;
mod book;
mod check;
mod client;
mod event;
#[cfg(test)]
mod fixtures;
mod handle;
mod io;
mod new_order;
mod order;
mod queries;
pub(crate) mod recorded;
mod rows;
mod session;
mod spi;
mod task;

pub use client::TdClient;
pub use event::TdEvent;
pub use handle::OrderHandle;
pub use new_order::NewOrder;
pub use order::{Order, OrderId, OrderKeys, OrderPhase, Origin, Trade};
pub use rows::{Account, Instrument, Position};
