//! What those who watch an exchange read.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod client;

use std::time::Duration;

use client::{Client, PATIENCE};
use ctp_sim_host::{ApiKind, Config, Notice, Simulator, Timestamp, VirtualClock};
use ctp_types::Direction;

#[test]
fn clients_orders_and_trades_are_noted_once() {
    let start = Timestamp::from_china("2026-11-23 10:00:00").unwrap();
    let simulator =
        Simulator::start("notices", Config::starting_at(start), VirtualClock::new(start, 1.0)).unwrap();
    let mut watcher = simulator.watch();
    assert_eq!(watcher.next(Duration::ZERO), []);
    let front = "sim://notices";
    let mut one = Client::start(ApiKind::Trader, front, "one");
    one.log_in();
    let instrument = one.instrument("rb2705");
    assert_eq!(instrument.exchange_id.to_str(), "SHFE");
    one.order("rb2705", "SHFE", Direction::BUY, 1e6);
    one.order("rb2705", "SHFE", Direction::BUY, limit(&simulator, "UpperLimitPrice"));
    one.next("OnRtnTrade");
    // A second client of the same investor is told the same day again, which is no news.
    let other = Client::start(ApiKind::Trader, front, "one");
    other.log_in();
    one.instance.release();
    let mut notices = Vec::new();
    while !notices.iter().any(|notice| matches!(notice, Notice::Left { .. })) {
        let more = watcher.next(PATIENCE);
        assert_eq!(more.first().map(|noted| noted.number), Some(notices.len() as u64 + 1), "{notices:?}");
        notices.extend(more.into_iter().map(|noted| noted.notice));
    }
    let count = |wanted: fn(&Notice) -> bool| notices.iter().filter(|notice| wanted(notice)).count();
    assert_eq!(count(|notice| matches!(notice, Notice::Connected { api: "trader", .. })), 2);
    assert_eq!(count(|notice| matches!(notice, Notice::LoggedIn { user, .. } if user == "one")), 2);
    assert_eq!(count(|notice| matches!(notice, Notice::Trade { .. })), 1, "{notices:#?}");
    assert_eq!(count(|notice| matches!(notice, Notice::Order { status: "filled", .. })), 1, "{notices:#?}");
    let log = simulator.log(0, 100);
    assert_eq!(
        log.iter().map(|line| line.kind.as_str()).collect::<Vec<_>>(),
        ["session", "login", "refusal", "session", "login", "session"],
        "the log has no orders and no trades: {log:#?}"
    );
    let line = serde_json::to_string(&simulator.watch().next(Duration::ZERO)[0]).unwrap();
    assert!(line.contains(r#""event":"connected""#) && line.contains(r#""number":1"#), "{line}");
    simulator.end();
}

fn limit(simulator: &Simulator, name: &str) -> f64 {
    let fields = simulator.instrument("rb2705").unwrap();
    fields.iter().find(|(key, _)| key == name).unwrap().1.parse().unwrap()
}
