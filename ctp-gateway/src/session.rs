//! What the state machines of both kinds of session share: time, and what is noticed by it.

pub(crate) mod clocks;
pub(crate) mod hours;
pub(crate) mod outage;
pub(crate) mod watch;
pub(crate) mod watchdog;

use std::time::Instant;

/// The time of one step. All time comes into the sessions through it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// The monotonic time: all deadlines are of this kind, so a set or stepped clock moves none of them.
    pub(crate) instant: Instant,
    /// The wall clock, in nanoseconds since the Unix epoch: what stamps and exchange hours are judged by.
    pub(crate) unix_ns: i64,
}
