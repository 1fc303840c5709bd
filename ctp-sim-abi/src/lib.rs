//! The simulator as a drop-in CTP library: the C functions that the emitted facades call.
//!
//! A facade has the vendor's C++ ABI of one library version, and hands every call on to the
//! functions here; records on this boundary are always of the current model. All facades of a
//! process share one core, and so its exchanges.
//!
//! - A facade of another family (mini, sopt) maps the records of a session by name, and has its other requests
//!   answered by [`exports::ctp_sim_answer_unsupported`].
//! - A handle is a number in a table, not a pointer: NULL, released and foreign handles are
//!   tolerated by every function.
//! - No panic leaves a function: it is logged and the function returns the value that its
//!   documentation names for a failure.
//! - Nothing is printed but errors, to stderr. `CTP_SIM_LOG` changes that: `0` nothing, `1` what a session does,
//!   or a level (`error`, `warn`, `info`, `debug`, `trace`).
//! - `CTP_SIM_POISON=1` overwrites every record with 0xA5 after its callback.
//!
//! [`exports`] holds the functions.

pub mod exports;

mod client;
mod handles;
mod incoming;
mod logging;

/// Emitted from the current model.
mod methods {
    include!(concat!(env!("OUT_DIR"), "/methods.rs"));
}
