//! Connect, authenticate, log in, confirm, log out; streams and their replay (§1.4, §2).

mod common;

use std::time::Duration;

use common::{Bench, START, login_record, quiet, text};
use ctp_sim::{ApiKind, Config, Delivery, Exchange, Input, Received, SessionId};
use ctp_types::{
    QryOrderField, QrySettlementInfoConfirmField, QrySettlementInfoField, ReqAuthenticateField, ResumeType,
    RspUserLoginField, SettlementInfoConfirmField, SettlementInfoField, TraderCallback, TraderRequest,
    UserLogoutField,
};

const NEW: (u16, u16, u16) = (6, 7, 13);

fn authentication(code: &str) -> ReqAuthenticateField {
    ReqAuthenticateField {
        broker_id: text("9999"),
        user_id: text("one"),
        app_id: text("app"),
        auth_code: text(code),
        ..Default::default()
    }
}

fn login_answer(bench: &mut Bench) -> RspUserLoginField {
    let answer = bench.take().into_iter().find_map(|output| match output.delivery {
        Delivery::Trader { callback: TraderCallback::OnRspUserLogin, record, .. } => record?.get().copied(),
        _ => None,
    });
    answer.expect("a login answer")
}

// §10.2: OnFrontConnected asynchronously, tens of ms after Init.
#[test]
fn front_connected_comes_later() {
    let mut bench = Bench::new(quiet());
    bench.step(Input::Connect { session: SessionId(1), kind: ApiKind::Trader, api_version: NEW });
    assert!(bench.take().is_empty());
    assert_eq!(bench.exchange.next_deadline(), Some(START.after(Duration::from_millis(20))));
    bench.run(Duration::from_millis(20));
    assert_eq!(bench.lines(SessionId(1)), ["OnFrontConnected NULL"]);
}

#[test]
fn a_connection_that_ends_early_gets_nothing() {
    let mut bench = Bench::new(quiet());
    bench.step(Input::Connect { session: SessionId(1), kind: ApiKind::Trader, api_version: NEW });
    bench.step(Input::Disconnect { session: SessionId(1) });
    bench.settle();
    assert!(bench.take().is_empty());
    bench.run(Duration::from_secs(1));
    assert_eq!(bench.exchange.next_deadline(), None);
}

// §2.3: 63 for what is not to be authenticated; login works anyway where the broker does not enforce it.
#[test]
fn authentication_is_optional_by_default() {
    let mut bench = Bench::new(quiet());
    let session = bench.connect(1, ApiKind::Trader, NEW);
    bench.take();
    assert_eq!(
        bench.ask(session, TraderRequest::ReqAuthenticate, &authentication("")),
        ["OnRspAuthenticate 63"]
    );
    assert_eq!(
        bench.ask(session, TraderRequest::ReqAuthenticate, &authentication("0000")),
        ["OnRspAuthenticate 0"]
    );
    bench.request(session, TraderRequest::ReqUserLogin, &login_record("one", "simulator"));
    bench.settle();
    assert_eq!(login_answer(&mut bench).user_id, "one");
}

#[test]
fn enforced_authentication() {
    let mut bench = Bench::new(Config { authentication_required: true, ..quiet() });
    let session = bench.connect(1, ApiKind::Trader, NEW);
    let login = login_record("one", "simulator");
    assert_eq!(bench.ask(session, TraderRequest::ReqUserLogin, &login), ["OnRspUserLogin 64"]);
    bench.ask(session, TraderRequest::ReqAuthenticate, &authentication("0000"));
    assert_eq!(bench.ask(session, TraderRequest::ReqUserLogin, &login)[0], "OnRspUserLogin 0");
}

// §2.5: the answer's contents; a second login is dropped without an answer.
#[test]
fn login_answer_and_second_login() {
    let mut bench = Bench::new(quiet());
    let session = bench.connect(1, ApiKind::Trader, NEW);
    bench.take();
    bench.request(session, TraderRequest::ReqUserLogin, &login_record("one", "simulator"));
    bench.settle();
    let answer = login_answer(&mut bench);
    assert_eq!(answer.system_name, "CTP-SIM");
    assert_eq!((answer.trading_day, bench.exchange.trading_day()), (text("20261123"), text("20261123")));
    assert_eq!((answer.max_order_ref, answer.front_id), (text("1"), 1));
    assert_eq!(
        (answer.login_time, answer.shfe_time, answer.gfex_time),
        (text("10:00:00"), text("10:00:00"), text("10:00:00"))
    );
    assert!(bench.ask(session, TraderRequest::ReqUserLogin, &login_record("one", "simulator")).is_empty());
}

#[test]
fn session_ids_are_arbitrary_and_also_negative() {
    let mut bench = Bench::new(quiet());
    let ids: Vec<i32> = (1..20).map(|number| bench.log_in(number, "one", NEW).session_id).collect();
    assert!(ids.iter().any(|id| *id < 0) && ids.iter().any(|id| *id > 0));
}

// §2.5: 3 for a wrong password, broker or user; the connection stays and may try again.
#[test]
fn refused_login() {
    let mut bench = Bench::new(quiet());
    let session = bench.connect(1, ApiKind::Trader, NEW);
    for (user, password) in
        [("one", "wrong"), ("one", ""), ("", "simulator"), ("a-name-too-long", "simulator")]
    {
        let lines = bench.ask(session, TraderRequest::ReqUserLogin, &login_record(user, password));
        assert_eq!(lines, ["OnRspUserLogin 3"], "{user}");
    }
    let mut login = login_record("one", "simulator");
    login.broker_id = text("1234");
    assert_eq!(bench.ask(session, TraderRequest::ReqUserLogin, &login), ["OnRspUserLogin 3"]);
    login.broker_id = text("9999");
    assert_eq!(bench.ask(session, TraderRequest::ReqUserLogin, &login)[0], "OnRspUserLogin 0");
}

// §5.9, 6: on the request's own answer.
#[test]
fn requests_before_login() {
    let mut bench = Bench::new(quiet());
    let session = bench.connect(1, ApiKind::Trader, NEW);
    assert_eq!(
        bench.ask(session, TraderRequest::ReqQryOrder, &QryOrderField::default()),
        ["OnRspQryOrder 6 NULL"]
    );
    let confirm = SettlementInfoConfirmField::default();
    let lines = bench.ask(session, TraderRequest::ReqSettlementInfoConfirm, &confirm);
    assert_eq!(lines, ["OnRspSettlementInfoConfirm 6"]);
    let order = ctp_types::InputOrderField::default();
    assert_eq!(bench.ask(session, TraderRequest::ReqOrderInsert, &order), ["OnRspOrderInsert 6"]);
}

// §2.6: the statement comes in slices of 500 bytes that may cut a character in two; where there is none, NULL; the
// confirmation is seen by every session of the account.
#[test]
fn settlement_statement_and_confirmation() {
    let mut bench = Bench::new(quiet());
    let one = bench.log_in(1, "one", NEW);
    let again = bench.log_in(2, "one", NEW);
    let of = |day: &str| QrySettlementInfoField {
        broker_id: text("9999"),
        investor_id: one.investor,
        trading_day: text(day),
        ..Default::default()
    };
    let request = TraderRequest::ReqQrySettlementInfo;
    let statement = |bench: &mut Bench, day: &str| {
        let slices: Vec<SettlementInfoField> = bench.query(one.session, request, &of(day));
        let numbers: Vec<i32> = slices.iter().map(|slice| slice.sequence_no).collect();
        assert!(numbers.iter().copied().eq(1..=slices.len() as i32));
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.content.as_bytes().to_vec()).collect();
        assert!(slices.iter().rev().skip(1).all(|slice| slice.content.as_bytes().len() == 500));
        ctp_types::Text::<4096>::from_bytes(&bytes).expect("a short statement").to_string()
    };
    let before = statement(&mut bench, "");
    assert!(before.contains("日期 Date：20261120") && before.contains("期末结存"), "{before}");
    assert!(before.contains("1000000.00") && !before.contains('\u{fffd}'), "{before}");
    assert_eq!(statement(&mut bench, "20261120"), before);
    assert!(statement(&mut bench, "202611").contains("日期 Date：202611"));
    for none in ["20261123", "202610", "2026", "nonsense", "20261399"] {
        assert_eq!(bench.ask(one.session, request, &of(none)), ["OnRspQrySettlementInfo NULL"], "{none}");
    }
    bench.step(Input::Command(ctp_sim::Command::MonitoringCentre { on: false }));
    assert_eq!(bench.ask(one.session, request, &of("")), ["OnRspQrySettlementInfo 155 NULL"]);
    let query = QrySettlementInfoConfirmField {
        broker_id: text("9999"),
        investor_id: one.investor,
        ..Default::default()
    };
    let lines = bench.ask(again.session, TraderRequest::ReqQrySettlementInfoConfirm, &query);
    assert_eq!(lines, ["OnRspQrySettlementInfoConfirm NULL"]);
    let order = bench.order(one, "rb2701", "buy", 1, 3200.0);
    assert_eq!(bench.ask(one.session, TraderRequest::ReqOrderInsert, &order)[0], "OnRspOrderInsert 42");
    bench.confirm(one);
    let confirmed: Vec<SettlementInfoConfirmField> =
        bench.query(again.session, TraderRequest::ReqQrySettlementInfoConfirm, &query);
    assert_eq!((confirmed.len(), confirmed[0].confirm_date), (1, text("20261123")));
    assert_eq!(bench.ask(again.session, TraderRequest::ReqOrderInsert, &order)[0], "a/0 报单已提交 0");
}

// §2.7: logout → OnRspUserLogout, a disconnect; a new connection starts over.
#[test]
fn logout_and_reconnect() {
    let mut bench = Bench::new(quiet());
    let one = bench.trader(1, "one");
    let lines = bench.ask(one.session, TraderRequest::ReqUserLogout, &UserLogoutField::default());
    assert_eq!(lines, ["OnRspUserLogout 0", "Close(0x1001)"]);
    bench.connect(1, ApiKind::Trader, NEW);
    assert_eq!(bench.lines(one.session), ["OnFrontConnected NULL"]);
    assert_eq!(
        bench.ask(one.session, TraderRequest::ReqQryOrder, &QryOrderField::default()),
        ["OnRspQryOrder 6 NULL"]
    );
}

/// Logs a session in with a private topic and returns what the login brought.
fn replayed(bench: &mut Bench, number: u64, private: ResumeType, sequence: i32) -> Vec<String> {
    let session = SessionId(number);
    bench.step(Input::Topics { session, private, public: ResumeType::None, sequence, received: None });
    bench.connect(number, ApiKind::Trader, NEW);
    bench.ask(session, TraderRequest::ReqUserLogin, &login_record("one", "simulator")).split_off(1)
}

// §1.4: RESTART replays the day, RESUME continues, QUICK brings nothing, FROM_SEQ_NO starts where it is told.
#[test]
fn private_stream_replay() {
    let mut bench = Bench::new(quiet());
    let one = bench.trader(1, "one");
    bench.place(one, "rb2701", "buy", 1, 3200.0);
    let day = ["a/0 报单已提交 0", "3/3 # 未成交 0"];
    assert_eq!(replayed(&mut bench, 2, ResumeType::Restart, 1), day);
    assert_eq!(replayed(&mut bench, 3, ResumeType::Resume, 1), day);
    assert!(replayed(&mut bench, 4, ResumeType::Quick, 1).is_empty());
    assert_eq!(replayed(&mut bench, 5, ResumeType::FromSeqNo, 2), day[1..]);
    assert!(replayed(&mut bench, 6, ResumeType::FromSeqNo, 99).is_empty());
    // A reconnect with RESUME brings what was missed, and nothing twice.
    bench.step(Input::Disconnect { session: SessionId(3) });
    bench.place(one, "rb2701", "buy", 0, 3200.0);
    assert_eq!(replayed(&mut bench, 3, ResumeType::Resume, 1), ["OnErrRtnOrderInsert 15"]);
    assert_eq!(replayed(&mut bench, 2, ResumeType::Restart, 1).len(), 3);
}

// §1.4: 6.7.13 is told the number of each private message right before it; older clients are not.
#[test]
fn private_sequence_numbers() {
    for (version, numbers) in [(NEW, vec![1, 2]), ((6, 7, 11), vec![])] {
        let mut bench = Bench::new(quiet());
        let one = bench.trader_of(1, "one", version);
        bench.place(one, "rb2701", "buy", 1, 3200.0);
        let told = bench.take().into_iter().filter_map(|output| match output.delivery {
            Delivery::Trader { callback: TraderCallback::OnRtnPrivateSeqNo, number, .. } => Some(number),
            _ => None,
        });
        assert_eq!(told.collect::<Vec<_>>(), numbers);
    }
}

// §1.4, §4.5: the public stream brings each product's status, with RESTART only.
#[test]
fn public_stream() {
    let mut bench = Bench::new(Config { products: vec!["rb".into(), "IF".into()], ..quiet() });
    let session = bench.connect(1, ApiKind::Trader, NEW);
    let lines = bench.ask(session, TraderRequest::ReqUserLogin, &login_record("one", "simulator"));
    // rb, IF and the options IO, which are a product of their own.
    let status = "OnRtnInstrumentStatus";
    assert_eq!(lines, ["OnRspUserLogin 0", status, status, status]);
    assert!(replayed(&mut bench, 2, ResumeType::None, 1).is_empty());
}

#[test]
fn settings_that_cannot_be() {
    let refused = |config| Exchange::new(config).expect_err("a bad setting").to_string();
    let message = refused(Config { products: vec!["zz".into()], ..quiet() });
    assert!(message.starts_with("product zz is not known; known are: rb hc"), "{message}");
    let message = refused(Config { tick_interval: Duration::ZERO, ..quiet() });
    assert!(message.contains("tick_interval"), "{message}");
    let message = refused(Config { broker: "a broker too long".into(), ..quiet() });
    assert!(message.contains("broker"), "{message}");
    let message = refused(Config::starting_at(ctp_sim::Timestamp(i64::MAX)));
    assert!(message.contains("outside the calendar"), "{message}");
    assert!(!format!("{:?}", quiet()).contains("simulator"));
}

/// Returns the messages of a login's replay as short lines with their numbers.
fn replayed_on(bench: &mut Bench, number: u64, version: (u16, u16, u16), received: Received) -> Vec<String> {
    let session = SessionId(number);
    let (private, public) = (ResumeType::Resume, ResumeType::Resume);
    bench.step(Input::Topics { session, private, public, sequence: 1, received: Some(received) });
    bench.connect(number, ApiKind::Trader, version);
    bench.ask(session, TraderRequest::ReqUserLogin, &login_record("one", "simulator")).split_off(1)
}

// §1.4, §1.5: RESUME of both streams continues after the stored numbers; those of another day count for nothing.
#[test]
fn resume_after_stored_numbers() {
    let mut bench =
        Bench::new(Config { products: vec!["rb".into(), "IF".into()], options: false, ..quiet() });
    let one = bench.trader(1, "one");
    bench.place(one, "rb2701", "buy", 1, 3200.0);
    let received = |trading_day, private, public| Received { trading_day, private, public };
    let old = (6, 7, 11);
    let today = 20_261_123;
    assert_eq!(
        replayed_on(&mut bench, 2, old, received(today, 1, 1)),
        ["3/3 # 未成交 0", "OnRtnInstrumentStatus"]
    );
    assert!(replayed_on(&mut bench, 3, old, received(today, 2, 2)).is_empty());
    assert_eq!(replayed_on(&mut bench, 4, old, received(20_261_120, 2, 2)).len(), 4);
    assert_eq!(replayed_on(&mut bench, 5, old, Received::default()).len(), 4);
    let mut config = Config { products: vec!["rb".into()], ..quiet() };
    config.switches.set("resume_new_day", "continue").expect("a switch");
    let mut bench = Bench::new(config);
    assert!(replayed_on(&mut bench, 1, old, received(20_261_120, 9, 1)).is_empty());
}

// §9.3: after a restart that clears the flow the keys of old orders are new, all but the exchange's.
#[test]
fn cleared_flow() {
    let mut bench = Bench::new(quiet());
    let one = bench.trader(1, "one");
    let two = bench.trader(2, "two");
    let mut order = bench.order(one, "rb2701", "buy", 3, 3200.0);
    order.request_id = 77;
    bench.request(one.session, TraderRequest::ReqOrderInsert, &order);
    bench.settle();
    bench.place(two, "rb2701", "sell", 2, 3200.0);
    let query = QryOrderField { broker_id: text("9999"), investor_id: one.investor, ..Default::default() };
    let before: Vec<ctp_types::OrderField> = bench.query(one.session, TraderRequest::ReqQryOrder, &query);
    assert_eq!(before[0].request_id, 77);
    bench.step(Input::Command(ctp_sim::Command::ClearFlow));
    assert_eq!(bench.lines(one.session), ["Close(0x1001)"]);

    // RESUME from the old number: a/0 3/3 3/3 1/3 trade were 5; the new stream has 2, and is silent until it has more.
    let received = Received { trading_day: 20_261_123, private: 5, public: 1_000 };
    assert!(replayed_on(&mut bench, 1, (6, 7, 11), received).is_empty());
    assert_eq!(replayed(&mut bench, 3, ResumeType::Restart, 1), ["1/3 # 部分成交 2", "trade 2 @ 3200"]);
    let after: Vec<ctp_types::OrderField> = bench.query(one.session, TraderRequest::ReqQryOrder, &query);
    let (before, after) = (before[0], after[0]);
    assert_ne!((before.session_id, before.order_ref), (after.session_id, after.order_ref));
    assert_eq!((after.request_id, after.front_id), (0, 1));
    assert_eq!(before.order_local_id, after.order_local_id);
    assert_eq!((before.order_sys_id, before.trader_id), (after.order_sys_id, after.trader_id));
    let action = ctp_types::InputOrderActionField {
        broker_id: text("9999"),
        investor_id: one.investor,
        user_id: text("one"),
        exchange_id: text("SHFE"),
        instrument_id: text("rb2701"),
        front_id: after.front_id,
        session_id: after.session_id,
        order_ref: after.order_ref,
        action_flag: ctp_types::ActionFlag::DELETE,
        ..Default::default()
    };
    assert!(bench.ask(one.session, TraderRequest::ReqOrderAction, &action).is_empty());
    // The stream has 4 messages now; the sixth is the first that the session with the old number sees.
    let again = common::Client { session: SessionId(3), ..one };
    bench.place(again, "rb2701", "buy", 1, 3190.0);
    assert_eq!(bench.lines(one.session), ["3/3 # 未成交 0"]);
}

// §2.6: after the settlement the last day's statement lists its trades and what is left of them.
#[test]
fn statement_of_a_settled_day() {
    let mut bench = Bench::new(quiet());
    let one = bench.trader(1, "one");
    let two = bench.trader(2, "two");
    bench.place(one, "rb2701", "buy", 3, 3200.0);
    bench.place(two, "rb2701", "sell", 3, 3200.0);
    bench.step(Input::Command(ctp_sim::Command::Settle));
    bench.run(Duration::from_secs(4 * 3_600));
    bench.connect(3, ApiKind::Trader, NEW);
    let session = SessionId(3);
    bench.ask(session, TraderRequest::ReqUserLogin, &login_record("one", "simulator"));
    for (day, trades) in [("", 1), ("20261123", 1), ("20261120", 0), ("202611", 1)] {
        let query = QrySettlementInfoField {
            broker_id: text("9999"),
            investor_id: one.investor,
            trading_day: text(day),
            ..Default::default()
        };
        let slices: Vec<SettlementInfoField> =
            bench.query(session, TraderRequest::ReqQrySettlementInfo, &query);
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.content.as_bytes().to_vec()).collect();
        let statement = ctp_types::Text::<8192>::from_bytes(&bytes).expect("a statement").to_string();
        let lines = statement.lines().filter(|line| line.contains("|买|3200.000|3|开|")).count();
        assert_eq!(lines, trades, "{day}: {statement}");
    }
}
