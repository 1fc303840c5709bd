//! China's time: UTC+8 all year, without daylight saving since 1991.

use jiff::civil::DateTime;
use jiff::tz::Offset;

const CHINA: Offset = jiff::tz::offset(8);

/// Returns the civil time in China of a moment in nanoseconds since the Unix epoch.
pub fn china_time(unix_nanoseconds: i64) -> DateTime {
    // Every i64 of nanoseconds lies between the years 1677 and 2262, well inside the range.
    let instant =
        jiff::Timestamp::from_nanosecond(i128::from(unix_nanoseconds)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    CHINA.to_datetime(instant)
}

/// Returns the moment of a civil time in China, in nanoseconds since the Unix epoch; `None` outside the years 1677 to
/// 2262.
pub fn unix_nanoseconds(china_time: DateTime) -> Option<i64> {
    let instant = CHINA.to_timestamp(china_time).ok()?;
    i64::try_from(instant.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn china_is_eight_hours_ahead() {
        let at = 1_795_204_800_123_000_000; // 2026-11-20 20:00:00.123 UTC
        assert_eq!(china_time(at).to_string(), "2026-11-21T04:00:00.123");
        for at in [0, at, i64::MIN, i64::MAX] {
            assert_eq!(unix_nanoseconds(china_time(at)), Some(at));
        }
        assert_eq!(unix_nanoseconds(DateTime::MAX), None);
    }
}
