//! Requests of both kinds of session: queries in a queue, all others in a table, as pure machines.

pub(crate) mod correlation;
pub(crate) mod desk;
pub(crate) mod pending;
pub(crate) mod queue;
mod raw;
mod sent;
pub(crate) mod submission;

pub use raw::{Pushes, RawAnswer, RawEvent};
pub use sent::Sent;
