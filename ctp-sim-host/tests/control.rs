//! The control interface over an exchange that a client trades on.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::sync::mpsc::{self, Receiver};

use ctp_sim_host::{ApiKind, Instance, InstanceOptions, Simulator, control, control_of};
use ctp_types::{
    ContingentCondition, Direction, ForceCloseReason, InputOrderField, OrderPriceType, RecordBox,
    ReqUserLoginField, TimeCondition, TraderRequest, VolumeCondition,
};
use serde_json::{Value, json};

fn ask(request: Value) -> Value {
    control(&request.to_string()).parse().unwrap()
}

fn done(request: Value) -> Value {
    let answer = ask(request.clone());
    assert_eq!(answer["ok"], true, "{request}: {answer}");
    answer
}

fn refused(request: Value, named: &[&str]) {
    let answer = ask(request.clone());
    let error = answer["error"].as_str().unwrap_or_default();
    assert!(named.iter().all(|named| error.contains(named)), "{request}: {answer}");
}

/// A trader of 6.7.13 on an exchange in time by hand; the names of its callbacks come out.
fn trader(front: &str, flow: &std::path::Path) -> (Instance, Receiver<&'static str>) {
    let (names_tx, names) = mpsc::channel();
    let options = InstanceOptions::new(ApiKind::Trader, flow.join("td_"));
    // The receiver may be gone at the end of a test.
    let trader = Instance::new(options, move |callback| {
        let _ = names_tx.send(callback.method.name());
    });
    trader.register_front(front);
    trader.init();
    (trader, names)
}

fn log_in(trader: &Instance, user: &str) {
    let mut login = ReqUserLoginField::default();
    login.broker_id.set("9999").unwrap();
    login.user_id.set(user).unwrap();
    login.password.set("simulator").unwrap();
    assert_eq!(trader.trader_request(TraderRequest::ReqUserLogin, RecordBox::new(&login), 1), 0);
}

fn insert(trader: &Instance, user: &str, price: f64, volume: i32, order_ref: &str) {
    let mut order = InputOrderField {
        order_price_type: OrderPriceType::LIMIT_PRICE,
        direction: Direction::BUY,
        limit_price: price,
        volume_total_original: volume,
        time_condition: TimeCondition::GFD,
        volume_condition: VolumeCondition::AV,
        contingent_condition: ContingentCondition::IMMEDIATELY,
        force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
        min_volume: 1,
        ..InputOrderField::default()
    };
    order.broker_id.set("9999").unwrap();
    order.investor_id.set(user).unwrap();
    order.user_id.set(user).unwrap();
    order.instrument_id.set("rb2701").unwrap();
    order.exchange_id.set("SHFE").unwrap();
    order.order_ref.set(order_ref).unwrap();
    order.comb_offset_flag.set("0").unwrap();
    order.comb_hedge_flag.set("1").unwrap();
    assert_eq!(trader.trader_request(TraderRequest::ReqOrderInsert, RecordBox::new(&order), 2), 0);
}

#[test]
fn everything_that_a_client_does_can_be_looked_at() {
    let name = "control-look";
    let at = |op: &str| json!({ "op": op, "exchange": name });
    let with = |op: &str, more: Value| {
        let mut request = at(op);
        for (key, value) in more.as_object().unwrap() {
            request[key] = value.clone();
        }
        request
    };
    done(json!({
        "op": "start", "exchange": name, "start": "2026-11-23 10:00:00",
        "config": { "crowd": "off", "seed": 7, "confirmation_required": false },
    }));
    let flow = tempfile::tempdir().unwrap();
    let (trader, names) = trader(&format!("sim://{name}"), flow.path());
    // The instance connects on its own thread.
    let connected = std::time::Instant::now();
    while done(at("sessions"))["sessions"] == json!([]) {
        assert!(connected.elapsed().as_secs() < 20, "no session");
        std::thread::yield_now();
    }
    done(with("advance", json!({ "duration": "1s" })));
    log_in(&trader, "look");
    done(with("advance", json!({ "duration": "1s" })));
    let sessions = done(at("sessions"));
    let session = &sessions["sessions"][0];
    assert_eq!((&session["investor"], &session["connected"]), (&json!("look"), &json!(true)), "{session}");

    done(with(
        "tick",
        json!({ "instrument": "rb2701", "last": 3200, "bid": "3199x5", "ask": "3200x3,3201x9" }),
    ));
    insert(&trader, "look", 3200.0, 2, "1");
    insert(&trader, "look", 3190.0, 4, "2");
    done(with("advance", json!({ "duration": "1s" })));
    let orders = done(at("orders"));
    let order = &orders["rows"][0];
    assert_eq!(
        (&order["status"], &order["traded"], &order["message"], &order["live"]),
        (&json!("all-traded"), &json!(2), &json!("全部成交报单已提交"), &json!(false)),
        "{order}"
    );
    assert_eq!(
        (&order["direction"], &order["offset"], &order["price"]),
        (&json!("buy"), &json!("open"), &json!(3200.0))
    );
    let live = done(with("orders", json!({ "live": true, "investor": "look", "instrument": "rb2701" })));
    assert_eq!((live["rows"].as_array().unwrap().len(), &live["rows"][0]["order_ref"]), (1, &json!("2")));
    let newest = done(with("orders", json!({ "newest": true, "limit": 1 })));
    assert_eq!((&newest["rows"][0]["order_ref"], &newest["more"]), (&json!("2"), &json!(true)));
    let rest = done(with("orders", json!({ "offset": 1 })));
    assert_eq!((rest["rows"].as_array().unwrap().len(), &rest["more"]), (1, &json!(false)));

    let trades = done(at("trades"));
    assert_eq!((&trades["rows"][0]["volume"], &trades["rows"][0]["price"]), (&json!(2), &json!(3200.0)));
    let positions = done(with("positions", json!({ "investor": "look" })));
    let position = &positions["rows"][0];
    assert_eq!(
        (&position["volume"], &position["direction"], &position["open_price"]),
        (&json!(2), &json!("long"), &json!(3200.0)),
        "{positions}"
    );
    let accounts = done(at("accounts"));
    let account = &accounts["rows"][0];
    assert!(account["margin"].as_f64().unwrap() > 0.0 && account["pre_balance"] == 1_000_000.0, "{account}");
    let book = done(with("book", json!({ "id": "rb2701" })));
    assert_eq!(book["book"]["asks"][0], json!({ "price": 3200.0, "volume": 1 }), "{book}");
    assert_eq!(book["book"]["bids"][1], json!({ "price": 3190.0, "volume": 4 }), "the client's own");
    assert_eq!(book["trades"][0]["volume"], 2);
    let instruments = done(with("instruments", json!({ "product": "rb", "limit": 3 })));
    assert_eq!((instruments["rows"].as_array().unwrap().len(), &instruments["more"]), (3, &json!(true)));

    let number = done(with("orders", json!({ "live": true })))["rows"][0]["order_sys_id"].clone();
    done(with("command", json!({ "text": format!("fill-order {} volume=1", number.as_str().unwrap()) })));
    let state = done(at("state"));
    assert_eq!(
        (&state["counts"]["orders"], &state["counts"]["trades"], &state["clock"], &state["paused"]),
        (&json!(2), &json!(2), &json!("manual"), &json!(false)),
        "{state}"
    );
    done(with("disconnect", json!({ "session": session["session"] })));
    done(at("barrier"));
    assert!(names.try_iter().any(|name| name == "OnFrontDisconnected"));
    refused(
        with("disconnect", json!({ "session": session["session"] })),
        &["session", "1", "none is connected"],
    );
    let log = done(at("log"));
    let lines: Vec<&str> =
        log["lines"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    for wanted in
        ["session 1 connected: trader 6.7.13", "look logged in", "FillOrder", "closed by the front (0x1001)"]
    {
        assert!(lines.iter().any(|line| line.contains(wanted)), "{wanted}: {lines:#?}");
    }
    let after = done(with("log", json!({ "from": log["next"] })));
    assert_eq!((&after["lines"], &after["next"]), (&json!([]), &log["next"]));
    let settled = done(at("settle"));
    assert_eq!(settled["trading_day"], "20261124");
    trader.release();
    done(at("end"));
}

#[test]
fn what_names_nothing_is_told_with_what_there_is() {
    let name = "control-names";
    let at = |op: &str, more: Value| {
        let mut request = json!({ "op": op, "exchange": name });
        for (key, value) in more.as_object().unwrap() {
            request[key] = value.clone();
        }
        request
    };
    let config = json!({ "products": "rb,m", "options": "off" });
    done(json!({ "op": "start", "exchange": name, "start": "2026-11-23 10:00:00", "config": config }));
    let text = |text: &str| at("command", json!({ "text": text }));
    done(text("deposit ada amount=5"));
    for (request, named) in [
        (text("tick rb2771 last=1"), &["instrument", "rb2771", "nearest: rb27"][..]),
        (text("disconnect 7 reason=0x1001"), &["session", "7", "none is connected"]),
        (text("silence 7 on=true"), &["session", "7"]),
        (text("status rc status=2"), &["product", "rc", "rb"]),
        (text("status rb status=9"), &["status", "9", "0 to 7"]),
        (text("bank-transfer adda amount=5"), &["investor", "adda", "ada"]),
        (text("settlement-price rb2701 price=3200.5"), &["3200.5"]),
        (text("fill-order 17"), &["order", "17", "no order rests"]),
        (text("refuse-orders instrument=rb27 reason=x"), &["instrument", "rb27"]),
        (text("refuse-orders exchange=SHEF reason=x"), &["exchange", "SHEF", "SHFE"]),
        (text("link exchange=XYZ on=false"), &["exchange", "XYZ"]),
        (text("core-state error=3"), &["error", "3", "35"]),
        (text("deposit \"\" amount=5"), &["investor"]),
        (text("rates of=zz margin=0.1"), &["product", "zz"]),
        (at("orders", json!({ "investor": "adda" })), &["investor", "adda", "ada"]),
        (at("positions", json!({ "instrument": "rb" })), &["instrument", "rb"]),
        (at("book", json!({ "id": "rb9999" })), &["instrument", "rb9999"]),
        (at("tick", json!({ "instrument": "rb2701", "colour": 1 })), &["colour"]),
        (at("speed", json!({ "speed": 2.0 })), &["manual"]),
        (at("pause", json!({})), &["by hand"]),
    ] {
        refused(request, named);
    }
    done(text("rates of=rb margin=0.1"));
    done(text("status rb2701 status=2"));
    done(text("trading-right nobody-yet close-only"));
    done(at("end", json!({})));
}

#[test]
fn a_clock_is_stopped_and_made_faster() {
    let name = "control-clock";
    let at = |op: &str| json!({ "op": op, "exchange": name });
    done(
        json!({ "op": "start", "exchange": name, "start": "2026-11-23 10:00:00", "clock": "virtual", "speed": 2.0 }),
    );
    let paused = done(at("pause"));
    let state = done(at("state"));
    assert_eq!(
        (&state["now"], &state["paused"], &state["speed"]),
        (&paused["now"], &json!(true), &json!(2.0))
    );
    done(json!({ "op": "speed", "exchange": name, "speed": 500.0 }));
    done(at("resume"));
    std::thread::sleep(std::time::Duration::from_millis(3));
    let later = done(at("state"));
    let passed = later["nanoseconds"].as_i64().unwrap() - paused["nanoseconds"].as_i64().unwrap();
    assert!(passed >= 1_500_000_000, "{passed}");
    refused(json!({ "op": "speed", "exchange": name, "speed": 0.0 }), &["above 0"]);
    done(at("end"));
}

#[test]
fn one_exchange_answers_for_itself() {
    let name = "control-own";
    done(json!({ "op": "start", "exchange": name, "start": "2026-11-23 10:00:00" }));
    let exchange = Simulator::running(name).unwrap();
    let own = |request: &str| -> Value { control_of(&exchange, request).parse().unwrap() };
    assert_eq!(own(r#"{"op":"state"}"#)["exchange"], name);
    assert_eq!(own(r#"{"op":"state","exchange":"control-own"}"#)["ok"], true);
    assert!(own(r#"{"op":"state","exchange":"other"}"#)["error"].as_str().unwrap().contains("other"));
    assert!(own(r#"{"op":"end"}"#)["error"].as_str().unwrap().contains("served"));
    exchange.end();
    assert!(own(r#"{"op":"orders"}"#)["error"].as_str().unwrap().contains("has ended"));
}
