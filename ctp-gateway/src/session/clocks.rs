//! The wall clock against the monotonic clock, and against the front's.

use ctp_market::china_time;

use super::Now;

/// How far the clocks may drift apart between two steps.
const JUMP_NS: i128 = 2_000_000_000;
/// How far the wall clock and the front's may be apart and still be taken for the same.
const TOLERANCE_NS: i64 = 300_000_000_000;
const SECOND_NS: i64 = 1_000_000_000;
const DAY_NS: i64 = 86_400 * SECOND_NS;

/// Notices when the wall clock was set, or stood still while the machine slept, and by how much it may be wrong since.
#[derive(Debug, Default)]
pub(crate) struct Clocks {
    last: Option<Now>,
    /// How far the wall clock is ahead of what it would be by the last login and the monotonic clock, in nanoseconds.
    ahead_ns: i64,
}

impl Clocks {
    /// Returns how far the wall clock jumped since the last step, in nanoseconds; `None` if it did not.
    pub(crate) fn check(&mut self, now: Now) -> Option<i64> {
        let last = self.last.replace(now)?;
        let wall = i128::from(now.unix_ns) - i128::from(last.unix_ns);
        let elapsed = i128::try_from(now.instant.saturating_duration_since(last.instant).as_nanos());
        let jump = wall - elapsed.unwrap_or(i128::MAX / 2);
        if jump.abs() <= JUMP_NS {
            return None;
        }
        let jump_ns = i64::try_from(jump).unwrap_or(if jump < 0 { i64::MIN } else { i64::MAX });
        self.ahead_ns = self.ahead_ns.saturating_add(jump_ns);
        Some(jump_ns)
    }

    /// Takes the front's time of day, `HH:MM:SS` in China, for the time of the last step. What is no such time says nothing, nor
    /// does `00:00:00`, as fronts without a clock write it.
    pub(crate) fn compare(&mut self, front_time: &str) {
        let Some(now) = self.last else { return };
        let Ok(front) = front_time.trim().parse::<jiff::civil::Time>() else { return };
        if front == jiff::civil::Time::midnight() {
            return;
        }
        let seconds_ns = |time: jiff::civil::Time| {
            let minutes = i64::from(time.hour()) * 60 + i64::from(time.minute());
            (minutes * 60 + i64::from(time.second())) * SECOND_NS
        };
        // The day is not known: the nearer of the two ways around the clock.
        let ahead = (seconds_ns(china_time(now.unix_ns).time()) - seconds_ns(front)).rem_euclid(DAY_NS);
        let ahead = if ahead > DAY_NS / 2 { ahead - DAY_NS } else { ahead };
        self.ahead_ns = if ahead.abs() <= TOLERANCE_NS { 0 } else { ahead };
    }

    /// Returns what time it may be besides what the wall clock says, in nanoseconds since the Unix epoch; `None` while there
    /// is no doubt.
    pub(crate) fn other_time(&self, unix_ns: i64) -> Option<i64> {
        (self.ahead_ns != 0).then(|| unix_ns.saturating_sub(self.ahead_ns))
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

    /// A moment of 2026-11-23 in China.
    fn china(start: Instant, seconds: u64, time: &str) -> Now {
        let unix_ns = ctp_market::unix_nanoseconds(format!("2026-11-23T{time}").parse().unwrap()).unwrap();
        Now { instant: start + Duration::from_secs(seconds), unix_ns }
    }

    #[test]
    fn what_the_clock_was_set_by_is_kept_until_a_login_says_that_it_is_right() {
        let start = Instant::now();
        let mut clocks = Clocks::default();
        clocks.compare("10:00:00");
        clocks.check(china(start, 0, "10:00:00"));
        assert_eq!(clocks.other_time(5), None);
        clocks.check(china(start, 60, "18:01:00"));
        let late = china(start, 120, "18:02:00");
        clocks.check(late);
        assert_eq!(clocks.other_time(late.unix_ns), Some(china(start, 120, "10:02:00").unix_ns));
        // A front that says nothing, or no time, settles nothing.
        clocks.compare("");
        clocks.compare("--:--:--");
        clocks.compare("00:00:00");
        assert_eq!(clocks.other_time(late.unix_ns), Some(china(start, 120, "10:02:00").unix_ns));
        clocks.compare("18:00:30");
        assert_eq!(clocks.other_time(late.unix_ns), None);
    }

    #[test]
    fn a_clock_that_was_wrong_from_the_start_is_told_by_the_login() {
        let start = Instant::now();
        let mut clocks = Clocks::default();
        let now = china(start, 0, "01:30:00");
        clocks.check(now);
        clocks.compare("10:30:00");
        assert_eq!(clocks.other_time(now.unix_ns), Some(china(start, 0, "10:30:00").unix_ns));
        clocks.compare("22:30:00");
        let before_midnight = now.unix_ns - 3 * 3_600 * SECOND_NS;
        assert_eq!(clocks.other_time(now.unix_ns), Some(before_midnight));
        clocks.compare("01:34:59");
        assert_eq!(clocks.other_time(now.unix_ns), None);
        clocks.compare("01:35:01");
        assert_eq!(clocks.other_time(now.unix_ns), Some(china(start, 0, "01:35:01").unix_ns));
    }

    #[test]
    fn jumps_there_and_back_leave_no_doubt() {
        let start = Instant::now();
        let mut clocks = Clocks::default();
        for (seconds, time) in [(0, "10:00:00"), (10, "13:00:10"), (20, "10:00:20")] {
            clocks.check(china(start, seconds, time));
        }
        assert_eq!(clocks.other_time(5), None);
    }
}
