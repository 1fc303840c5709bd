//! The clocks behind a front address.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::sync::{Arc, OnceLock, Weak, mpsc};
use std::time::Duration;

use ctp_sim_host::{
    ApiKind, FrontAddress, Instance, InstanceOptions, Simulator, SubscriptionChange, Timestamp,
};
use ctp_types::{DepthMarketDataField, MdRequest, RecordBox, ReqUserLoginField, Text};

/// How long a test waits for something that must come. Never a measure of speed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A callback as a client saw it: the tick's time, and the exchange's time before and after the callback idled.
struct Seen {
    method: &'static str,
    tick: Option<String>,
    before: Timestamp,
    after: Timestamp,
}

fn open(front: &str) -> Simulator {
    match front.parse() {
        Ok(FrontAddress::Simulator(address)) => Simulator::open(&address).unwrap(),
        other => panic!("{front} became {other:?}"),
    }
}

fn log_in(md: &Instance) {
    let mut login = ReqUserLoginField::default();
    login.user_id.set("clock").unwrap();
    login.password.set("simulator").unwrap();
    assert_eq!(md.md_request(MdRequest::ReqUserLogin, RecordBox::new(&login), 1), 0);
}

fn change(md: &Instance, change: SubscriptionChange) -> i32 {
    md.change_subscription(change, vec![Text::new("rb2701").unwrap()])
}

/// Starts a market-data client that idles in each of its first `idles` callbacks, and does `then` at the end of every one.
fn client(
    exchange: &Simulator,
    flow: &std::path::Path,
    idles: u32,
    then: impl Fn(&Instance, &'static str) + Send + 'static,
) -> (Arc<Instance>, mpsc::Receiver<Seen>) {
    let (seen_tx, seen) = mpsc::channel();
    let clock = exchange.clone();
    let itself: Arc<OnceLock<Weak<Instance>>> = Arc::default();
    let known = Arc::clone(&itself);
    let mut count = 0_u32;
    let md = Instance::new(InstanceOptions::new(ApiKind::Md, flow.join("md_")), move |callback| {
        let before = clock.now();
        count += 1;
        if count <= idles {
            std::thread::sleep(Duration::from_micros(300));
        }
        let method = callback.method.name();
        let tick = callback.record.and_then(RecordBox::get::<DepthMarketDataField>);
        let tick = tick.map(|tick| tick.update_time.to_str().into_owned());
        if let Some(md) = known.get().and_then(Weak::upgrade) {
            then(&md, method);
        }
        // A test that has ended no longer listens.
        drop(seen_tx.send(Seen { method, tick, before, after: clock.now() }));
    });
    let md = Arc::new(md);
    itself.set(Arc::downgrade(&md)).unwrap();
    md.register_front(&format!("sim://{}", exchange.name()));
    md.init();
    (md, seen)
}

#[test]
fn as_fast_as_possible_waits_for_callbacks_only() {
    let exchange = open(
        "sim://clocks-max?clock=virtual&speed=max&start=2026-11-23T10:00:00&products=rb&latency=none&seed=4",
    );
    let start = exchange.now();
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(exchange.now(), start, "nobody is connected: nothing is due");

    let flow = tempfile::tempdir().unwrap();
    let (md, seen) = client(&exchange, flow.path(), 50, |md, method| match method {
        "OnFrontConnected" => log_in(md),
        "OnRspUserLogin" => assert_eq!(change(md, SubscriptionChange::Subscribe), 0),
        _ => {}
    });
    // An hour and a half of the exchange: the machine's clock would take as long.
    let mut connected = None;
    loop {
        let Seen { method, tick, before, after } = seen.recv_timeout(PATIENCE).unwrap();
        assert_eq!(before, after, "time stands while {method} runs");
        match method {
            // What is sent from inside a callback is answered at its very moment, where answers take no time.
            "OnFrontConnected" => connected = Some(before),
            "OnRspUserLogin" | "OnRspSubMarketData" => assert_eq!(Some(before), connected, "{method}"),
            _ if tick.is_some_and(|time| time.as_str() > "11:29:00") => break,
            _ => {}
        }
    }
    md.release();
}

#[test]
fn time_stands_in_callbacks_that_another_thread_brought_about() {
    let exchange = open(
        "sim://clocks-threads?clock=virtual&speed=max&start=2026-11-23T10:00:00&products=rb&latency=none&seed=4",
    );
    let flow = tempfile::tempdir().unwrap();
    let (md, seen) = client(&exchange, flow.path(), u32::MAX, |md, method| {
        if method == "OnFrontConnected" {
            log_in(md);
        }
    });
    while seen.recv_timeout(PATIENCE).unwrap().method != "OnRspUserLogin" {}
    let mut moved = 0;
    for round in 0..300 {
        let (wanted, answer) = match round % 2 {
            0 => (SubscriptionChange::Subscribe, "OnRspSubMarketData"),
            _ => (SubscriptionChange::Unsubscribe, "OnRspUnSubMarketData"),
        };
        // Where a day ends while this thread stands still the client may be away: it need not hear of this round.
        if change(&md, wanted) != 0 {
            continue;
        }
        loop {
            let Seen { method, before, after, .. } = seen.recv_timeout(PATIENCE).unwrap();
            moved += u32::from(before != after);
            if [answer, "OnRspError", "OnFrontDisconnected"].contains(&method) {
                break;
            }
        }
    }
    assert_eq!(moved, 0, "callbacks in which time did not stand");
    md.release();
}

#[test]
fn an_address_says_when_a_virtual_clock_starts() {
    let exchange = open("sim://clocks-start?clock=virtual&start=2026-11-23T10:00:00");
    let start = 1_795_399_200_000_000_000;
    let now = exchange.now().0;
    assert!(now >= start, "{now}");
    let Ok(FrontAddress::Simulator(other)) = "sim://clocks-start?latency=none".parse() else {
        panic!("an address")
    };
    let refused = Simulator::open(&other).unwrap_err().to_string();
    assert!(refused.contains("clock=virtual&speed=1&start=2026-11-23T10:00:00&seed=1"), "{refused}");
}
