//! The clocks behind a front address.

use std::sync::mpsc;
use std::time::Duration;

use ctp_sim_host::{
    ApiKind, FrontAddress, Instance, InstanceOptions, Simulator, SubscriptionChange, Timestamp,
};
use ctp_types::{DepthMarketDataField, MdRequest, RecordBox, ReqUserLoginField, Text};

/// How long a test waits for something that must come. Never a measure of speed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A tick as a client saw it: its time, and the exchange's time before and after the callback idled.
struct Tick {
    time: String,
    before: Timestamp,
    after: Timestamp,
}

#[test]
fn as_fast_as_possible_waits_for_callbacks_only() {
    let front =
        "sim://clocks-max?clock=virtual&speed=max&start=2026-11-23T10:00:00&products=rb&latency=none&seed=4";
    let Ok(FrontAddress::Simulator(address)) = front.parse() else { panic!("{front}") };
    let exchange = Simulator::open(&address).unwrap();
    let start = exchange.now();
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(exchange.now(), start, "nobody is connected: nothing is due");

    let flow = tempfile::tempdir().unwrap();
    let (seen_tx, seen) = mpsc::channel();
    let clock = exchange.clone();
    let mut count = 0_u32;
    let md = Instance::new(InstanceOptions::new(ApiKind::Md, flow.path().join("md_")), move |callback| {
        let tick = callback.record.and_then(RecordBox::get::<DepthMarketDataField>).map(|tick| {
            let before = clock.now();
            count += 1;
            if count < 50 {
                std::thread::sleep(Duration::from_micros(300));
            }
            Tick { time: tick.update_time.to_str().into_owned(), before, after: clock.now() }
        });
        // A test that has ended no longer listens.
        drop(seen_tx.send((callback.method.name(), tick)));
    });
    md.register_front("sim://clocks-max");
    md.init();
    let next = || seen.recv_timeout(PATIENCE).unwrap();
    assert_eq!(next().0, "OnFrontConnected");
    let mut login = ReqUserLoginField::default();
    login.user_id.set("clock").unwrap();
    login.password.set("simulator").unwrap();
    assert_eq!(md.md_request(MdRequest::ReqUserLogin, RecordBox::new(&login), 1), 0);
    while next().0 != "OnRspUserLogin" {}
    let instruments = vec![Text::new("rb2701").unwrap()];
    assert_eq!(md.change_subscription(SubscriptionChange::Subscribe, instruments), 0);
    // An hour and a half of the exchange: the machine's clock would take as long.
    loop {
        if let Some(tick) = next().1 {
            assert_eq!(tick.before, tick.after, "time stands while a callback runs");
            if tick.time.as_str() > "11:29:00" {
                break;
            }
        }
    }
    md.release();
}

#[test]
fn an_address_says_when_a_virtual_clock_starts() {
    let parse = |text: &str| match text.parse() {
        Ok(FrontAddress::Simulator(address)) => address,
        other => panic!("{other:?}"),
    };
    let exchange =
        Simulator::open(&parse("sim://clocks-start?clock=virtual&start=2026-11-23T10:00:00")).unwrap();
    let start = 1_795_399_200_000_000_000;
    let now = exchange.now().0;
    assert!((start..start + 60_000_000_000).contains(&now), "{now}");
    let refused = Simulator::open(&parse("sim://clocks-start?latency=none")).unwrap_err().to_string();
    assert!(refused.contains("clock=virtual&speed=1&start=2026-11-23T10:00:00&seed=1"), "{refused}");
}
