//! The simulated exchange: a pure state machine.
//!
//! The whole interface is [`Exchange::step`]`(now, input, outputs)`: no thread, socket, clock, file or source of chance
//! of its own. The same seed and the same time-stamped inputs give the same outputs, byte for byte.
//!
//! How a host drives it:
//!
//! 1. [`Config::starting_at`], [`Exchange::new`].
//! 2. For each API call, under one lock: [`Exchange::admit`]; when that is 0, [`Exchange::step`] with the call as
//!    [`Input`]. `now` must not go backwards; an earlier time counts as the latest one seen.
//! 3. At [`Exchange::next_deadline`]: `step` with [`Input::Advance`].
//! 4. Each [`Output`] goes to the worker thread of its session, in order.

mod config;
mod interface;

pub use config::{CarriedLot, Config, ConfigError};
pub use interface::{ApiKind, Delivery, Input, Output, SessionId, Timestamp};
