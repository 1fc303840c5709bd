use ctp_market::Exchange;
use ctp_types::Text;
use jiff::civil::DateTime;

use super::*;

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).unwrap()
}

fn ns(moment: &str) -> i64 {
    unix_nanoseconds(moment.parse::<DateTime>().unwrap()).unwrap()
}

/// A tick of rb at a moment of 2026-11-20.
fn record(time: &str, volume: i32) -> DepthMarketDataField {
    DepthMarketDataField {
        instrument_id: text("rb2701"),
        trading_day: text("20261120"),
        action_day: text("20261120"),
        update_time: text(time),
        last_price: 3_200.0,
        average_price: 32_000.0,
        volume,
        ..DepthMarketDataField::default()
    }
}

struct Bench {
    stamper: Stamper,
    link: u64,
}

impl Bench {
    fn new() -> Self {
        Self { stamper: Stamper::new(reference()), link: 1 }
    }

    fn tick(&mut self, record: &DepthMarketDataField, received: &str) -> Tick {
        let words = slot::to_words(record, ns(received), self.link);
        self.stamper.tick(&words, 0).expect("wanted")
    }

    /// The tick is received when it says that it was.
    fn at(&mut self, time: &str, volume: i32) -> Tick {
        self.tick(&record(time, volume), &format!("2026-11-20T{time}"))
    }
}

fn flags(tick: &Tick) -> String {
    format!("{:?}", tick.flags())
}

#[test]
fn no_value_is_none_in_every_price() {
    let mut raw = record("10:00:00", 0);
    let no = f64::MAX;
    for price in [
        &mut raw.last_price,
        &mut raw.open_price,
        &mut raw.highest_price,
        &mut raw.lowest_price,
        &mut raw.close_price,
        &mut raw.settlement_price,
        &mut raw.pre_close_price,
        &mut raw.pre_settlement_price,
        &mut raw.upper_limit_price,
        &mut raw.lower_limit_price,
        &mut raw.banding_upper_price,
        &mut raw.banding_lower_price,
        &mut raw.turnover,
        &mut raw.open_interest,
        &mut raw.pre_open_interest,
        &mut raw.curr_delta,
        &mut raw.pre_delta,
        &mut raw.average_price,
        &mut raw.bid_price1,
        &mut raw.ask_price5,
    ] {
        *price = no;
    }
    (raw.bid_volume1, raw.ask_volume5) = (7, 7);
    let tick = Bench::new().tick(&raw, "2026-11-20T10:00:00");
    let values = [
        tick.last_price(),
        tick.open_price(),
        tick.highest_price(),
        tick.lowest_price(),
        tick.close_price(),
        tick.settlement_price(),
        tick.pre_close_price(),
        tick.pre_settlement_price(),
        tick.upper_limit_price(),
        tick.lower_limit_price(),
        tick.banding_upper_price(),
        tick.banding_lower_price(),
        tick.turnover(),
        tick.open_interest(),
        tick.pre_open_interest(),
        tick.curr_delta(),
        tick.pre_delta(),
        tick.average_price(),
    ];
    assert_eq!(values, [None; 18]);
    assert_eq!((tick.bids(), tick.asks(), tick.bid(), tick.ask()), ([None; 5], [None; 5], None, None));
    assert_eq!((tick.record.last_price, tick.record.bid_volume1), (no, 7), "the record is as it came");
    assert!(tick.flags().is_empty(), "{tick:?}");
}

#[test]
fn the_average_is_per_unit() {
    let mut bench = Bench::new();
    let mut average = |id: &str| {
        let record = DepthMarketDataField { instrument_id: text(id), ..record("10:00:00", 1) };
        bench.tick(&record, "2026-11-20T10:00:00").average_price()
    };
    assert_eq!(average("rb2701"), Some(3_200.0));
    assert_eq!(average("SR701"), Some(32_000.0));
    assert_eq!(average("IO2612-C-4000"), Some(320.0));
    assert_eq!(average("zz9999"), None);
}

#[test]
fn the_exchange_is_the_products_unless_the_front_says_it() {
    let mut bench = Bench::new();
    let mut exchange = |id: &str, said: &str| {
        let said = text(said);
        let record =
            DepthMarketDataField { instrument_id: text(id), exchange_id: said, ..record("10:00:00", 1) };
        bench.tick(&record, "2026-11-20T10:00:00").exchange()
    };
    assert_eq!(exchange("rb2701", ""), Some(Exchange::Shfe));
    assert_eq!(exchange("SPD TA701&TA705", ""), Some(Exchange::Czce));
    assert_eq!(exchange("zz2701", "INE"), Some(Exchange::Ine));
    assert_eq!(exchange("zz2702", "?"), None);
}

/// F64: one night of each exchange, with the stamps each of them writes.
#[test]
fn a_night_has_its_calendar_date_and_its_trading_day() {
    let mut bench = Bench::new();
    for (id, trading_day, action_day) in [
        ("rb2701", "20261123", "20261120"),
        ("sc2701", "20261123", "20261120"),
        ("m2701", "20261123", "20261123"),
        ("SR701", "20261120", "20261120"),
    ] {
        for (time, received) in [
            ("20:59:00", "2026-11-20T20:59:00.1"),
            ("21:00:00", "2026-11-20T21:00:00.6"),
            ("22:59:59", "2026-11-20T22:59:59.9"),
        ] {
            let record = DepthMarketDataField {
                instrument_id: text(id),
                trading_day: text(trading_day),
                action_day: text(action_day),
                update_millisec: 500,
                ..record(time, 1)
            };
            let tick = bench.tick(&record, received);
            assert_eq!(tick.exchange_time(), Some(format!("2026-11-20T{time}.5").parse().unwrap()), "{id}");
            assert_eq!(tick.trading_day().map(|day| day.to_string()).as_deref(), Some("2026-11-23"), "{id}");
            assert_eq!(flags(&tick), "{}", "{id} {time}");
        }
    }
    // After midnight on Saturday.
    let record = DepthMarketDataField {
        instrument_id: text("sc2701"),
        trading_day: text("20261123"),
        action_day: text("20261121"),
        ..record("02:29:59", 1)
    };
    let tick = bench.tick(&record, "2026-11-21T02:30:00");
    assert_eq!(tick.exchange_time(), Some("2026-11-21T02:29:59".parse().unwrap()));
    assert_eq!((tick.trading_day(), flags(&tick)), (Some("2026-11-23".parse().unwrap()), "{}".to_owned()));
}

/// F65.
#[test]
fn twice_and_out_of_order() {
    let mut bench = Bench::new();
    assert_eq!(flags(&bench.at("10:00:00", 5)), "{}");
    assert_eq!(flags(&bench.at("10:00:00", 5)), "{duplicate}");
    assert_eq!(flags(&bench.at("10:00:00", 6)), "{}", "equal times are CZCE's way");
    assert_eq!(flags(&bench.at("09:59:59", 6)), "{late}");
    assert_eq!(flags(&bench.at("10:00:01", 4)), "{late}", "the volume falls");
    assert_eq!(flags(&bench.at("10:00:01", 5)), "{late}", "it is still less than it was");
    assert_eq!(flags(&bench.at("10:00:01", 7)), "{}");
    // Another instrument, and another day, have nothing to do with it.
    let other = DepthMarketDataField { instrument_id: text("rb2705"), ..record("09:30:00", 1) };
    assert_eq!(flags(&bench.tick(&other, "2026-11-20T09:30:00")), "{}");
    let next = DepthMarketDataField {
        trading_day: text("20261123"),
        action_day: text("20261123"),
        ..record("09:00:00", 1)
    };
    assert_eq!(flags(&bench.tick(&next, "2026-11-23T09:00:00")), "{}");
}

#[test]
fn a_wrong_date_does_not_make_what_follows_late() {
    let mut bench = Bench::new();
    bench.at("10:00:00", 5);
    let tomorrow = DepthMarketDataField { trading_day: text("20261123"), ..record("11:20:00", 6) };
    // The wall clock is hours off, so the wrong date passes.
    assert_eq!(flags(&bench.tick(&tomorrow, "2026-11-20T06:10:00")), "{}");
    assert_eq!(flags(&bench.at("10:00:02", 7)), "{}");
    assert_eq!(flags(&bench.at("10:00:03", 8)), "{}");
}

#[test]
fn old_snapshots_and_held_up_ticks_are_stale() {
    let mut bench = Bench::new();
    let stale = |bench: &mut Bench, time: &str, received: &str| {
        flags(&bench.tick(&record(time, 5), &format!("2026-11-20T{received}")))
    };
    assert_eq!(stale(&mut bench, "14:59:59", "14:59:59"), "{}");
    bench.link += 1;
    assert_eq!(stale(&mut bench, "14:59:59", "20:30:00"), "{duplicate, stale}");
    let mut bench = Bench::new();
    assert_eq!(stale(&mut bench, "10:00:00", "10:00:10"), "{}");
    assert_eq!(stale(&mut bench, "10:00:01", "10:00:31"), "{stale}");
    // Of the day before, dated today (08:30).
    let mut bench = Bench::new();
    let tick = bench.tick(&record("14:59:59", 9), "2026-11-20T08:30:00");
    assert_eq!(
        (flags(&tick).as_str(), tick.exchange_time()),
        ("{stale}", Some("2026-11-19T14:59:59".parse().unwrap()))
    );
    assert_eq!(tick.trading_day(), Some("2026-11-19".parse().unwrap()));
    assert_eq!(
        flags(&bench.at("09:00:00", 1)),
        "{late}",
        "its volume is that of the day before, and says today"
    );
}

#[test]
fn sessions() {
    let mut bench = Bench::new();
    for (time, expected) in [
        ("08:54:59", "{out of session}"),
        ("08:55:00", "{}"),
        ("08:59:00", "{}"),
        ("09:00:00", "{}"),
        ("10:15:01", "{}"),
        ("10:15:02", "{out of session}"),
        ("10:29:59", "{out of session}"),
        ("10:30:00", "{}"),
        ("11:30:00", "{}"),
        ("12:00:00", "{out of session}"),
        ("13:30:00", "{}"),
        ("15:00:00", "{}"),
        ("15:00:02", "{out of session}"),
        ("15:30:00", "{out of session}"),
        ("17:59:59", "{out of session}"),
    ] {
        assert_eq!(flags(&bench.at(time, 1)), expected, "{time}");
    }
    // The same for one who joins in the middle.
    assert_eq!(flags(&Bench::new().at("15:30:00", 1)), "{out of session}");
    let treasury = DepthMarketDataField { instrument_id: text("T2612"), ..record("15:10:00", 1) };
    assert_eq!(flags(&bench.tick(&treasury, "2026-11-20T15:10:00")), "{}");
    let unknown = DepthMarketDataField { instrument_id: text("zz2612"), ..record("15:10:00", 1) };
    assert_eq!(flags(&bench.tick(&unknown, "2026-11-20T15:10:00")), "{session unknown}");
}

#[test]
fn beyond_the_calendar_it_says_so() {
    let mut bench = Bench::new();
    let day = DepthMarketDataField {
        trading_day: text("20270105"),
        action_day: text("20270105"),
        ..record("10:00:00", 1)
    };
    let tick = bench.tick(&day, "2027-01-05T10:00:00");
    assert_eq!(tick.exchange_time(), Some("2027-01-05T10:00:00".parse().unwrap()));
    assert_eq!(
        (flags(&tick).as_str(), tick.trading_day()),
        ("{session unknown}", Some("2027-01-05".parse().unwrap()))
    );
    let night = DepthMarketDataField { instrument_id: text("m2705"), update_time: text("22:00:00"), ..day };
    let tick = bench.tick(&night, "2027-01-05T08:30:00");
    assert_eq!((flags(&tick).as_str(), tick.exchange_time()), ("{session unknown, date unknown}", None));
}

#[test]
fn junk() {
    let mut bench = Bench::new();
    let mut is_junk =
        |record: DepthMarketDataField| bench.tick(&record, "2026-11-20T10:00:00").flags().is_junk();
    assert!(is_junk(DepthMarketDataField { update_time: Text::default(), ..record("10:00:00", 1) }));
    // §4.4: a broken forwarder's p1905, with an exchange and a book, and nothing else.
    let p1905 = DepthMarketDataField {
        instrument_id: text("p1905"),
        exchange_id: text("DCE"),
        update_time: text("10:00:00"),
        bid_price1: 4_000.0,
        bid_volume1: 1,
        ..DepthMarketDataField::default()
    };
    assert!(is_junk(p1905));
    // Before the first trade, and a combination, which has neither price nor volume.
    assert!(!is_junk(DepthMarketDataField { last_price: f64::MAX, ..record("10:00:00", 0) }));
    let combination = DepthMarketDataField { instrument_id: text("SP p1905&p1909"), ..p1905 };
    assert!(!is_junk(combination));
}

/// Nothing from outside may stop a reader.
#[test]
fn odd_records_do_no_harm() {
    use ctp_types::{Record, RecordBox};
    use proptest::prelude::*;

    proptest!(|(bytes in prop::collection::vec(any::<u8>(), DepthMarketDataField::DESCRIPTOR.size),
                received: i64, link in 0..3_u64)| {
        let record = RecordBox::from_bytes(DepthMarketDataField::DESCRIPTOR, &bytes).unwrap();
        let words = slot::to_words(record.get().unwrap(), received, link);
        let tick = Bench::new().stamper.tick(&words, 0);
        let shown = tick.map(|tick| format!("{tick:?} {:?}", tick.average_price()));
        prop_assert!(shown.is_some());
    });
}
