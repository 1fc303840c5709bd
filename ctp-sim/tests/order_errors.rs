//! The errors of §5.9, each with its number on the right callback.

mod common;

use common::{Bench, Client, quiet, text};
use ctp_sim::{CarriedLot, Config};
use ctp_types::{
    ActionFlag, ContingentCondition, Direction, InputOrderField, OrderPriceType, ParkedOrderField,
    QryOrderField, TimeCondition, TraderRequest,
};

fn refusal(change: impl FnOnce(&mut InputOrderField)) -> String {
    let mut bench = Bench::new(quiet());
    let one = bench.trader(1, "one");
    bench.trader(2, "two");
    bench.take();
    let mut order = bench.order(one, "rb2701", "buy", 1, 3200.0);
    change(&mut order);
    bench.insert(one, &order);
    bench.lines(one.session).swap_remove(0)
}

#[test]
fn fields() {
    type Change = fn(&mut InputOrderField);
    let cases: [(i32, Change); 22] = [
        (9, |order| order.investor_id = text("two")),
        (13, |order| order.investor_id = text("nobody")),
        (13, |order| order.broker_id = text("1234")),
        (146, |order| order.investor_id = text("")),
        (15, |order| order.volume_total_original = 0),
        (15, |order| order.volume_total_original = -1),
        (15, |order| order.direction = Direction::from_char(b'x')),
        (15, |order| order.comb_offset_flag = text("2")),
        (15, |order| order.comb_offset_flag = text("")),
        (15, |order| order.comb_hedge_flag = text("")),
        (80, |order| order.time_condition = TimeCondition::GTC),
        (15, |order| order.order_ref = text("abc")),
        (16, |order| order.instrument_id = text("rb9913")),
        (16, |order| order.instrument_id = text("RB2701")),
        (27, |order| order.contingent_condition = ContingentCondition::TOUCH),
        (80, |order| order.order_price_type = OrderPriceType::BEST_PRICE),
        (95, |order| order.limit_price = f64::NAN),
        (95, |order| order.limit_price = f64::MAX),
        (147, |order| order.exchange_id = text("")),
        (148, |order| order.exchange_id = text("NYSE")),
        (150, |order| order.exchange_id = text("DCE")),
        (15, |order| order.is_auto_suspend = 1),
    ];
    for (index, (error, change)) in cases.into_iter().enumerate() {
        assert_eq!(refusal(change), format!("OnRspOrderInsert {error}"), "case {index}");
    }
}

// §5.9, 163 to 165: in the core for clients of 6.7.11 and later.
#[test]
fn core_checks() {
    assert_eq!(refusal(|order| order.limit_price = 9999.0), "OnRspOrderInsert 163");
    assert_eq!(refusal(|order| order.limit_price = -1.0), "OnRspOrderInsert 163");
    assert_eq!(refusal(|order| order.volume_total_original = 501), "OnRspOrderInsert 164");
    assert_eq!(refusal(|order| order.limit_price = 3200.5), "OnRspOrderInsert 165");
}

// §5.9, 22: OrderRef must rise within the session; §5.2: an empty one is assigned, right-aligned.
#[test]
fn order_references() {
    let mut bench = Bench::new(quiet());
    let one = bench.trader(1, "one");
    let mut order = bench.order(one, "rb2701", "buy", 1, 3200.0);
    let mut place = |reference: &str| {
        order.order_ref = text(reference);
        bench.insert(one, &order);
        bench.lines(one.session).swap_remove(0)
    };
    assert_eq!(place("5"), "a/0 报单已提交 0");
    assert_eq!(place("5"), "OnRspOrderInsert 22");
    assert_eq!(place("4"), "OnRspOrderInsert 22");
    assert_eq!(place(""), "a/0 报单已提交 0");
    assert_eq!(place("6"), "OnRspOrderInsert 22");
    let orders: Vec<ctp_types::OrderField> =
        bench.query(one.session, TraderRequest::ReqQryOrder, &QryOrderField::default());
    let references: Vec<String> = orders.iter().map(|order| order.order_ref.to_str().into_owned()).collect();
    assert_eq!(references, ["5", "           6"]);
}

fn holder() -> (Bench, Client) {
    let lot = |instrument: &str, open_price| CarriedLot {
        instrument: instrument.into(),
        long: true,
        volume: 2,
        open_price,
    };
    let mut bench =
        Bench::new(Config { carried_lots: vec![lot("rb2701", 3200.0), lot("m2701", 3000.0)], ..quiet() });
    let one = bench.trader(1, "one");
    bench.take();
    (bench, one)
}

// §5.3: not enough to close is 50 and 51 at SHFE, 30 elsewhere; working orders count.
#[test]
fn closing_too_much() {
    let (mut bench, one) = holder();
    for (instrument, side, volume, price, answer) in [
        ("rb2701", "close today", 1, 3200.0, "OnRspOrderInsert 50"),
        ("rb2701", "close", 3, 3200.0, "OnRspOrderInsert 51"),
        ("rb2701", "close", 2, 3200.0, "a/0 报单已提交 0"),
        ("rb2701", "close", 1, 3200.0, "OnRspOrderInsert 51"),
        ("m2701", "close today", 3, 3000.0, "OnRspOrderInsert 30"),
        ("m2701", "close today", 2, 3000.0, "a/0 报单已提交 0"),
        ("rb2701", "cover", 1, 3200.0, "OnRspOrderInsert 51"),
    ] {
        bench.place(one, instrument, side, volume, price);
        assert_eq!(bench.lines(one.session)[0], answer, "{instrument} {side} {volume}");
    }
}

// §5.9, 31: 400 lots of rb at 3200 need 1,280,000 CNY margin and 1,280 fee; from 6.7.7 on the text says how much is missing.
#[test]
fn not_enough_money() {
    let mut bench = Bench::new(quiet());
    for (number, version, told) in [(1, (6, 7, 13), true), (2, (6, 3, 15), false)] {
        let client = bench.trader_of(number, &format!("investor{number}"), version);
        bench.place(client, "rb2701", "buy", 400, 3200.0);
        let outputs = bench.outputs.clone();
        assert_eq!(bench.lines(client.session), ["OnRspOrderInsert 31", "OnErrRtnOrderInsert 31"]);
        let message = format!("{outputs:?}");
        assert!(message.contains("资金不足"));
        assert_eq!(message.contains("约缺少资金[281280.00]"), told, "{message}");
    }
}

// §5.8: no usable key or another flag than delete is 23.
#[test]
fn cancels_without_a_key() {
    let mut bench = Bench::new(quiet());
    let one = bench.trader(1, "one");
    bench.take();
    let sound = bench.cancel_of(one, "rb2701", text("1"));
    for (error, action) in [
        (23, ctp_types::InputOrderActionField { action_flag: ActionFlag::MODIFY, ..sound }),
        (23, ctp_types::InputOrderActionField { order_ref: text(""), ..sound }),
        (147, ctp_types::InputOrderActionField { order_sys_id: text("1"), exchange_id: text(""), ..sound }),
        (148, ctp_types::InputOrderActionField { exchange_id: text("XX"), ..sound }),
        (13, ctp_types::InputOrderActionField { investor_id: text("nobody"), ..sound }),
        (25, sound),
    ] {
        bench.cancel(one, &action);
        let expected = [format!("OnRspOrderAction {error}"), format!("OnErrRtnOrderAction {error}")];
        assert_eq!(bench.lines(one.session), expected);
    }
}

// §7: what is not supported is answered: actions by 27 on their own answer, queries by an empty result.
#[test]
fn nothing_is_left_without_an_answer() {
    let mut bench = Bench::new(quiet());
    let one = bench.trader(1, "one");
    let lines = bench.ask(one.session, TraderRequest::ReqParkedOrderInsert, &ParkedOrderField::default());
    assert_eq!(lines, ["OnRspParkedOrderInsert 146"]);
    for request in TraderRequest::ALL {
        let is_login = request.answer() == Some(ctp_types::TraderCallback::OnRspUserLogin);
        if is_login || *request == TraderRequest::ReqUserLogout {
            continue; // A second login has no answer, a logout ends the session.
        }
        bench.run(std::time::Duration::from_secs(1));
        bench.take();
        let record = ctp_types::RecordBox::zeroed(request.record());
        let input = ctp_sim::Input::Trader { session: one.session, request: *request, record, request_id: 7 };
        bench.step(input);
        bench.settle();
        assert!(!bench.lines(one.session).is_empty(), "{}", request.name());
    }
}

// §3.4: QryFreq queries a second; more are answered by OnRspError 90. §3.1: −2 while one is in flight.
#[test]
fn query_limits() {
    use ctp_sim::ApiKind;
    let mut bench = Bench::new(quiet());
    let one = bench.trader(1, "one");
    let query = TraderRequest::ReqQryOrder;
    bench.run(std::time::Duration::from_secs(2));
    bench.take();
    let admit = |bench: &Bench, request: TraderRequest| {
        bench.exchange.admit(bench.now, one.session, ApiKind::Trader, request as u16)
    };
    assert_eq!(admit(&bench, query), 0);
    bench.request(one.session, query, &QryOrderField::default());
    assert_eq!(admit(&bench, query), -2);
    assert_eq!(admit(&bench, TraderRequest::ReqOrderInsert), 0);
    bench.settle();
    assert_eq!(admit(&bench, query), 0);
    assert_eq!(bench.lines(one.session), ["OnRspQryOrder NULL"]);
    for expected in ["OnRspQryOrder NULL", "OnRspError 90 NULL", "OnRspError 90 NULL"] {
        bench.request(one.session, query, &QryOrderField::default());
        bench.settle();
        assert_eq!(bench.lines(one.session), [expected]);
        assert_eq!(admit(&bench, query), 0);
    }
}
