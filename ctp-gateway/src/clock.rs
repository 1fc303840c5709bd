//! The one seam through which time comes in.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Gives the time that received records are stamped with.
pub(crate) trait Clock: Send + Sync + 'static {
    /// Returns the time in nanoseconds since the Unix epoch.
    fn unix_ns(&self) -> i64;
}

/// The clock that tells what time of which day it is: the operating system's, or one that is moved by hand.
///
/// A session stamps what it receives by it and judges the exchanges' hours by it. Deadlines do not depend on it: they
/// are kept by the runtime's monotonic timers. Clones show the same time.
///
/// A clock by hand is for tests and simulations that live in another time than the machine.
///
/// ```
/// use ctp_gateway::clock::WallClock;
///
/// let clock = WallClock::by_hand(1_795_399_200_000_000_000);
/// let same = clock.clone();
/// clock.set(1_795_399_201_000_000_000);
/// assert_eq!(same.unix_ns(), 1_795_399_201_000_000_000);
/// ```
#[derive(Clone, Debug, Default)]
pub struct WallClock {
    by_hand: Option<Arc<AtomicI64>>,
}

impl WallClock {
    /// Returns the operating system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// Returns a clock that stands at a moment, in nanoseconds since the Unix epoch, until it is [`set`](Self::set).
    pub fn by_hand(unix_ns: i64) -> Self {
        Self { by_hand: Some(Arc::new(AtomicI64::new(unix_ns))) }
    }

    /// Sets a clock by hand, in nanoseconds since the Unix epoch; the operating system's is left alone.
    pub fn set(&self, unix_ns: i64) {
        if let Some(by_hand) = &self.by_hand {
            by_hand.store(unix_ns, Ordering::Release);
        }
    }

    /// Returns whether it stands until it is set.
    pub(crate) fn is_by_hand(&self) -> bool {
        self.by_hand.is_some()
    }

    /// Returns the time in nanoseconds since the Unix epoch; 0 for an operating system that lives before 1970 or after
    /// 2262.
    #[inline]
    pub fn unix_ns(&self) -> i64 {
        match &self.by_hand {
            None => system_unix_ns(),
            Some(by_hand) => by_hand.load(Ordering::Acquire),
        }
    }
}

impl Clock for WallClock {
    fn unix_ns(&self) -> i64 {
        Self::unix_ns(self)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn system_unix_ns() -> i64 {
    // Before 1970 or after 2262 the stamp is 0: a wrong clock must not stop a callback.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(0)
}
