//! Market data sessions.

mod bus;
mod client;
mod dates;
mod event;
mod feeds;
pub(crate) mod io;
pub(crate) mod observed;
pub(crate) mod recorded;
mod requests;
pub(crate) mod session;
mod slot;
mod spelling;
mod spi;
mod subscriptions;
mod task;
mod tick;

pub use bus::{BlockingTicks, Inlet, SpinTicks, TickBus, TickHandler, Ticks};
pub use client::MdClient;
pub use event::{Gap, MdEvent, QuoteSubscription, Seen};
pub use requests::Requests;
pub use tick::{Level, Tick, TickFlags};
