//! The session's books: what feeds them, what they ask for, and what the user is told.

use ctp_types::{
    HedgeFlag, InstrumentCommissionRateField, InstrumentField, InstrumentMarginRateField,
    InvestorPositionField, OptionInstrCommRateField, OptionInstrTradeCostField, PosiDirection, ProductClass,
    QryInstrumentMarginRateField, QryOptionInstrCommRateField, QryOptionInstrTradeCostField,
};

use super::*;
use crate::td::ledger::{Mark, PositionKey, PositionNow, Rows};

const LONG: PosiDirection = PosiDirection::LONG;

fn fill(offset: OffsetFlag, direction: Direction, trade_id: &str, lots: i32) -> TradeField {
    TradeField {
        offset_flag: offset,
        direction,
        hedge_flag: HedgeFlag::SPECULATION,
        trading_day: text("20261120"),
        order_sys_id: text(trade_id),
        ..trade("8", trade_id, lots)
    }
}

fn positions(bench: &mut Bench) -> Vec<PositionNow> {
    std::mem::take(&mut bench.events)
        .into_iter()
        .filter_map(|event| match event {
            TdEvent::Position(position) => Some((*position).clone()),
            _ => None,
        })
        .collect()
}

/// F69: the trade that closes the last lot is told as a position of 0 lots.
#[test]
fn every_trade_tells_its_position_the_last_one_too() {
    let mut bench = Bench::ready();
    bench.push(TraderCallback::OnRtnTrade, fill(OffsetFlag::OPEN, Direction::BUY, "a", 3));
    bench.push(TraderCallback::OnRtnTrade, fill(OffsetFlag::CLOSE_TODAY, Direction::SELL, "b", 3));
    // Nobody knows their orders: they are told when they have waited long enough.
    bench.now += Duration::from_secs(3);
    bench.step(Input::Time);
    bench.push(TraderCallback::OnRtnTrade, fill(OffsetFlag::OPEN, Direction::BUY, "a", 3));
    let told: Vec<(i32, i32)> =
        positions(&mut bench).iter().map(|now| (now.volume, now.close_volume)).collect();
    assert_eq!(told, [(0, 3), (0, 3)]);
    let all = bench.session.ledger().positions();
    assert_eq!((all.len(), all[0].volume, all[0].open_volume), (1, 0, 3));
}

/// What is pushed before the login's answer is of a day that is not known yet: it counts once the login has told it.
#[test]
fn pushes_before_the_login_are_not_lost_with_the_day_before() {
    let mut bench = Bench::new();
    bench.push(TraderCallback::OnRtnTrade, fill(OffsetFlag::OPEN, Direction::BUY, "a", 3));
    assert!(bench.events.is_empty());
    bench.log_in("20261120", "7");
    bench.recover();
    // Nobody knows its order: it is told when it has waited long enough.
    let lots = |bench: &mut Bench| {
        bench.now += Duration::from_secs(3);
        bench.step(Input::Time);
        let positions = bench.session.ledger().positions();
        positions.iter().map(|now| now.volume).collect::<Vec<_>>()
    };
    assert_eq!(lots(&mut bench), [3]);
    // The first trade of the next day overtakes the login that begins it.
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    bench.now += Duration::from_secs(2);
    bench.step(Input::Time);
    let next = TradeField { trading_day: text("20261123"), ..fill(OffsetFlag::OPEN, Direction::BUY, "b", 2) };
    bench.push(TraderCallback::OnRtnTrade, next);
    bench.log_in("20261123", "0");
    bench.recover();
    assert_eq!(lots(&mut bench), [2]);
    let told = bench.events.iter().filter(|event| matches!(event, TdEvent::Trade { .. })).count();
    assert_eq!(told, 2);
}

/// Seed 1620 of the simulation: the login that would have told the day was never answered, and the next one is of a new day.
#[test]
fn pushes_of_a_day_that_ended_before_its_login_count_on_no_day() {
    let day = |day| TradeField { trading_day: text(day), ..fill(OffsetFlag::OPEN, Direction::BUY, "a", 3) };
    for (next, lots) in [("20261120", vec![3]), ("20261123", vec![])] {
        let mut bench = Bench::new();
        bench.push(TraderCallback::OnRtnTrade, day("20261120"));
        bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
        bench.now += Duration::from_secs(2);
        bench.step(Input::Time);
        bench.log_in(next, "0");
        bench.recover();
        bench.now += Duration::from_secs(3);
        bench.step(Input::Time);
        let positions = bench.session.ledger().positions();
        assert_eq!(positions.iter().map(|now| now.volume).collect::<Vec<_>>(), lots, "{next}");
    }
}

/// An order reserves what it closes from the step on in which it is placed, and no longer than it may exist.
#[test]
fn an_order_to_close_reserves_at_once() {
    let mut bench = Bench::ready();
    bench.push(TraderCallback::OnRtnTrade, fill(OffsetFlag::OPEN, Direction::BUY, "a", 3));
    bench.now += Duration::from_secs(3);
    bench.step(Input::Time);
    let key = PositionKey::new(text("rb2601"), LONG, HedgeFlag::SPECULATION);
    assert_eq!(bench.session.ledger().closable(&key).today, 3);
    let close =
        NewOrder::limit("rb2601", Direction::SELL, OffsetFlag::CLOSE_TODAY, 2, 3_900.0).exchange("SHFE");
    let _placed = bench.place_as(&close, 1);
    assert_eq!(bench.session.ledger().closable(&key).today, 1);
    // What the library does not take reserves nothing.
    bench.word = Err(SendRefusal::NotConnected);
    let _refused = bench.place_as(&close, 1);
    assert_eq!(bench.session.ledger().closable(&key).today, 1);
}

/// What the books need is asked for one by one, once the start of the day is known, and taken from whoever asked it.
#[test]
fn rates_are_asked_for() {
    let mut bench = Bench::ready();
    bench.push(TraderCallback::OnRtnTrade, fill(OffsetFlag::OPEN, Direction::BUY, "a", 3));
    bench.now += Duration::from_secs(3);
    bench.step(Input::Time);
    assert_eq!(bench.sent.len(), 0, "nothing is asked for before the day's start is known");
    bench
        .session
        .ledger
        .baseline(&Rows::default().with_positions(&[RecordBox::new(&InvestorPositionField::default())]));
    let mut asked = Vec::new();
    for _ in 0..10 {
        bench.now += Duration::from_secs(2);
        bench.step(Input::Time);
        let Some((request, record, id)) = bench.sent.pop() else { break };
        assert!(bench.sent.is_empty(), "one at a time");
        asked.push(request);
        match request {
            TraderRequest::ReqQryInstrumentMarginRate => {
                let query = record.get::<QryInstrumentMarginRateField>().unwrap();
                assert_eq!((query.broker_id, query.hedge_flag), (text("9999"), HedgeFlag::SPECULATION));
                let rate = InstrumentMarginRateField {
                    instrument_id: query.instrument_id,
                    hedge_flag: query.hedge_flag,
                    long_margin_ratio_by_money: 0.1,
                    ..Default::default()
                };
                bench.answer(request.answer().unwrap(), Some(rate), None, id, true);
            }
            TraderRequest::ReqQryInstrumentCommissionRate => {
                let rate = InstrumentCommissionRateField {
                    instrument_id: text("rb2601"),
                    open_ratio_by_volume: 1.5,
                    ..Default::default()
                };
                bench.answer(request.answer().unwrap(), Some(rate), None, id, true);
            }
            _ => bench.callback(request.answer().unwrap(), id),
        }
    }
    let names: Vec<&str> = asked.iter().map(|request| request.name()).collect();
    assert_eq!(
        names,
        [
            "ReqQryBrokerTradingParams",
            "ReqQryInstrument",
            "ReqQryInstrumentMarginRate",
            "ReqQryInstrumentCommissionRate"
        ]
    );
    let now = bench.session.ledger().positions().remove(0);
    assert_eq!(now.commission.map(|money| money.0), Some(45_000));
    assert_eq!(now.margin.map(|money| money.0), Some(3 * 39_000 * 1_000));
    // Prices.
    let mark = Mark { instrument_id: text("rb2601"), last: Some(3_910.0), ..Mark::default() };
    bench.step(Input::Mark(Box::new(mark)));
    assert_eq!(bench.session.ledger().day_profit().held.0, 3 * 10 * 10 * 10_000);
}

/// An option has queries of its own, and what they bring is taken.
#[test]
fn rates_of_options_are_asked_for() {
    let mut bench = Bench::ready();
    let none = Rows::default().with_positions(&[RecordBox::new(&InvestorPositionField::default())]);
    bench.session.ledger.baseline(&none);
    bench.push(TraderCallback::OnRtnTrade, fill(OffsetFlag::OPEN, Direction::SELL, "a", 3));
    bench.now += Duration::from_secs(3);
    bench.step(Input::Time);
    let id = text("rb2601");
    let mut asked = Vec::new();
    for _ in 0..10 {
        let Some((request, record, number)) = bench.sent.pop() else { break };
        asked.push(request.name());
        let answer = request.answer().unwrap();
        match request {
            TraderRequest::ReqQryInstrument => {
                let option = InstrumentField {
                    instrument_id: id,
                    product_id: text("rb_o"),
                    product_class: ProductClass::OPTIONS,
                    volume_multiple: 10,
                    ..Default::default()
                };
                bench.answer(answer, Some(option), None, number, true);
            }
            TraderRequest::ReqQryOptionInstrTradeCost => {
                let query = record.get::<QryOptionInstrTradeCostField>().unwrap();
                assert_eq!((query.broker_id, query.investor_id), (text("9999"), text("000001")));
                let cost = OptionInstrTradeCostField {
                    instrument_id: query.instrument_id,
                    hedge_flag: query.hedge_flag,
                    mini_margin: 100.0,
                    ..Default::default()
                };
                bench.answer(answer, Some(cost), None, number, true);
            }
            TraderRequest::ReqQryOptionInstrCommRate => {
                let query = record.get::<QryOptionInstrCommRateField>().unwrap();
                assert_eq!((query.broker_id, query.instrument_id), (text("9999"), id));
                let rate = OptionInstrCommRateField {
                    instrument_id: text("rb_o"),
                    open_ratio_by_volume: 1.5,
                    ..Default::default()
                };
                bench.answer(answer, Some(rate), None, number, true);
            }
            _ => bench.callback(answer, number),
        }
        bench.now += Duration::from_secs(2);
        bench.step(Input::Time);
    }
    // Before the counter has said what it is, its name is that of a future.
    assert_eq!(asked[..2], ["ReqQryBrokerTradingParams", "ReqQryInstrument"]);
    asked.retain(|name| *name != "ReqQryInstrumentMarginRate");
    assert_eq!(asked[2..], ["ReqQryOptionInstrTradeCost", "ReqQryOptionInstrCommRate"]);
    let mark = Mark { instrument_id: id, pre_settlement: Some(20.0), ..Mark::default() };
    bench.step(Input::Mark(Box::new(mark)));
    let account = bench.session.ledger().account();
    assert_eq!(account.commission.map(|money| money.0), Some(45_000));
    assert_eq!(account.margin.map(|money| money.0), Some(3 * (20 * 10 + 100) * 10_000));
}

/// Orders of a day that is over reserve nothing in the next one.
#[test]
fn a_new_trading_day_begins_with_empty_books() {
    let mut bench = Bench::ready();
    bench.place();
    bench.push(TraderCallback::OnRtnTrade, fill(OffsetFlag::OPEN, Direction::BUY, "a", 3));
    bench.now += Duration::from_secs(3);
    bench.step(Input::Time);
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    bench.log_in("20261123", "0");
    assert_eq!(bench.session.ledger().positions(), []);
    let account = bench.session.ledger().account();
    assert_eq!(account.frozen_margin.map(|money| money.0), Some(0));
    // A trade of the day before does not count.
    bench.push(TraderCallback::OnRtnTrade, fill(OffsetFlag::OPEN, Direction::BUY, "c", 3));
    bench.now += Duration::from_secs(3);
    bench.step(Input::Time);
    assert_eq!(bench.session.ledger().positions(), []);
}
