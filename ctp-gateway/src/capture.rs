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
pub(crate) mod recorded;
mod recorder;
mod recording;
mod redact;
pub(crate) mod replay;

pub use config::CaptureConfig;
pub use error::CaptureError;
pub use file::{FORMAT_VERSION, Reader};
pub use frame::{Frame, Header, OutputNote, RecordedTick, SessionKind, Stamp, Step, Totals};
pub use note::{Note, Value};
pub(crate) use recorder::{NextTick, Progress, TickSource};
pub(crate) use recording::{About, Recording};
pub use replay::{Effect, Outcome, Replay, Replayed, ReplayedStep, replay};
