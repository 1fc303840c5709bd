use jiff::civil::date as civil;
use proptest::prelude::*;

use super::*;
use Exchange::{Cffex, Czce, Dce, Gfex, Ine, Shfe};

fn calendar() -> Calendar {
    Calendar::builtin().expect("the embedded calendar")
}

fn at(text: &str) -> DateTime {
    text.parse().unwrap_or_else(|_| panic!("{text} is no time"))
}

/// `yyyymmdd`, or nothing.
fn day(text: &str) -> Option<Date> {
    parse_date(text.as_bytes())
}

fn stamp(trading_day: &str, action_day: &str, time: Time) -> Stamp {
    Stamp { trading_day: day(trading_day), action_day: day(action_day), time }
}

/// What an exchange writes at a moment, as ctp-behaviour.md §4.4 has it.
fn written(calendar: &Calendar, exchange: Exchange, moment: DateTime) -> Stamp {
    let (trading_day, natural) = (calendar.trading_day_of(moment).ok(), Some(moment.date()));
    let (trading_day, action_day) = match exchange {
        Shfe | Ine | Cffex | Gfex => (trading_day, natural),
        Dce => (trading_day, trading_day),
        Czce => (natural, natural),
    };
    Stamp { trading_day, action_day, time: moment.time() }
}

/// Each row: what happens, the moment, when it is received.
const LIVE: &[(&str, &str, &str)] = &[
    ("day", "2026-11-20T09:00:00.5", "2026-11-20T09:00:00.7"),
    ("the day's end", "2026-11-20T15:00:00", "2026-11-20T15:00:01"),
    ("after the settlement", "2026-11-20T15:40:00", "2026-11-20T15:40:01"),
    ("night", "2026-11-19T21:00:00.5", "2026-11-19T21:00:00.6"),
    ("before midnight", "2026-11-19T23:59:59.5", "2026-11-19T23:59:59.9"),
    ("received after midnight", "2026-11-19T23:59:59.5", "2026-11-20T00:00:00.1"),
    ("after midnight", "2026-11-20T00:00:00.5", "2026-11-20T00:00:00.6"),
    ("received before midnight, by a slow clock", "2026-11-20T00:00:00.5", "2026-11-19T23:59:58"),
    ("late at night", "2026-11-20T02:29:59.5", "2026-11-20T02:30:00"),
    ("Friday night", "2026-11-20T21:00:00", "2026-11-20T21:00:01"),
    ("Saturday after midnight", "2026-11-21T02:00:00", "2026-11-21T02:00:01"),
    ("the last day before a holiday", "2026-09-30T14:59:59.5", "2026-09-30T15:00:00"),
    ("the first day after a holiday", "2026-10-08T09:00:00.5", "2026-10-08T09:00:01"),
    ("the first night after a holiday", "2026-10-08T21:00:00", "2026-10-08T21:00:01"),
    ("a clock 10 minutes ahead", "2026-11-20T21:05:00", "2026-11-20T21:15:00"),
    ("a clock 10 minutes behind", "2026-11-20T21:15:00", "2026-11-20T21:05:00"),
    ("beyond the calendar, by day", "2027-01-05T10:00:00", "2027-01-05T10:00:01"),
];

#[test]
fn every_exchange_at_every_hour() {
    let calendar = calendar();
    for (what, moment, received) in LIVE {
        for exchange in Exchange::ALL {
            let (moment, received) = (at(moment), at(received));
            let stamp = match moment.year() {
                2027 => Stamp { trading_day: Some(moment.date()), ..written(&calendar, exchange, moment) },
                _ => written(&calendar, exchange, moment),
            };
            for is_first in [false, true] {
                let dated = date(&calendar, Some(exchange), &stamp, received, is_first);
                let expected = Some(Dated { at: moment, was_moved: false });
                assert_eq!(dated, expected, "{what}, {exchange}, first: {is_first}");
            }
        }
    }
}

/// The examples of the table in ctp-behaviour.md §4.4, with the calendar of 2024.
#[test]
fn the_table_of_friday_night() {
    let calendar = calendar();
    let received = at("2024-08-30T21:00:01");
    let time = at("2024-08-30T21:00:00").time();
    for (exchange, trading_day, action_day) in [
        (Shfe, "20240902", "20240830"),
        (Ine, "20240902", "20240830"),
        (Dce, "20240902", "20240902"),
        (Czce, "20240830", "20240830"),
    ] {
        let stamp = stamp(trading_day, action_day, time);
        let found = by_record(&calendar, Some(exchange), &stamp);
        assert_eq!(found, Some(civil(2024, 8, 30)), "{exchange}");
        // Whatever the wall clock says: nothing after it has to be right.
        for received in [received, at("2024-09-01T12:00:00"), at("2024-09-02T08:30:00")] {
            let dated = date(&calendar, Some(exchange), &stamp, received, true);
            assert_eq!(dated.map(|dated| dated.at), Some(at("2024-08-30T21:00:00")), "{exchange}");
        }
    }
}

/// The front's last snapshot after a subscription: when it is received, what it says, when it was.
#[test]
fn last_snapshots() {
    let calendar = calendar();
    for (what, exchange, received, trading_day, action_day, time, expected, was_moved) in [
        // 08:30: the night's last state.
        (
            "night",
            Shfe,
            "2026-11-23T08:30:00",
            "20261123",
            "20261121",
            "02:29:59",
            "2026-11-21T02:29:59",
            false,
        ),
        (
            "night",
            Dce,
            "2026-11-23T08:30:00",
            "20261123",
            "20261123",
            "22:59:59",
            "2026-11-20T22:59:59",
            false,
        ),
        (
            "night",
            Czce,
            "2026-11-23T08:30:00",
            "20261120",
            "20261120",
            "22:59:59",
            "2026-11-20T22:59:59",
            false,
        ),
        // 08:30: of the day before, and dated today, hours ahead.
        (
            "ahead",
            Shfe,
            "2026-11-23T08:30:00",
            "20261123",
            "20261123",
            "14:59:59",
            "2026-11-20T14:59:59",
            true,
        ),
        (
            "ahead",
            Dce,
            "2026-11-24T08:30:00",
            "20261124",
            "20261124",
            "14:59:59",
            "2026-11-23T14:59:59",
            true,
        ),
        (
            "ahead",
            Cffex,
            "2026-11-23T08:30:00",
            "20261123",
            "20261123",
            "15:00:00",
            "2026-11-20T15:00:00",
            true,
        ),
        (
            "ahead",
            Gfex,
            "2026-10-08T08:30:00",
            "20261008",
            "20261008",
            "14:59:59",
            "2026-09-30T14:59:59",
            true,
        ),
        (
            "ahead",
            Czce,
            "2026-11-23T08:30:00",
            "20261123",
            "20261123",
            "22:59:59",
            "2026-11-20T22:59:59",
            true,
        ),
        // 20:30: the front has turned to the next trading day.
        (
            "evening",
            Shfe,
            "2026-11-20T20:30:00",
            "20261123",
            "20261120",
            "15:00:00",
            "2026-11-20T15:00:00",
            true,
        ),
        (
            "evening",
            Ine,
            "2026-09-30T20:30:00",
            "20261008",
            "20260930",
            "15:00:00",
            "2026-09-30T15:00:00",
            true,
        ),
        // An instrument that seldom trades, in the middle of the day.
        (
            "seldom",
            Shfe,
            "2026-11-24T10:00:00",
            "20261124",
            "20261124",
            "14:30:00",
            "2026-11-23T14:30:00",
            true,
        ),
        // The weekend.
        (
            "Sunday",
            Shfe,
            "2026-11-22T12:00:00",
            "20261120",
            "20261120",
            "15:00:00",
            "2026-11-20T15:00:00",
            false,
        ),
        (
            "Sunday",
            Czce,
            "2026-11-22T12:00:00",
            "20261120",
            "20261120",
            "15:00:00",
            "2026-11-20T15:00:00",
            false,
        ),
        (
            "holiday",
            Dce,
            "2026-10-05T12:00:00",
            "20260930",
            "20260930",
            "14:59:59",
            "2026-09-30T14:59:59",
            false,
        ),
        // DCE after the close sends its clock; before a holiday there is no night to explain it.
        (
            "clock",
            Dce,
            "2026-09-30T20:30:00",
            "20261008",
            "20261008",
            "20:29:59",
            "2026-09-30T20:29:59",
            false,
        ),
        (
            "clock",
            Dce,
            "2026-11-20T16:30:00",
            "20261120",
            "20261120",
            "16:29:58",
            "2026-11-20T16:29:58",
            false,
        ),
        // A front whose date is tomorrow's by day: the time of day says that it is of now.
        (
            "tomorrow",
            Shfe,
            "2026-11-19T10:00:00",
            "20261120",
            "20261120",
            "09:59:59",
            "2026-11-19T09:59:59",
            false,
        ),
    ] {
        let stamp = stamp(trading_day, action_day, at(&format!("2026-01-01T{time}")).time());
        let dated = date(&calendar, Some(exchange), &stamp, at(received), true);
        assert_eq!(dated, Some(Dated { at: at(expected), was_moved }), "{what}, {exchange}, {received}");
    }
}

#[test]
fn what_changes_while_we_listen_is_not_of_the_past() {
    let calendar = calendar();
    // The wall clock is three hours slow.
    let (stamp, received) =
        (stamp("20261120", "20261120", at("2026-11-20T13:30:00").time()), "2026-11-20T10:30:00");
    let dated = |is_first| date(&calendar, Some(Shfe), &stamp, at(received), is_first);
    assert_eq!(dated(false), Some(Dated { at: at("2026-11-20T13:30:00"), was_moved: false }));
    assert_eq!(dated(true), Some(Dated { at: at("2026-11-19T13:30:00"), was_moved: true }));
    // It is years slow: that proves nothing.
    let dated = date(&calendar, Some(Shfe), &stamp, at("1970-01-01T08:00:00"), true);
    assert_eq!(dated, Some(Dated { at: at("2026-11-20T13:30:00"), was_moved: false }));
}

#[test]
fn missing_and_impossible_dates() {
    let calendar = calendar();
    let time = |text: &str| at(&format!("2026-01-01T{text}")).time();
    for (exchange, received, trading_day, action_day, hour, expected) in [
        // Empty TradingDay (UDP, forwarders).
        (Some(Shfe), "2026-11-20T10:00:01", "", "20261120", "10:00:00", Some("2026-11-20T10:00:00")),
        (Some(Shfe), "2026-11-20T21:00:01", "", "20261120", "21:00:00", Some("2026-11-20T21:00:00")),
        (Some(Czce), "2026-11-20T21:00:01", "", "20261120", "21:00:00", Some("2026-11-20T21:00:00")),
        // DCE's ActionDay is no calendar date at night; the wall clock is near.
        (Some(Dce), "2026-11-20T21:00:01", "", "", "21:00:00", Some("2026-11-20T21:00:00")),
        (None, "2026-11-21T00:00:01", "", "", "23:59:59", Some("2026-11-20T23:59:59")),
        (None, "2026-11-20T23:59:59", "", "", "00:00:01", Some("2026-11-21T00:00:01")),
        // And here it is not: unknown, not guessed.
        (Some(Dce), "2026-11-21T12:00:00", "", "", "21:00:00", None),
        (None, "2026-11-21T12:00:00", "", "", "14:59:59", None),
        // A trading day that is none.
        (Some(Shfe), "2026-11-21T10:00:01", "20261121", "20261121", "10:00:00", Some("2026-11-21T10:00:00")),
        (Some(Dce), "2026-11-22T12:00:00", "20261122", "20261122", "21:00:00", None),
        // Nights beyond the calendar: SHFE and CZCE say the date, DCE does not.
        (Some(Shfe), "2027-01-06T21:00:01", "20270107", "20270106", "21:00:00", Some("2027-01-06T21:00:00")),
        (Some(Czce), "2027-01-06T21:00:01", "20270106", "20270106", "21:00:00", Some("2027-01-06T21:00:00")),
        (Some(Dce), "2027-01-06T21:00:01", "20270107", "20270107", "21:00:00", Some("2027-01-06T21:00:00")),
        (Some(Dce), "2027-01-07T08:30:00", "20270107", "20270107", "21:00:00", None),
        (Some(Shfe), "2027-01-07T08:30:00", "20270107", "20270106", "21:00:00", Some("2027-01-06T21:00:00")),
        // An unknown exchange: two dates tell it from DCE.
        (None, "2027-01-07T08:30:00", "20270107", "20270106", "21:00:00", Some("2027-01-06T21:00:00")),
        (None, "2027-01-07T08:30:00", "20270107", "20270107", "21:00:00", None),
    ] {
        let dated =
            date(&calendar, exchange, &stamp(trading_day, action_day, time(hour)), at(received), true);
        let found = dated.map(|dated| dated.at);
        assert_eq!(found, expected.map(at), "{exchange:?} {received} {trading_day}/{action_day} {hour}");
    }
}

#[test]
fn texts() {
    assert_eq!(parse_date(b"20261120"), Some(civil(2026, 11, 20)));
    for text in ["", "2026112", "202611200", "20261131", "2026-1-1", "２０２６", "00000000", "20260 10"] {
        assert_eq!(parse_date(text.as_bytes()), None, "{text}");
    }
    assert_eq!(parse_seconds(b"23:59:59"), Some(86_399));
    for text in ["", "--:--:--", "24:00:00", "09:60:00", "09:00:60", "9:00:00", "09.00.00", "09:00:0x"] {
        assert_eq!(parse_seconds(text.as_bytes()), None, "{text}");
    }
}

proptest! {
    /// What every exchange writes at any moment of its trading is read as that moment, by any clock that is at most
    /// ten minutes wrong.
    #[test]
    fn what_is_written_is_read(
        days in 1..1_090_i32,
        seconds in 0..86_400_i32,
        skew in -600..600_i64,
        exchange in prop::sample::select(Exchange::ALL.to_vec()),
        is_first: bool,
    ) {
        let calendar = calendar();
        let start = calendar.first();
        let moment = start.checked_add(Span::new().days(days)).unwrap().to_datetime(Time::MIN);
        let moment = moment.checked_add(Span::new().seconds(i64::from(seconds))).unwrap();
        let is_trading = calendar.is_trading_day(moment.date()).unwrap_or(false);
        let after_night = calendar.is_trading_day(moment.date().yesterday().unwrap()).unwrap_or(false);
        let is_possible = match part(moment.time()) {
            Part::AfterMidnight => after_night,
            Part::Day | Part::Evening => is_trading,
        };
        prop_assume!(is_possible && calendar.trading_day_of(moment).is_ok());
        let stamp = written(&calendar, exchange, moment);
        let received = moment.checked_add(Span::new().seconds(skew)).unwrap();
        let dated = date(&calendar, Some(exchange), &stamp, received, is_first);
        prop_assert_eq!(dated, Some(Dated { at: moment, was_moved: false }));
    }
}
