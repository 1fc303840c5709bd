//! Which calendar date a tick's time of day belongs to (ctp-behaviour.md §4.4).
//!
//! A record has a time of day and two dates, and what the dates mean depends on the exchange and on the hour: at night
//! DCE dates both by the trading day and CZCE both by the calendar, and the last snapshot that a front sends after a
//! subscription may be of another session than its date says. So the date follows from the trading day by the
//! exchanges' calendar; `ActionDay` counts where the exchange fills it truly; and the clock on the wall decides only
//! what those leave open.

use ctp_market::{Calendar, Exchange};
use jiff::Span;
use jiff::civil::{Date, DateTime, Time};

/// What a record says about its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// C: `TradingDay`, if it is a date.
    pub(crate) trading_day: Option<Date>,
    /// C: `ActionDay`, if it is a date.
    pub(crate) action_day: Option<Date>,
    /// C: `UpdateTime` and `UpdateMillisec`.
    pub(crate) time: Time,
}

/// When it was at the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dated {
    /// The moment in China's time.
    pub(crate) at: DateTime,
    /// Whether the record was of an earlier session than its dates say.
    pub(crate) was_moved: bool,
}

/// From when on a time of day belongs to the evening, and until when to the night before.
const EVENING: Time = Time::constant(18, 0, 0, 0);
const MORNING: Time = Time::constant(6, 0, 0, 0);
/// How far wall clock and exchange may be apart: a tick that is further ahead has a wrong date or is of an earlier
/// session, and only a tick that is as near by its time of day takes its date from the wall clock.
const SKEW_MINUTES: i64 = 15;
/// How old a front's last snapshot may be for the wall clock to be believed: longer than any holiday.
const OLDEST_DAYS: i64 = 20;

/// The part of the trading day that a time of day belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Evening,
    AfterMidnight,
    Day,
}

fn part(time: Time) -> Part {
    match time {
        time if time >= EVENING => Part::Evening,
        time if time < MORNING => Part::AfterMidnight,
        _ => Part::Day,
    }
}

/// Returns when a record's time was, by its own dates and the calendar; `None` where they do not say. The same for
/// every record with the same dates in the same part of the day.
pub(crate) fn by_record(calendar: &Calendar, exchange: Option<Exchange>, stamp: &Stamp) -> Option<Date> {
    let trading_day = stamp.trading_day.filter(|day| is_possible(calendar, *day));
    match (part(stamp.time), exchange) {
        // By day all exchanges say the same; a forwarder that leaves one date out has the other.
        (Part::Day, _) => trading_day.or(stamp.action_day),
        (_, Some(Exchange::Czce)) => stamp.action_day.or(stamp.trading_day),
        (part, exchange) => {
            let Some(day) = trading_day else { return true_action_day(exchange, stamp) };
            match calendar.night_of(day) {
                Ok(Some(evening)) if part == Part::Evening => Some(evening),
                Ok(Some(evening)) => evening.tomorrow().ok(),
                // No night session: before a holiday some fronts go on sending their clock.
                Ok(None) | Err(_) => true_action_day(exchange, stamp),
            }
        }
    }
}

/// Returns `ActionDay` where it is the calendar's date at night, too.
fn true_action_day(exchange: Option<Exchange>, stamp: &Stamp) -> Option<Date> {
    let is_true = match exchange {
        Some(Exchange::Shfe | Exchange::Ine | Exchange::Cffex | Exchange::Czce) => true,
        // GFEX has no night session, and of an unknown exchange nobody knows: only a date that is not the trading
        // day's must be the calendar's.
        Some(Exchange::Dce | Exchange::Gfex) | None => stamp.trading_day != stamp.action_day,
    };
    stamp.action_day.filter(|_| is_true)
}

/// A date beyond the calendar may be a trading day.
fn is_possible(calendar: &Calendar, day: Date) -> bool {
    calendar.is_trading_day(day).unwrap_or(true)
}

/// Returns when the record's time was. `now` is the wall clock's time in China when it was received; `is_first` says
/// that it may be a front's last snapshot, because nothing came before it on this connection.
///
/// `None` where the record does not say and the wall clock is not near it: the date is unknown then, and not guessed.
pub(crate) fn date(
    calendar: &Calendar,
    exchange: Option<Exchange>,
    stamp: &Stamp,
    now: DateTime,
    is_first: bool,
) -> Option<Dated> {
    let Some(date) = by_record(calendar, exchange, stamp) else { return near(stamp.time, now) };
    let at = date.to_datetime(stamp.time);
    if at <= later(now, SKEW_MINUTES) {
        return Some(Dated { at, was_moved: false });
    }
    // Of tomorrow, by a front that has turned its date already; the time of day says that it is of now.
    if let Some(dated) = near(stamp.time, now) {
        return Some(dated);
    }
    // What changes while we listen is not of the past, whatever the wall clock says.
    if !is_first {
        return Some(Dated { at, was_moved: false });
    }
    let earlier = session_before(calendar, date, stamp.time)?;
    let is_plausible =
        earlier <= later(now, SKEW_MINUTES) && earlier >= now.saturating_sub(Span::new().days(OLDEST_DAYS));
    // A wall clock that is days behind proves nothing.
    Some(if is_plausible { Dated { at: earlier, was_moved: true } } else { Dated { at, was_moved: false } })
}

/// Returns the same time of day in the trading day before.
fn session_before(calendar: &Calendar, date: Date, time: Time) -> Option<DateTime> {
    let date = match part(time) {
        // The morning after a night: the night before began on a trading day.
        Part::AfterMidnight => {
            let evening = calendar.previous_trading_day(date.yesterday().ok()?).ok()?;
            evening.tomorrow().ok()?
        }
        Part::Day | Part::Evening => calendar.previous_trading_day(date).ok()?,
    };
    Some(date.to_datetime(time))
}

/// Returns the moment nearest to the wall clock with this time of day, if it is near.
fn near(time: Time, now: DateTime) -> Option<Dated> {
    let today = now.date();
    let days = [today.yesterday().ok(), Some(today), today.tomorrow().ok()];
    let is_near = |at: &DateTime| *at <= later(now, SKEW_MINUTES) && later(*at, SKEW_MINUTES) >= now;
    let at = days.into_iter().flatten().map(|day| day.to_datetime(time)).find(is_near)?;
    Some(Dated { at, was_moved: false })
}

fn later(at: DateTime, minutes: i64) -> DateTime {
    at.saturating_add(Span::new().minutes(minutes))
}

/// Reads `yyyymmdd`.
pub(crate) fn parse_date(text: &[u8]) -> Option<Date> {
    let [a, b, c, d, e, f, g, h] = *text.as_array::<8>()?;
    let year = 100 * i16::from(two(a, b)?) + i16::from(two(c, d)?);
    Date::new(year, two(e, f)?, two(g, h)?).ok()
}

/// Reads `HH:MM:SS` into seconds of the day; `--:--:--`, `24:00:00` and what else is no time are `None`.
#[inline]
pub(crate) fn parse_seconds(text: &[u8]) -> Option<i32> {
    let [a, b, b':', c, d, b':', e, f] = *text.as_array::<8>()? else { return None };
    let (hour, minute, second) = (two(a, b)?, two(c, d)?, two(e, f)?);
    (hour < 24 && minute < 60 && second < 60)
        .then(|| 3600 * i32::from(hour) + 60 * i32::from(minute) + i32::from(second))
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<i8> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| (byte - b'0').cast_signed());
    Some(10 * digit(tens)? + digit(ones)?)
}

#[cfg(test)]
mod tests;
