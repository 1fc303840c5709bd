//! Where ticks come from: by hand, from a feed, from a recording; and what CTP makes of them (§4.2–§4.4).

mod common;

use std::time::Duration;

use common::{Bench, START, quiet, text};
use ctp_sim::{
    Command, Config, Delivery, Input, Levels, NoValue, OnOff, Replay, ReplayError, SessionId, replay,
};
use ctp_types::{DepthMarketDataField, MdCallback, NO_PRICE, RecordBox, price};
use proptest::prelude::*;

fn subscribed(config: Config, ids: &[&str]) -> (Bench, SessionId) {
    let start = config.start;
    let mut bench = Bench::new(config);
    bench.now = start;
    let session = bench.market_data(1);
    let instruments = ids.iter().map(|id| text(id)).collect();
    bench.step(Input::Subscribe { session, instruments });
    bench.run(Duration::from_millis(5));
    bench.take();
    (bench, session)
}

fn ticks(bench: &mut Bench) -> Vec<DepthMarketDataField> {
    let deliveries = bench.take().into_iter().filter_map(|output| match output.delivery {
        Delivery::Md { callback: MdCallback::OnRtnDepthMarketData, record, .. } => record,
        _ => None,
    });
    deliveries.map(|record| *record.get().expect("a tick")).collect()
}

/// A tick by hand, of its fields as JSON.
fn tick(json: &str) -> Command {
    let tick = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
    Command::Tick(tick)
}

// §4.2: what a tick says goes through as it is; the crowd is gone.
#[test]
fn a_tick_by_hand() {
    let (mut bench, _) = subscribed(Config::starting_at(START), &["rb2701"]);
    bench.step(Input::Command(tick(
        r#"{"instrument": "rb2701", "last": 3201, "volume": 10, "bid": "3200x5,3199x3", "ask": "3201x3"}"#,
    )));
    let first = ticks(&mut bench).pop().expect("at once");
    assert_eq!((first.last_price, first.bid_price1, first.ask_price1), (3201.0, 3200.0, 3201.0));
    assert_eq!((first.bid_volume1, first.bid_price2, first.bid_volume2), (5, 3199.0, 3));
    assert_eq!((first.ask_volume1, first.ask_price2, first.ask_volume2), (3, NO_PRICE, 0));
    bench.step(Input::Command(tick(r#"{"instrument": "rb2701", "after": "2s", "volume": 1, "ask": ""}"#)));
    assert!(ticks(&mut bench).is_empty());
    bench.run(Duration::from_secs(30));
    let second = ticks(&mut bench);
    assert_eq!(second.len(), 1, "nobody else moves it");
    // What was left out stays, but for the volume, which is what traded meanwhile.
    assert_eq!((second[0].last_price, second[0].volume), (3201.0, first.volume + 1));
    assert_eq!((second[0].ask_price1, second[0].ask_volume1, second[0].bid_price1), (NO_PRICE, 0, 3200.0));
    // Limits and settlement, as a scenario needs them.
    bench.step(Input::Command(tick(
        r#"{"instrument": "rb2701", "upper": 3300, "lower": 3100, "pre_settlement": 3200}"#,
    )));
    let third = ticks(&mut bench).pop().expect("a tick");
    assert_eq!(
        (third.upper_limit_price, third.lower_limit_price, third.pre_settlement_price),
        (3300.0, 3100.0, 3200.0)
    );
    bench.step(Input::Command(tick(r#"{"instrument": "zz2701", "last": 1}"#)));
    assert!(ticks(&mut bench).is_empty());
}

#[test]
fn what_is_no_tick() {
    for (json, named) in [
        (r#"{"instrument": "rb2701", "bid": "3200"}"#, "3200x5"),
        (r#"{"instrument": "rb2701", "bid": "3200x0"}"#, "3200x0"),
        (r#"{"instrument": "rb2701", "after": "soon"}"#, "soon"),
        (r#"{"instrument": "rb2701", "colour": 1}"#, "colour"),
        (r#"{"last": 1}"#, "instrument"),
    ] {
        let error = serde_json::from_str::<ctp_sim::Tick>(json).expect_err(json).to_string();
        assert!(error.contains(named), "{error}");
    }
    assert_eq!(serde_json::from_str::<Levels>(r#""""#).expect("an empty side"), Levels(Vec::new()));
}

// Resting orders meet a tick's quotes (matching model `book`).
#[test]
fn orders_meet_a_tick() {
    let (mut bench, _) = subscribed(quiet(), &["rb2701"]);
    let one = bench.trader(2, "one");
    bench.place(one, "rb2701", "buy", 2, 3200.0);
    bench.take();
    bench.step(Input::Command(tick(
        r#"{"instrument": "rb2701", "last": 3199, "volume": 5, "ask": "3199x1"}"#,
    )));
    let lines = bench.lines(one.session);
    assert!(lines.iter().any(|line| line.starts_with("trade")), "{lines:?}");
}

fn record(id: &str, last: f64, volume: i32, turnover: f64) -> DepthMarketDataField {
    DepthMarketDataField {
        instrument_id: text(id),
        last_price: last,
        volume,
        turnover,
        open_price: last,
        highest_price: last,
        lowest_price: last,
        pre_settlement_price: 3200.0,
        upper_limit_price: 3400.0,
        lower_limit_price: 3000.0,
        bid_price1: last - 1.0,
        bid_volume1: 4,
        ask_price1: last + 1.0,
        ask_volume1: 6,
        ask_price2: NO_PRICE,
        close_price: NO_PRICE,
        settlement_price: NO_PRICE,
        ..Default::default()
    }
}

// An external feed of CTP records: each comes out again, with what CTP computes.
#[test]
fn an_external_feed() {
    let (mut bench, _) = subscribed(Config::starting_at(START), &["rb2701", "SR701"]);
    for (volume, turnover) in [(100, 3_200_000.0), (103, 3_296_030.0)] {
        let feed = record("rb2701", 3201.0, volume, turnover);
        bench.step(Input::Command(Command::Feed(RecordBox::new(&feed))));
        let out = ticks(&mut bench).pop().expect("a tick");
        assert_eq!((out.last_price, out.volume, out.turnover), (3201.0, volume, turnover));
        assert_eq!((out.bid_price1, out.bid_volume1, out.ask_volume1), (3200.0, 4, 6));
        assert_eq!((out.bid_price2, out.bid_volume2), (NO_PRICE, 0));
        // §4.3: "computed by CTP = Turnover/Volume".
        assert_eq!(out.average_price, turnover / f64::from(volume));
    }
    // Another kind of record is no tick.
    bench.step(Input::Command(Command::Feed(RecordBox::new(&ctp_types::OrderField::default()))));
    // Noise of doubles is forgiven (§4.2), and hostile values break nothing.
    let mut noisy = record("rb2701", 3_201.000_000_000_001, 103, f64::NAN);
    (noisy.open_interest, noisy.bid_volume1, noisy.volume) = (f64::INFINITY, -4, -1);
    bench.step(Input::Command(Command::Feed(RecordBox::new(&noisy))));
    let out = ticks(&mut bench).pop().expect("a tick");
    assert_eq!((out.last_price, out.volume, out.bid_volume1), (3201.0, 103, 0));
}

// §4.2: a feed's own settlement price counts at the close.
#[test]
fn a_feed_that_tells_the_settlement_price() {
    let mut config = quiet();
    config.set("hours", "exchange").expect("a setting");
    config.set("products", "rb").expect("a setting");
    config.start = ctp_sim::Timestamp(START.0 + (4 * 3600 + 59 * 60) * 1_000_000_000);
    let (mut bench, _) = subscribed(config, &["rb2701"]);
    let feed = DepthMarketDataField {
        settlement_price: 3207.0,
        close_price: 3209.0,
        ..record("rb2701", 3201.0, 9, 288_090.0)
    };
    bench.step(Input::Command(Command::Feed(RecordBox::new(&feed))));
    bench.run(Duration::from_secs(30 * 60));
    let last = ticks(&mut bench).pop().expect("a tick");
    assert_eq!(last.settlement_price, 3207.0);
}

// §4.3: "Because CZCE averages are rounded, CZCE turnover can *decrease* between snapshots."
#[test]
fn turnover_of_zhengzhou_can_fall() {
    for (switch, multiplier) in [(OnOff::On, 10.0), (OnOff::Off, 1.0)] {
        let mut config = Config::starting_at(START);
        config.switches.czce_turnover_multiplied = switch;
        let (mut bench, _) = subscribed(config, &["SR701"]);
        // Averages of 5700.6, then 5700.4: rounded to 5701, then to 5700.
        let mut seen = Vec::new();
        for (volume, average) in [(10_000, 5700.6), (10_001, 5700.4)] {
            let feed = record("SR701", 5700.0, volume, average * 10.0 * f64::from(volume));
            bench.step(Input::Command(Command::Feed(RecordBox::new(&feed))));
            seen.push(ticks(&mut bench).pop().expect("a tick"));
        }
        assert_eq!([seen[0].average_price, seen[1].average_price], [5701.0, 5700.0]);
        assert_eq!(seen[0].turnover, 5701.0 * 10_000.0 * multiplier);
        assert!(seen[1].turnover < seen[0].turnover && seen[1].volume > seen[0].volume);
    }
}

// §4.2: fields without a value, each by its switch.
#[test]
fn fields_without_a_value() {
    let mut config = quiet();
    config.switches.empty_level = NoValue::Zero;
    config.switches.no_band = NoValue::Zero;
    config.switches.no_delta = NoValue::Zero;
    config.switches.last_before_trade = ctp_sim::LastBeforeTrade::PreSettlement;
    for (config, nothing) in [(quiet(), NO_PRICE), (config, 0.0)] {
        let start = config.start;
        let mut bench = Bench::new(config);
        bench.now = start;
        let session = bench.market_data(1);
        let ids = ["rb2701", "IF2612", "m2701-C-3000", "SP m2701&m2703"];
        bench.step(Input::Subscribe { session, instruments: ids.iter().map(|id| text(id)).collect() });
        bench.run(Duration::from_millis(5));
        let ticks = ticks(&mut bench);
        let [steel, index, option, spread] = [ticks[0], ticks[1], ticks[2], ticks[3]];
        assert_eq!((steel.bid_price1, steel.bid_volume1), (nothing, 0));
        assert_eq!((steel.banding_upper_price, steel.curr_delta), (nothing, nothing));
        let last = if nothing == 0.0 { steel.pre_settlement_price } else { NO_PRICE };
        assert_eq!(steel.last_price, last);
        // CFFEX has a band, options have a delta.
        assert!(index.lower_limit_price <= index.banding_lower_price);
        assert!(index.banding_lower_price < index.banding_upper_price);
        assert!(0.0 < option.pre_delta && option.pre_delta < 1.0, "{}", option.pre_delta);
        // §4.7: "bid/ask/volume/limits; no last, volume".
        assert_eq!((spread.last_price, spread.volume, spread.pre_settlement_price), (NO_PRICE, 0, NO_PRICE));
        assert!(
            price(spread.upper_limit_price).is_some() && spread.lower_limit_price < spread.upper_limit_price
        );
        // The dead fields stay empty.
        assert!(ticks.iter().all(|tick| tick.reserve1.is_empty() && tick.reserve2.is_empty()));
    }
}

// §4.7: a combination is quoted by its legs; an option follows its future.
#[test]
fn combinations_and_options_follow() {
    let ids = ["SP m2701&m2703", "m2701", "m2703", "m2701-C-3000"];
    let (mut bench, _) = subscribed(Config::starting_at(START), &ids);
    bench.run(Duration::from_secs(120));
    let ticks = ticks(&mut bench);
    let of = |id: &str| ticks.iter().filter(|tick| tick.instrument_id == id).collect::<Vec<_>>();
    let spreads = of("SP m2701&m2703");
    assert!(spreads.len() > 20, "{}", spreads.len());
    assert!(spreads.iter().all(|tick| tick.bid_price1 < tick.ask_price1 && tick.volume == 0));
    let options = of("m2701-C-3000");
    assert!(options.len() > 5, "{}", options.len());
    for tick in options {
        let (bid, ask) = (price(tick.bid_price1), price(tick.ask_price1));
        assert!(bid.is_none_or(|bid| tick.lower_limit_price <= bid && bid < ask.unwrap_or(NO_PRICE)));
        assert!(ask.is_none_or(|ask| ask <= tick.upper_limit_price));
        assert!((0.0..=1.0).contains(&tick.curr_delta));
    }
}

// Depth by setting: "5 levels for DCE/CZCE/CFFEX/GFEX need exchange level-2 products" (§4.2); SimNow shows 1.
#[test]
fn levels_by_setting() {
    for (levels, expected) in [("exchange", [true, false]), ("5", [true, true]), ("1", [false, false])] {
        let mut config = Config::starting_at(START);
        config.set("depth_levels", levels).expect("a setting");
        let (mut bench, _) = subscribed(config, &["rb2701", "m2701"]);
        bench.run(Duration::from_secs(20));
        let ticks = ticks(&mut bench);
        for (id, deep) in [("rb2701", expected[0]), ("m2701", expected[1])] {
            let tick = ticks.iter().find(|tick| tick.instrument_id == id).expect("a tick");
            assert_eq!(tick.bid_volume2 > 0, deep, "{levels} {id}");
        }
    }
    assert!(Config::starting_at(START).set("depth_levels", "6").is_err());
}

// §4.1: a moment of its own for each instrument, 500 ms apart.
#[test]
fn the_cadence() {
    let (mut bench, _) = subscribed(Config::starting_at(START), &["rb2701", "rb2705", "m2701", "IF2612"]);
    let mut moments: Vec<(String, i64)> = Vec::new();
    for _ in 0..2_000 {
        bench.run(Duration::from_millis(5));
        let now = bench.now.0 / 1_000_000;
        moments.extend(ticks(&mut bench).iter().map(|tick| (tick.instrument_id.to_string(), now)));
    }
    let mut phases = Vec::new();
    for id in ["rb2701", "rb2705", "m2701", "IF2612"] {
        let mine: Vec<i64> = moments.iter().filter(|(other, _)| other == id).map(|(_, at)| *at).collect();
        assert!(mine.windows(2).all(|pair| pair[1] - pair[0] >= 500), "{id}: {mine:?}");
        assert!(mine.iter().all(|at| at % 500 == mine[0] % 500), "{id}: {mine:?}");
        phases.push(mine[0] % 500);
    }
    phases.dedup();
    assert!(phases.len() > 1, "{phases:?}");
}

const HEAD: &str = "InstrumentID,TradingDay,ActionDay,UpdateTime,UpdateMillisec,LastPrice,Volume,Colour,BidPrice1,BidVolume1";

// A recording: any order of columns, unknown ones are named, each tick at its time.
#[test]
fn a_recording() {
    let csv = format!(
        "\u{feff}{HEAD}\r\nrb2701,20261123,20261123,10:00:02,500,3202,12,red,3201,1\r\n\
         rb2701,20261123,20261123,10:00:01,0,3201,10,,3200,2\n\nzz2701,20261123,,10:00:01,0,1,1,,,\n"
    );
    let tape = replay::parse(&csv).expect("a recording");
    assert_eq!((tape.len(), tape.ignored()), (3, ["Colour".to_owned()].as_slice()));
    let (mut bench, _) = subscribed(Config::starting_at(START), &["rb2701"]);
    let play: Replay = serde_json::from_value(serde_json::json!({ "csv": csv })).expect("a recording");
    bench.step(Input::Command(Command::Replay(play)));
    bench.run(Duration::from_secs(20));
    let ticks = ticks(&mut bench);
    let seen: Vec<_> = ticks
        .iter()
        .map(|tick| (tick.update_time.to_string(), tick.update_millisec, tick.last_price, tick.volume))
        .filter(|(_, _, last, _)| [3201.0, 3202.0].contains(last))
        .collect();
    assert_eq!(seen[0], ("10:00:01".to_owned(), 0, 3201.0, 10));
    assert_eq!(seen[1], ("10:00:02".to_owned(), 500, 3202.0, 12));
    assert_eq!(seen.len(), 2);
}

// §4.4: the moments of a night, by the way each exchange writes its dates.
#[test]
fn a_recording_of_a_night() {
    let csv = "InstrumentID,TradingDay,ActionDay,UpdateTime,LastPrice,Volume\n\
               sc2703,20261123,20261121,00:30:00,500,4\n\
               m2701,20261123,20261123,21:00:01,3000,2\n\
               rb2701,20261123,20261120,21:00:00,3200,1\n\
               SR701,20261120,,21:00:02,5700,3\n";
    let tape: Replay = serde_json::from_value(serde_json::json!({ "csv": csv })).expect("a recording");
    let friday_evening = ctp_sim::Timestamp(START.0 - (2 * 24 + 13) * 3_600_000_000_000 - 60_000_000_000);
    let config = Config { replay: Some(tape), ..Config::starting_at(friday_evening) };
    let (mut bench, _) =
        subscribed(Config { crowd: false, ..config }, &["rb2701", "m2701", "SR701", "sc2703"]);
    bench.run(Duration::from_secs(4 * 3600));
    let seen: Vec<_> = ticks(&mut bench)
        .iter()
        .map(|tick| {
            (tick.instrument_id.to_string(), tick.trading_day.to_string(), tick.action_day.to_string())
        })
        .collect();
    let row = |id: &str, trading: &str, action: &str| (id.to_owned(), trading.to_owned(), action.to_owned());
    assert_eq!(
        seen,
        [
            row("rb2701", "20261123", "20261120"),
            row("m2701", "20261123", "20261123"),
            row("SR701", "20261120", "20261120"),
            row("sc2703", "20261123", "20261121")
        ]
    );
}

#[test]
fn a_recording_from_now() {
    let csv = format!(
        "{HEAD}\nrb2701,20250106,20250106,09:30:00,0,3101,5,,,\nrb2701,20250106,20250106,09:30:03,0,3102,6,,,\n"
    );
    let (mut bench, _) = subscribed(quiet(), &["rb2701"]);
    let play = serde_json::json!({ "csv": csv, "from_now": true });
    bench.step(Input::Command(Command::Replay(serde_json::from_value(play).expect("a recording"))));
    bench.run(Duration::from_secs(1));
    assert_eq!(ticks(&mut bench).len(), 1);
    bench.run(Duration::from_secs(2));
    let second = ticks(&mut bench).pop().expect("three seconds later");
    assert_eq!((second.last_price, second.volume), (3102.0, 6));
}

#[test]
fn what_is_no_recording() {
    let line = |row: &str| format!("{HEAD}\nrb2701,20261123,20261123,10:00:01,0,3201,10,,3200,2\n{row}\n");
    for (csv, message) in [
        (String::new(), "is empty"),
        ("\n".to_owned(), "is empty"),
        ("InstrumentID,UpdateTime,Volume,TradingDay\n".to_owned(), "no column LastPrice"),
        ("InstrumentID,UpdateTime,Volume,LastPrice\n".to_owned(), "TradingDay or ActionDay"),
        (line("rb2701,20261123"), "line 3 has 2 cells, the first line 10"),
        (line("rb2701,20261123,20261123,10:00:01,0,3201,10,,3200,2,9"), "line 3 has 11 cells"),
        (
            line("rb2701,20261123,20261323,10:00:01,0,3201,10,,3200,2"),
            "line 3, column ActionDay: \"20261323\"",
        ),
        (line("rb2701,20261123,20261123,10:00,0,3201,10,,3200,2"), "line 3, column UpdateTime"),
        (
            line("rb2701,20261123,20261123,10:00:01,0,dear,10,,3200,2"),
            "column LastPrice: \"dear\" is not a number",
        ),
        (line("rb2701,20261123,20261123,10:00:01,0,nan,10,,3200,2"), "column LastPrice"),
        (line("rb2701,20261123,20261123,10:00:01,0,3201,-1,,3200,2"), "column Volume"),
        (line(",20261123,20261123,10:00:01,0,3201,1,,3200,2"), "column InstrumentID"),
    ] {
        let error = replay::parse(&csv).expect_err(&csv);
        assert!(error.to_string().contains(message), "{error}");
    }
    assert_eq!(replay::parse("").expect_err("nothing"), ReplayError::Empty);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_breaks_the_reader(text in any::<String>(), rows in prop::collection::vec("[0-9a-z:.,\"-]{0,40}", 0..5)) {
        let _ = replay::parse(&text);
        let _ = replay::parse(&format!("{HEAD}\n{}", rows.join("\n")));
    }

    // §4.2: whatever a feed says, volume never falls and prices are prices of the instrument.
    #[test]
    fn no_feed_breaks_the_market(feeds in prop::collection::vec(
        (any::<f64>(), -5i32..2000, any::<f64>(), any::<f64>(), any::<i32>()), 1..20
    )) {
        let config = Config { products: vec!["rb".into()], options: false, ..Config::starting_at(START) };
        let (mut bench, _) = subscribed(config, &["rb2701"]);
        let mut volume = 0;
        for (last, traded, turnover, bid, lots) in feeds {
            let feed = DepthMarketDataField { bid_price1: bid, bid_volume1: lots, ..record("rb2701", last, traded, turnover) };
            bench.step(Input::Command(Command::Feed(RecordBox::new(&feed))));
            let out = ticks(&mut bench).pop().expect("a tick");
            prop_assert!(out.volume >= volume, "{} {}", out.volume, volume);
            volume = out.volume;
            prop_assert!(!out.turnover.is_nan() && !out.average_price.is_nan());
            prop_assert!(out.bid_volume1 >= 0);
        }
    }
}
