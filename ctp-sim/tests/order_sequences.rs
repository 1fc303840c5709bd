//! The callback sequences of §5.5, exchange by exchange.

mod common;

use common::{Bench, Client, quiet, text};
use ctp_types::{TimeCondition, VolumeCondition};

/// A contract, and a price inside its limits on a multiple of its tick, per exchange.
const SHFE: (&str, f64) = ("rb2701", 3200.0);
const INE: (&str, f64) = ("sc2702", 500.0);
const DCE: (&str, f64) = ("m2701", 3000.0);
const CZCE: (&str, f64) = ("SR701", 5700.0);
const CFFEX: (&str, f64) = ("IF2612", 4000.0);
const GFEX: (&str, f64) = ("lc2701", 72_000.0);
const FULL: [(&str, f64); 4] = [SHFE, INE, CZCE, CFFEX];
const TRADES_ONLY: [(&str, f64); 2] = [DCE, GFEX];

/// Two investors who trade with each other only, with money enough.
fn pair() -> (Bench, Client, Client) {
    let mut config = quiet();
    config.initial_balance = 1_000_000_000 * 10_000;
    let mut bench = Bench::new(config);
    let one = bench.trader(1, "one");
    let two = bench.trader(2, "two");
    bench.take();
    (bench, one, two)
}

fn kill(
    bench: &mut Bench,
    client: Client,
    instrument: &str,
    volume: i32,
    price: f64,
    condition: VolumeCondition,
) {
    let mut order = bench.order(client, instrument, "sell", volume, price);
    order.time_condition = TimeCondition::IOC;
    order.volume_condition = condition;
    bench.insert(client, &order);
}

// §5.5 A: a/0 (OrderSysID "") → 3/3 "未成交".
#[test]
fn a_resting_order() {
    for (instrument, price) in FULL.into_iter().chain(TRADES_ONLY) {
        let (mut bench, one, _) = pair();
        bench.place(one, instrument, "buy", 2, price);
        assert_eq!(bench.lines(one.session), ["a/0 报单已提交 0", "3/3 # 未成交 0"], "{instrument}");
    }
}

// §5.5 B: SHFE-type 3/3, 0/3, Trade; DCE and GFEX without the repetition.
#[test]
fn b_rests_then_fills() {
    for (instrument, price) in FULL {
        let (mut bench, one, two) = pair();
        bench.place(one, instrument, "buy", 2, price);
        bench.take();
        bench.place(two, instrument, "sell", 2, price);
        let trade = format!("trade 2 @ {price}");
        assert_eq!(bench.lines(one.session), ["3/3 # 未成交 0", "0/3 # 全部成交 2", &trade], "{instrument}");
    }
    for (instrument, price) in TRADES_ONLY {
        let (mut bench, one, two) = pair();
        bench.place(one, instrument, "buy", 2, price);
        bench.take();
        bench.place(two, instrument, "sell", 2, price);
        let trade = format!("trade 2 @ {price}");
        assert_eq!(bench.lines(one.session), ["0/3 # 全部成交 2", &trade], "{instrument}");
    }
}

// §5.5 C: a/0, a/0 with OrderSysID, 0/0, Trade; DCE and GFEX acknowledge first.
#[test]
fn c_immediate_full_fill() {
    for (instrument, price) in FULL {
        let (mut bench, one, two) = pair();
        bench.place(one, instrument, "buy", 5, price);
        bench.place(two, instrument, "sell", 2, price);
        let trade = format!("trade 2 @ {price}");
        let expected = ["a/0 报单已提交 0", "a/0 # 报单已提交 0", "0/0 # 全部成交报单已提交 2", &trade];
        assert_eq!(bench.lines(two.session), expected, "{instrument}");
    }
    for (instrument, price) in TRADES_ONLY {
        let (mut bench, one, two) = pair();
        bench.place(one, instrument, "buy", 5, price);
        bench.place(two, instrument, "sell", 2, price);
        let trade = format!("trade 2 @ {price}");
        let expected = ["a/0 报单已提交 0", "3/3 # 未成交 0", "0/3 # 全部成交 2", &trade];
        assert_eq!(bench.lines(two.session), expected, "{instrument}");
    }
}

// §5.5 D: 10 = 3 + 7.
#[test]
fn d_partial_fills() {
    let (mut bench, one, two) = pair();
    bench.place(one, "rb2701", "buy", 10, 3200.0);
    bench.place(two, "rb2701", "sell", 3, 3200.0);
    bench.place(two, "rb2701", "sell", 7, 3200.0);
    let expected = [
        "a/0 报单已提交 0",
        "3/3 # 未成交 0",
        "3/3 # 未成交 0",
        "1/3 # 部分成交 3",
        "trade 3 @ 3200",
        "1/3 # 部分成交 3",
        "0/3 # 全部成交 10",
        "trade 7 @ 3200",
    ];
    assert_eq!(bench.lines(one.session), expected);
}

// §5.5 E: 3/·, 5/3; after a partial 1/·, 5/3; no OnRspOrderAction.
#[test]
fn e_cancel() {
    let (mut bench, one, two) = pair();
    let order_ref = bench.place(one, "rb2701", "buy", 10, 3200.0);
    bench.take();
    let action = bench.cancel_of(one, "rb2701", order_ref);
    bench.cancel(one, &action);
    assert_eq!(bench.lines(one.session), ["3/1 # 未成交 0", "5/3 # 已撤单 0"]);

    let order_ref = bench.place(one, "m2701", "buy", 10, 3000.0);
    bench.place(two, "m2701", "sell", 4, 3000.0);
    bench.take();
    let action = bench.cancel_of(one, "m2701", order_ref);
    bench.cancel(one, &action);
    assert_eq!(bench.lines(one.session), ["1/1 # 部分成交 4", "5/3 # 已撤单 4"]);
}

// §5.8: the triple of another session of the same user works, and OrderSysID with its blanks.
#[test]
fn e_cancel_from_another_session() {
    let (mut bench, one, _) = pair();
    let again = bench.trader(3, "one");
    let order_ref = bench.place(one, "rb2701", "buy", 1, 3200.0);
    bench.take();
    let action = bench.cancel_of(one, "rb2701", order_ref);
    bench.cancel(again, &action);
    let lines = bench.lines(again.session);
    assert_eq!(lines, ["3/1 # 未成交 0", "5/3 # 已撤单 0"]);

    bench.place(one, "rb2701", "buy", 1, 3200.0);
    let mut action = bench.cancel_of(one, "rb2701", text(""));
    action.order_sys_id = text("           2");
    bench.cancel(again, &action);
    assert_eq!(bench.lines(one.session).last().map(String::as_str), Some("5/3 # 已撤单 0"));
}

// §5.5 F: FAK partly filled, by exchange.
#[test]
fn f_fill_and_kill_partly_filled() {
    for (instrument, price) in [SHFE, INE, CFFEX] {
        let (mut bench, one, two) = pair();
        bench.place(one, instrument, "buy", 2, price);
        kill(&mut bench, two, instrument, 5, price, VolumeCondition::AV);
        let killed = "5/0 # 已撤单报单已提交 2";
        let trade = format!("trade 2 @ {price}");
        assert_eq!(bench.lines(two.session), ["a/0 报单已提交 0", killed, killed, &trade], "{instrument}");
    }
    for (instrument, price) in TRADES_ONLY.into_iter().chain([CZCE]) {
        let (mut bench, one, two) = pair();
        bench.place(one, instrument, "buy", 2, price);
        kill(&mut bench, two, instrument, 5, price, VolumeCondition::AV);
        let trade = format!("trade 2 @ {price}");
        let mut expected = vec!["a/0 报单已提交 0", "3/3 # 未成交 0"];
        if instrument == CZCE.0 {
            expected.push("3/3 # 未成交 0");
        }
        expected.extend(["1/3 # 部分成交 2", &trade, "5/3 # 已撤单 2"]);
        assert_eq!(bench.lines(two.session), expected, "{instrument}");
    }
}

// §5.5 F: FAK and FOK without a fill end 5/0 with the OrderSysID set.
#[test]
fn f_killed_without_a_fill() {
    for (volume, condition) in [(1, VolumeCondition::AV), (5, VolumeCondition::CV), (5, VolumeCondition::MV)]
    {
        let (mut bench, one, two) = pair();
        // One lot is wanted at a lower price; for the others two lots at the price are too few.
        let price = if volume == 1 { 3199.0 } else { 3200.0 };
        bench.place(one, "rb2701", "buy", 2, price);
        let mut order = bench.order(two, "rb2701", "sell", volume, 3200.0);
        (order.time_condition, order.volume_condition, order.min_volume) = (TimeCondition::IOC, condition, 3);
        bench.insert(two, &order);
        assert_eq!(
            bench.lines(two.session),
            ["a/0 报单已提交 0", "5/0 # 已撤单报单已提交 0"],
            "{condition:?}"
        );
    }
}

// §5.5 G: OnRspOrderInsert to the sender, OnErrRtnOrderInsert to all sessions; no OnRtnOrder.
#[test]
fn g_refused_by_the_core() {
    let (mut bench, one, _) = pair();
    let again = bench.trader(3, "one");
    let mut order = bench.order(one, "rb2701", "buy", 0, 3200.0);
    bench.insert(one, &order);
    let outputs = bench.outputs.clone();
    assert_eq!(bench.lines(one.session), ["OnRspOrderInsert 15", "OnErrRtnOrderInsert 15"]);
    bench.outputs = outputs;
    assert_eq!(bench.lines(again.session), ["OnErrRtnOrderInsert 15"]);
    // §5.2: without UserID there is no OnErrRtnOrderInsert.
    order.user_id = text("");
    bench.insert(one, &order);
    assert_eq!(bench.lines(one.session), ["OnRspOrderInsert 15"]);
}

// §5.5 H: a/0 then 5/4 with OrderSysID ""; §5.9: limit, tick and size for clients before 6.7.11.
#[test]
fn h_refused_by_the_exchange() {
    let mut bench = Bench::new(quiet());
    let old = bench.trader_of(1, "old", (6, 3, 15));
    for (volume, price, text) in [
        (1, 9_999.0, "5/4 49:已撤单报单被拒绝SHFE:价格超出涨停板 0"),
        (1, 1.0, "5/4 50:已撤单报单被拒绝SHFE:价格跌破跌停板 0"),
        (1, 3200.5, "5/4 48:已撤单报单被拒绝SHFE:价格非最小单位倍数 0"),
    ] {
        bench.place(old, "rb2701", "buy", volume, price);
        assert_eq!(bench.lines(old.session), ["a/0 报单已提交 0", text]);
    }
    // CZCE cuts the price to its tick instead.
    bench.place(old, "SR701", "buy", 1, 5700.9);
    assert_eq!(bench.lines(old.session), ["a/0 报单已提交 0", "3/3 # 未成交 0"]);
}

// §5.5 I: final order 26, unknown order 25, second cancel 24, CZCE's unacknowledged order 157; never an OnRtnOrder.
#[test]
fn i_cancel_refused_by_the_core() {
    let (mut bench, one, _) = pair();
    let order_ref = bench.place(one, "rb2701", "buy", 1, 3200.0);
    let action = bench.cancel_of(one, "rb2701", order_ref);
    bench.cancel(one, &action);
    bench.take();
    bench.cancel(one, &action);
    assert_eq!(bench.lines(one.session), ["OnRspOrderAction 26", "OnErrRtnOrderAction 26"]);
    let unknown = bench.cancel_of(one, "rb2701", text("12345"));
    bench.cancel(one, &unknown);
    assert_eq!(bench.lines(one.session), ["OnRspOrderAction 25", "OnErrRtnOrderAction 25"]);

    let order_ref = bench.place(one, "rb2701", "buy", 1, 3200.0);
    bench.take();
    let action = bench.cancel_of(one, "rb2701", order_ref);
    bench.request(one.session, ctp_types::TraderRequest::ReqOrderAction, &action);
    bench.cancel(one, &action);
    let expected = ["OnRspOrderAction 24", "OnErrRtnOrderAction 24", "3/1 # 未成交 0", "5/3 # 已撤单 0"];
    assert_eq!(bench.lines(one.session), expected);

    let order = bench.order(one, "SR701", "buy", 1, 5700.0);
    bench.request(one.session, ctp_types::TraderRequest::ReqOrderInsert, &order);
    let action = bench.cancel_of(one, "SR701", order.order_ref);
    bench.cancel(one, &action);
    let expected = ["a/0 报单已提交 0", "OnRspOrderAction 157", "OnErrRtnOrderAction 157", "3/3 # 未成交 0"];
    assert_eq!(bench.lines(one.session), expected);
}

// §5.8: elsewhere an order may be cancelled before the exchange has it.
#[test]
fn an_unacknowledged_order_can_be_cancelled() {
    let (mut bench, one, _) = pair();
    let order = bench.order(one, "rb2701", "buy", 1, 3200.0);
    bench.request(one.session, ctp_types::TraderRequest::ReqOrderInsert, &order);
    let action = bench.cancel_of(one, "rb2701", order.order_ref);
    bench.cancel(one, &action);
    let expected = ["a/0 报单已提交 0", "3/3 # 未成交 0", "3/1 # 未成交 0", "5/3 # 已撤单 0"];
    assert_eq!(bench.lines(one.session), expected);
}

// §5.5 J: a cancel that comes too late is refused by the exchange: OnErrRtnOrderAction only.
#[test]
fn j_cancel_refused_by_the_exchange() {
    let (mut bench, one, two) = pair();
    let order_ref = bench.place(one, "rb2701", "buy", 1, 3200.0);
    bench.take();
    let sell = bench.order(two, "rb2701", "sell", 1, 3200.0);
    bench.request(two.session, ctp_types::TraderRequest::ReqOrderInsert, &sell);
    let action = bench.cancel_of(one, "rb2701", order_ref);
    bench.cancel(one, &action);
    let expected = ["3/3 # 未成交 0", "0/3 # 全部成交 1", "trade 1 @ 3200", "OnErrRtnOrderAction 91"];
    assert_eq!(bench.lines(one.session), expected);
}
