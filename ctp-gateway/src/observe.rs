//! What a session tells about itself while it runs.

mod latency;
mod observer;
mod repeated;
mod span;

pub(crate) use latency::{Latencies, Meter};
pub(crate) use observer::{About, Heard, Observed, Observer, Subject, Told, Vitals, not_taken};
pub(crate) use repeated::Repeated;
pub(crate) use span::{instrument_of, order_span, session_span, step_span};
