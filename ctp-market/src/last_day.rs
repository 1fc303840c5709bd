//! When a contract trades for the last time.

use jiff::civil::{Date, Weekday};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::calendar::Calendar;

/// The rule for a contract's last trading day (最后交易日), counted in its delivery month or the month before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastDay {
    in_month_before: bool,
    rule: Rule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// This date, or the next trading day.
    Date(i8),
    /// The nth trading day; negative from the end.
    TradingDay(i8),
    /// The nth trading day from the end of the days up to this date.
    TradingDayUntil { from_end: i8, until: i8 },
    /// The nth Friday, or the next trading day.
    Friday(i8),
    /// The last Monday that is a trading day.
    LastMonday,
}

impl LastDay {
    /// Returns the last trading day of the contract whose delivery month contains `delivery`.
    ///
    /// Days beyond the calendar are judged by their weekday: the result is certain when the calendar
    /// [covers](Calendar::covers) it.
    ///
    /// Returns `None` at the ends of the representable dates.
    pub(crate) fn of(self, calendar: &Calendar, delivery: Date) -> Option<Date> {
        let mut first = delivery.first_of_month();
        if self.in_month_before {
            first = first.yesterday().ok()?.first_of_month();
        }
        match self.rule {
            Rule::Date(day) => nth(calendar, Date::new(first.year(), first.month(), day).ok()?, 1),
            Rule::TradingDay(count) if count > 0 => nth(calendar, first, count),
            Rule::TradingDay(count) => nth(calendar, first.last_of_month(), count),
            Rule::TradingDayUntil { from_end, until } => {
                nth(calendar, Date::new(first.year(), first.month(), until).ok()?, -from_end)
            }
            Rule::Friday(count) => nth(calendar, first.nth_weekday_of_month(count, Weekday::Friday).ok()?, 1),
            Rule::LastMonday => {
                let mut count = -1;
                loop {
                    let monday = first.nth_weekday_of_month(count, Weekday::Monday).ok()?;
                    if calendar.is_probably_trading(monday) {
                        return Some(monday);
                    }
                    count -= 1;
                }
            }
        }
    }
}

/// Returns the nth trading day from `date` on; for a negative count backwards. `date` itself may be the first.
fn nth(calendar: &Calendar, mut date: Date, count: i8) -> Option<Date> {
    let mut left = count.unsigned_abs();
    loop {
        if calendar.is_probably_trading(date) {
            left -= 1;
            if left == 0 {
                return Some(date);
            }
        }
        date = if count < 0 { date.yesterday() } else { date.tomorrow() }.ok()?;
    }
}

/// The rule as the files write it, see `data/README.md`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    month: Option<i8>,
    day: Option<i8>,
    trading_day: Option<i8>,
    until: Option<i8>,
    friday: Option<i8>,
    monday: Option<i8>,
}

impl<'de> Deserialize<'de> for LastDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let row = Row::deserialize(deserializer)?;
        let in_month_before = match row.month {
            None | Some(0) => false,
            Some(-1) => true,
            Some(month) => {
                return Err(D::Error::custom(format!("last_day: month is 0 or -1, found {month}")));
            }
        };
        let rule = match (row.day, row.trading_day, row.until, row.friday, row.monday) {
            (Some(day @ 1..=28), None, None, None, None) => Rule::Date(day),
            (None, Some(count @ (-15..=-1 | 1..=15)), None, None, None) => Rule::TradingDay(count),
            (None, Some(count @ -5..=-1), Some(until @ 10..=28), None, None) => {
                Rule::TradingDayUntil { from_end: -count, until }
            }
            (None, None, None, Some(count @ 1..=4), None) => Rule::Friday(count),
            (None, None, None, None, Some(-1)) => Rule::LastMonday,
            _ => {
                return Err(D::Error::custom(
                    "last_day is one of day = 1..28, trading_day = -15..15 (-5..-1 with until = 10..28), \
                     friday = 1..4, monday = -1",
                ));
            }
        };
        Ok(Self { in_month_before, rule })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn rule(text: &str) -> Result<LastDay, toml::de::Error> {
        #[derive(Deserialize)]
        struct File {
            last_day: LastDay,
        }
        toml::from_str::<File>(&format!("last_day = {{ {text} }}")).map(|file| file.last_day)
    }

    fn last_day(text: &str, delivery: Date) -> Date {
        let calendar = Calendar::builtin().expect("the embedded calendar");
        rule(text).expect("a rule").of(&calendar, delivery).expect("a date")
    }

    #[test]
    fn every_rule() {
        let month = date(2026, 11, 1);
        for (text, expected) in [
            ("day = 15", date(2026, 11, 16)),
            ("trading_day = 10", date(2026, 11, 13)),
            ("trading_day = -4", date(2026, 11, 25)),
            ("month = -1, trading_day = -1", date(2026, 10, 30)),
            ("month = -1, trading_day = 5", date(2026, 10, 14)),
            ("month = -1, trading_day = -13", date(2026, 10, 14)),
            ("month = -1, trading_day = -3, until = 15", date(2026, 10, 13)),
            ("monday = -1", date(2026, 11, 30)),
            ("friday = 2", date(2026, 11, 13)),
            ("friday = 3", date(2026, 11, 20)),
        ] {
            assert_eq!(last_day(text, month), expected, "{text}");
        }
    }

    /// The third Fridays of February 2024 and 2026 and the 15th of February 2024 were holidays.
    #[test]
    fn a_holiday_postpones() {
        assert_eq!(last_day("friday = 3", date(2024, 2, 1)), date(2024, 2, 19));
        assert_eq!(last_day("friday = 3", date(2026, 2, 1)), date(2026, 2, 24));
        assert_eq!(last_day("day = 15", date(2024, 2, 1)), date(2024, 2, 19));
        assert_eq!(last_day("trading_day = 10", date(2025, 10, 1)), date(2025, 10, 22));
        assert_eq!(last_day("monday = -1", date(2026, 2, 1)), date(2026, 2, 9));
        assert_eq!(last_day("month = -1, trading_day = -1", date(2024, 10, 1)), date(2024, 9, 30));
    }

    /// Days that exchanges and brokers published: options of a broker's notice of October 2023, sugar futures of 2022.
    #[test]
    fn published_days() {
        for (text, delivery, expected) in [
            ("month = -1, trading_day = -5", date(2023, 11, 1), date(2023, 10, 25)),
            ("month = -1, trading_day = 5", date(2023, 12, 1), date(2023, 11, 7)),
            ("month = -1, trading_day = 3", date(2023, 12, 1), date(2023, 11, 3)),
            ("month = -1, trading_day = -13", date(2023, 12, 1), date(2023, 11, 14)),
            ("friday = 3", date(2023, 10, 1), date(2023, 10, 20)),
            ("trading_day = 10", date(2022, 3, 1), date(2022, 3, 14)),
            ("trading_day = 10", date(2022, 7, 1), date(2022, 7, 14)),
            ("trading_day = 10", date(2022, 11, 1), date(2022, 11, 14)),
        ] {
            assert_eq!(last_day(text, delivery), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_rule() {
        for text in [
            "",
            "day = 0",
            "day = 31",
            "trading_day = 0",
            "trading_day = 16",
            "friday = 5",
            "monday = 1",
            "day = 15, friday = 3",
            "trading_day = 3, until = 15",
            "until = 15",
            "month = -2, day = 15",
            "sunday = 1",
        ] {
            assert!(rule(text).is_err(), "{text}");
        }
    }
}
