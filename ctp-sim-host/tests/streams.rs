//! What an instance does with its streams: RESUME from the flow file, and a client that does not read.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ctp_sim_host::{
    ApiKind, Config, Instance, InstanceOptions, ManualClock, Simulator, SubscriptionChange, Timestamp, Topic,
};
use ctp_types::{
    InputOrderField, InstrumentField, MdRequest, QryInstrumentField, RecordBox, ReqUserLoginField,
    ResumeType, RspUserLoginField, SettlementInfoConfirmField, Text, TraderRequest,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A callback's name, record and number.
type Seen = (&'static str, Option<RecordBox>, i32);

fn client(kind: ApiKind, version: (u16, u16, u16), flow: &Path, front: &str) -> (Instance, Receiver<Seen>) {
    let (seen_tx, seen) = mpsc::channel();
    let mut options = InstanceOptions::new(kind, flow);
    options.api_version = version;
    let instance = Instance::new(options, move |callback| {
        // A test that has ended no longer listens.
        drop(seen_tx.send((callback.method.name(), callback.record.cloned(), callback.number)));
    });
    instance.register_front(front);
    (instance, seen)
}

/// Waits for a callback and skips all others.
fn next(seen: &Receiver<Seen>, name: &str) -> Seen {
    loop {
        match seen.recv_timeout(PATIENCE) {
            Ok(seen) if seen.0 == name => return seen,
            Ok(_) => {}
            Err(_) => panic!("{name} did not come"),
        }
    }
}

fn credentials() -> RecordBox {
    let mut login = ReqUserLoginField::default();
    login.broker_id.set("9999").unwrap();
    login.user_id.set("streams").unwrap();
    login.password.set("simulator").unwrap();
    RecordBox::new(&login)
}

/// Logs a trader in and confirms its settlement, and returns the pushes that came meanwhile.
fn log_in(trader: &Instance, seen: &Receiver<Seen>) -> Vec<&'static str> {
    next(seen, "OnFrontConnected");
    assert_eq!(trader.trader_request(TraderRequest::ReqUserLogin, credentials(), 1), 0);
    let (_, answer, _) = next(seen, "OnRspUserLogin");
    assert!(answer.unwrap().get::<RspUserLoginField>().is_some());
    let mut confirm = SettlementInfoConfirmField::default();
    confirm.broker_id.set("9999").unwrap();
    confirm.investor_id.set("streams").unwrap();
    let code = trader.trader_request(TraderRequest::ReqSettlementInfoConfirm, RecordBox::new(&confirm), 2);
    assert_eq!(code, 0);
    let mut pushes = Vec::new();
    loop {
        match seen.recv_timeout(PATIENCE).unwrap().0 {
            "OnRspSettlementInfoConfirm" => return pushes,
            "OnRtnInstrumentStatus" => {}
            name => pushes.push(name),
        }
    }
}

/// Returns the ids of every listed instrument.
fn instruments(trader: &Instance, seen: &Receiver<Seen>) -> Vec<Text<81>> {
    let query = RecordBox::new(&QryInstrumentField::default());
    assert_eq!(trader.trader_request(TraderRequest::ReqQryInstrument, query, 3), 0);
    let mut ids = Vec::new();
    while ids.len() < 50 {
        let (_, record, _) = next(seen, "OnRspQryInstrument");
        ids.push(record.unwrap().get::<InstrumentField>().unwrap().instrument_id);
    }
    ids
}

/// Sends an order that the core refuses, which is one message of the private stream.
fn refused_order(trader: &Instance, seen: &Receiver<Seen>) {
    let mut order = InputOrderField { limit_price: 1.0, volume_total_original: 1, ..Default::default() };
    order.broker_id.set("9999").unwrap();
    order.investor_id.set("streams").unwrap();
    order.user_id.set("streams").unwrap();
    order.instrument_id.set("nothing").unwrap();
    assert_eq!(trader.trader_request(TraderRequest::ReqOrderInsert, RecordBox::new(&order), 4), 0);
    next(seen, "OnErrRtnOrderInsert");
}

#[test]
fn resume_continues_after_what_the_flow_file_counts() {
    for (version, front) in [((6, 7, 13), "sim://streams-new"), ((6, 3, 15), "sim://streams-old")] {
        let folder = tempfile::tempdir().unwrap();
        let trader = |flow: &str, resume| {
            let (trader, seen) = client(ApiKind::Trader, version, &folder.path().join(flow), front);
            trader.subscribe_topic(Topic::Private, resume, 1);
            trader.subscribe_topic(Topic::Public, ResumeType::Quick, 1);
            trader.init();
            let pushes = log_in(&trader, &seen);
            let messages = pushes.iter().filter(|name| **name != "OnRtnPrivateSeqNo").count();
            (trader, seen, messages)
        };
        let (first, seen, messages) = trader("first_", ResumeType::Resume);
        assert_eq!(messages, 0, "a new day");
        refused_order(&first, &seen);
        refused_order(&first, &seen);
        first.release();

        let (other, seen, messages) = trader("other_", ResumeType::Restart);
        assert_eq!(messages, 2, "RESTART brings the whole day");
        refused_order(&other, &seen);
        other.release();

        let (_first, _, messages) = trader("first_", ResumeType::Resume);
        assert_eq!(messages, 1, "RESUME brings what was missed");
        let (_other, _, messages) = trader("other_", ResumeType::Resume);
        assert_eq!(messages, 0, "RESUME after RESTART has all");
        let (_third, _, messages) = trader("third_", ResumeType::FromSeqNo);
        assert_eq!(messages, 3, "from number 1");
    }
}

#[test]
fn a_client_that_does_not_read_is_disconnected() {
    const START: Timestamp = Timestamp(1_795_150_800_000_000_000);
    let clock = Arc::new(ManualClock::new(START));
    let exchange = Simulator::start("streams-slow", Config::starting_at(START), Arc::clone(&clock)).unwrap();
    let front = "sim://streams-slow";
    let folder = tempfile::tempdir().unwrap();
    let (trader, trader_seen) = client(ApiKind::Trader, (6, 7, 13), &folder.path().join("td_"), front);
    let stop = Arc::new(AtomicBool::new(false));
    let (ticking, ticked_clock, ticked) = (Arc::clone(&stop), Arc::clone(&clock), exchange.clone());
    let ticker = thread::spawn(move || {
        while !ticking.load(Ordering::SeqCst) {
            ticked_clock.advance(Duration::from_millis(100));
            ticked.wake();
            thread::sleep(Duration::from_micros(100));
        }
    });
    trader.init();
    log_in(&trader, &trader_seen);
    let ids = instruments(&trader, &trader_seen);

    let door = Arc::new(Mutex::new(()));
    let closed = door.lock().unwrap();
    let (seen_tx, seen) = mpsc::channel();
    let inside = Arc::clone(&door);
    let md = Instance::new(InstanceOptions::new(ApiKind::Md, folder.path().join("md_")), move |callback| {
        let name = callback.method.name();
        seen_tx.send((name, None, callback.number)).unwrap();
        if name == "OnRtnDepthMarketData" {
            drop(inside.lock());
        }
    });
    md.register_front(front);
    md.init();
    next(&seen, "OnFrontConnected");
    assert_eq!(md.md_request(MdRequest::ReqUserLogin, credentials(), 1), 0);
    next(&seen, "OnRspUserLogin");
    assert_eq!(md.change_subscription(SubscriptionChange::Subscribe, ids), 0);
    next(&seen, "OnRtnDepthMarketData");
    // Until the front gives the client up, requests are taken; the exchange ticks on meanwhile.
    while md.waiting() < 10_000 {
        thread::yield_now();
    }
    drop(closed);
    let (_, _, reason) = next(&seen, "OnFrontDisconnected");
    assert_eq!(reason, 0x1001);
    next(&seen, "OnFrontConnected");
    stop.store(true, Ordering::SeqCst);
    ticker.join().unwrap();
}
