//! Each rule by itself, and that an order which keeps to all passes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ctp_market::Money;
use ctp_types::{ContingentCondition, InstrumentField, OrderField, OrderStatus, Text};
use proptest::prelude::*;

use super::*;
use crate::config::RiskConfig;
use crate::td::ledger::Closable;
use crate::td::orders::order::{Order, OrderId, Origin};
use crate::td::orders::source::{Arrival, Source};
use crate::td::risk::{Counted, Prices};
use crate::td::rows::Instrument;

/// Positions as a test says.
#[derive(Default)]
struct Known {
    /// Instrument, long, lots held, and of them closable of today, of before, and whether these are apart.
    held: Vec<(Text<81>, bool, i64, Closable)>,
    result: Money,
}

/// Nothing is known of the positions.
struct Unknown;

impl Holdings for Unknown {
    fn closable(&self, _: &InputOrderField, _: bool) -> Option<Closable> {
        None
    }

    fn held(&self, _: &Text<81>, _: bool) -> Option<i64> {
        None
    }

    fn held_in_all(&self) -> Option<i64> {
        None
    }

    fn result(&self) -> Option<Money> {
        None
    }
}

impl Holdings for Known {
    fn closable(&self, order: &InputOrderField, is_long: bool) -> Option<Closable> {
        let mut held = self.held.iter();
        let found = held.find(|(id, long, ..)| (*id, *long) == (order.instrument_id, is_long));
        Some(found.map(|found| found.3).unwrap_or_default())
    }

    fn held(&self, instrument: &Text<81>, is_long: bool) -> Option<i64> {
        let mut held = self.held.iter();
        Some(held.find(|(id, long, ..)| (*id, *long) == (*instrument, is_long)).map_or(0, |found| found.2))
    }

    fn held_in_all(&self) -> Option<i64> {
        Some(self.held.iter().map(|found| found.2).sum())
    }

    fn result(&self) -> Option<Money> {
        Some(self.result)
    }
}

fn known(id: &str, is_long: bool, today: i32, yesterday: i32) -> Known {
    let total = today + yesterday;
    let free = Closable { today, yesterday, total, is_split: id == "rb2601" };
    Known { held: vec![(Text::new(id).unwrap(), is_long, total.into(), free)], ..Known::default() }
}

fn gate(change: impl FnOnce(&mut RiskConfig)) -> RiskGate {
    let mut config = RiskConfig { cancels_per_instrument: None, ..RiskConfig::default() };
    change(&mut config);
    let mut gate = RiskGate::new(config);
    gate.begin_step(Instant::now());
    let rows = [("rb2601", "SHFE"), ("m2601", "DCE")].map(|(id, exchange)| {
        Arc::new(Instrument::new(&InstrumentField {
            instrument_id: Text::new(id).unwrap(),
            exchange_id: Text::new(exchange).unwrap(),
            price_tick: 1.0,
            ..InstrumentField::default()
        }))
    });
    gate.replace_instruments(&rows);
    gate
}

fn order(id: &str, direction: Direction, offset: &str, lots: i32, price: f64) -> InputOrderField {
    InputOrderField {
        instrument_id: Text::new(id).unwrap(),
        direction,
        comb_offset_flag: Text::new(offset).unwrap(),
        volume_total_original: lots,
        limit_price: price,
        order_price_type: OrderPriceType::LIMIT_PRICE,
        contingent_condition: ContingentCondition::IMMEDIATELY,
        ..InputOrderField::default()
    }
}

fn prices(last: f64, upper: f64, lower: f64) -> Prices {
    let price = ctp_types::price;
    Prices { last: price(last), upper: price(upper), lower: price(lower) }
}

fn buy(lots: i32, price: f64) -> InputOrderField {
    order("rb2601", Direction::BUY, "0", lots, price)
}

fn sell(lots: i32, price: f64) -> InputOrderField {
    order("rb2601", Direction::SELL, "0", lots, price)
}

fn denied(
    gate: &mut RiskGate,
    now: Instant,
    mut order: InputOrderField,
    holdings: &impl Holdings,
) -> Option<Denial> {
    gate.check_switch()
        .and_then(|()| gate.check_order(&mut order, &[], holdings))
        .and_then(|()| gate.check_pace(now, 1))
        .err()
}

fn send(gate: &mut RiskGate, now: Instant, id: OrderId, order: &InputOrderField) {
    gate.begin_step(now);
    gate.take(now, Counted::Order, &order.instrument_id);
    gate.order_sent(id, order);
}

fn rule(gate: &mut RiskGate, order: InputOrderField) -> Option<Rule> {
    denied(gate, Instant::now(), order, &Unknown).map(|denial| denial.rule)
}

/// What the book has of an order after some of its records.
fn book(id: u64, input: &InputOrderField, status: OrderStatus, traded: i32, filled: i32) -> Order {
    let mut order = Order::own(OrderId(id), Origin::Own, input, 1, 1);
    let record = OrderField {
        order_status: status,
        volume_traded: traded,
        volume_total_original: input.volume_total_original,
        order_price_type: input.order_price_type,
        ..OrderField::default()
    };
    order.merge(&record, Arrival::new(1, Source::Live));
    order.volume_filled = filled;
    order
}

#[test]
fn the_switch_denies_every_order_and_no_cancel() {
    let mut gate = gate(|_| {});
    let now = Instant::now();
    send(&mut gate, now, OrderId(1), &buy(1, 3_900.0));
    send(&mut gate, now, OrderId(2), &buy(1, 3_901.0));
    assert!(gate.kill("too many losses".to_owned(), 5));
    assert!(!gate.kill("again".to_owned(), 6));
    let denial = denied(&mut gate, now, buy(1, 3_900.0), &Unknown).unwrap();
    assert_eq!(denial.rule, Rule::KillSwitch);
    assert!(denial.value.contains("too many losses"), "{denial}");
    gate.check_cancel(now).unwrap();
    assert_eq!(
        (gate.next_cancel(now), gate.next_cancel(now), gate.next_cancel(now)),
        (Some(OrderId(1)), Some(OrderId(2)), None)
    );
    assert_eq!(gate.snapshot(now).to_cancel, 2);
    // An order that shows up later is cancelled too, and one that is over is not.
    gate.order_changed(&book(3, &buy(1, 3_900.0), OrderStatus::NO_TRADE_QUEUEING, 0, 0));
    gate.order_changed(&book(1, &buy(1, 3_900.0), OrderStatus::CANCELED, 0, 0));
    assert_eq!((gate.next_cancel(now), gate.next_cancel(now)), (Some(OrderId(3)), None));
    gate.begin_trading_day();
    assert!(gate.killed().is_some(), "it stays on");
    assert_eq!(gate.release().unwrap().since_ns, 5);
    assert_eq!(
        rule(&mut gate, {
            let mut order = buy(1, 3_900.0);
            order.exchange_id = Text::new("SHFE").unwrap();
            order
        }),
        None
    );
}

#[test]
fn the_switch_cancels_at_the_pace_allowed() {
    let mut gate = gate(|config| config.open_orders = None);
    let start = Instant::now();
    for id in 0..1_000 {
        send(&mut gate, start, OrderId(id), &buy(1, 3_900.0));
    }
    gate.kill("test".to_owned(), 0);
    let (mut now, mut sent) = (start, Vec::new());
    while let Some(at) = gate.next_cancel_at() {
        now = now.max(at);
        gate.begin_step(now);
        let id = gate.next_cancel(now).unwrap();
        gate.take(now, Counted::Cancel, &Text::new("rb2601").unwrap());
        sent.push((now, id));
    }
    assert_eq!(sent.len(), 1_000);
    for (at, tenth) in sent.iter().zip(&sent[9..]) {
        assert!(tenth.0 - at.0 > Duration::from_secs(1));
    }
    assert!(sent.last().unwrap().0 - start < Duration::from_secs(113), "no slower than it must be");
}

/// Seed 532 of the simulation: a deadline that had passed while the window was full, so that the task ran in circles.
#[test]
fn a_refused_cancel_that_is_due_waits_for_the_pace() {
    let mut gate = gate(|_| {});
    let start = Instant::now();
    gate.order_changed(&book(1, &buy(1, 3_900.0), OrderStatus::NO_TRADE_QUEUEING, 0, 0));
    gate.kill("test".to_owned(), 0);
    gate.begin_step(start);
    assert_eq!(gate.next_cancel(start), Some(OrderId(1)));
    assert!(!gate.cancel_refused(OrderId(1)), "it is tried again");
    let due = gate.next_cancel_at().unwrap();
    gate.begin_step(due);
    for _ in 0..9 {
        gate.take(due, Counted::Cancel, &Text::new("rb2601").unwrap());
    }
    let next = gate.next_cancel_at().unwrap();
    assert!(next > due && gate.next_cancel(due).is_none());
    gate.begin_step(next);
    assert_eq!(gate.next_cancel(next), Some(OrderId(1)));
}

#[test]
fn a_dry_run_cancels_nothing() {
    let mut gate = gate(|config| config.dry_run = true);
    let now = Instant::now();
    gate.order_changed(&book(3, &buy(1, 3_900.0), OrderStatus::NO_TRADE_QUEUEING, 0, 0));
    gate.kill("test".to_owned(), 0);
    assert_eq!((gate.next_cancel_at(), gate.next_cancel(now)), (None, None));
}

#[test]
fn sizes_and_prices() {
    let mut gate = gate(|config| {
        config.order_lots = Some(10);
        config.price_distance_bp = Some(200);
    });
    assert_eq!(rule(&mut gate, buy(11, 3_900.0)), Some(Rule::OrderLots));
    assert_eq!(rule(&mut gate, buy(10, 3_900.5)), Some(Rule::PriceTick));
    assert_eq!(rule(&mut gate, buy(10, 39_000.0)), None, "nothing is known of the price");
    let id = Text::new("rb2601").unwrap();
    gate.mark(&id, prices(3_900.0, 4_100.0, 3_700.0));
    for (price, broken) in [
        (3_900.0, None),
        (3_978.0, None),
        (3_979.0, Some(Rule::PriceDistance)),
        (3_821.0, Some(Rule::PriceDistance)),
        (4_101.0, Some(Rule::PriceLimit)),
        (3_699.0, Some(Rule::PriceLimit)),
    ] {
        assert_eq!(rule(&mut gate, buy(1, price)), broken, "{price}");
    }
    let denial = denied(&mut gate, Instant::now(), buy(1, 4_101.0), &Unknown).unwrap();
    assert_eq!(denial.limit, "from 3700 to 4100");
    // What is no price limits nothing.
    gate.mark(&id, prices(f64::MAX, 0.0, f64::MAX));
    assert_eq!(rule(&mut gate, buy(1, 39_000.0)), None);
    // An order without a price, and one that waits, are not compared with the last price.
    gate.mark(&id, prices(3_900.0, 4_100.0, 3_700.0));
    let market =
        InputOrderField { order_price_type: OrderPriceType::ANY_PRICE, limit_price: 0.0, ..buy(1, 0.0) };
    assert_eq!(rule(&mut gate, market), None);
    let stop = InputOrderField {
        contingent_condition: ContingentCondition::LAST_PRICE_GREATER_THAN_STOP_PRICE,
        stop_price: 4_050.0,
        ..buy(1, 4_060.0)
    };
    assert_eq!(rule(&mut gate, stop), None);
}

#[test]
fn an_order_must_not_meet_one_of_the_same_account() {
    let (mut gate, now) = (gate(|_| {}), Instant::now());
    send(&mut gate, now, OrderId(1), &sell(2, 3_905.0));
    send(&mut gate, now, OrderId(2), &sell(2, 3_901.0));
    assert_eq!(rule(&mut gate, buy(1, 3_900.0)), None);
    for price in [3_901.0, 3_950.0] {
        assert_eq!(rule(&mut gate, buy(1, price)), Some(Rule::SelfTrade));
    }
    let other = order("m2601", Direction::BUY, "0", 1, 3_950.0);
    assert_eq!(rule(&mut gate, other), None, "another instrument");
    let market =
        InputOrderField { order_price_type: OrderPriceType::ANY_PRICE, limit_price: 0.0, ..buy(1, 0.0) };
    assert_eq!(rule(&mut gate, market), Some(Rule::SelfTrade));
    // Another session's order counts, one that is over or waits for its trigger does not.
    gate.order_changed(&book(2, &sell(2, 3_901.0), OrderStatus::CANCELED, 0, 0));
    assert_eq!(rule(&mut gate, buy(1, 3_904.0)), None);
    let record = OrderField {
        instrument_id: Text::new("rb2601").unwrap(),
        direction: Direction::SELL,
        limit_price: 3_902.0,
        volume_total_original: 1,
        order_status: OrderStatus::NO_TRADE_QUEUEING,
        order_price_type: OrderPriceType::LIMIT_PRICE,
        ..OrderField::default()
    };
    let mut foreign = Order::of_record(OrderId(9), Origin::Foreign, &record);
    foreign.merge(&record, Arrival::new(1, Source::Live));
    gate.order_changed(&foreign);
    assert_eq!(rule(&mut gate, buy(1, 3_902.0)), Some(Rule::SelfTrade));
    gate.order_changed(&book(9, &sell(1, 3_902.0), OrderStatus::NOT_TOUCHED, 0, 0));
    assert_eq!(rule(&mut gate, buy(1, 3_902.0)), None);
    gate.order_not_sent(OrderId(1));
    assert_eq!(rule(&mut gate, buy(1, 3_950.0)), None);
    // And the other way round.
    send(&mut gate, now, OrderId(4), &buy(1, 3_890.0));
    assert_eq!(rule(&mut gate, sell(1, 3_890.0)), Some(Rule::SelfTrade));
    assert_eq!(rule(&mut gate, sell(1, 3_891.0)), None);
}

#[test]
fn closes_are_for_what_is_held_and_not_on_order() {
    let (mut gate, now) = (gate(|config| config.actions_per_second = None), Instant::now());
    let close = |offset: &str, lots| order("rb2601", Direction::SELL, offset, lots, 3_900.0);
    let held = known("rb2601", true, 3, 2);
    let rule = |gate: &mut RiskGate, order| denied(gate, now, order, &held).map(|denial| denial.rule);
    assert_eq!(rule(&mut gate, close("3", 3)), None);
    assert_eq!(rule(&mut gate, close("3", 4)), Some(Rule::OverClose));
    assert_eq!(rule(&mut gate, close("1", 2)), None);
    assert_eq!(rule(&mut gate, close("4", 3)), Some(Rule::OverClose));
    let short = order("rb2601", Direction::BUY, "1", 1, 3_900.0);
    assert_eq!(rule(&mut gate, short), Some(Rule::OverClose), "nothing is held short");
    // One pot elsewhere.
    let one = known("m2601", true, 1, 2);
    let close = |offset: &str, lots| order("m2601", Direction::SELL, offset, lots, 3_900.0);
    for offset in ["1", "3", "4"] {
        assert_eq!(denied(&mut gate, now, close(offset, 3), &one), None);
        let denial = denied(&mut gate, now, close(offset, 4), &one).unwrap();
        assert_eq!((denial.rule, denial.limit.as_str()), (Rule::OverClose, "at most 3 lots"));
    }
    assert_eq!(denied(&mut gate, now, close("1", 9), &Unknown), None, "nothing is known of the positions");
    let spread = order("SP m2601&m2605", Direction::SELL, "1", 1, 10.0);
    assert_ne!(denied(&mut gate, now, spread, &one).map(|denial| denial.rule), Some(Rule::OverClose));
}

#[test]
fn positions_and_losses_limit_what_opens() {
    let (mut gate, now) = (
        gate(|config| {
            config.position_lots = Some(10);
            config.position_lots_total = Some(12);
            config.loss_cny = Some(1_000);
        }),
        Instant::now(),
    );
    let mut held = known("rb2601", true, 3, 2);
    held.held.extend(known("m2601", false, 1, 0).held);
    let rule =
        |gate: &mut RiskGate, order, held: &Known| denied(gate, now, order, held).map(|denial| denial.rule);
    assert_eq!(rule(&mut gate, buy(5, 3_900.0), &held), None);
    assert_eq!(rule(&mut gate, buy(6, 3_900.0), &held), Some(Rule::Position));
    send(&mut gate, now, OrderId(1), &buy(4, 3_900.0));
    assert_eq!(rule(&mut gate, buy(1, 3_900.0), &held), None);
    assert_eq!(rule(&mut gate, buy(2, 3_900.0), &held), Some(Rule::Position));
    assert_eq!(rule(&mut gate, sell(2, 3_950.0), &held), None, "10 of 12 in all");
    assert_eq!(rule(&mut gate, sell(3, 3_950.0), &held), Some(Rule::PositionTotal));
    let close = order("rb2601", Direction::SELL, "3", 3, 3_950.0);
    held.result = Money::from_yuan(-999);
    assert_eq!(rule(&mut gate, buy(1, 3_900.0), &held), None);
    held.result = Money::from_yuan(-1_000);
    assert_eq!(rule(&mut gate, buy(1, 3_900.0), &held), Some(Rule::Loss));
    assert_eq!(rule(&mut gate, close, &held), None, "what closes passes");
    // What is asked for and cannot be judged does not pass.
    assert_eq!(denied(&mut gate, now, buy(1, 3_900.0), &Unknown).unwrap().rule, Rule::Position);
}

#[test]
fn working_orders_and_the_days_counts() {
    let mut gate = gate(|config| {
        config.actions_per_second = None;
        config.open_orders = Some(2);
        config.open_orders_total = Some(3);
        config.orders_per_day = Some(4);
    });
    let now = Instant::now();
    let other = || order("m2601", Direction::BUY, "0", 1, 3_000.0);
    send(&mut gate, now, OrderId(1), &buy(1, 3_900.0));
    send(&mut gate, now, OrderId(2), &sell(1, 3_950.0));
    assert_eq!(rule(&mut gate, buy(1, 3_900.0)), Some(Rule::OpenOrders));
    assert_eq!(rule(&mut gate, other()), None);
    send(&mut gate, now, OrderId(3), &other());
    assert_eq!(rule(&mut gate, other()), Some(Rule::OpenOrdersTotal));
    gate.order_changed(&book(3, &other(), OrderStatus::CANCELED, 0, 0));
    assert_eq!(rule(&mut gate, other()), None);
    // Earlier runs count.
    gate.restore(Counted::Order, &other().instrument_id);
    assert_eq!(rule(&mut gate, other()), Some(Rule::OrdersPerDay));
    assert_eq!(gate.check_other().unwrap_err().rule, Rule::OrdersPerDay);
    gate.begin_trading_day();
    let mut fresh = other();
    fresh.exchange_id = Text::new("DCE").unwrap();
    assert_eq!(rule(&mut gate, fresh), None);
}

#[test]
fn every_working_order_keeps_its_cancel() {
    let mut gate = gate(|config| {
        config.actions_per_second = None;
        config.cancels_per_instrument = Some(4);
        config.cancels_per_day = Some(6);
    });
    let (now, id) = (Instant::now(), Text::new("rb2601").unwrap());
    let other = || order("m2601", Direction::BUY, "0", 1, 3_000.0);
    send(&mut gate, now, OrderId(1), &buy(1, 3_900.0));
    gate.restore(Counted::Cancel, &id);
    gate.take(now, Counted::Cancel, &id);
    assert_eq!(rule(&mut gate, buy(1, 3_900.0)), None);
    send(&mut gate, now, OrderId(2), &buy(1, 3_900.0));
    assert_eq!(rule(&mut gate, buy(1, 3_900.0)), Some(Rule::CancelsPerInstrument));
    assert_eq!(rule(&mut gate, other()), None);
    send(&mut gate, now, OrderId(3), &other());
    send(&mut gate, now, OrderId(4), &other());
    assert_eq!(rule(&mut gate, other()), Some(Rule::CancelsPerDay));
    for _ in 0..10 {
        gate.check_cancel(now).unwrap();
        gate.take(now, Counted::Cancel, &id);
    }
}

#[test]
fn the_pace_says_how_long_to_wait() {
    let (mut gate, start) = (gate(|_| {}), Instant::now());
    for id in 0..7 {
        assert_eq!(denied(&mut gate, start, buy(1, 3_900.0), &Unknown), None);
        send(&mut gate, start, OrderId(id), &buy(1, 3_900.0));
    }
    let later = start + Duration::from_millis(300);
    let denial = denied(&mut gate, later, buy(1, 3_900.0), &Unknown).unwrap();
    assert_eq!(denial.rule, Rule::ActionsPerSecond);
    assert_eq!(
        (denial.value.as_str(), denial.limit.as_str()),
        ("7 orders and cancels in the last 1000 ms", "at most 7 in any 1000 ms")
    );
    assert!(denial.fix.contains("in 701 ms"), "{denial}");
    for _ in 0..2 {
        gate.check_cancel(later).unwrap();
        gate.take(later, Counted::Cancel, &Text::new("rb2601").unwrap());
    }
    assert_eq!(gate.check_cancel(later).unwrap_err().limit, "at most 9 in any 1000 ms");
    let counts = gate.snapshot(later);
    assert_eq!(
        (counts.actions_in_window, counts.orders_today, counts.cancels_today, counts.denied),
        (9, 7, 2, 2)
    );
    assert_eq!(counts.order_wait, Duration::from_millis(700) + Duration::from_nanos(1));
    assert_eq!(gate.snapshot(start + Duration::from_secs(3)).actions_in_window, 0);
}

#[test]
fn late_answers_are_noticed() {
    let (mut gate, start) = (gate(|_| {}), Instant::now());
    send(&mut gate, start, OrderId(1), &buy(1, 3_900.0));
    send(&mut gate, start, OrderId(2), &buy(1, 3_900.0));
    gate.order_changed(&book(1, &buy(1, 3_900.0), OrderStatus::UNKNOWN, 0, 0));
    let due = gate.next_deadline().unwrap();
    assert_eq!(due, start + Duration::from_secs(1));
    assert_eq!(gate.handle_deadline(due), Some(1));
    assert_eq!(gate.snapshot(due).late_acks, 1);
}

#[derive(Clone, Debug)]
enum Step {
    Send { id: u64, buy: bool, offset: usize, lots: i32, price: i32 },
    Tell { id: u64, status: usize, traded: i32, filled: i32 },
    NotSent(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let send = (0..8_u64, any::<bool>(), 0..3_usize, 1..5_i32, 0..4_i32)
        .prop_map(|(id, buy, offset, lots, price)| Step::Send { id, buy, offset, lots, price });
    let tell = (0..8_u64, 0..4_usize, 0..5_i32, 0..5_i32)
        .prop_map(|(id, status, traded, filled)| Step::Tell { id, status, traded, filled });
    proptest::collection::vec(
        prop_oneof![3 => send, 4 => tell, 1 => (0..8_u64).prop_map(Step::NotSent)],
        1..60,
    )
}

proptest! {
    /// The sums are what counting all orders anew gives.
    #[test]
    fn sums_are_those_of_all_orders(steps in steps()) {
        let mut gate = gate(|config| config.actions_per_second = None);
        let now = Instant::now();
        let mut inputs = HashMap::new();
        for step in steps {
            match step {
                Step::Send { id, buy, offset, lots, price } => {
                    let direction = if buy { Direction::BUY } else { Direction::SELL };
                    let input = order("rb2601", direction, ["0", "1", "3"][offset], lots, 3_900.0 + f64::from(price));
                    send(&mut gate, now, OrderId(id), &input);
                    inputs.insert(id, input);
                }
                Step::Tell { id, status, traded, filled } => {
                    let Some(input) = inputs.get(&id) else { continue };
                    let status = [OrderStatus::NO_TRADE_QUEUEING, OrderStatus::ALL_TRADED, OrderStatus::CANCELED, OrderStatus::NOT_TOUCHED][status];
                    let traded = traded.min(input.volume_total_original);
                    gate.order_changed(&book(id, input, status, traded, filled.min(traded)));
                }
                Step::NotSent(id) => gate.order_not_sent(OrderId(id)),
            }
            let all: Vec<_> = gate.orders.values().collect();
            prop_assert_eq!(gate.open as usize, all.iter().filter(|order| order.is_open).count());
            prop_assert_eq!(gate.opening, all.iter().map(|order| order.opens()).sum::<i64>());
            let place = gate.instruments.get(&Text::new("rb2601").unwrap()).unwrap();
            for is_buy in [true, false] {
                let (side, own) = (place.side(is_buy), all.iter().filter(|order| order.is_buy == is_buy));
                prop_assert_eq!(side.orders as usize, own.clone().filter(|order| order.is_open).count());
                prop_assert_eq!(side.opening, own.clone().map(|order| order.opens()).sum::<i64>());
                let prices = || own.clone().filter_map(|order| order.price);
                prop_assert_eq!((side.lowest(), side.highest()), (prices().min().map(|price| price.0), prices().max().map(|price| price.0)));
            }
        }
    }
}
