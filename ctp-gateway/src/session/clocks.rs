//! The wall clock against the monotonic clock.

use super::Now;

/// How far the clocks may drift apart between two steps.
const JUMP_NS: i128 = 2_000_000_000;

/// Notices when the wall clock was set, or stood still while the machine slept.
#[derive(Debug, Default)]
pub(crate) struct Clocks {
    last: Option<Now>,
}

impl Clocks {
    /// Returns how far the wall clock jumped since the last step, in nanoseconds; `None` if it did not.
    pub(crate) fn check(&mut self, now: Now) -> Option<i64> {
        let last = self.last.replace(now)?;
        let wall = i128::from(now.unix_ns) - i128::from(last.unix_ns);
        let elapsed = i128::try_from(now.instant.saturating_duration_since(last.instant).as_nanos());
        let jump = wall - elapsed.unwrap_or(i128::MAX / 2);
        (jump.abs() > JUMP_NS)
            .then(|| i64::try_from(jump).unwrap_or(if jump < 0 { i64::MIN } else { i64::MAX }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_jump_is_noticed_once_and_drift_is_borne() {
        let start = Instant::now();
        let at = |seconds, unix_ns| Now { instant: start + Duration::from_secs(seconds), unix_ns };
        let mut clocks = Clocks::default();
        assert_eq!(clocks.check(at(0, 5_000_000_000)), None);
        assert_eq!(clocks.check(at(10, 15_900_000_000)), None);
        assert_eq!(clocks.check(at(20, 3_625_900_000_000)), Some(3_600_000_000_000));
        assert_eq!(clocks.check(at(21, 3_626_900_000_000)), None);
        assert_eq!(clocks.check(at(22, 0)), Some(-3_627_900_000_000));
        assert_eq!(clocks.check(at(23, i64::MIN)), Some(i64::MIN));
    }
}
