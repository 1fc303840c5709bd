//! The exchange's local time, UTC+8, and its texts in CTP's shapes.

use std::cell::Cell;

use ctp_types::Text;
use jiff::civil::{Date, DateTime};

use crate::interface::Timestamp;

/// Returns the exchange's local date and time.
pub(crate) fn local(at: Timestamp) -> DateTime {
    ctp_market::china_time(at.0)
}

/// Returns `yyyymmdd`.
pub(crate) fn date_text(date: Date) -> Text<9> {
    let [month, day] = [date.month(), date.day()].map(i8::unsigned_abs);
    digits([(u32::from(date.year().unsigned_abs()), 4), (month.into(), 2), (day.into(), 2)], None)
}

/// Returns `HH:MM:SS` of the exchange's local time.
pub(crate) fn time_text(at: Timestamp) -> Text<9> {
    let time = local(at).time();
    let [hour, minute, second] = [time.hour(), time.minute(), time.second()].map(i8::unsigned_abs);
    digits([(hour.into(), 2), (minute.into(), 2), (second.into(), 2)], Some(b':'))
}

/// Writes numbers in their columns, one after the other.
fn digits(parts: [(u32, usize); 3], separator: Option<u8>) -> Text<9> {
    let mut bytes = [0; 8];
    let mut end = 0;
    for (position, (number, columns)) in parts.into_iter().enumerate() {
        if let Some(separator) = separator.filter(|_| position > 0) {
            bytes[end] = separator;
            end += 1;
        }
        let mut left = number;
        for place in bytes[end..end + columns].iter_mut().rev() {
            *place = b'0' + (left % 10) as u8;
            left /= 10;
        }
        end += columns;
    }
    Text::from_bytes(&bytes[..end]).unwrap_or_default()
}

/// A moment in CTP's texts, in the exchange's local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// `yyyymmdd` of the calendar day.
    pub(crate) date: Text<9>,
    /// `HH:MM:SS`.
    pub(crate) time: Text<9>,
}

/// The stamps of the last seconds asked for: within a second every record carries the same texts.
///
/// Several, because exchanges stamp their ticks a little behind the exchange's own time.
#[derive(Debug)]
pub(crate) struct Stamps([Cell<(i64, Stamp)>; 4]);

impl Stamps {
    pub(crate) fn new(at: Timestamp) -> Self {
        Self(std::array::from_fn(|_| Cell::new((second_of(at), stamp_of(at)))))
    }

    pub(crate) fn at(&self, at: Timestamp) -> Stamp {
        let second = second_of(at);
        let place = &self.0[second.rem_euclid(self.0.len() as i64) as usize];
        let (kept, stamp) = place.get();
        if kept == second {
            return stamp;
        }
        let stamp = stamp_of(at);
        place.set((second, stamp));
        stamp
    }
}

fn second_of(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000_000_000)
}

fn stamp_of(at: Timestamp) -> Stamp {
    Stamp { date: date_text(local(at).date()), time: time_text(at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_is_eight_hours_ahead() {
        let at = Timestamp(1_795_204_800_123_000_000); // 2026-11-20 20:00:00.123 UTC
        assert_eq!(local(at).to_string(), "2026-11-21T04:00:00.123");
        assert_eq!(date_text(local(at).date()).to_str(), "20261121");
        assert_eq!(time_text(at).to_str(), "04:00:00");
    }

    #[test]
    fn stamps_follow_the_second_in_both_directions() {
        let start = 1_795_190_399_000_000_000; // 2026-11-20 23:59:59 in China
        let stamps = Stamps::new(Timestamp(start));
        for (after, date, time) in [
            (999_999_999, "20261120", "23:59:59"),
            (1_000_000_000, "20261121", "00:00:00"),
            (61_000_000_000, "20261121", "00:01:00"),
            (0, "20261120", "23:59:59"),
        ] {
            let stamp = stamps.at(Timestamp(start + after));
            assert_eq!((stamp.date.to_str().as_ref(), stamp.time.to_str().as_ref()), (date, time));
        }
    }
}
