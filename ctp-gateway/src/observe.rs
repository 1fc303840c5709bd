//! What a session tells about itself while it runs.

mod latency;
mod observer;
mod repeated;
mod span;

#[allow(unused_imports, reason = "consumers of ticks take it")]
pub(crate) use latency::{Latencies, Meter};
pub(crate) use observer::{About, Heard, Observed, Observer, Subject, Told, Vitals, not_taken};
#[allow(unused_imports, reason = "whoever writes lines that repeat themselves takes it")]
pub(crate) use repeated::Repeated;
pub(crate) use span::{instrument_of, session_span, step_span};
