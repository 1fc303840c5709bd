//! All families in one process, on one simulated exchange: each logs in through its own library; mini and sopt are
//! told that their other requests are not supported.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use ctp_types::RecordBox;

const FRONT: &str = "sim://families?seed=7";
const CLOSE: Duration = Duration::from_secs(5);
/// How long a callback may take before the test says that it does not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A callback, copied.
#[derive(Debug)]
struct Seen {
    name: &'static str,
    record: Option<RecordBox>,
    error_id: Option<i32>,
    number: i32,
    is_last: bool,
}

struct Recorder(Mutex<mpsc::Sender<Seen>>);

macro_rules! recorder_of {
    ($($family:ident)*) => {$(
        impl ctp_sys::$family::TraderSpi for Recorder {
            fn deliver(&self, event: ctp_sys::$family::TraderEvent<'_>) {
                let seen = Seen {
                    name: event.callback.name(),
                    record: event.record.map(|record| record.to_owned()),
                    error_id: event.rsp_info.map(|info| info.error_id),
                    number: event.number,
                    is_last: event.is_last,
                };
                // The test may have ended.
                let _ = self.0.lock().expect("no panic while sending").send(seen);
            }
        }
    )*};
}

recorder_of! { se mini sopt }

/// Waits for the next callback called `name`, and drops those before it.
fn wait(seen: &mpsc::Receiver<Seen>, name: &str) -> Seen {
    loop {
        let next = seen.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{name} does not come"));
        if next.name == name {
            return next;
        }
    }
}

/// Logs a trader of a family in through the facade of `version` and returns its API and callbacks.
macro_rules! logged_in {
    ($family:ident, $types:path, $version:expr) => {{
        use $types as types;
        let libraries = ctp_sys::$family::find_simulator($version).unwrap_or_else(|error| panic!("{error}"));
        let library = ctp_sys::$family::TraderLibrary::open(&libraries.trader).expect("the facade");
        assert!(library.is_simulator());
        let flow = tempfile::tempdir().expect("a temporary folder");
        let options = ctp_sys::$family::TraderOptions::new(flow.path().join("td"));
        let api = library.create(&options).expect("an API object");
        let (sender, seen) = mpsc::channel();
        api.register_spi(Arc::new(Recorder(Mutex::new(sender)))).expect("registered");
        api.register_front(FRONT).expect("a simulator front");
        api.init().expect("initialised");
        wait(&seen, "OnFrontConnected");
        let login = types::ReqUserLoginField {
            broker_id: "9999".try_into().expect("short ASCII"),
            user_id: "families".try_into().expect("short ASCII"),
            password: "simulator".try_into().expect("short ASCII"),
            ..Default::default()
        };
        api.req_user_login(&login, 1).expect("sent");
        let answer = wait(&seen, "OnRspUserLogin");
        assert_eq!(answer.error_id, Some(0), "{}", $version);
        let answer = answer.record.expect("a login has a record");
        let answer: &types::RspUserLoginField = answer.get().expect("the login's own record");
        assert_eq!((&*answer.broker_id.to_str(), &*answer.user_id.to_str()), ("9999", "families"));
        assert_eq!(api.trading_day().as_deref(), Ok(&*answer.trading_day.to_str()));
        (api, seen, flow)
    }};
}

/// Waits for an answer that says "not supported": `error_id` 27, or `None` for an empty result.
fn wait_unsupported(seen: &mpsc::Receiver<Seen>, name: &str, error_id: Option<i32>, number: i32) {
    let answer = wait(seen, name);
    assert!(answer.record.is_none() && answer.is_last, "{answer:?}");
    assert_eq!((answer.error_id, answer.number), (error_id, number));
}

#[test]
fn each_family_logs_in_through_its_own_library() {
    let (se, _seen, _flow) = logged_in!(se, ctp_types, ctp_types::API_VERSION);

    for version in ctp_sys::mini::supported_versions() {
        let (mini, seen, _flow) = logged_in!(mini, ctp_types::mini, version);
        mini.req_qry_trading_account(&Default::default(), 2).expect("sent");
        wait_unsupported(&seen, "OnRspQryTradingAccount", None, 2);
        mini.req_order_insert(&Default::default(), 3).expect("sent");
        wait_unsupported(&seen, "OnRspOrderInsert", Some(27), 3);
        mini.close(CLOSE).expect("closed in time");
    }

    for version in ctp_sys::sopt::supported_versions() {
        let (sopt, seen, _flow) = logged_in!(sopt, ctp_types::sopt, version);
        sopt.req_qry_limit_posi(&Default::default(), 2).expect("sent");
        wait_unsupported(&seen, "OnRspQryLimitPosi", None, 2);
        sopt.req_lock_insert(&Default::default(), 3).expect("sent");
        wait_unsupported(&seen, "OnRspLockInsert", Some(27), 3);
        sopt.close(CLOSE).expect("closed in time");
    }

    se.close(CLOSE).expect("closed in time");
}
