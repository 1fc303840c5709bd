//! Market data sessions.

mod client;
mod event;
mod io;
mod queue;
mod session;
mod spi;
mod task;
mod tick;

pub use client::MdClient;
pub use event::MdEvent;
pub use queue::Ticks;
pub use tick::{Level, Tick};
