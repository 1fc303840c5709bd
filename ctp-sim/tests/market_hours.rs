//! Hours of the products: statuses, sessions, auctions, the close (§4.2, §4.5, §4.6).

mod common;

use std::time::Duration;

use common::{Bench, Client, text};
use ctp_sim::{Command, Config, Delivery, Hours, Input, SessionId, Timestamp};
use ctp_types::{
    DepthMarketDataField, InstrumentStatusField, MdCallback, NO_PRICE, ResumeType, TraderCallback, price,
};

/// Returns the moment of a civil time in China.
fn at(text: &str) -> Timestamp {
    let civil = text.parse().expect("a civil time");
    Timestamp(ctp_market::unix_nanoseconds(civil).expect("a moment"))
}

fn config(start: &str, products: &[&str]) -> Config {
    Config {
        products: products.iter().map(|id| (*id).to_owned()).collect(),
        hours: Hours::Exchange,
        ..Config::starting_at(at(start))
    }
}

fn bench(config: Config) -> Bench {
    let start = config.start;
    let mut bench = Bench::new(config);
    bench.now = start;
    bench
}

fn run_to(bench: &mut Bench, moment: &str) {
    let duration = at(moment).0 - bench.now.0;
    bench.run(Duration::from_nanos(u64::try_from(duration).expect("a later moment")));
}

/// Returns the statuses that came, as `rb 20:55:00>3`.
fn statuses(bench: &mut Bench, client: Client) -> Vec<(String, InstrumentStatusField)> {
    let outputs = bench.take().into_iter().filter(|output| output.session == client.session);
    let records = outputs.filter_map(|output| match output.delivery {
        Delivery::Trader { callback: TraderCallback::OnRtnInstrumentStatus, record, .. } => record,
        _ => None,
    });
    let statuses = records.map(|record| {
        let status = *record.get::<InstrumentStatusField>().expect("a status");
        let letter = char::from(status.instrument_status.as_char());
        (format!("{} {}>{letter}", status.instrument_id, status.enter_time), status)
    });
    statuses.collect()
}

/// Returns the statuses of one product as the rows of §4.5 write them; the first has no time.
fn row(statuses: &[(String, InstrumentStatusField)], product: &str) -> String {
    let mine = statuses.iter().filter(|(_, status)| status.instrument_id == product);
    let texts = mine.enumerate().map(|(position, (_, status))| {
        let letter = char::from(status.instrument_status.as_char());
        assert_eq!(status.trading_segment_sn, position as i32 + 1, "{product}");
        match position {
            0 => letter.to_string(),
            _ => format!("{}>{letter}", &status.enter_time.to_str()[..5]),
        }
    });
    texts.collect::<Vec<_>>().join(" ")
}

fn ticks(bench: &mut Bench) -> Vec<DepthMarketDataField> {
    let deliveries = bench.take().into_iter().filter_map(|output| match output.delivery {
        Delivery::Md { callback: MdCallback::OnRtnDepthMarketData, record, .. } => record,
        _ => None,
    });
    deliveries.map(|record| *record.get().expect("a tick")).collect()
}

fn subscribe(bench: &mut Bench, session: SessionId, ids: &[&str]) {
    let instruments = ids.iter().map(|id| text(id)).collect();
    bench.step(Input::Subscribe { session, instruments });
    bench.run(Duration::from_millis(5));
}

const DAY: &str = "08:55>3 08:59>5 09:00>2 10:15>1 10:30>2 11:30>1 13:30>2 15:00>6";

// §4.5: the sequence of every exchange, pushed per product, options as products of their own.
#[test]
fn the_statuses_of_a_day() {
    let products = ["rb", "cu", "sc", "m", "jd", "SR", "AP", "IF", "T", "lc"];
    let config = Config {
        crowd: false,
        tick_interval: Duration::from_secs(60),
        ..config("2026-11-20T19:00:00", &products)
    };
    let mut bench = bench(config);
    let one = bench.log_in(1, "one", (6, 7, 13));
    run_to(&mut bench, "2026-11-23T15:20:00");
    let live = statuses(&mut bench, one);
    // QUICK: only what happens after the login. Another session replays the whole day (§9.1).
    assert!(live.iter().all(|(_, status)| status.trading_segment_sn > 1));
    let session = SessionId(2);
    bench.step(Input::Topics {
        session,
        private: ResumeType::Quick,
        public: ResumeType::Restart,
        sequence: 1,
        received: Default::default(),
    });
    bench.connect(2, ctp_sim::ApiKind::Trader, (6, 7, 13));
    let login = common::login_record("two", "simulator");
    bench.request(session, ctp_types::TraderRequest::ReqUserLogin, &login);
    bench.run(Duration::from_secs(1));
    let two = Client { session, investor: text("two"), session_id: 0 };
    let replayed = statuses(&mut bench, two);
    let night = |end: &str| format!("1 20:55>3 20:59>5 21:00>2 {end}>1 {DAY}");
    for product in ["rb", "m", "m_o"] {
        assert_eq!(row(&replayed, product), night("23:00"), "{product}");
    }
    for product in ["cu", "cu_o"] {
        assert_eq!(row(&replayed, product), night("01:00"));
    }
    assert_eq!(row(&replayed, "sc"), night("02:30"));
    for product in ["jd", "lc", "lc_o"] {
        assert_eq!(row(&replayed, product), format!("1 {DAY}"));
    }
    for product in ["SR", "SRC", "SRP"] {
        assert_eq!(
            row(&replayed, product),
            "0 20:55>3 20:59>0 21:00>2 23:00>0 09:00>2 10:15>0 10:30>2 11:30>0 13:30>2 15:00>6"
        );
    }
    assert_eq!(row(&replayed, "AP"), "0 08:55>3 08:59>0 09:00>2 10:15>0 10:30>2 11:30>0 13:30>2 15:00>6");
    assert_eq!(row(&replayed, "IF"), "0 09:25>3 09:29>5 09:30>2 11:30>1 13:00>2 15:00>6");
    assert_eq!(row(&replayed, "T"), "0 09:25>3 09:29>5 09:30>2 11:30>1 13:00>2 15:15>6");
    assert_eq!(row(&replayed, "IO"), "0 09:25>3 09:29>5 09:30>2 11:30>1 13:00>2 14:57>3 15:00>6");
    // Combinations have no status of their own.
    assert!(replayed.iter().all(|(_, status)| !status.instrument_id.to_str().contains('&')));
    // The session that was there from the start saw the same, one by one, at their times.
    let seen: Vec<&String> = replayed
        .iter()
        .map(|(text, _)| text)
        .filter(|text| live.iter().any(|(other, _)| other == *text))
        .collect();
    assert_eq!(seen.len(), live.len());
}

// §9.1: a session that comes in the middle of the day replays what was, with its times.
#[test]
fn a_day_joined_late() {
    let config = Config { crowd: false, ..config("2026-11-23T10:20:00", &["rb"]) };
    let mut bench = bench(config);
    let session = bench.connect(1, ctp_sim::ApiKind::Trader, (6, 7, 13));
    let login = common::login_record("one", "simulator");
    bench.request(session, ctp_types::TraderRequest::ReqUserLogin, &login);
    bench.run(Duration::from_secs(1));
    let one = Client { session, investor: text("one"), session_id: 0 };
    let replayed = statuses(&mut bench, one);
    assert_eq!(row(&replayed, "rb"), "1 20:55>3 20:59>5 21:00>2 23:00>1 08:55>3 08:59>5 09:00>2 10:15>1");
}

// §4.6: no night session on the eve of public holidays.
#[test]
fn the_day_after_a_holiday_has_no_night() {
    let config = Config {
        crowd: false,
        tick_interval: Duration::from_secs(60),
        ..config("2026-09-30T19:00:00", &["rb", "SR"])
    };
    let mut bench = bench(config);
    assert_eq!(bench.exchange.trading_day(), text("20261008"));
    let one = bench.log_in(1, "one", (6, 7, 13));
    run_to(&mut bench, "2026-10-08T15:20:00");
    let mut statuses: Vec<String> = statuses(&mut bench, one)
        .into_iter()
        .map(|(text, _)| text)
        .filter(|text| text.starts_with("rb"))
        .collect();
    statuses.truncate(3);
    assert_eq!(statuses, ["rb 08:55:00>3", "rb 08:59:00>5", "rb 09:00:00>2"]);
}

// §4.1, §4.2: ticks while the market is open, then the close, then the settlement price.
#[test]
fn ticks_of_a_day() {
    let mut bench = bench(config("2026-11-23T08:50:00", &["rb", "lc"]));
    let session = bench.market_data(1);
    subscribe(&mut bench, session, &["rb2705", "lc2703"]);
    let first = ticks(&mut bench);
    assert_eq!(first.len(), 2);
    // rb traded at night, lc not yet: §4.2 "DBL_MAX until the first trade of the trading day".
    assert!(first[0].volume > 0 && price(first[0].last_price).is_some());
    assert_eq!((first[1].volume, first[1].last_price, first[1].bid_price1), (0, NO_PRICE, NO_PRICE));
    run_to(&mut bench, "2026-11-23T08:58:59");
    assert!(ticks(&mut bench).is_empty());
    run_to(&mut bench, "2026-11-23T08:59:59");
    let opened = ticks(&mut bench);
    let lc: Vec<_> = opened.iter().filter(|tick| tick.instrument_id == "lc2703").collect();
    assert_eq!(lc.len(), 1, "the auction's price comes once");
    assert!(lc[0].volume > 0 && lc[0].open_price == lc[0].last_price);
    run_to(&mut bench, "2026-11-23T09:01:00");
    assert!(ticks(&mut bench).len() > 60);
    run_to(&mut bench, "2026-11-23T10:15:01");
    ticks(&mut bench);
    run_to(&mut bench, "2026-11-23T10:29:59");
    assert!(ticks(&mut bench).is_empty(), "no ticks in a break");
    run_to(&mut bench, "2026-11-23T14:59:59");
    let before = ticks(&mut bench).pop().expect("a tick");
    assert_eq!((before.close_price, before.settlement_price), (NO_PRICE, NO_PRICE));
    run_to(&mut bench, "2026-11-23T15:00:02");
    let closed = ticks(&mut bench);
    for id in ["rb2705", "lc2703"] {
        let last = closed.iter().rfind(|tick| tick.instrument_id == id).expect("a last tick");
        assert_eq!((last.close_price, last.settlement_price), (last.last_price, NO_PRICE), "{id}");
    }
    run_to(&mut bench, "2026-11-23T15:30:00");
    let settled = ticks(&mut bench);
    assert_eq!(settled.len(), 2, "one more, with the settlement price");
    for tick in &settled {
        let settlement = price(tick.settlement_price).expect("a settlement price");
        assert!(tick.lowest_price <= settlement && settlement <= tick.highest_price);
    }
    run_to(&mut bench, "2026-11-23T15:45:00");
    assert!(ticks(&mut bench).is_empty());
}

// §4.2: "CZCE sends a (constant) settlement price after the night session already."
#[test]
fn zhengzhou_settles_after_the_night() {
    let mut bench = bench(config("2026-11-20T22:59:00", &["SR", "rb"]));
    let session = bench.market_data(1);
    subscribe(&mut bench, session, &["SR705", "rb2705"]);
    run_to(&mut bench, "2026-11-20T22:59:59");
    assert!(ticks(&mut bench).iter().all(|tick| tick.settlement_price == NO_PRICE));
    run_to(&mut bench, "2026-11-23T08:50:00");
    let night = ticks(&mut bench);
    let last = night.iter().rfind(|tick| tick.instrument_id == "SR705").expect("a tick");
    let settlement = price(last.settlement_price).expect("a settlement price");
    run_to(&mut bench, "2026-11-23T09:10:00");
    let day = ticks(&mut bench);
    let (sugar, steel): (Vec<DepthMarketDataField>, Vec<DepthMarketDataField>) =
        day.into_iter().partition(|tick| tick.instrument_id == "SR705");
    assert!(sugar.len() > 100 && sugar.iter().all(|tick| tick.settlement_price == settlement));
    assert!(steel.iter().all(|tick| tick.settlement_price == NO_PRICE));
}

// §4.4: "after midnight ActionDay = next calendar day", at SHFE; DCE writes the trading day; CZCE the natural date as
// the trading day.
#[test]
fn dates_of_a_night() {
    let dates = |start: &str, ids: &[&str]| -> Vec<(String, String)> {
        let mut bench = bench(config(start, &["ag", "rb", "m", "SR", "sc"]));
        let session = bench.market_data(1);
        bench.run(Duration::from_secs(30));
        subscribe(&mut bench, session, ids);
        let ticks = ticks(&mut bench);
        ticks.iter().map(|tick| (tick.trading_day.to_string(), tick.action_day.to_string())).collect()
    };
    let pair = |trading: &str, action: &str| (trading.to_owned(), action.to_owned());
    // The example of the notes: Friday 2019-08-30 would be outside the calendar; Friday 2026-11-20 is alike.
    assert_eq!(
        dates("2026-11-20T21:30:00", &["rb2705", "sc2703", "m2705", "SR705"]),
        [
            pair("20261123", "20261120"),
            pair("20261123", "20261120"),
            pair("20261123", "20261123"),
            pair("20261120", "20261120")
        ]
    );
    assert_eq!(
        dates("2026-11-21T00:30:00", &["ag2702", "sc2703"]),
        [pair("20261123", "20261121"), pair("20261123", "20261121")]
    );
}

// §4.5, §7: the operator pauses a product; EnterReason '2'.
#[test]
fn a_status_by_hand() {
    let mut bench = bench(Config { hours: Hours::Always, ..config("2026-11-23T10:00:00", &["rb", "m"]) });
    let one = bench.log_in(1, "one", (6, 7, 13));
    let session = bench.market_data(2);
    subscribe(&mut bench, session, &["rb2705", "m2705"]);
    bench.step(Input::Command(Command::Status { product: "rb".into(), status: '1' }));
    let outputs = statuses(&mut bench, one);
    assert_eq!(outputs.len(), 1);
    let status = outputs[0].1;
    assert_eq!((status.instrument_id, status.exchange_id), (text("rb"), text("SHFE")));
    assert_eq!((status.instrument_status.as_char(), status.enter_reason.as_char()), (b'1', b'2'));
    bench.run(Duration::from_secs(20));
    let ids: Vec<_> = ticks(&mut bench).iter().map(|tick| tick.instrument_id).collect();
    assert!(!ids.is_empty() && ids.iter().all(|id| *id == "m2705"));
    for (product, status) in [("zz", '2'), ("rb", '9'), ("", '1')] {
        bench.step(Input::Command(Command::Status { product: product.into(), status }));
        assert!(statuses(&mut bench, one).is_empty(), "{product} {status}");
    }
    // An instrument's id names its product.
    bench.step(Input::Command(Command::Status { product: "rb2705".into(), status: '2' }));
    assert_eq!(statuses(&mut bench, one).len(), 1);
    bench.run(Duration::from_secs(20));
    assert!(ticks(&mut bench).iter().any(|tick| tick.instrument_id == "rb2705"));
}

// Without hours nothing changes by itself (decision: demos run at any time).
#[test]
fn always_open() {
    let mut bench = bench(Config { hours: Hours::Always, ..config("2026-11-22T03:00:00", &["rb"]) });
    let session = bench.market_data(1);
    subscribe(&mut bench, session, &["rb2705"]);
    bench.run(Duration::from_secs(60));
    assert!(ticks(&mut bench).len() > 30);
}
