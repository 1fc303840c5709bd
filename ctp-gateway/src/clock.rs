//! The one seam through which time comes in.

use std::time::{SystemTime, UNIX_EPOCH};

/// Gives the time that received records are stamped with.
pub(crate) trait Clock: Send + Sync + 'static {
    /// Returns the time in nanoseconds since the Unix epoch.
    fn unix_ns(&self) -> i64;
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn unix_ns(&self) -> i64 {
        // Before 1970 or after 2262 the stamp is 0: a wrong clock must not stop a callback.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_nanos()).unwrap_or(0)
    }
}
