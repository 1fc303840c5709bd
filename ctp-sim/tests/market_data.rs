//! Subscriptions and ticks (§4.1–§4.4).

mod common;

use std::time::Duration;

use common::{Bench, START, quiet, text};
use ctp_sim::{ApiKind, Config, Delivery, Input, SessionId, Timestamp};
use ctp_types::{
    DepthMarketDataField, MdCallback, NO_PRICE, QryDepthMarketDataField, SpecificInstrumentField,
    TraderRequest, price,
};

fn subscribe(bench: &mut Bench, session: SessionId, ids: &[&str]) {
    let instruments = ids.iter().map(|id| text(id)).collect();
    bench.step(Input::Subscribe { session, instruments });
}

/// Takes the ticks that came.
fn ticks(bench: &mut Bench) -> Vec<DepthMarketDataField> {
    let deliveries = bench.take().into_iter().filter_map(|output| match output.delivery {
        Delivery::Md { callback: MdCallback::OnRtnDepthMarketData, record, .. } => record,
        _ => None,
    });
    deliveries.map(|record| *record.get().expect("a tick")).collect()
}

/// Returns a first snapshot of each instrument at a time of day.
fn first_ticks(start: Timestamp, ids: &[&str]) -> Vec<DepthMarketDataField> {
    let mut bench = Bench::new(Config::starting_at(start));
    bench.now = start;
    let session = bench.market_data(1);
    bench.run(Duration::from_secs(20));
    bench.take();
    subscribe(&mut bench, session, ids);
    bench.run(Duration::from_millis(1));
    ticks(&mut bench)
}

// §4.1: every id is answered without error, known ones tick at once; unknown ones never.
#[test]
fn subscriptions() {
    let mut bench = Bench::new(Config::starting_at(START));
    let session = bench.market_data(1);
    subscribe(&mut bench, session, &["rb2701", "xx9999", ""]);
    bench.run(Duration::from_millis(1));
    let mut answers = Vec::new();
    let mut snapshots = 0;
    for output in bench.take() {
        let Delivery::Md { callback, record, rsp_info, number, is_last } = output.delivery else { continue };
        if callback == MdCallback::OnRtnDepthMarketData {
            snapshots += 1;
            continue;
        }
        assert_eq!(callback, MdCallback::OnRspSubMarketData);
        let record = record.expect("the id");
        let id = record.get::<SpecificInstrumentField>().expect("the id").instrument_id;
        answers.push((id.to_str().into_owned(), rsp_info.expect("an info").error_id, number, is_last));
    }
    let answer = |id: &str, is_last| (id.to_owned(), 0, 0, is_last);
    assert_eq!(answers, [answer("rb2701", false), answer("xx9999", false), answer("", true)]);
    assert_eq!(snapshots, 1);
    bench.run(Duration::from_secs(60));
    let ids: Vec<_> = ticks(&mut bench).iter().map(|tick| tick.instrument_id).collect();
    assert!(ids.len() > 60 && ids.iter().all(|id| *id == "rb2701"), "{}", ids.len());
    bench.step(Input::Unsubscribe { session, instruments: vec![text("rb2701")] });
    bench.run(Duration::from_millis(1));
    bench.take();
    bench.run(Duration::from_secs(10));
    assert!(ticks(&mut bench).is_empty());
}

// §2.5, §4.1: before login a subscription is answered by 6.
#[test]
fn subscription_before_login() {
    let mut bench = Bench::new(quiet());
    let session = bench.connect(1, ApiKind::Md, (6, 7, 13));
    bench.take();
    subscribe(&mut bench, session, &["rb2701"]);
    bench.settle();
    let outputs = bench.take();
    assert_eq!(outputs.len(), 1);
    let Delivery::Md { rsp_info: Some(info), .. } = &outputs[0].delivery else { panic!("{outputs:?}") };
    assert_eq!(info.error_id, 6);
}

// §4.2: cumulative volume and turnover, prices inside the limits, no ExchangeID; 500 ms apart at least.
#[test]
fn ticks_are_plausible() {
    let mut bench = Bench::new(Config::starting_at(START));
    let session = bench.market_data(1);
    subscribe(&mut bench, session, &["rb2701", "IF2612"]);
    bench.run(Duration::from_secs(120));
    let ticks = ticks(&mut bench);
    for (id, depth) in [("rb2701", 5), ("IF2612", 1)] {
        let mine: Vec<_> = ticks.iter().filter(|tick| tick.instrument_id == id).collect();
        assert!(mine.len() > 60, "{id}: {}", mine.len());
        for pair in mine.windows(2) {
            assert!(pair[0].volume <= pair[1].volume && pair[0].turnover <= pair[1].turnover);
        }
        assert!(mine[0].volume < mine[mine.len() - 1].volume);
        for tick in mine {
            assert!(tick.exchange_id.is_empty() && tick.exchange_inst_id.is_empty());
            assert!(tick.lower_limit_price <= tick.last_price && tick.last_price <= tick.upper_limit_price);
            assert!(tick.bid_price1 < tick.ask_price1 && tick.bid_volume1 > 0 && tick.ask_volume1 > 0);
            assert!(matches!(tick.update_millisec, 0 | 500), "{}", tick.update_millisec);
            assert_eq!((tick.close_price, tick.settlement_price), (NO_PRICE, NO_PRICE));
            assert_eq!(tick.bid_volume5 > 0, depth == 5);
            assert_eq!(price(tick.bid_price5).is_some(), depth == 5);
        }
    }
}

// §4.2: DBL_MAX until the first trade.
#[test]
fn prices_before_the_first_trade() {
    let mut bench = Bench::new(quiet());
    let session = bench.market_data(1);
    subscribe(&mut bench, session, &["rb2701"]);
    bench.settle();
    let tick = ticks(&mut bench)[0];
    assert_eq!(
        [tick.last_price, tick.open_price, tick.highest_price, tick.lowest_price, tick.average_price],
        [NO_PRICE; 5]
    );
    assert_eq!((tick.bid_price1, tick.bid_volume1, tick.volume), (NO_PRICE, 0, 0));
    assert!(price(tick.pre_settlement_price).is_some());
}

// §4.3: turnover by volume except at CZCE, where it is a price.
#[test]
fn average_price() {
    let ticks = first_ticks(START, &["rb2701", "SR701"]);
    let by_volume = ticks[0].turnover / f64::from(ticks[0].volume);
    assert_eq!(ticks[0].average_price, by_volume);
    let price = ticks[1].average_price;
    assert_eq!(price, price.round());
    assert!((price - ticks[1].turnover / f64::from(ticks[1].volume) / 10.0).abs() <= 0.5);
}

// §4.4: dates at night (Friday 2026-11-20 21:05) and milliseconds, exchange by exchange.
#[test]
fn dates_and_milliseconds() {
    let night = Timestamp(START.0 - (60 * 60 + 12 * 60 * 60 + 2 * 24 * 60 * 60 - 5 * 60) * 1_000_000_000);
    let ticks = first_ticks(night, &["rb2701", "sc2702", "m2701", "SR701"]);
    let dates: Vec<_> = ticks.iter().map(|tick| (tick.trading_day, tick.action_day)).collect();
    let (friday, monday) = (text("20261120"), text("20261123"));
    assert_eq!(dates, [(monday, friday), (monday, friday), (monday, monday), (friday, friday)]);
    assert!(ticks.iter().all(|tick| tick.update_time.to_str().starts_with("21:0")));
    assert!(ticks[2].update_millisec % 500 != 0);
    assert_eq!(ticks[3].update_millisec, 0);
    let day = first_ticks(START, &["rb2701", "m2701", "SR701", "IF2612"]);
    assert!(day.iter().all(|tick| tick.trading_day == monday && tick.action_day == monday));
}

// §4.1: the trader's query gives the same record with ExchangeID; ExchangeID is not a filter.
#[test]
fn depth_by_query() {
    let mut bench = Bench::new(Config::starting_at(START));
    let one = bench.trader(1, "one");
    let query = QryDepthMarketDataField {
        instrument_id: text("IF2612"),
        exchange_id: text("SHFE"),
        ..Default::default()
    };
    let records: Vec<DepthMarketDataField> =
        bench.query(one.session, TraderRequest::ReqQryDepthMarketData, &query);
    assert_eq!((records.len(), records[0].exchange_id), (1, text("CFFEX")));
    let all: Vec<DepthMarketDataField> =
        bench.query(one.session, TraderRequest::ReqQryDepthMarketData, &QryDepthMarketDataField::default());
    assert!(all.len() > 400);
}

// The crowd fills a client's orders, limited by its volumes, and clients' orders show in the book.
#[test]
fn orders_meet_the_crowd() {
    let mut bench =
        Bench::new(Config { initial_balance: 1_000_000_000 * 10_000, ..Config::starting_at(START) });
    let session = bench.market_data(1);
    let one = bench.trader(2, "one");
    subscribe(&mut bench, session, &["rb2701"]);
    bench.run(Duration::from_millis(10));
    let tick = *ticks(&mut bench).last().expect("a tick");
    let displayed =
        [tick.ask_volume1, tick.ask_volume2, tick.ask_volume3, tick.ask_volume4, tick.ask_volume5];
    // One lot more than the book shows: it fills level by level and the rest waits, then is filled as the price moves.
    let volume = displayed.iter().sum::<i32>() + 1;
    bench.place(one, "rb2701", "buy", volume, tick.ask_price5);
    let lines = bench.lines(one.session);
    assert!(lines[2].starts_with("1/0 # 部分成交报单已提交"), "{lines:?}");
    let trades: Vec<_> = lines.iter().filter(|line| line.starts_with("trade")).collect();
    assert_eq!(trades.len(), 5, "{lines:?}");
    assert_eq!(*trades[0], format!("trade {} @ {}", tick.ask_volume1, tick.ask_price1));
    bench.run(Duration::from_secs(120));
    let lines = bench.lines(one.session);
    assert_eq!(lines[0], format!("1/0 # 部分成交报单已提交 {}", volume - 1));
    assert!(lines[1].starts_with("0/3 # 全部成交"), "{lines:?}");
    // An order far away rests and shows at its price.
    bench.take();
    bench.place(one, "rb2701", "buy", 3, tick.bid_price3);
    bench.run(Duration::from_secs(1));
    assert!(bench.exchange.next_deadline().is_some());
}

// A machine that slept does not make up for the ticks it missed; an answer that was due is late, not lost.
#[test]
fn ticks_passed_over_are_left_out() {
    let mut bench = Bench::new(Config::starting_at(START));
    let session = bench.market_data(1);
    subscribe(&mut bench, session, &["rb2701"]);
    bench.run(Duration::from_secs(10));
    assert!(ticks(&mut bench).len() > 5);
    subscribe(&mut bench, session, &["rb2705"]);
    let asleep = bench.now.after(Duration::from_secs(7_200));
    bench.now = asleep;
    bench.step(Input::Skip);
    let late: Vec<_> = bench.take().into_iter().map(|output| output.delivery).collect();
    assert!(
        matches!(
            late[..],
            [
                Delivery::Md { callback: MdCallback::OnRspSubMarketData, .. },
                Delivery::Md { callback: MdCallback::OnRtnDepthMarketData, .. }
            ]
        ),
        "{late:?}"
    );
    let due = bench.exchange.next_deadline().expect("the next tick");
    assert!(due > asleep && due <= asleep.after(Duration::from_millis(500)), "{due:?}");
    bench.run(Duration::from_secs(10));
    assert!(ticks(&mut bench).len() > 5);
}
