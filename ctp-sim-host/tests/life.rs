//! The life of an instance: connect, reconnect, release, and who may call what when.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ctp_sim_host::{
    ApiKind, Clock, Config, FrontAddress, Instance, InstanceOptions, ManualClock, NOT_CONNECTED, Simulator,
    Timestamp,
};
use ctp_types::{RecordBox, ReqUserLoginField, TraderRequest, UserLogoutField};

/// 2026-11-20 13:00 in China.
const START: Timestamp = Timestamp(1_795_150_800_000_000_000);

/// How long a test waits for something that must come. Never a measure of speed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A callback, copied.
#[derive(Debug)]
struct Seen {
    name: &'static str,
    number: i32,
    is_last: bool,
    /// What the clock of the client showed.
    at: Timestamp,
}

/// An instance and what it received.
struct Client {
    instance: Instance,
    seen: Receiver<Seen>,
    _flow: tempfile::TempDir,
}

impl Client {
    /// Creates an instance of `version` that will connect to `front`.
    fn new(kind: ApiKind, version: (u16, u16, u16), front: &str) -> Self {
        Self::timed(kind, version, front, Arc::new(ManualClock::new(START)))
    }

    /// Creates an instance whose callbacks are stamped by `clock`.
    fn timed(kind: ApiKind, version: (u16, u16, u16), front: &str, clock: Arc<ManualClock>) -> Self {
        let flow = tempfile::tempdir().unwrap();
        let mut options = InstanceOptions::new(kind, flow.path().join("a_"));
        options.api_version = version;
        options.poison = true;
        let (seen_tx, seen) = mpsc::channel();
        let instance = Instance::new(options, move |callback| {
            // The public stream's replay is not this file's subject.
            if callback.method.name() == "OnRtnInstrumentStatus" {
                return;
            }
            // A test that has ended no longer listens.
            drop(seen_tx.send(Seen {
                name: callback.method.name(),
                number: callback.number,
                is_last: callback.is_last,
                at: clock.now(),
            }));
        });
        instance.register_front(front);
        Self { instance, seen, _flow: flow }
    }

    /// Waits for the next callback, which must be `name`.
    fn expect(&self, name: &str) -> Seen {
        let seen = self.seen.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{name} did not come"));
        assert_eq!(seen.name, name, "{seen:?}");
        seen
    }
}

fn login(instance: &Instance, request_id: i32) -> i32 {
    let mut login = ReqUserLoginField::default();
    login.broker_id.set("9999").unwrap();
    login.user_id.set("host").unwrap();
    login.password.set("simulator").unwrap();
    instance.trader_request(TraderRequest::ReqUserLogin, RecordBox::new(&login), request_id)
}

fn logout(instance: &Instance) -> i32 {
    let mut logout = UserLogoutField::default();
    logout.broker_id.set("9999").unwrap();
    logout.user_id.set("host").unwrap();
    instance.trader_request(TraderRequest::ReqUserLogout, RecordBox::new(&logout), 99)
}

#[test]
fn requests_wait_for_the_connection() {
    let client = Client::new(ApiKind::Trader, (6, 7, 13), "sim://life-connect");
    assert_eq!(login(&client.instance, 1), NOT_CONNECTED);
    assert!(client.instance.front_info().front_addr.is_empty());
    client.instance.init();
    client.expect("OnFrontConnected");
    assert_eq!(client.instance.front_info().front_addr, "sim://life-connect");
    assert_eq!(client.instance.trading_day(), "19800100");
    assert_eq!(login(&client.instance, 7), 0);
    let answer = client.expect("OnRspUserLogin");
    assert_eq!((answer.number, answer.is_last), (7, true));
    assert_ne!(client.instance.trading_day(), "19800100");
    client.instance.release();
    assert_eq!(login(&client.instance, 8), NOT_CONNECTED);
}

#[test]
fn a_second_init_has_no_effect() {
    let client = Client::new(ApiKind::Md, (6, 7, 13), "sim://life-init");
    client.instance.init();
    client.instance.init();
    client.expect("OnFrontConnected");
    client.instance.release();
    client.instance.init();
    assert!(client.seen.try_recv().is_err());
}

#[test]
fn dead_and_bad_fronts_are_silent() {
    let client = Client::new(ApiKind::Md, (6, 7, 13), "tcp://127.0.0.1:1");
    client.instance.register_front("sim://");
    client.instance.register_front("nonsense");
    client.instance.init();
    client.instance.release();
    assert!(client.seen.try_recv().is_err());
}

#[test]
fn the_first_usable_front_wins() {
    let client = Client::new(ApiKind::Md, (6, 7, 13), "tcp://127.0.0.1:1");
    client.instance.register_front("sim://life-second");
    client.instance.register_front("sim://life-third");
    client.instance.init();
    client.expect("OnFrontConnected");
    assert_eq!(client.instance.front_info().front_addr, "sim://life-second");
}

#[test]
fn join_waits_for_the_release() {
    let client = Arc::new(Client::new(ApiKind::Md, (6, 7, 13), "sim://life-join").instance);
    client.init();
    let waiting = Arc::clone(&client);
    let joined = thread::spawn(move || waiting.join());
    client.release();
    client.release();
    assert_eq!(joined.join().unwrap(), 1);
}

#[test]
fn an_instance_without_init_is_released_too() {
    let client = Client::new(ApiKind::Md, (6, 7, 13), "sim://life-no-init");
    client.instance.release();
    assert_eq!(client.instance.join(), 1);
}

#[test]
fn a_callback_may_release_but_not_wait_for_itself() {
    let slot: Arc<Mutex<Option<Arc<Instance>>>> = Arc::default();
    let (told_tx, told) = mpsc::channel();
    let inside = Arc::clone(&slot);
    let folder = tempfile::tempdir().unwrap();
    let options = InstanceOptions::new(ApiKind::Trader, folder.path().join("a_"));
    let instance = Arc::new(Instance::new(options, move |callback| {
        let instance = inside.lock().unwrap().clone().unwrap();
        let joined = instance.join();
        let code = login(&instance, 1);
        instance.release();
        told_tx.send((callback.method.name(), joined, code)).unwrap();
    }));
    *slot.lock().unwrap() = Some(Arc::clone(&instance));
    instance.register_front("sim://life-inside");
    instance.init();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), ("OnFrontConnected", -1, 0));
    assert_eq!(instance.join(), 1);
    assert!(told.recv().is_err(), "the callback that released was the last");
    slot.lock().unwrap().take();
}

#[test]
fn a_panic_in_a_callback_ends_the_instance_only() {
    let folder = tempfile::tempdir().unwrap();
    let options = InstanceOptions::new(ApiKind::Trader, folder.path().join("a_"));
    let instance = Instance::new(options, |_| panic!("a client's bug, on purpose"));
    instance.register_front("sim://life-panic");
    instance.init();
    assert_eq!(instance.join(), 1);
    assert_eq!(login(&instance, 1), NOT_CONNECTED);
    let other = Client::new(ApiKind::Trader, (6, 7, 13), "sim://life-panic");
    other.instance.init();
    other.expect("OnFrontConnected");
}

/// Moves the clock by 100 ms at a time until the client has its next callback.
fn next_callback(client: &Client, clock: &ManualClock, exchange: &Simulator) -> Seen {
    for _ in 0..300 {
        clock.advance(Duration::from_millis(100));
        exchange.wake();
        if let Ok(seen) = client.seen.recv_timeout(Duration::from_millis(150)) {
            return seen;
        }
    }
    panic!("no callback in 30 s of the exchange");
}

#[test]
fn reconnect_waits_a_second_since_6_7_9_and_not_before() {
    let versions = [((6, 7, 13), true), ((6, 7, 9), true), ((6, 7, 8), false), ((6, 3, 15), false)];
    for (version, waits) in versions {
        let name = format!("life-reconnect-{}", version.2);
        let clock = Arc::new(ManualClock::new(START));
        let exchange = Simulator::start(&name, Config::starting_at(START), Arc::clone(&clock)).unwrap();
        let front = format!("sim://{name}");
        let client = Client::timed(ApiKind::Trader, version, &front, Arc::clone(&clock));
        client.instance.init();
        let next = || next_callback(&client, &clock, &exchange);
        assert_eq!(next().name, "OnFrontConnected");
        assert_eq!(login(&client.instance, 1), 0);
        assert_eq!(next().name, "OnRspUserLogin");
        assert_eq!(logout(&client.instance), 0);
        let left = loop {
            let seen = next();
            match seen.name {
                "OnFrontDisconnected" => break seen.at,
                "OnRspUserLogout" => {}
                other => panic!("{other} before the disconnect"),
            }
        };
        if waits {
            assert_eq!(login(&client.instance, 2), NOT_CONNECTED);
        }
        let back = next();
        assert_eq!(back.name, "OnFrontConnected");
        assert_eq!(back.at >= left.after(Duration::from_secs(1)), waits, "{version:?}");
    }
}

#[test]
fn one_name_is_one_exchange() {
    let parse = |text: &str| match text.parse() {
        Ok(FrontAddress::Simulator(address)) => address,
        other => panic!("{other:?}"),
    };
    let first = Simulator::open(&parse("sim://life-name?seed=5")).unwrap();
    assert_eq!(first.name(), "life-name");
    Simulator::open(&parse("sim://life-name")).unwrap();
    Simulator::open(&parse("sim://life-name?clock=real&seed=5")).unwrap();
    let refused = Simulator::open(&parse("sim://life-name?seed=6")).unwrap_err();
    assert!(refused.to_string().contains("seed=5"), "{refused}");
    let taken = Simulator::start("life-name", Config::starting_at(START), ManualClock::new(START));
    assert!(taken.unwrap_err().to_string().contains("life-name"));
}
