//! The hours of one product on one trading day.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span as Duration, ToSpan};

use crate::calendar::Calendar;
use crate::error::MarketError;
use crate::exchange::{Auctions, ExchangeRules};
use crate::product::{Product, Session};

/// The first letter of a trading day's end: `InstrumentStatus` closed.
const CLOSED: u8 = b'6';
/// `InstrumentStatus` continuous trading.
const CONTINUOUS: u8 = b'2';
/// `InstrumentStatus` auction, orders are taken.
const AUCTION: u8 = b'3';

/// The hours of one product on one trading day (交易时间), from before the night session to after the close.
///
/// It is built once a day and answers by a search among some fifteen moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    trading_day: Date,
    opening_status: u8,
    changes: Vec<Change>,
}

/// A moment at which another phase begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The moment, in China's time.
    pub at: DateTime,
    /// What begins.
    pub phase: Phase,
    /// What the exchange's instrument status says from then on (`InstrumentStatus`).
    pub status: u8,
}

/// What a product does at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before the first auction of the trading day, or after its close.
    Closed,
    /// Orders for an auction are taken (集合竞价申报).
    Auction,
    /// The auction is matched; no orders are taken (撮合).
    Matching,
    /// Orders trade as they come (连续交易).
    Continuous,
    /// Between two sessions of the day, or between night and day (休息).
    Break,
}

/// A stretch of time, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first moment.
    pub start: DateTime,
    /// The moment it is over.
    pub end: DateTime,
}

impl Timetable {
    pub(crate) fn new(
        product: &Product,
        rules: &ExchangeRules,
        calendar: &Calendar,
        trading_day: Date,
        closing_auction: Option<Time>,
    ) -> Result<Self, MarketError> {
        let night_of = calendar.night_of(trading_day)?;
        let (night, day) = product.sessions.split_at(usize::from(product.has_night));
        let mut this = Self { trading_day, opening_status: rules.status.opening, changes: Vec::new() };
        if let Some(evening) = night_of.filter(|_| product.has_night) {
            this.part(night, evening, rules, true);
        }
        let has_auction = this.changes.is_empty() || rules.auctions == Auctions::EachStart;
        this.part(day, trading_day, rules, has_auction);
        if let Some(start) = closing_auction {
            let close = this.changes.len() - 1;
            let at = trading_day.to_datetime(start);
            this.changes.insert(close, Change { at, phase: Phase::Auction, status: AUCTION });
        }
        if let Some(close) = this.changes.last_mut() {
            (close.phase, close.status) = (Phase::Closed, CLOSED);
        }
        Ok(this)
    }

    /// Adds the night or the day, ending with a break.
    fn part(&mut self, sessions: &[Session], date: Date, rules: &ExchangeRules, has_auction: bool) {
        for (position, session) in sessions.iter().enumerate() {
            let start = date.to_datetime(session.start);
            let mut end = date.to_datetime(session.end);
            if session.end <= session.start {
                end = end.saturating_add(1.day());
            }
            if position == 0 && has_auction {
                let before = |minutes: i64| start.saturating_sub(Duration::new().minutes(minutes));
                self.push(before(5), Phase::Auction, AUCTION);
                self.push(before(1), Phase::Matching, rules.status.matching);
            }
            self.push(start, Phase::Continuous, CONTINUOUS);
            self.push(end, Phase::Break, rules.status.pause);
        }
    }

    fn push(&mut self, at: DateTime, phase: Phase, status: u8) {
        self.changes.push(Change { at, phase, status });
    }

    /// Returns the trading day.
    pub fn trading_day(&self) -> Date {
        self.trading_day
    }

    /// Returns the moments at which the phase changes, in order; the last one is the close.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Returns the phase at a moment.
    pub fn phase_at(&self, moment: DateTime) -> Phase {
        self.last_change(moment).map_or(Phase::Closed, |change| change.phase)
    }

    /// Returns what the exchange's instrument status says at a moment (`InstrumentStatus`).
    pub fn status_at(&self, moment: DateTime) -> u8 {
        self.last_change(moment).map_or(self.opening_status, |change| change.status)
    }

    /// Returns the first change after a moment; `None` after the close.
    pub fn next_change(&self, moment: DateTime) -> Option<&Change> {
        self.changes.get(self.passed(moment))
    }

    /// Returns the stretches of continuous trading, the night first.
    pub fn sessions(&self) -> impl Iterator<Item = Span> {
        self.changes
            .windows(2)
            .filter(|pair| pair[0].phase == Phase::Continuous)
            .map(|pair| Span { start: pair[0].at, end: pair[1].at })
    }

    fn last_change(&self, moment: DateTime) -> Option<&Change> {
        self.changes[..self.passed(moment)].last()
    }

    fn passed(&self, moment: DateTime) -> usize {
        self.changes.partition_point(|change| change.at <= moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::ReferenceData;
    use jiff::civil::date;

    fn data() -> ReferenceData {
        ReferenceData::builtin().expect("the embedded data")
    }

    fn timetable(product: &str, day: Date) -> Timetable {
        let data = data();
        data.timetable(data.product(product).expect("a product"), day).expect("a trading day")
    }

    /// Writes a timetable as the rows of CTP behaviour notes §4.5 do.
    fn written(timetable: &Timetable) -> String {
        let mut text = char::from(timetable.opening_status).to_string();
        for Change { at, status, .. } in &timetable.changes {
            text += &format!(" {:02}:{:02}>{}", at.hour(), at.minute(), char::from(*status));
        }
        text
    }

    const DAY: &str = "08:55>3 08:59>5 09:00>2 10:15>1 10:30>2 11:30>1 13:30>2 15:00>6";

    #[test]
    fn the_statuses_of_every_exchange() {
        let friday = date(2026, 11, 20);
        let written = |product: &str| written(&timetable(product, friday));
        assert_eq!(written("rb"), format!("1 20:55>3 20:59>5 21:00>2 23:00>1 {DAY}"));
        assert_eq!(written("cu"), format!("1 20:55>3 20:59>5 21:00>2 01:00>1 {DAY}"));
        assert_eq!(written("sc"), format!("1 20:55>3 20:59>5 21:00>2 02:30>1 {DAY}"));
        assert_eq!(written("m"), format!("1 20:55>3 20:59>5 21:00>2 23:00>1 {DAY}"));
        assert_eq!(written("jd"), format!("1 {DAY}"));
        assert_eq!(written("lc"), format!("1 {DAY}"));
        assert_eq!(
            written("SR"),
            "0 20:55>3 20:59>0 21:00>2 23:00>0 09:00>2 10:15>0 10:30>2 11:30>0 13:30>2 15:00>6"
        );
        assert_eq!(written("AP"), "0 08:55>3 08:59>0 09:00>2 10:15>0 10:30>2 11:30>0 13:30>2 15:00>6");
        assert_eq!(written("IF"), "0 09:25>3 09:29>5 09:30>2 11:30>1 13:00>2 15:00>6");
        assert_eq!(written("T"), "0 09:25>3 09:29>5 09:30>2 11:30>1 13:00>2 15:15>6");
    }

    #[test]
    fn index_options_close_with_an_auction() {
        let data = data();
        let product = data.product("IF").expect("IF");
        let options = data.option_timetable(product, date(2026, 11, 20)).expect("a trading day");
        assert_eq!(written(&options), "0 09:25>3 09:29>5 09:30>2 11:30>1 13:00>2 14:57>3 15:00>6");
        let last = options.sessions().last().expect("a session");
        assert_eq!(last.end.to_string(), "2026-11-20T14:57:00");
        let product = data.product("m").expect("m");
        let day = date(2026, 11, 20);
        assert_eq!(data.option_timetable(product, day).ok(), data.timetable(product, day).ok());
    }

    #[test]
    fn monday_starts_on_friday_night() {
        let monday = timetable("ag", date(2026, 11, 23));
        let at = |text: &str| monday.phase_at(text.parse().expect("a time"));
        assert_eq!(at("2026-11-20T15:00:00"), Phase::Closed);
        assert_eq!(at("2026-11-20T20:54:59.999"), Phase::Closed);
        assert_eq!(at("2026-11-20T20:55:00"), Phase::Auction);
        assert_eq!(at("2026-11-20T20:59:00"), Phase::Matching);
        assert_eq!(at("2026-11-20T21:00:00"), Phase::Continuous);
        assert_eq!(at("2026-11-21T02:29:59.999999999"), Phase::Continuous);
        assert_eq!(at("2026-11-21T02:30:00"), Phase::Break);
        assert_eq!(at("2026-11-22T12:00:00"), Phase::Break);
        assert_eq!(at("2026-11-23T10:20:00"), Phase::Break);
        assert_eq!(at("2026-11-23T14:59:59"), Phase::Continuous);
        assert_eq!(at("2026-11-23T15:00:00"), Phase::Closed);
        let next = monday.next_change("2026-11-22T12:00:00".parse().expect("a time"));
        assert_eq!(next.map(|change| change.at.to_string()).as_deref(), Some("2026-11-23T08:55:00"));
        assert_eq!(monday.next_change("2026-11-23T15:00:00".parse().expect("a time")), None);
        assert_eq!(monday.status_at("2026-11-20T12:00:00".parse().expect("a time")), b'1');
        assert_eq!(monday.status_at("2026-11-23T15:00:00".parse().expect("a time")), b'6');
    }

    #[test]
    fn after_a_holiday_the_day_opens_with_an_auction() {
        assert_eq!(written(&timetable("rb", date(2026, 10, 8))), format!("1 {DAY}"));
        let sugar = written(&timetable("SR", date(2026, 10, 8)));
        assert!(sugar.starts_with("0 08:55>3 08:59>0 09:00>2 "), "{sugar}");
    }

    #[test]
    fn a_holiday_has_no_timetable() {
        let data = data();
        let rb = data.product("rb").expect("rb");
        assert!(matches!(data.timetable(rb, date(2026, 10, 1)), Err(MarketError::NotATradingDay { .. })));
        assert!(matches!(data.timetable(rb, date(2027, 1, 4)), Err(MarketError::OutsideCalendar { .. })));
    }
}
