//! The simulated exchange, running.
//!
//! [`ctp_sim::Exchange`] is a pure state machine. This crate gives it what it leaves out: a clock, a
//! thread that steps it at its deadlines, and API objects that speak to it as the vendor's library
//! would, each with one thread that delivers its callbacks in order.
//!
//! - A [`Simulator`] is a running exchange. The same name is the same exchange in the whole process, and
//!   it lives as long as the process: a client that comes back finds its orders.
//! - An [`Instance`] is one API object, market data or trader, of any library version.
//! - A [`FrontAddress`] is what a client registers, `sim://NAME[?clock=real|virtual&speed=…&start=…&SETTING=…]`.
//!
//! Threads: one per running exchange, one per initialised instance. A request steps the exchange in
//! the caller's thread under the exchange's lock; a callback runs on the instance's thread with no
//! lock held.

#![forbid(unsafe_code)]

mod address;
mod callback;
mod clock;
mod command;
pub mod control;
mod counts;
pub mod day;
mod engine;
pub mod fault;
mod flow;
mod front;
mod instance;
mod link;
mod logged;
mod mailbox;
mod notice;
mod poison;
mod quiet;
mod recording;
mod registry;
pub mod scenario;
#[cfg(feature = "serve")]
pub mod serve;
mod simulator;
#[cfg(feature = "serve")]
pub mod store;
mod unkept;
pub mod wire;
mod worker;

pub use address::{
    AddressError, ClockKind, FrontAddress, NAME_LENGTH_MAX, SPEED_MAX, ServedAddress, SimulatorAddress, Speed,
};
pub use callback::{Callback, Method};
pub use clock::{Clock, EventClock, ManualClock, Pace, PaceError, RealClock, VirtualClock};
pub use command::{Argument, CommandError, read_command, read_line, write_line};
pub use control::{ControlError, REQUEST_LENGTH_MAX, control, control_of};
pub use counts::Counts;
pub use flow::Topic;
pub use instance::{Instance, InstanceOptions, NOT_CONNECTED, RELEASE_WAIT_MAX, SubscriptionChange};
pub use logged::{NotKept, Undone};
pub use notice::{LINES_MAX, Line, NOTICES_MAX, Noted, Notice, Watcher};
pub use quiet::QuietError;
pub use recording::{RecordingError, read_recording};
pub use registry::StartError;
pub use simulator::Simulator;

pub use ctp_sim::{ApiKind, Command, Config, Refused, Timestamp, look};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex whose data stay valid when a holder panics.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
