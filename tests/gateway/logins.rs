//! F25–F29, F31: refused logins, and libraries that do not fit.

use std::time::Duration;

use ctp::state::{Attempt, Fault};
use ctp::{Error, SessionState, TdClient};

use crate::Case;
use crate::world::{PATIENCE, States, USER, World, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f25_a_front_that_is_not_ready_is_waited_for: "ten minutes of 7, ten of 8: slow retries that the state explains, then ready by itself",
    f25_passing_refusals_are_retried: "7, 8, 21 and 60, each once: refused shown, then ready",
    f25_fatal_refusals_stop_at_once: "48 63 64 75 143 144 145 4042 4043 4060, and any other code: one login, Faulted with code, text and advice",
    f26_a_wrong_password_is_tried_once: "the locked account of the plan is never reached: one login, also after a broken link",
    f25_a_password_that_worked_is_tried_three_times: "3 after the same password has logged in: a try every ten minutes, three in all, then Faulted; never more",
    f27_a_password_is_changed_on_the_same_connection: "140, 131 and 141: a state that names change_password; the call changes it, on the same connection, and logs in",
    f27_a_code_by_text_message_is_given: "6020: the state awaits a code; asked for and given by calls, the session is ready",
    f28_a_failed_authentication_stops_with_advice: "63 and 64: one attempt, advice that names AppID, AuthCode and the kind of library",
    f29_too_many_sessions_are_waited_out: "the seventh session of a user: error 60 in the state, slow retries, ready when another leaves",
    f31_a_front_of_another_kind_is_named: "4040 from the front: Faulted at once with advice about versions and keys, nothing is retried",
    f31_a_library_that_does_not_fit_is_refused: "a market data library for trading, and one of a version without a model: refused before anything starts, with both versions",
];

/// Connects a trader, and waits until it stops.
async fn fault_of(world: &World) -> (TdClient, Fault) {
    let td = world.connect_td().await;
    let error = world.soon(td.ready()).await.expect_err("refused");
    match error {
        Error::Faulted(fault) => (td, fault),
        other => panic!("{other}"),
    }
}

fn f25_a_front_that_is_not_ready_is_waited_for() {
    scene().play(async |world| {
        let logins = world.count("ReqUserLogin");
        world.plan("F25-not-ready");
        let td = world.connect_td().await;
        let mut states = States::new(td.state());
        let mut codes = Vec::new();
        for _ in 0..(20 * 60 + 300) {
            world.pass_by(Duration::from_secs(1), Duration::from_millis(250)).await;
            let state = states.look();
            assert!(!state.is_over(), "{state}");
            if let SessionState::LoggingIn(Attempt { refused: Some(error), .. }) = &state
                && codes.last() != Some(&error.code)
            {
                codes.push(error.code);
            }
            if state.is_ready() {
                break;
            }
        }
        assert!(td.state().borrow().is_ready(), "{}", *td.state().borrow());
        assert_eq!(codes, [7, 8]);
        // Slow: never faster than once in five seconds on average, and never given up.
        let tries = logins.seen();
        assert!((5..=240).contains(&tries), "{tries} logins in twenty minutes");
        td.close().await.expect("closed in time");
    });
}

fn f25_passing_refusals_are_retried() {
    for code in [7, 8, 21, 60] {
        scene().play(async move |world| {
            let logins = world.count("ReqUserLogin");
            world.fault(&format!("refuse what=ReqUserLogin error={code} count=1"));
            let td = world.connect_td().await;
            let mut states = States::new(td.state());
            world.until("ready", Duration::from_secs(120), || states.look().is_ready().then_some(())).await;
            let refused = states.seen.iter().any(|state| {
                matches!(state, SessionState::LoggingIn(Attempt { refused: Some(error), .. }) if error.code == code)
            });
            assert!(refused, "{code}: {:?}", states.seen);
            assert_eq!(logins.seen(), 2, "{code}");
            td.close().await.expect("closed in time");
        });
    }
}

fn f25_fatal_refusals_stop_at_once() {
    for code in [48, 63, 64, 75, 143, 144, 145, 4042, 4043, 4060, 4711] {
        scene().play(async move |world| {
            let logins = world.count("ReqUserLogin");
            world.fault(&format!("refuse what=ReqUserLogin error={code} text=words-{code}"));
            let (td, fault) = fault_of(world).await;
            let error = fault.server_error().expect("a refusal");
            assert_eq!(error.code, code, "{fault}");
            assert!(error.message.contains(&format!("words-{code}")), "{fault}");
            assert!(fault.to_string().contains(fault.hint()) && fault.hint().len() > 10, "{fault}");
            world.pass(Duration::from_secs(30)).await;
            assert_eq!(logins.seen(), 1, "{code}");
            td.close().await.expect("closed in time");
        });
    }
}

fn f26_a_wrong_password_is_tried_once() {
    scene().play(async |world| {
        let logins = world.count("ReqUserLogin");
        world.plan("F26-locked");
        let (td, fault) = fault_of(world).await;
        assert!(matches!(&fault, Fault::LoginRejected(error) if error.code == 3), "{fault}");
        assert!(fault.hint().contains("password"), "{}", fault.hint());
        for session in world.exchange.sessions().expect("sessions") {
            let _ = world.exchange.disconnect(session.session, 0x1001);
        }
        world.pass_by(Duration::from_secs(1_300), Duration::from_secs(1)).await;
        assert_eq!(logins.seen(), 1);
        td.close().await.expect("closed in time");
    });
}

fn f28_a_failed_authentication_stops_with_advice() {
    for (plan, code) in
        [("refuse what=ReqAuthenticate error=63", 63), ("refuse what=ReqUserLogin error=64", 64)]
    {
        scene().play(async move |world| {
            let (tried, logins) = (world.count("ReqAuthenticate"), world.count("ReqUserLogin"));
            world.fault(plan);
            let mut config = world.td_config();
            config.app_id = "client_1.0".into();
            config.auth_code = "0000000000000000".into();
            let td = TdClient::connect(config).await.expect("a client");
            let error = world.soon(td.ready()).await.expect_err("refused");
            let Error::Faulted(fault) = error else { panic!("{error}") };
            assert_eq!(fault.server_error().map(|error| error.code), Some(code), "{fault}");
            for word in ["app_id", "auth_code", "production", "test"] {
                assert!(fault.to_string().contains(word), "{word}: {fault}");
            }
            assert!(!fault.to_string().contains("0000000000000000"), "{fault}");
            world.pass_by(Duration::from_secs(120), Duration::from_millis(500)).await;
            assert_eq!((tried.seen(), logins.seen()), (1, u64::from(code == 64)));
            td.close().await.expect("closed in time");
        });
    }
}

fn f29_too_many_sessions_are_waited_out() {
    scene().set("sessions_per_user", "6").play(async |world| {
        let mut others = Vec::new();
        for number in 0..6 {
            let mut config = world.td_config();
            config.flow_dir = world.folder().join(number.to_string());
            let td = TdClient::connect(config).await.expect("a client");
            world.td_ready(&td).await;
            others.push(td);
        }
        let logins = world.count("ReqUserLogin");
        let td = world.connect_td().await;
        let mut states = States::new(td.state());
        world.pass_by(Duration::from_secs(120), Duration::from_millis(250)).await;
        let state = states.look();
        assert!(!state.is_ready() && !state.is_over(), "{state}");
        assert!(state.to_string().contains("60"), "{state}");
        assert!((2..=24).contains(&logins.seen()), "{} logins in two minutes", logins.seen());
        others.pop().expect("six").close().await.expect("closed in time");
        world.until("ready", Duration::from_secs(300), || states.look().is_ready().then_some(())).await;
        td.close().await.expect("closed in time");
        for other in others {
            other.close().await.expect("closed in time");
        }
    });
}

fn f31_a_front_of_another_kind_is_named() {
    scene().play(async |world| {
        let tried = world.count("ReqAuthenticate");
        world.plan("F31-handshake");
        let mut config = world.td_config();
        config.app_id = "client_1.0".into();
        config.auth_code = "0000000000000000".into();
        let td = TdClient::connect(config).await.expect("a client");
        let error = world.soon(td.ready()).await.expect_err("refused");
        let Error::Faulted(fault) = error else { panic!("{error}") };
        assert_eq!(fault.server_error().map(|error| error.code), Some(4040), "{fault}");
        assert!(fault.hint().contains("production"), "{fault}");
        world.pass(Duration::from_secs(30)).await;
        assert_eq!(tried.seen(), 1);
        td.close().await.expect("closed in time");
    });
}

fn f31_a_library_that_does_not_fit_is_refused() {
    scene().play(async |world| {
        let mut config = world.td_config();
        let trader = config.library.clone().expect("a library");
        config.library = world.md_config().library;
        let error = TdClient::connect(config).await.expect_err("no trader library");
        assert!(matches!(error, Error::Load(_)) && error.to_string().contains("market data"), "{error}");
        // A library that calls itself by a version without a model.
        let bytes = std::fs::read(&trader).expect("the facade");
        let (from, to) = (ctp::API_VERSION.as_bytes(), b"9.9.99".as_slice());
        let mut foreign = bytes.clone();
        for at in 0..bytes.len() - from.len() {
            if &bytes[at..at + from.len()] == from {
                foreign[at..at + to.len()].copy_from_slice(&to[..from.len().min(to.len())]);
            }
        }
        let path = world.folder().join("thosttraderapi_se.so");
        std::fs::write(&path, foreign).expect("written");
        let mut config = world.td_config();
        config.library = Some(path);
        let error = TdClient::connect(config).await.expect_err("no model");
        let said = error.to_string();
        assert!(matches!(error, Error::Load(_)), "{said}");
        assert!(said.contains("9.9.99") && said.contains(ctp::API_VERSION), "{said}");
        assert!(world.exchange.sessions().expect("sessions").is_empty());
    });
}

fn f25_a_password_that_worked_is_tried_three_times() {
    scene().play(async |world| {
        let td = world.td().await;
        let logins = world.count("ReqUserLogin");
        world.fault("refuse what=ReqUserLogin error=3");
        let session = world.exchange.sessions().expect("sessions")[0].session;
        world.exchange.disconnect(session, 0x1001).expect("disconnected");
        let (mut states, mut seen) = (States::new(td.state()), Vec::new());
        for minute in 0..60 {
            world.pass_by(Duration::from_secs(60), Duration::from_millis(500)).await;
            seen.push((minute, logins.seen()));
            if states.look().is_over() {
                break;
            }
        }
        // The one that was refused, and three tries after it.
        assert_eq!(logins.seen(), 1 + 3, "{seen:?}");
        assert!(
            matches!(states.look(), SessionState::Faulted(Fault::LoginRejected(ref error)) if error.code == 3)
        );
        assert!(seen.iter().all(|(minute, count)| *count <= 1 + (minute + 1) / 10), "{seen:?}");
        td.close().await.expect("closed in time");
    });
}

fn f27_a_password_is_changed_on_the_same_connection() {
    for (state, code) in [("first-login", 140), ("weak", 131), ("out-of-date", 141)] {
        scene().play(async move |world| {
            let (logins, connected) = (world.count("ReqUserLogin"), world.count("OnFrontConnected"));
            world.exchange.command(&format!("user {USER} {state}")).expect("such a user");
            let td = world.connect_td().await;
            let mut states = States::new(td.state());
            let fault = world.until("the demand of a new password", PATIENCE, || match states.look() {
                SessionState::Faulted(fault @ Fault::PasswordExpired(_)) => Some(fault),
                state => {
                    assert!(!state.is_over() && !state.is_ready(), "{state}");
                    None
                }
            });
            let fault = fault.await;
            assert_eq!(fault.server_error().map(|error| error.code), Some(code));
            assert!(fault.to_string().contains("change_password"), "{fault}");
            world.pass(Duration::from_secs(30)).await;
            assert_eq!(logins.seen(), 1, "nothing is tried meanwhile");
            world.soon(td.change_password("an0ther-Secret")).await.expect("changed");
            world.td_ready(&td).await;
            assert_eq!((logins.seen(), connected.seen()), (2, 1));
            assert!(!format!("{td:?} {fault:?}").contains("an0ther"));
            td.close().await.expect("closed in time");
            // The old one is gone.
            let old = world.connect_td().await;
            let error = world.soon(old.ready()).await.expect_err("the old password");
            assert!(
                matches!(error, Error::Faulted(Fault::LoginRejected(ref error)) if error.code == 3),
                "{error}"
            );
            old.close().await.expect("closed in time");
        });
    }
}

fn f27_a_code_by_text_message_is_given() {
    scene().set("sms_login", "on").set("sms_mobile", "13912345678").play(async |world| {
        let td = world.connect_td().await;
        let mut states = States::new(td.state());
        world
            .until("the demand of a code", PATIENCE, || match states.look() {
                SessionState::LoggingIn(attempt) if attempt.awaits_sms_code => Some(()),
                state => {
                    assert!(!state.is_over() && !state.is_ready(), "{state}");
                    None
                }
            })
            .await;
        let shown = states.look().to_string();
        assert!(shown.contains("log_in_with_sms_code"), "{shown}");
        world.soon(td.request_sms_code("13912345678")).await.expect("a code is on its way");
        world.soon(td.log_in_with_sms_code("345678")).await.expect("given");
        world.td_ready(&td).await;
        td.close().await.expect("closed in time");
    });
}
