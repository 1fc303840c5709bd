//! Trading days.

use jiff::civil::{Date, DateTime, Weekday, date, time};
use serde::Deserialize;

use crate::error::MarketError;

/// The hour from which a time of day belongs to the next trading day: after the close and the settlement, before the
/// night session.
const ROLL_HOUR: i8 = 18;

/// Dates that a calendar that assumes weekdays answers for. Contract codes carry two digits of the year.
const ASSUMED: (Date, Date) = (date(2000, 1, 1), date(2099, 12, 31));

/// The trading days of the exchanges (交易日历), all six alike.
///
/// A trading day begins with the night session of the trading day before it: Friday night and the hours after midnight
/// belong to Monday. Before a holiday there is no night session.
#[derive(Clone, Debug)]
pub struct Calendar {
    years: Vec<Year>,
    assumes_weekdays: bool,
}

/// One announced year.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    year: i16,
    source: String,
    closures: Vec<Closure>,
}

/// Days without trading, both ends included.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Closure {
    name: String,
    from: Date,
    to: Date,
}

/// What a date is, as far as the calendar knows; beyond it, by the weekday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day<'a> {
    Trading,
    Weekend,
    Holiday(&'a str),
}

impl Calendar {
    /// Returns the calendar embedded in the crate.
    ///
    /// # Errors
    ///
    /// [`MarketError::Data`] when the file was edited into something unreadable.
    pub fn builtin() -> Result<Self, MarketError> {
        Self::parse(include_str!("../data/calendar.toml"))
    }

    /// Reads a calendar in the format of `data/calendar.toml`, for a year that was announced after this version.
    ///
    /// # Errors
    ///
    /// [`MarketError::Data`]: unreadable TOML, no year, years that do not follow each other, a year without source, a
    /// closure that ends before it starts, lies outside its year, overlaps another or is out of order.
    pub fn parse(text: &str) -> Result<Self, MarketError> {
        let data = |reason: String| MarketError::Data { file: "calendar.toml".to_owned(), reason };
        let file: File = toml::from_str(text).map_err(|error| data(error.to_string()))?;
        if file.year.is_empty() {
            return Err(data("it holds no year".to_owned()));
        }
        for pair in file.year.windows(2) {
            if i32::from(pair[1].year) != i32::from(pair[0].year) + 1 {
                return Err(data(format!("after the year {} stands {}", pair[0].year, pair[1].year)));
            }
        }
        for year in &file.year {
            year.check().map_err(|reason| data(format!("year {}: {reason}", year.year)))?;
        }
        Ok(Self { years: file.year, assumes_weekdays: false })
    }

    /// Returns the calendar with years beyond the announced ones (2000 to 2099) answered as if every Monday to Friday
    /// were a trading day, for a simulator that must run in any year. [`covers`](Self::covers) still tells the truth.
    #[must_use]
    pub fn assume_weekdays(mut self) -> Self {
        self.assumes_weekdays = true;
        self
    }

    /// Returns the first date whose year's holidays are known.
    pub fn first(&self) -> Date {
        self.years.first().map_or(Date::MAX, |year| date(year.year, 1, 1))
    }

    /// Returns the last date whose year's holidays are known.
    pub fn last(&self) -> Date {
        self.years.last().map_or(Date::MIN, |year| date(year.year, 12, 31))
    }

    /// Returns whether the holidays of the date's year are known.
    pub fn covers(&self, date: Date) -> bool {
        (self.first()..=self.last()).contains(&date)
    }

    /// Returns where the holidays of a year were announced.
    pub fn source(&self, year: i16) -> Option<&str> {
        self.year(year).map(|year| year.source.as_str())
    }

    /// Returns the name of the holiday that closes the exchanges on `date`, if one does.
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`].
    pub fn holiday(&self, date: Date) -> Result<Option<&str>, MarketError> {
        self.check(date)?;
        Ok(match self.day(date) {
            Day::Holiday(name) => Some(name),
            Day::Trading | Day::Weekend => None,
        })
    }

    /// Returns whether `date` is a trading day.
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`].
    pub fn is_trading_day(&self, date: Date) -> Result<bool, MarketError> {
        self.check(date)?;
        Ok(self.day(date) == Day::Trading)
    }

    /// Returns the first trading day after `date`.
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`] when `date` or a date on the way is outside.
    pub fn next_trading_day(&self, date: Date) -> Result<Date, MarketError> {
        self.check(date)?;
        self.trading_day_on_or_after(self.step(date, 1)?)
    }

    /// Returns the last trading day before `date`.
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`] when `date` or a date on the way is outside.
    pub fn previous_trading_day(&self, date: Date) -> Result<Date, MarketError> {
        self.check(date)?;
        self.trading_day_on_or_before(self.step(date, -1)?)
    }

    /// Returns `date` or the first trading day after it.
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`] when `date` or a date on the way is outside.
    pub fn trading_day_on_or_after(&self, date: Date) -> Result<Date, MarketError> {
        self.seek(date, 1)
    }

    /// Returns `date` or the last trading day before it.
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`] when `date` or a date on the way is outside.
    pub fn trading_day_on_or_before(&self, date: Date) -> Result<Date, MarketError> {
        self.seek(date, -1)
    }

    /// Returns the trading day that a moment belongs to.
    ///
    /// From 18:00 on it is the next trading day; on a day without trading and after midnight of the night before one it
    /// is the first trading day that follows.
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`], also for the evening of the last trading day that is known.
    pub fn trading_day_of(&self, moment: DateTime) -> Result<Date, MarketError> {
        if moment.hour() >= ROLL_HOUR {
            self.next_trading_day(moment.date())
        } else {
            self.trading_day_on_or_after(moment.date())
        }
    }

    /// Returns the moment from which [`trading_day_of`](Self::trading_day_of) is `trading_day` (日切): 18:00 of the
    /// trading day before.
    ///
    /// # Errors
    ///
    /// [`MarketError::NotATradingDay`], [`MarketError::OutsideCalendar`].
    pub fn roll_to(&self, trading_day: Date) -> Result<DateTime, MarketError> {
        self.require(trading_day)?;
        Ok(self.previous_trading_day(trading_day)?.to_datetime(time(ROLL_HOUR, 0, 0, 0)))
    }

    /// Returns the date on whose evening the night session of `trading_day` starts; `None` after a holiday, when it has
    /// none.
    ///
    /// # Errors
    ///
    /// [`MarketError::NotATradingDay`], [`MarketError::OutsideCalendar`].
    pub fn night_of(&self, trading_day: Date) -> Result<Option<Date>, MarketError> {
        self.require(trading_day)?;
        let mut evening = trading_day;
        loop {
            evening = self.step(evening, -1)?;
            match self.day(evening) {
                Day::Trading => return Ok(Some(evening)),
                Day::Weekend => {}
                Day::Holiday(_) => return Ok(None),
            }
        }
    }

    /// Returns an error unless `date` is a trading day.
    fn require(&self, date: Date) -> Result<(), MarketError> {
        self.check(date)?;
        let reason = match self.day(date) {
            Day::Trading => return Ok(()),
            Day::Weekend => "weekend",
            Day::Holiday(name) => name,
        };
        Err(MarketError::NotATradingDay { date, reason: reason.to_owned() })
    }

    pub(crate) fn check(&self, date: Date) -> Result<(), MarketError> {
        let assumed = self.assumes_weekdays && (ASSUMED.0..=ASSUMED.1).contains(&date);
        if assumed || self.covers(date) { Ok(()) } else { Err(self.outside(date)) }
    }

    pub(crate) fn outside(&self, date: Date) -> MarketError {
        MarketError::OutsideCalendar { date, first: self.first(), last: self.last() }
    }

    /// Returns whether `date` is a trading day, by the weekday where the calendar does not know.
    pub(crate) fn is_probably_trading(&self, date: Date) -> bool {
        self.day(date) == Day::Trading
    }

    fn seek(&self, mut date: Date, direction: i8) -> Result<Date, MarketError> {
        self.check(date)?;
        while self.day(date) != Day::Trading {
            date = self.step(date, direction)?;
        }
        Ok(date)
    }

    fn step(&self, date: Date, direction: i8) -> Result<Date, MarketError> {
        let next = if direction < 0 { date.yesterday() } else { date.tomorrow() };
        let next = next.map_err(|_| self.outside(date))?;
        self.check(next)?;
        Ok(next)
    }

    fn day(&self, date: Date) -> Day<'_> {
        let closures = self.year(date.year()).map_or(&[][..], |year| &year.closures);
        match closures.iter().find(|closure| (closure.from..=closure.to).contains(&date)) {
            Some(closure) => Day::Holiday(&closure.name),
            None if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) => Day::Weekend,
            None => Day::Trading,
        }
    }

    fn year(&self, year: i16) -> Option<&Year> {
        let index = i32::from(year) - i32::from(self.years.first()?.year);
        self.years.get(usize::try_from(index).ok()?)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    year: Vec<Year>,
}

impl Year {
    fn check(&self) -> Result<(), String> {
        if !(ASSUMED.0.year()..=ASSUMED.1.year()).contains(&self.year) {
            return Err("years go from 2000 to 2099".to_owned());
        }
        if self.source.is_empty() {
            return Err("it has no source".to_owned());
        }
        let mut free_from = date(self.year, 1, 1);
        for Closure { name, from, to } in &self.closures {
            if name.is_empty() || to < from || *from < free_from || to.year() != self.year {
                return Err(format!(
                    "closure {name:?} from {from} to {to} (expected a name, days of the year in order, no overlap)"
                ));
            }
            free_from = to.tomorrow().unwrap_or(*to);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builtin() -> Calendar {
        Calendar::builtin().expect("the embedded calendar")
    }

    fn at(text: &str) -> DateTime {
        text.parse().expect("a time")
    }

    #[test]
    fn friday_night_belongs_to_monday() {
        let calendar = builtin();
        let day = |text: &str| calendar.trading_day_of(at(text)).expect("inside the calendar");
        assert_eq!(day("2026-11-20T14:59:59"), date(2026, 11, 20));
        assert_eq!(day("2026-11-20T17:59:59"), date(2026, 11, 20));
        assert_eq!(day("2026-11-20T18:00:00"), date(2026, 11, 23));
        assert_eq!(day("2026-11-20T21:00:00"), date(2026, 11, 23));
        assert_eq!(day("2026-11-21T01:30:00"), date(2026, 11, 23));
        assert_eq!(day("2026-11-22T12:00:00"), date(2026, 11, 23));
        assert_eq!(day("2026-11-24T00:30:00"), date(2026, 11, 24));
        assert_eq!(calendar.roll_to(date(2026, 11, 23)).expect("inside"), at("2026-11-20T18:00:00"));
        assert_eq!(calendar.night_of(date(2026, 11, 23)).expect("inside"), Some(date(2026, 11, 20)));
    }

    #[test]
    fn a_holiday_has_a_name_and_takes_the_night_before_it() {
        let calendar = builtin();
        assert_eq!(calendar.holiday(date(2026, 10, 1)).expect("inside"), Some("国庆节"));
        assert_eq!(calendar.holiday(date(2026, 10, 10)).expect("a working Saturday"), None);
        assert!(!calendar.is_trading_day(date(2026, 10, 10)).expect("inside"));
        assert_eq!(calendar.night_of(date(2026, 10, 8)).expect("inside"), None);
        assert_eq!(calendar.roll_to(date(2026, 10, 8)).expect("inside"), at("2026-09-30T18:00:00"));
        let error = calendar.night_of(date(2026, 10, 1)).expect_err("a holiday");
        assert!(error.to_string().contains("2026-10-01") && error.to_string().contains("国庆节"), "{error}");
        let error = calendar.roll_to(date(2026, 11, 22)).expect_err("a Sunday");
        assert!(matches!(error, MarketError::NotATradingDay { .. }), "{error}");
    }

    #[test]
    fn a_date_outside_is_refused() {
        let calendar = builtin();
        let (before, after) = (calendar.first().yesterday().unwrap(), calendar.last().tomorrow().unwrap());
        for date in [before, after, Date::MIN, Date::MAX] {
            assert!(!calendar.covers(date));
            assert!(matches!(calendar.is_trading_day(date), Err(MarketError::OutsideCalendar { .. })));
            assert!(matches!(calendar.holiday(date), Err(MarketError::OutsideCalendar { .. })));
            assert!(matches!(calendar.next_trading_day(date), Err(MarketError::OutsideCalendar { .. })));
            assert!(matches!(calendar.previous_trading_day(date), Err(MarketError::OutsideCalendar { .. })));
            assert!(matches!(calendar.night_of(date), Err(MarketError::OutsideCalendar { .. })));
        }
        // The trading day after the last known one is not known, and neither is what its evening belongs to.
        let error = calendar.next_trading_day(calendar.last()).expect_err("outside");
        assert!(error.to_string().contains("calendar.toml"), "{error}");
        let evening = calendar.last().to_datetime(time(21, 0, 0, 0));
        assert!(calendar.trading_day_of(evening).is_err());
    }

    #[test]
    fn weekdays_may_be_assumed_and_the_flag_stays_down() {
        let calendar = builtin().assume_weekdays();
        assert!(calendar.is_trading_day(date(2099, 12, 31)).expect("assumed"));
        assert!(!calendar.covers(date(2099, 12, 31)));
        assert_eq!(calendar.next_trading_day(date(2010, 10, 1)).expect("assumed"), date(2010, 10, 4));
        assert_eq!(calendar.next_trading_day(date(2026, 9, 30)).expect("known"), date(2026, 10, 8));
        for date in [date(1999, 12, 31), date(2100, 1, 1), Date::MIN, Date::MAX] {
            assert!(matches!(calendar.is_trading_day(date), Err(MarketError::OutsideCalendar { .. })));
        }
        assert!(calendar.next_trading_day(date(2099, 12, 31)).is_err());
        assert!(calendar.previous_trading_day(date(2000, 1, 1)).is_err());
    }

    #[test]
    fn a_broken_calendar_is_refused() {
        let year = |year: i16, closures: &str| {
            format!("[[year]]\nyear = {year}\nsource = \"s\"\nclosures = [{closures}]\n")
        };
        let closure = |from: &str, to: &str| format!("{{ name = \"x\", from = \"{from}\", to = \"{to}\" }}");
        assert!(Calendar::parse(&year(2030, &closure("2030-01-01", "2030-01-01"))).is_ok());
        for (text, word) in [
            ("year = []".to_owned(), "no year"),
            (year(2030, "") + &year(2032, ""), "after the year 2030 stands 2032"),
            (year(1999, ""), "2000 to 2099"),
            (year(2030, "").replace("\"s\"", "\"\""), "source"),
            (year(2030, &closure("2030-01-02", "2030-01-01")), "2030-01-02"),
            (year(2030, &closure("2029-12-31", "2030-01-01")), "2029-12-31"),
            (year(2030, &closure("2030-12-31", "2031-01-01")), "2031-01-01"),
            (
                year(
                    2030,
                    &(closure("2030-05-01", "2030-05-03") + "," + &closure("2030-05-03", "2030-05-04")),
                ),
                "overlap",
            ),
            (year(2030, &closure("2030-02-30", "2030-03-01")), "line"),
        ] {
            let message = Calendar::parse(&text).expect_err("a broken calendar").to_string();
            assert!(message.contains("calendar.toml") && message.contains(word), "{message}");
        }
    }
}
