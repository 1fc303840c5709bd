//! Recording a session, and playing the recording back.
//!
//! A capture holds every input of a session's state machine with its time: callbacks with their records, what the
//! library said to each request, commands, timers. The machine has no clock, thread or socket of its own, so the same
//! inputs make the same outputs: a bad day becomes a test.

mod bytes;
mod config;
mod error;
mod file;
mod frame;
mod note;
mod redact;

pub use config::CaptureConfig;
pub use error::CaptureError;
pub use file::{FORMAT_VERSION, Reader};
pub use frame::{Frame, Header, OutputNote, RecordedTick, SessionKind, Stamp, Step, Totals};
pub use note::{Note, Value};
