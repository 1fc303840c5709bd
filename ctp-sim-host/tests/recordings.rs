//! Recordings of ticks behind a front address.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use ctp_sim_host::scenario::{Direct, parse_file, run};
use ctp_sim_host::{
    ApiKind, FrontAddress, Instance, InstanceOptions, RecordingError, Simulator, StartError,
    SubscriptionChange,
};
use ctp_types::{DepthMarketDataField, MdRequest, RecordBox, ReqUserLoginField, Text};

/// How long a test waits for something that must come. Never a measure of speed.
const PATIENCE: Duration = Duration::from_secs(20);

const RECORDING: &str = "InstrumentID,TradingDay,ActionDay,UpdateTime,LastPrice,Volume,BidPrice1,BidVolume1,Colour\n\
    rb2701,20261123,20261123,10:00:02,3201,1,3200,7,red\n\
    rb2701,20261123,20261123,10:00:03,3202,3,3201,7,red\n";

fn address(text: &str) -> ctp_sim_host::SimulatorAddress {
    match text.parse() {
        Ok(FrontAddress::Simulator(address)) => address,
        other => panic!("{text} became {other:?}"),
    }
}

/// Returns price and time of the first `count` ticks of rb2701 that traded.
fn ticks(front: &str, flow: &Path, count: usize) -> Vec<(f64, String)> {
    let (sender, received) = mpsc::channel();
    let (done, is_done) = mpsc::channel();
    let options = InstanceOptions::new(ApiKind::Md, flow.join("md_"));
    let md = Instance::new(options, move |callback| {
        let tick = callback.record.and_then(|record| record.get::<DepthMarketDataField>());
        let news = tick.map(|tick| (tick.last_price, tick.volume, tick.update_time.to_string()));
        drop(sender.send((callback.method.name(), news)));
        // The exchange waits for callbacks, not for other threads: this one returns when its request was made.
        let _ = is_done.recv_timeout(PATIENCE);
    });
    md.register_front(front);
    md.init();
    let mut seen = Vec::new();
    while seen.len() < count {
        let (callback, tick) = received.recv_timeout(PATIENCE).expect("a callback");
        match callback {
            "OnFrontConnected" => {
                let login = RecordBox::new(&ReqUserLoginField::default());
                assert_eq!(md.md_request(MdRequest::ReqUserLogin, login, 1), 0);
            }
            "OnRspUserLogin" => {
                let rb = vec![Text::new("rb2701").expect("an id")];
                assert_eq!(md.change_subscription(SubscriptionChange::Subscribe, rb), 0);
            }
            _ => seen.extend(tick.filter(|tick| tick.1 > 0).map(|(price, _, time)| (price, time))),
        }
        done.send(()).expect("a callback that waits");
    }
    drop(done);
    md.release();
    seen
}

#[test]
fn a_recording_is_played_at_its_own_times() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ticks.csv");
    std::fs::write(&path, RECORDING).expect("a file");
    let front = format!(
        "sim://recordings-own?clock=virtual&speed=max&start=2026-11-23T10:00:00&crowd=off&replay={}",
        path.display()
    );
    let exchange = Simulator::open(&address(&front)).expect("an exchange");
    let start = exchange.now();
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(exchange.now(), start, "nobody is connected: time stands, whatever is due");
    let seen = ticks(&front, folder.path(), 2);
    assert_eq!(seen, [(3201.0, "10:00:02".to_owned()), (3202.0, "10:00:03".to_owned())]);
}

#[test]
fn what_is_wrong_with_a_recording_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ticks.csv");
    let open = |name: &str| Simulator::open(&address(&format!("sim://{name}?replay={}", path.display())));
    let missing = open("recordings-missing").expect_err("no file");
    assert!(matches!(missing, StartError::Recording(RecordingError::Read { .. })), "{missing}");
    assert!(missing.to_string().contains("ticks.csv"), "{missing}");
    std::fs::write(&path, RECORDING.replace("3202", "dear")).expect("a file");
    let wrong = open("recordings-wrong").expect_err("no price").to_string();
    for part in ["ticks.csv", "line 3", "LastPrice", "dear"] {
        assert!(wrong.contains(part), "{wrong}");
    }
    assert!("sim://recordings?replay=".parse::<FrontAddress>().is_err());
}

#[test]
fn a_scenario_plays_a_recording_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("ticks.csv"), RECORDING).expect("a file");
    let file = folder.path().join("played.txt");
    let file = file.to_str().expect("a path");
    let text = "section: §4\nquote: a recording\nconfig: crowd=off products=rb options=off replay=ticks.csv\n\
        md feed\nfeed > subscribe rb2701\nfeed < ...\nsim > until 10:00:05\n\
        feed << tick rb2701 LastPrice=3201 UpdateTime=10:00:02\nfeed << tick rb2701 LastPrice=3202 BidVolume1=7\n";
    let target = Direct { version: (6, 7, 13) };
    let report = run(&parse_file(file, text).expect("a scenario"), &target);
    assert!(report.failures.is_empty() && report.rows == 1, "{:?}", report.failures);
    let missing = parse_file(file, &text.replace("ticks.csv", "nothing.csv")).expect("a scenario");
    let failures = run(&missing, &target).failures;
    assert!(failures[0].problem.contains("nothing.csv"), "{failures:?}");
    assert!(parse_file(file, &text.replace("ticks.csv", "")).is_err());
}
