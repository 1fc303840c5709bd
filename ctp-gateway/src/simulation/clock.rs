//! Virtual time: one number, and what the machines call it.

use std::time::{Duration, Instant};

use ctp_sim::Timestamp;

use crate::session::Now;

/// Monday 2026-11-23, 10:00 in China.
const START: i64 = 1_795_399_200_000_000_000;

/// A moment: nanoseconds since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At(i64);

impl At {
    pub(super) fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }

    pub(super) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

/// Shown as seconds, `  12.345678`.
impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>4}.{:06}", self.0 / 1_000_000_000, self.0 / 1_000 % 1_000_000)
    }
}

/// The time of a run, in the words of each machine.
#[derive(Debug)]
pub(super) struct Clock {
    /// Any moment of the real machine: only differences to it are ever used.
    base: Instant,
    now: At,
    /// By how much the wall clock was set since the run began, in nanoseconds.
    wall_shift: i64,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { base: Instant::now(), now: At::default(), wall_shift: 0 }
    }

    pub(super) fn now(&self) -> At {
        self.now
    }

    /// Goes on to a moment; never back.
    pub(super) fn advance(&mut self, to: At) {
        self.now = self.now.max(to);
    }

    /// Sets the wall clock of the gateway's machine, as an administrator or NTP does.
    pub(super) fn shift_wall(&mut self, by: i64) {
        self.wall_shift += by;
    }

    pub(super) fn for_session(&self) -> Now {
        let unix_ns = START + self.now.0 + self.wall_shift;
        Now { instant: self.base + self.now.since(At::default()), unix_ns }
    }

    pub(super) fn start() -> Timestamp {
        Timestamp(START)
    }

    pub(super) fn exchange_time(&self) -> Timestamp {
        Timestamp(START + self.now.0)
    }

    /// Returns the moment that a deadline of a session stands for.
    pub(super) fn of_instant(&self, instant: Instant) -> At {
        At::default().after(instant.saturating_duration_since(self.base))
    }

    pub(super) fn of_exchange(timestamp: Timestamp) -> At {
        At(timestamp.0 - START)
    }
}
