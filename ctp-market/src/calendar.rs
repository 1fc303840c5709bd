//! Trading days by the weekday rule.
//!
//! Every Monday to Friday is a trading day, and the night session from 21:00 belongs to the next one: Friday night and
//! the hours after midnight belong to Monday. Public holidays are **not** known here; their calendar is a later part of
//! the project. A date outside [`FIRST`]..=[`LAST`] is refused rather than guessed, since contract codes carry two
//! digits of the year.

use jiff::civil::{Date, DateTime, Weekday, date};

use crate::error::MarketError;

/// The first date covered.
pub const FIRST: Date = date(2000, 1, 1);
/// The last date covered.
pub const LAST: Date = date(2099, 12, 31);

/// The hour from which a time of day belongs to the night session, and so to the next trading day.
const NIGHT_FROM_HOUR: i8 = 18;

/// Returns whether `date` is a trading day by the weekday rule.
///
/// # Errors
///
/// [`MarketError::OutsideCalendar`].
pub fn is_trading_day(date: Date) -> Result<bool, MarketError> {
    check(date)?;
    Ok(is_weekday(date))
}

/// Returns the trading day that the exchange's local time `local` belongs to.
///
/// From 18:00 on it is the next trading day; on a Saturday, a Sunday and after midnight of a Friday night it is Monday.
///
/// # Errors
///
/// [`MarketError::OutsideCalendar`].
pub fn trading_day_of(local: DateTime) -> Result<Date, MarketError> {
    check(local.date())?;
    if local.hour() >= NIGHT_FROM_HOUR {
        next_trading_day(local.date())
    } else {
        trading_day_on_or_after(local.date())
    }
}

/// Returns the first trading day after `date`.
///
/// # Errors
///
/// [`MarketError::OutsideCalendar`].
pub fn next_trading_day(date: Date) -> Result<Date, MarketError> {
    check(date)?;
    trading_day_on_or_after(step(date, 1)?)
}

/// Returns the last trading day before `date`.
///
/// # Errors
///
/// [`MarketError::OutsideCalendar`].
pub fn previous_trading_day(date: Date) -> Result<Date, MarketError> {
    check(date)?;
    trading_day_on_or_before(step(date, -1)?)
}

/// Returns `date` or the first trading day after it.
///
/// # Errors
///
/// [`MarketError::OutsideCalendar`].
pub fn trading_day_on_or_after(date: Date) -> Result<Date, MarketError> {
    towards_weekday(date, 1)
}

/// Returns `date` or the last trading day before it.
///
/// # Errors
///
/// [`MarketError::OutsideCalendar`].
pub fn trading_day_on_or_before(date: Date) -> Result<Date, MarketError> {
    towards_weekday(date, -1)
}

fn towards_weekday(mut date: Date, direction: i8) -> Result<Date, MarketError> {
    check(date)?;
    while !is_weekday(date) {
        date = step(date, direction)?;
    }
    Ok(date)
}

fn is_weekday(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn step(date: Date, direction: i8) -> Result<Date, MarketError> {
    let next = if direction < 0 { date.yesterday() } else { date.tomorrow() };
    let next = next.map_err(|_| outside(date))?;
    check(next)?;
    Ok(next)
}

pub(crate) fn check(date: Date) -> Result<(), MarketError> {
    if (FIRST..=LAST).contains(&date) { Ok(()) } else { Err(outside(date)) }
}

pub(crate) fn outside(date: Date) -> MarketError {
    MarketError::OutsideCalendar { date, first: FIRST, last: LAST }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn friday_night_belongs_to_monday() {
        let day = |text: &str| trading_day_of(text.parse().expect("a time")).expect("inside the calendar");
        assert_eq!(day("2026-11-20T14:59:59"), date(2026, 11, 20));
        assert_eq!(day("2026-11-20T21:00:00"), date(2026, 11, 23));
        assert_eq!(day("2026-11-21T01:30:00"), date(2026, 11, 23));
        assert_eq!(day("2026-11-22T12:00:00"), date(2026, 11, 23));
        assert_eq!(day("2026-11-24T00:30:00"), date(2026, 11, 24));
    }

    #[test]
    fn a_date_outside_is_refused() {
        for date in [date(1999, 12, 31), date(2100, 1, 1), Date::MIN, Date::MAX] {
            assert!(matches!(is_trading_day(date), Err(MarketError::OutsideCalendar { .. })));
            assert!(matches!(next_trading_day(date), Err(MarketError::OutsideCalendar { .. })));
            assert!(matches!(previous_trading_day(date), Err(MarketError::OutsideCalendar { .. })));
        }
        assert!(matches!(next_trading_day(LAST), Err(MarketError::OutsideCalendar { .. })));
    }

    #[test]
    fn before_monday_comes_friday() {
        assert_eq!(previous_trading_day(date(2026, 11, 23)).expect("inside"), date(2026, 11, 20));
    }
}
