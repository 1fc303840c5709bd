//! The order types of §5.2 and the commands about orders, where money and positions show more than callbacks.

mod common;

use common::{Bench, Client, quiet, text};
use ctp_sim::{Command, FillOrder, Input, OrderLimits, Right, TradingRight};
use ctp_types::{
    ContingentCondition, InvestorPositionField, OrderField, OrderPriceType, QryInvestorPositionField,
    QryOrderField, QryTradingAccountField, TimeCondition, TraderRequest, TradingAccountField,
};

fn pair() -> (Bench, Client, Client) {
    let mut config = quiet();
    config.initial_balance = 1_000_000_000 * 10_000;
    let mut bench = Bench::new(config);
    let one = bench.trader(1, "one");
    let two = bench.trader(2, "two");
    bench.take();
    (bench, one, two)
}

fn account(bench: &mut Bench, client: Client) -> TradingAccountField {
    let query = QryTradingAccountField::default();
    bench.query(client.session, TraderRequest::ReqQryTradingAccount, &query).remove(0)
}

fn orders(bench: &mut Bench, client: Client) -> Vec<OrderField> {
    bench.query(client.session, TraderRequest::ReqQryOrder, &QryOrderField::default())
}

// §5.2: a combination buys its first leg and sells its second; both are held back, and given back.
#[test]
fn a_spread_holds_back_both_legs() {
    let (mut bench, one, two) = pair();
    let before = account(&mut bench, one);
    let order_ref = bench.place(one, "m2701", "buy", 1, 3000.0);
    let single = account(&mut bench, one).frozen_margin;
    let action = bench.cancel_of(one, "m2701", order_ref);
    bench.cancel(one, &action);

    let mut spread = bench.order(one, "m2701", "buy", 2, 10.0);
    spread.instrument_id = text("SP m2701&m2703");
    bench.insert(one, &spread);
    let frozen = account(&mut bench, one);
    assert!(frozen.frozen_margin > 3.0 * single, "{frozen:?}");
    let action = bench.cancel_of(one, "m2701", spread.order_ref);
    bench.cancel(one, &action);
    assert_eq!(account(&mut bench, one).available, before.available);

    spread.order_ref = text("90");
    bench.insert(one, &spread);
    let mut counter = bench.order(two, "m2701", "sell", 2, 10.0);
    counter.instrument_id = text("SP m2701&m2703");
    bench.insert(two, &counter);
    let query = QryInvestorPositionField::default();
    let rows: Vec<InvestorPositionField> =
        bench.query(one.session, TraderRequest::ReqQryInvestorPosition, &query);
    let mut legs: Vec<_> = rows
        .iter()
        .filter(|row| row.instrument_id.as_bytes().len() == 5)
        .map(|row| (row.instrument_id.to_str().into_owned(), row.posi_direction.as_char(), row.position))
        .collect();
    legs.sort();
    assert_eq!(legs, [("m2701".to_owned(), b'2', 2), ("m2703".to_owned(), b'3', 2)]);
    assert_eq!(account(&mut bench, one).frozen_margin, 0.0);
}

// §5.9, 30: the second leg is refused; what the first held back is free again.
#[test]
fn a_spread_is_held_back_whole_or_not_at_all() {
    let (mut bench, one, two) = pair();
    bench.place(one, "m2701", "buy", 1, 3000.0);
    bench.place(two, "m2701", "sell", 1, 3000.0);
    bench.take();
    let mut spread = bench.order(one, "m2701", "close", 1, 10.0);
    spread.instrument_id = text("SP m2701&m2703");
    bench.insert(one, &spread);
    assert_eq!(bench.lines(one.session), ["OnRspOrderInsert 30", "OnErrRtnOrderInsert 30"]);
    bench.place(one, "m2701", "close", 1, 3000.0);
    assert_eq!(bench.lines(one.session)[0], "a/0 报单已提交 0");
}

// §5.5 K: nothing is held back before the condition is met; then the new order has a reference of its own.
#[test]
fn a_conditional_order_holds_back_nothing() {
    let (mut bench, one, two) = pair();
    let before = account(&mut bench, one).available;
    let mut order = bench.order(one, "rb2701", "buy", 2, 3190.0);
    (order.contingent_condition, order.stop_price) =
        (ContingentCondition::LAST_PRICE_LESSER_EQUAL_STOP_PRICE, 3195.0);
    bench.insert(one, &order);
    assert_eq!(bench.lines(one.session), ["b/3 # 未触发 0"]);
    assert_eq!(account(&mut bench, one).available, before);
    bench.place(two, "rb2701", "buy", 1, 3195.0);
    bench.place(two, "rb2701", "sell", 1, 3195.0);
    bench.run(std::time::Duration::from_secs(1));
    assert_eq!(bench.lines(one.session), ["c/3 # 已触发 0", "a/0 报单已提交 0", "3/3 # 未成交 0"]);
    let orders = orders(&mut bench, one);
    assert_eq!(orders.len(), 2);
    assert_eq!(orders[1].relative_order_sys_id, orders[0].order_sys_id);
    assert_eq!(orders[0].order_sys_id.to_str(), "TJBD_00000001");
    assert_eq!(orders[1].order_ref.to_str(), "           1");
    assert!(account(&mut bench, one).frozen_margin > 0.0);
}

// §5.2: a best-price order as GFD rests at the price it traded at; without a counter order it is killed.
#[test]
fn a_best_price_order_becomes_a_limit_order() {
    let (mut bench, one, two) = pair();
    let mut best = bench.order(one, "IF2612", "buy", 3, 0.0);
    best.order_price_type = OrderPriceType::BEST_PRICE;
    bench.insert(one, &best);
    assert_eq!(bench.lines(one.session), ["a/0 报单已提交 0", "5/0 # 已撤单报单已提交 0"]);
    bench.place(two, "IF2612", "sell", 1, 4000.0);
    best.order_ref = text("80");
    bench.insert(one, &best);
    let lines = ["a/0 报单已提交 0", "a/0 # 报单已提交 0", "1/0 # 部分成交报单已提交 1", "trade 1 @ 4000"];
    assert_eq!(bench.lines(one.session), lines);
    bench.place(two, "IF2612", "sell", 1, 4000.2);
    assert!(bench.lines(one.session).is_empty());
    bench.place(two, "IF2612", "sell", 2, 4000.0);
    assert_eq!(bench.lines(one.session).last().map(String::as_str), Some("trade 2 @ 4000"));
}

// §5.2: a market order's limit is the daily limit; LimitPrice stays as it was sent.
#[test]
fn a_market_order_needs_money_at_the_limit() {
    let (mut bench, one, two) = pair();
    bench.place(two, "m2701", "sell", 1, 3000.0);
    let mut order = bench.order(one, "m2701", "buy", 1, 0.0);
    (order.order_price_type, order.time_condition) = (OrderPriceType::ANY_PRICE, TimeCondition::IOC);
    bench.insert(one, &order);
    let record = orders(&mut bench, one).remove(0);
    assert_eq!((record.limit_price, record.volume_traded), (0.0, 1));
    assert_eq!(account(&mut bench, one).frozen_margin, 0.0);
}

#[test]
fn commands_change_what_is_allowed() {
    let (mut bench, one, _) = pair();
    let right = |right| {
        Input::Command(Command::TradingRight(TradingRight {
            investor: "one".to_owned(),
            right,
            product: None,
        }))
    };
    bench.step(right(Right::None));
    bench.place(one, "rb2701", "buy", 1, 3200.0);
    assert_eq!(bench.lines(one.session)[0], "OnRspOrderInsert 28");
    bench.step(right(Right::Full));
    let limits = OrderLimits { investor: "one".to_owned(), per_second: None, per_day: Some(1) };
    bench.step(Input::Command(Command::OrderLimits(limits)));
    bench.place(one, "rb2701", "buy", 2, 3200.0);
    assert_eq!(bench.lines(one.session).len(), 2);
    let fill = FillOrder { order: "1".to_owned(), volume: Some(1), price: Some(3199.0) };
    bench.step(Input::Command(Command::FillOrder(fill)));
    let lines = ["3/3 # 未成交 0", "1/3 # 部分成交 1", "trade 1 @ 3199"];
    assert_eq!(bench.lines(one.session), lines);
    bench.place(one, "rb2701", "buy", 1, 3200.0);
    assert_eq!(bench.lines(one.session)[0], "OnRspOrderInsert 158");
}
