//! Known days of the calendar, against the exchanges' yearly notices.

use ctp_market::{Calendar, Date, ReferenceData};

fn calendar() -> Calendar {
    Calendar::builtin().expect("the embedded calendar")
}

fn date(text: &str) -> Date {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn trading_days(calendar: &Calendar) -> Vec<Date> {
    let mut days = vec![calendar.trading_day_on_or_after(calendar.first()).expect("inside")];
    while let Ok(next) = calendar.next_trading_day(days[days.len() - 1]) {
        days.push(next);
    }
    days
}

/// Last trading day before a closure, first one after it.
const CLOSURES: [(&str, &str); 19] = [
    ("2024-02-08", "2024-02-19"),
    ("2024-04-03", "2024-04-08"),
    ("2024-04-30", "2024-05-06"),
    ("2024-06-07", "2024-06-11"),
    ("2024-09-13", "2024-09-18"),
    ("2024-09-30", "2024-10-08"),
    ("2024-12-31", "2025-01-02"),
    ("2025-01-27", "2025-02-05"),
    ("2025-04-03", "2025-04-07"),
    ("2025-04-30", "2025-05-06"),
    ("2025-05-30", "2025-06-03"),
    ("2025-09-30", "2025-10-09"),
    ("2025-12-31", "2026-01-05"),
    ("2026-02-13", "2026-02-24"),
    ("2026-04-03", "2026-04-07"),
    ("2026-04-30", "2026-05-06"),
    ("2026-06-18", "2026-06-22"),
    ("2026-09-24", "2026-09-28"),
    ("2026-09-30", "2026-10-08"),
];

/// The first trading day that the calendar knows, after a holiday too.
const FIRST: &str = "2024-01-02";

#[test]
fn holidays_close_the_exchanges_and_their_eves_have_no_night() {
    let calendar = calendar();
    let data = ReferenceData::builtin().expect("the embedded data");
    let rb = data.product("rb").expect("rb");
    for (before, after) in CLOSURES.map(|(before, after)| (date(before), date(after))) {
        assert_eq!(calendar.next_trading_day(before).expect("inside"), after);
        assert_eq!(calendar.previous_trading_day(after).expect("inside"), before);
        assert_eq!(calendar.night_of(after).expect("a trading day"), None, "{after}");
        let opening = data.timetable(rb, after).expect("a trading day").changes()[0].at;
        assert_eq!(opening.to_string(), format!("{after}T08:55:00"));
        let mut day = before.tomorrow().expect("a date");
        while day < after {
            assert!(!calendar.is_trading_day(day).expect("inside"), "{day}");
            day = day.tomorrow().expect("a date");
        }
        // Whoever looks at the clock on the last evening is already in the next trading day.
        assert_eq!(calendar.trading_day_of(before.at(21, 0, 0, 0)).expect("inside"), after);
    }
}

#[test]
fn every_other_trading_day_has_its_night() {
    let calendar = calendar();
    let without_night = |day: &Date| calendar.night_of(*day).expect("a trading day").is_none();
    let days: Vec<Date> = trading_days(&calendar).into_iter().filter(without_night).collect();
    let mut expected: Vec<Date> = CLOSURES.iter().map(|(_, after)| date(after)).collect();
    expected.insert(0, date(FIRST));
    assert_eq!(days, expected);
}

#[test]
fn working_weekends_are_no_trading_days() {
    let calendar = calendar();
    let in_2024 = "2024-02-04 2024-02-18 2024-04-07 2024-04-28 2024-05-11 2024-09-14 2024-09-29 2024-10-12";
    let in_2025 = "2025-01-26 2025-02-08 2025-04-27 2025-09-28 2025-10-11";
    let in_2026 = "2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10";
    for day in [in_2024, in_2025, in_2026].into_iter().flat_map(|days| days.split(' ')) {
        assert!(!calendar.is_trading_day(date(day)).expect("inside"), "{day}");
        assert_eq!(calendar.holiday(date(day)).expect("inside"), None, "{day}");
    }
}

#[test]
fn trading_days_per_year() {
    let days = trading_days(&calendar());
    let in_year = |year: i16| days.iter().filter(|day| day.year() == year).count();
    assert_eq!([2024, 2025, 2026].map(in_year), [242, 243, 242]);
}

#[test]
fn the_calendar_says_what_it_covers() {
    let calendar = calendar();
    assert_eq!((calendar.first(), calendar.last()), (date("2024-01-01"), date("2026-12-31")));
    for year in 2024..=2026 {
        assert!(calendar.source(year).is_some_and(|source| source.contains("国务院")), "{year}");
    }
    assert_eq!(calendar.source(2027), None);
}
