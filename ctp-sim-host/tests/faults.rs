//! Ways in for plans of faults: a scenario's statement, and the address of an exchange.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use ctp_sim_host::scenario::{self, Direct};
use ctp_sim_host::{ApiKind, Instance, InstanceOptions, Simulator};

#[test]
fn scenarios_make_faults() {
    let text = "section: §2.5\nquote: words\nconfig: crowd=off products=rb\n\
        trader one\n\
        sim > fault drop what=OnRtnTrade client=one count=1\n\
        trader two\n\
        let price = 3300\n\
        sim > fault refuse what=ReqQryOrder error=90 count=1\n\
        one > ReqQryOrder\n\
        one < OnRspError error=90\n\
        sim > clear-faults\n\
        one > ReqQryOrder\n\
        one << OnRspQryOrder last\n\
        one < nothing\n";
    let scenario = scenario::parse(text).unwrap_or_else(|problems| panic!("{problems:?}"));
    let report = scenario::run(&scenario, &Direct { version: (6, 7, 13) });
    assert!(report.failures.is_empty(), "{}", report.failures[0]);
    let bad = text.replace("count=1\n", "colour=red\n");
    let scenario = scenario::parse(&bad).unwrap_or_else(|problems| panic!("{problems:?}"));
    let report = scenario::run(&scenario, &Direct { version: (6, 7, 13) });
    assert!(report.failures[0].to_string().contains("colour"), "{}", report.failures[0]);
}

#[test]
fn addresses_name_plans() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("closed.toml");
    std::fs::write(&path, "[[fault]]\ndo = \"refuse-connect\"\n[[fault]]\ndo = \"late-callbacks\"\n")
        .unwrap();
    let front = format!("sim://faults-address?faults={},random:7", path.display());
    let (seen_tx, seen) = mpsc::channel();
    let options = InstanceOptions::new(ApiKind::Md, folder.path().join("a_"));
    let instance = Instance::new(options, move |callback| {
        // A test that has ended no longer listens.
        let _ = seen_tx.send(callback.method.name());
    });
    instance.register_front(&front);
    instance.init();
    assert!(seen.recv_timeout(Duration::from_millis(300)).is_err(), "nobody is let in");
    let exchange = Simulator::running("faults-address").unwrap();
    let plans = exchange.faults();
    assert_eq!((plans[0].name.as_str(), plans[1].name.as_str(), plans.len()), ("closed", "random-7", 2));
    assert_eq!(exchange.clear_faults(None), 2);
    assert_eq!(seen.recv_timeout(Duration::from_secs(20)), Ok("OnFrontConnected"));
    instance.release();
    exchange.end();

    // A plan that cannot be is a dead front, as any other option that cannot be.
    std::fs::write(&path, "[[fault]]\ndo = \"explode\"\n").unwrap();
    let address = format!("sim://faults-wrong?faults={}", path.display()).parse();
    let Ok(ctp_sim_host::FrontAddress::Simulator(address)) = address else { panic!("{address:?}") };
    let refused = Simulator::open(&address).unwrap_err().to_string();
    assert!(refused.contains("closed.toml:2") && refused.contains("explode"), "{refused}");
}

#[test]
fn callbacks_go_on_while_release_runs_and_not_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("late.toml");
    std::fs::write(&path, "[[fault]]\ndo = \"late-callbacks\"\nfor = \"2s\"\n").unwrap();
    let (seen_tx, seen) = mpsc::channel();
    let options = InstanceOptions::new(ApiKind::Trader, folder.path().join("a_"));
    let instance = Instance::new(options, move |callback| {
        // A test that has ended no longer listens.
        let _ = seen_tx.send((callback.method.name(), Instant::now()));
    });
    instance.register_front(&format!("sim://faults-late?faults={}", path.display()));
    instance.init();
    seen.recv_timeout(Duration::from_secs(20)).unwrap();
    Simulator::running("faults-late").unwrap().barrier(Duration::from_secs(20)).unwrap();
    let began = Instant::now();
    instance.release();
    let ended = Instant::now();
    let late: Vec<_> = seen.try_iter().collect();
    assert!(late.iter().any(|(name, at)| *name == "OnHeartBeatWarning" && *at >= began), "{late:?}");
    assert!(late.iter().all(|(_, at)| *at <= ended) && ended - began >= Duration::from_secs(2));
    std::thread::sleep(Duration::from_millis(50));
    assert!(seen.try_recv().is_err());
}
