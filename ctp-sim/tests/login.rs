//! Users, passwords, and every way a login can fail (§2.3, §2.5).

mod common;

use std::time::Duration;

use common::{Bench, login_record, quiet, text};
use ctp_sim::{ApiKind, Command, Config, Delivery, Input, SessionId, UserState};
use ctp_types::{
    MdCallback, MdRequest, QryUserSessionField, RecordBox, ReqAuthenticateField, ReqGenSMSCodeField,
    ReqUserAuthMethodField, ReqUserLoginField, ReqUserLoginWithOTPField, RspAuthenticateField,
    RspUserLoginField, TraderRequest, TradingAccountPasswordUpdateField, UserPasswordUpdateField,
    UserSessionField,
};

const NEW: (u16, u16, u16) = (6, 7, 13);

fn with(settings: &[(&str, &str)]) -> Bench {
    let mut config = Config { products: vec!["rb".into()], options: false, ..quiet() };
    for (key, value) in settings {
        config.set(key, value).expect("a setting");
    }
    Bench::new(config)
}

fn log_in(bench: &mut Bench, session: SessionId, user: &str, password: &str) -> String {
    let lines = bench.ask(session, TraderRequest::ReqUserLogin, &login_record(user, password));
    lines.into_iter().next().unwrap_or_default()
}

fn change(user: &str, old: &str, new: &str) -> UserPasswordUpdateField {
    UserPasswordUpdateField {
        broker_id: text("9999"),
        user_id: text(user),
        old_password: text(old),
        new_password: text(new),
    }
}

fn stand(bench: &mut Bench, user: &str, state: UserState) {
    bench.step(Input::Command(Command::User { user: user.to_owned(), state }));
}

// §2.3: 63, 4043, 4042, 4060, 145; AppType of the answer.
#[test]
fn authentication() {
    let mut bench = with(&[("auth_code", "sixteen-zeros"), ("app_ids", "app_1.0, other"), ("app_type", "2")]);
    let session = bench.connect(1, ApiKind::Trader, NEW);
    let ask = |bench: &mut Bench, app: &str, code: &str| {
        let record = ReqAuthenticateField {
            broker_id: text("9999"),
            user_id: text("one"),
            app_id: text(app),
            auth_code: text(code),
            ..Default::default()
        };
        bench.ask(session, TraderRequest::ReqAuthenticate, &record)
    };
    assert_eq!(ask(&mut bench, "app_1.0", "wrong"), ["OnRspAuthenticate 63"]);
    assert_eq!(ask(&mut bench, "mine", "sixteen-zeros"), ["OnRspAuthenticate 4043"]);
    for (state, error) in [
        (UserState::AuthIp, 4042),
        (UserState::AuthUser, 4043),
        (UserState::AuthForbidden, 4060),
        (UserState::AuthCentre, 145),
        (UserState::IpBlack, 144),
    ] {
        stand(&mut bench, "one", state);
        assert_eq!(ask(&mut bench, "app_1.0", "sixteen-zeros"), [format!("OnRspAuthenticate {error}")]);
    }
    stand(&mut bench, "one", UserState::Normal);
    bench.take();
    let record = ReqAuthenticateField {
        broker_id: text("9999"),
        user_id: text("one"),
        app_id: text("other"),
        auth_code: text("sixteen-zeros"),
        ..Default::default()
    };
    let answers: Vec<RspAuthenticateField> = bench.query(session, TraderRequest::ReqAuthenticate, &record);
    assert_eq!(answers[0].app_type.as_char(), b'2');
}

// §2.5: 7 and 8; the connection stays and the next try succeeds.
#[test]
fn core_not_ready() {
    let mut bench = with(&[]);
    let session = bench.connect(1, ApiKind::Trader, NEW);
    bench.step(Input::Command(Command::Ready { on: false }));
    assert_eq!(log_in(&mut bench, session, "one", "simulator"), "OnRspUserLogin 7");
    bench.step(Input::Command(Command::Ready { on: true }));
    bench.step(Input::Command(Command::FrontActive { on: false }));
    assert_eq!(log_in(&mut bench, session, "one", "simulator"), "OnRspUserLogin 8");
    bench.step(Input::Command(Command::FrontActive { on: true }));
    assert_eq!(log_in(&mut bench, session, "one", "simulator"), "OnRspUserLogin 0");
}

// §2.5: 75 after failures in a row; 143, 144.
#[test]
fn locked_users() {
    let mut bench = with(&[("login_failures", "3")]);
    let session = bench.connect(1, ApiKind::Trader, NEW);
    for _ in 0..2 {
        assert_eq!(log_in(&mut bench, session, "one", "wrong"), "OnRspUserLogin 3");
    }
    assert_eq!(log_in(&mut bench, session, "two", "wrong"), "OnRspUserLogin 3");
    assert_eq!(log_in(&mut bench, session, "one", "wrong"), "OnRspUserLogin 3");
    assert_eq!(log_in(&mut bench, session, "one", "simulator"), "OnRspUserLogin 75");
    for (state, error) in [(UserState::IpForbidden, 143), (UserState::IpBlack, 144), (UserState::Locked, 75)]
    {
        stand(&mut bench, "one", state);
        assert_eq!(log_in(&mut bench, session, "one", "simulator"), format!("OnRspUserLogin {error}"));
    }
    stand(&mut bench, "one", UserState::Normal);
    assert_eq!(log_in(&mut bench, session, "one", "simulator"), "OnRspUserLogin 0");
}

// §2.5: 60, counted over all connections of a user; a logout makes room.
#[test]
fn sessions_per_user() {
    let mut bench = with(&[("sessions_per_user", "2")]);
    for number in 1..=3 {
        bench.connect(number, ApiKind::Trader, NEW);
    }
    assert_eq!(log_in(&mut bench, SessionId(1), "one", "simulator"), "OnRspUserLogin 0");
    assert_eq!(log_in(&mut bench, SessionId(2), "one", "simulator"), "OnRspUserLogin 0");
    assert_eq!(log_in(&mut bench, SessionId(3), "one", "simulator"), "OnRspUserLogin 60");
    bench.step(Input::Disconnect { session: SessionId(1) });
    assert_eq!(log_in(&mut bench, SessionId(3), "one", "simulator"), "OnRspUserLogin 0");
}

// §2.5: 140, 141, 131: the password is changed in the same session, then the login goes through.
#[test]
fn first_login() {
    for (state, error) in [(UserState::FirstLogin, 140), (UserState::OutOfDate, 141), (UserState::Weak, 131)]
    {
        let mut bench = with(&[]);
        stand(&mut bench, "one", state);
        let session = bench.connect(1, ApiKind::Trader, NEW);
        let update = TraderRequest::ReqUserPasswordUpdate;
        let good = change("one", "simulator", "better4me");
        assert_eq!(bench.ask(session, update, &good), ["OnRspUserPasswordUpdate 6"]);
        assert_eq!(log_in(&mut bench, session, "one", "simulator"), format!("OnRspUserLogin {error}"));
        for (user, old, new, error) in [
            ("two", "simulator", "better4me", 10),
            ("one", "wrong", "better4me", 14),
            ("one", "simulator", "simulator", 142),
            ("one", "simulator", "short", 132),
            ("one", "simulator", "aaaaaaaa", 132),
        ] {
            let lines = bench.ask(session, update, &change(user, old, new));
            assert_eq!(lines, [format!("OnRspUserPasswordUpdate {error}")], "{user} {new}");
        }
        bench.run(Duration::from_secs(1));
        bench.request(session, update, &good);
        bench.settle();
        let answer = bench.take().remove(0);
        let Delivery::Trader { record: Some(record), rsp_info: Some(info), .. } = answer.delivery else {
            panic!("no answer")
        };
        let echo = record.get::<UserPasswordUpdateField>().expect("the request's record");
        assert_eq!((info.error_id, echo.user_id), (0, text("one")));
        assert!(echo.old_password.is_empty() && echo.new_password.is_empty());
        assert_eq!(log_in(&mut bench, session, "one", "simulator"), "OnRspUserLogin 3");
        assert_eq!(log_in(&mut bench, session, "one", "better4me"), "OnRspUserLogin 0");
    }
}

// §2.5: each user has its own passwords, one for the login and one for the account.
#[test]
fn account_password() {
    let mut bench = with(&[]);
    let one = bench.log_in(1, "one", NEW);
    let request = TraderRequest::ReqTradingAccountPasswordUpdate;
    let record = |account: &str, old: &str, new: &str| TradingAccountPasswordUpdateField {
        broker_id: text("9999"),
        account_id: text(account),
        old_password: text(old),
        new_password: text(new),
        currency_id: text("CNY"),
    };
    let ask = |bench: &mut Bench, record| bench.ask(one.session, request, &record);
    let answer = |error: i32| [format!("OnRspTradingAccountPasswordUpdate {error}")];
    assert_eq!(ask(&mut bench, record("two", "simulator", "better4me")), answer(10));
    assert_eq!(ask(&mut bench, record("one", "wrong", "better4me")), answer(14));
    assert_eq!(ask(&mut bench, record("one", "simulator", "better4me")), answer(0));
    assert_eq!(ask(&mut bench, record("one", "simulator", "another1")), answer(14));
    let session = bench.connect(2, ApiKind::Trader, NEW);
    assert_eq!(log_in(&mut bench, session, "one", "simulator"), "OnRspUserLogin 0");
}

// §2.5: 6014–6021, 6023.
#[test]
fn codes_by_sms() {
    let code = |mobile: &str| ReqGenSMSCodeField {
        broker_id: text("9999"),
        user_id: text("one"),
        mobile: text(mobile),
    };
    let request = TraderRequest::ReqGenSMSCode;
    for (setting, error) in [("off", 6015), ("no-centre", 6021)] {
        let mut bench = with(&[("sms_login", setting)]);
        let session = bench.connect(1, ApiKind::Trader, NEW);
        assert_eq!(bench.ask(session, request, &code("13912345678")), [format!("OnRspGenSMSCode {error}")]);
        assert_eq!(log_in(&mut bench, session, "one", "simulator"), "OnRspUserLogin 0");
    }
    let mut bench = with(&[("sms_login", "on"), ("sms_mobile", "13912345678")]);
    let session = bench.connect(1, ApiKind::Trader, NEW);
    let log_in_with = |bench: &mut Bench, code: &str| {
        let login = ReqUserLoginField { sms_code: text(code), ..login_record("one", "simulator") };
        bench.ask(session, TraderRequest::ReqUserLogin, &login).remove(0)
    };
    assert_eq!(log_in_with(&mut bench, ""), "OnRspUserLogin 6020");
    assert_eq!(log_in_with(&mut bench, "345678"), "OnRspUserLogin 6017");
    assert_eq!(bench.ask(session, request, &code("13900000000")), ["OnRspGenSMSCode 6014"]);
    assert_eq!(bench.ask(session, request, &code("13912345678")), ["OnRspGenSMSCode 0"]);
    assert_eq!(bench.ask(session, request, &code("13912345678")), ["OnRspGenSMSCode 6016"]);
    assert_eq!(log_in_with(&mut bench, "111111"), "OnRspUserLogin 6017");
    bench.run(Duration::from_secs(300));
    assert_eq!(log_in_with(&mut bench, "345678"), "OnRspUserLogin 6019");
    assert_eq!(bench.ask(session, request, &code("13912345678")), ["OnRspGenSMSCode 0"]);
    assert_eq!(log_in_with(&mut bench, "345678"), "OnRspUserLogin 0");
    assert_eq!(bench.ask(session, request, &code("13912345678")), ["OnRspGenSMSCode 6023"]);
    bench.step(Input::Disconnect { session });
    bench.connect(1, ApiKind::Trader, NEW);
    assert_eq!(log_in_with(&mut bench, "345678"), "OnRspUserLogin 6018");
}

// §2.5, older ways: no second factor is needed, none can be had, a login that brings one is taken.
#[test]
fn alternative_logins() {
    let mut bench = with(&[]);
    let session = bench.connect(1, ApiKind::Trader, NEW);
    let ask = ReqUserAuthMethodField::default();
    assert_eq!(bench.ask(session, TraderRequest::ReqUserAuthMethod, &ask), ["OnRspUserAuthMethod 0"]);
    let captcha = ctp_types::ReqGenUserCaptchaField::default();
    assert_eq!(
        bench.ask(session, TraderRequest::ReqGenUserCaptcha, &captcha),
        ["OnRspGenUserCaptcha 27 NULL"]
    );
    let login = ReqUserLoginWithOTPField {
        broker_id: text("9999"),
        user_id: text("one"),
        password: text("simulator"),
        otp_password: text("123456"),
        ..Default::default()
    };
    assert_eq!(bench.ask(session, TraderRequest::ReqUserLoginWithOTP, &login)[0], "OnRspUserLogin 0");
}

// §2.5: dashes for an exchange without a link; the time of the login before.
#[test]
fn login_answer() {
    let mut bench = with(&[]);
    bench.step(Input::Command(Command::Link { exchange: "INE".to_owned(), on: false }));
    let mut answers = Vec::new();
    for number in 1..=2 {
        let session = bench.connect(number, ApiKind::Trader, NEW);
        let request = TraderRequest::ReqUserLogin;
        let mut records: Vec<RspUserLoginField> =
            bench.query(session, request, &login_record("one", "simulator"));
        answers.append(&mut records);
    }
    let [first, second] = answers[..] else { panic!("two answers") };
    assert_eq!((first.ine_time, first.shfe_time), (text("--:--:--"), first.gfex_time));
    assert!(first.last_login_time.is_empty());
    assert_eq!(second.last_login_time.to_str(), format!("20261123{}", first.login_time));
    assert_ne!(first.session_id, second.session_id);
    assert_eq!((second.max_order_ref, second.front_id), (text("1"), 1));
}

// §7: ReqQryUserSession shows who is there.
#[test]
fn user_sessions() {
    let mut bench = with(&[]);
    let one = bench.log_in(1, "one", NEW);
    let again = bench.log_in(2, "one", NEW);
    bench.log_in(3, "two", NEW);
    let request = TraderRequest::ReqQryUserSession;
    let all: Vec<UserSessionField> = bench.query(one.session, request, &QryUserSessionField::default());
    assert_eq!(
        all.iter().map(|record| record.session_id).collect::<Vec<_>>(),
        [one.session_id, again.session_id]
    );
    let query = QryUserSessionField { front_id: 1, session_id: again.session_id, ..Default::default() };
    let named: Vec<UserSessionField> = bench.query(one.session, request, &query);
    assert_eq!(named.len(), 1);
    let query = QryUserSessionField { user_id: text("two"), ..Default::default() };
    assert_eq!(bench.ask(one.session, request, &query), ["OnRspQryUserSession NULL"]);
}

/// Logs a market-data session in and returns number and text of the answer.
fn log_in_md(bench: &mut Bench, session: SessionId, user: &str) -> (i32, String) {
    bench.take();
    let record = RecordBox::new(&ReqUserLoginField { user_id: text(user), ..Default::default() });
    bench.step(Input::Md { session, request: MdRequest::ReqUserLogin, record, request_id: 1 });
    bench.settle();
    let answers = bench.take().into_iter().find_map(|output| match output.delivery {
        Delivery::Md { callback: MdCallback::OnRspUserLogin, rsp_info, .. } => rsp_info,
        _ => None,
    });
    let info = answers.expect("an answer");
    (info.error_id, info.error_msg.to_string())
}

// §2.5: the options LoginVerify and LoginFreq of the market-data front.
#[test]
fn market_data_login() {
    let mut bench = with(&[("md_login_verify", "on"), ("md_login_freq", "on")]);
    let session = bench.connect(9, ApiKind::Md, NEW);
    assert_eq!(log_in_md(&mut bench, session, "one"), (3, "CTP:不合法的登录".to_owned()));
    assert_eq!(log_in_md(&mut bench, session, "one"), (3, "CTP: api login over limit freq".to_owned()));
    bench.log_in(1, "one", NEW);
    bench.run(Duration::from_secs(1));
    assert_eq!(log_in_md(&mut bench, session, "one").0, 0);
    let mut bench = with(&[]);
    let session = bench.connect(9, ApiKind::Md, NEW);
    assert_eq!(log_in_md(&mut bench, session, ""), (0, "CTP:正确".to_owned()));
}

// §3.1: before login, on OnRspError by switch.
#[test]
fn before_login_by_switch() {
    let mut bench = with(&[("before_login", "rsp-error")]);
    let session = bench.connect(1, ApiKind::Trader, NEW);
    let order = ctp_types::InputOrderField::default();
    assert_eq!(bench.ask(session, TraderRequest::ReqOrderInsert, &order), ["OnRspError 6 NULL"]);
}
