//! Times of day and dates in China, as files write them.

use ctp_sim::Timestamp;

const DAY: i64 = 86_400_000_000_000;

/// Returns the time of `2026-11-23 10:00:00` in China.
pub(crate) fn china(text: &str) -> Option<Timestamp> {
    Timestamp::from_china(text)
}

/// Returns whether `until` takes a text.
pub(crate) fn is_time(text: &str) -> bool {
    until(Timestamp(0), text).is_some()
}

/// Returns the next time of a clock's `HH:MM:SS` after `now`, or of a date with a time.
pub(crate) fn until(now: Timestamp, text: &str) -> Option<Timestamp> {
    if let Some(time) = china(text) {
        return Some(time);
    }
    let today = now.china();
    let date = today.get(..10)?;
    let at = china(&format!("{date} {text}"))?;
    Some(if at.0 < now.0 { Timestamp(at.0 + DAY) } else { at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_the_next_one() {
        let ten = china("2026-11-23 10:00:00").expect("a time");
        assert_eq!(ten.china(), "2026-11-23 10:00:00");
        assert_eq!(until(ten, "10:30:00").map(|time| time.china()).as_deref(), Some("2026-11-23 10:30:00"));
        assert_eq!(until(ten, "02:30:00").map(|time| time.china()).as_deref(), Some("2026-11-24 02:30:00"));
        let later = until(ten, "2026-11-25 08:00:00").expect("a date");
        assert_eq!(later.china(), "2026-11-25 08:00:00");
        for text in ["", "25:00:00", "10:00:00 2026-11-23", "noon"] {
            assert!(!is_time(text), "{text}");
        }
    }
}
