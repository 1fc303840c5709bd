//! Market data sessions.

mod client;
mod event;
pub(crate) mod io;
pub(crate) mod observed;
mod queue;
pub(crate) mod recorded;
pub(crate) mod session;
mod spelling;
mod spi;
mod subscriptions;
mod task;
mod tick;

pub use client::MdClient;
pub use event::{Gap, MdEvent, Seen};
pub use queue::Ticks;
pub use tick::{Level, Tick};
