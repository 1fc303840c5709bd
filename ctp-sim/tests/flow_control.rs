//! How much may be asked, and a front that falls silent (§2.2, §3.1, §3.4).

mod common;

use std::time::Duration;

use common::{Bench, Client, START, login_record, quiet, text};
use ctp_sim::{ApiKind, Command, Config, Delivery, Input, SessionId};
use ctp_types::{ActionFlag, InputOrderActionField, QryOrderField, TraderCallback, TraderRequest};

const NEW: (u16, u16, u16) = (6, 7, 13);

fn with(settings: &[(&str, &str)]) -> Bench {
    let mut config = Config { products: vec!["rb".into()], options: false, ..quiet() };
    for (key, value) in settings {
        config.set(key, value).expect("a setting");
    }
    Bench::new(config)
}

fn query(bench: &mut Bench, client: Client) -> Vec<String> {
    bench.request(client.session, TraderRequest::ReqQryOrder, &QryOrderField::default());
    bench.settle();
    bench.lines(client.session)
}

fn admit(bench: &Bench, client: Client) -> i32 {
    bench.exchange.admit(bench.now, client.session, ApiKind::Trader, TraderRequest::ReqQryOrder as u16)
}

// §3.4: QryFreq, on OnRspError with the full-width colon.
#[test]
fn query_frequency() {
    let mut bench = with(&[("queries_per_second", "1")]);
    let one = bench.trader(1, "one");
    let two = bench.trader(2, "two");
    bench.run(Duration::from_secs(1));
    bench.take();
    assert_eq!(query(&mut bench, one), ["OnRspQryOrder NULL"]);
    assert_eq!(query(&mut bench, two), ["OnRspQryOrder NULL"]);
    bench.request(one.session, TraderRequest::ReqQryOrder, &QryOrderField::default());
    bench.settle();
    let error = bench.take().into_iter().find_map(|output| match output.delivery {
        Delivery::Trader { callback: TraderCallback::OnRspError, rsp_info, .. } => rsp_info,
        _ => None,
    });
    assert_eq!(error.map(|info| info.error_msg.to_string()), Some("CTP：查询未就绪，请稍后重试".to_owned()));
    bench.run(Duration::from_secs(1));
    assert_eq!(query(&mut bench, one), ["OnRspQryOrder NULL"]);
    // What goes to the trading core is not counted.
    assert_eq!(bench.exchange.front_limits(one.session), (1, i32::MAX));
}

// §3.4: 90 also shortly after login, while the query core is not ready.
#[test]
fn queries_right_after_login() {
    let mut bench = with(&[("query_ready_delay", "2s")]);
    let one = bench.log_in(1, "one", NEW);
    assert_eq!(query(&mut bench, one), ["OnRspError 90 NULL"]);
    bench.run(Duration::from_secs(2));
    assert_eq!(query(&mut bench, one), ["OnRspQryOrder NULL"]);
}

// §3.1: −2 while a query is unanswered, −3 beyond the library's own limit; a lost connection frees the slot.
#[test]
fn return_codes() {
    let mut bench = with(&[("api_queries_per_second", "1"), ("queries_per_second", "0")]);
    let one = bench.trader(1, "one");
    bench.run(Duration::from_secs(1));
    assert_eq!(admit(&bench, one), 0);
    bench.request(one.session, TraderRequest::ReqQryOrder, &QryOrderField::default());
    assert_eq!(admit(&bench, one), -2);
    bench.settle();
    assert_eq!(admit(&bench, one), -3);
    bench.run(Duration::from_secs(1));
    assert_eq!(admit(&bench, one), 0);

    bench.take();
    bench.request(one.session, TraderRequest::ReqQryOrder, &QryOrderField::default());
    bench.step(Input::Disconnect { session: one.session });
    bench.settle();
    assert!(bench.lines(one.session).is_empty());
    bench.connect(1, ApiKind::Trader, NEW);
    assert_eq!(admit(&bench, one), 0);
}

// §3.4, 116: per user, over all its sessions; inserts by switch on OnRspError, cancels on OnRspOrderAction.
#[test]
fn order_frequency() {
    for switch in ["own-answer", "rsp-error"] {
        let mut bench = with(&[("orders_per_second", "2"), ("order_frequency", switch)]);
        let one = bench.trader(1, "one");
        let again = bench.log_in(2, "one", NEW);
        bench.run(Duration::from_secs(1));
        bench.take();
        let mut order_ref = Default::default();
        for client in [again, one] {
            let order = bench.order(client, "rb2701", "buy", 1, 3200.0);
            order_ref = order.order_ref;
            bench.request(client.session, TraderRequest::ReqOrderInsert, &order);
        }
        bench.settle();
        bench.take();
        let order = bench.order(one, "rb2701", "buy", 1, 3200.0);
        bench.request(one.session, TraderRequest::ReqOrderInsert, &order);
        bench.settle();
        let expected: &[&str] = match switch {
            "own-answer" => &["OnRspOrderInsert 116", "OnErrRtnOrderInsert 116"],
            _ => &["OnRspError 116 NULL"],
        };
        assert_eq!(bench.lines(one.session), expected);
        let action = InputOrderActionField {
            broker_id: text("9999"),
            investor_id: one.investor,
            user_id: text("one"),
            action_flag: ActionFlag::DELETE,
            instrument_id: text("rb2701"),
            exchange_id: text("SHFE"),
            front_id: 1,
            session_id: one.session_id,
            order_ref,
            ..Default::default()
        };
        bench.request(one.session, TraderRequest::ReqOrderAction, &action);
        bench.settle();
        assert_eq!(bench.lines(one.session), ["OnRspOrderAction 116", "OnErrRtnOrderAction 116"]);
        let order = bench.order(one, "rb2701", "buy", 1, 3200.0);
        assert_eq!(bench.ask(one.session, TraderRequest::ReqOrderInsert, &order)[0], "a/0 报单已提交 0");
    }
}

// §3.4: packets beyond FTDMaxCommFlux wait for the next second, without a word.
#[test]
fn packets_wait_for_the_next_second() {
    let mut bench = with(&[("requests_per_second", "2"), ("exchange_delay", "0")]);
    let one = bench.trader(1, "one");
    assert_eq!(bench.exchange.front_limits(one.session), (2, 2));
    bench.now = START.after(Duration::from_secs(10));
    bench.step(Input::Advance);
    bench.take();
    for _ in 0..5 {
        let order = bench.order(one, "rb2701", "buy", 1, 3200.0);
        bench.request(one.session, TraderRequest::ReqOrderInsert, &order);
    }
    let mut accepted = Vec::new();
    for _ in 0..3 {
        bench.run(Duration::from_millis(900));
        accepted.push(bench.lines(one.session).iter().filter(|line| line.starts_with("a/0")).count());
        bench.run(Duration::from_millis(100));
    }
    assert_eq!(accepted, [2, 2, 1]);
}

// §3.4: more connections in a second than ConnectFreq are cut at once.
#[test]
fn connection_frequency() {
    let mut bench = with(&[("connects_per_second", "1")]);
    for number in 1..=2 {
        let session = SessionId(number);
        bench.step(Input::Connect { session, kind: ApiKind::Trader, api_version: NEW });
    }
    bench.settle();
    let outputs: Vec<String> = bench.take().iter().map(|output| format!("{:?}", output.delivery)).collect();
    assert!(outputs[0].starts_with("OnFrontConnected") && outputs[1] == "Close(0x1001)", "{outputs:?}");
    bench.run(Duration::from_secs(1));
    bench.connect(2, ApiKind::Trader, NEW);
    assert_eq!(bench.lines(SessionId(2)), ["OnFrontConnected NULL"]);
}

fn silent(bench: &mut Bench, session: SessionId, on: bool) {
    bench.step(Input::Command(Command::Silence { session, on }));
}

// §2.2: OnHeartBeatWarning(61) at 61 s, 0x2001 at 121 s; no warning before 6.6.7.
#[test]
fn a_silent_front() {
    for (version, warns) in [(NEW, true), ((6, 6, 7), true), ((6, 6, 1), false)] {
        let mut bench = with(&[]);
        let one = bench.trader_of(1, "one", version);
        silent(&mut bench, one.session, true);
        bench.run(Duration::from_secs(60));
        bench.request(one.session, TraderRequest::ReqQryOrder, &QryOrderField::default());
        bench.run(Duration::from_millis(999));
        assert!(bench.lines(one.session).is_empty());
        bench.run(Duration::from_millis(1));
        let warnings = bench.take();
        assert_eq!(warnings.len(), usize::from(warns));
        for warning in warnings {
            let Delivery::Trader { callback, number, .. } = warning.delivery else { panic!("a trader") };
            assert_eq!((callback, number), (TraderCallback::OnHeartBeatWarning, 61));
        }
        bench.run(Duration::from_millis(59_999));
        assert!(bench.lines(one.session).is_empty());
        bench.run(Duration::from_millis(1));
        assert_eq!(bench.lines(one.session), ["Close(0x2001)"]);
        bench.connect(1, ApiKind::Trader, version);
        let lines = bench.ask(one.session, TraderRequest::ReqUserLogin, &login_record("one", "simulator"));
        assert_eq!(lines, ["OnRspUserLogin 0"]);
    }
}

// A front that speaks again says what it kept back, in order; a disconnect loses it.
#[test]
fn a_front_that_speaks_again() {
    let mut bench = with(&[]);
    let one = bench.trader(1, "one");
    let two = bench.trader(2, "two");
    silent(&mut bench, one.session, true);
    bench.place(one, "rb2701", "buy", 1, 3200.0);
    assert!(bench.lines(one.session).is_empty());
    bench.place(two, "rb2701", "sell", 1, 3200.0);
    assert!(!bench.lines(two.session).is_empty());
    silent(&mut bench, one.session, false);
    let lines = bench.lines(one.session);
    assert_eq!(
        lines,
        ["a/0 报单已提交 0", "3/3 # 未成交 0", "3/3 # 未成交 0", "0/3 # 全部成交 1", "trade 1 @ 3200"]
    );
    bench.run(Duration::from_secs(200));
    assert!(bench.lines(one.session).is_empty());
}
