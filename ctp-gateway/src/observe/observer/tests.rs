use std::collections::{BTreeMap, BTreeSet};

use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use super::*;
use crate::metrics::{Kind, TABLE};
use crate::state::Login;

/// A session whose inputs and outputs say directly what they are about.
enum Plain {}

impl Observed for Plain {
    type Input = Heard;
    type Output = Told<'static>;

    fn heard(input: &Heard) -> Heard {
        input.clone()
    }

    fn told(output: &Told<'static>) -> Told<'static> {
        *output
    }

    fn name(_: &Heard) -> &'static str {
        "plain"
    }

    fn instrument(_: &Heard) -> Option<String> {
        None
    }
}

fn subject() -> Subject {
    Subject {
        session: SessionKind::Td,
        broker_id: "9999".to_owned(),
        user_id: "000001".to_owned(),
        fronts: "tcp://1.2.3.4:5".to_owned(),
        library: "v6.7.13".to_owned(),
    }
}

fn at(unix_ns: i64) -> Now {
    Now { instant: Instant::now(), unix_ns }
}

fn leak(state: SessionState) -> &'static SessionState {
    Box::leak(Box::new(state))
}

/// Lets everything happen once.
fn a_day(observer: &mut Observer) {
    let callback = |name, about| Heard::Callback { name, received_ns: Some(1_000), about };
    let waiting = Waiting { callbacks: 3, commands: 1, queries: 2, requests: 1 };
    let refusal = RspInfoField { error_id: 7, ..RspInfoField::default() };
    let inputs = [
        callback("OnFrontConnected", About::Other),
        callback("OnRspUserLogin", About::answer(true, Some(&refusal))),
        callback("OnRspQryTrade", About::answer(false, Some(&refusal))),
        callback("OnFrontDisconnected", About::disconnect(0x2001)),
        Heard::Command,
        Heard::NotTaken(not_taken(&SendRefusal::TooFast)),
        Heard::Other,
    ];
    for input in &inputs {
        observer.before::<Plain>(at(3_000), input, waiting);
        let took = observer.took();
        observer.after::<Plain>(at(3_000), took, &[]);
    }
    let login =
        Arc::new(Login { trading_day: ctp_types::Text::new("20261123").unwrap(), ..Login::default() });
    let outputs = [
        Told::State(leak(SessionState::Recovering(Arc::clone(&login)))),
        Told::State(leak(SessionState::Ready(login))),
        Told::Event("order"),
        Told::Attempt("ReqQryTrade"),
        Told::Ended {
            request: "ReqQryTrade",
            outcome: "confirmed",
            waited: Duration::from_millis(1_500),
            paced: Duration::from_millis(500),
        },
        Told::Watchdog("market_silent"),
        Told::State(leak(SessionState::Reconnecting(DisconnectReason(1).into()))),
        Told::State(leak(SessionState::Faulted(crate::state::Fault::Panicked {
            callback: "OnRtnOrder",
            message: "x".into(),
        }))),
        Told::Other,
    ];
    observer.before::<Plain>(at(5_000), &Heard::Other, waiting);
    let took = observer.took();
    observer.after::<Plain>(at(5_000), took, &outputs);
    observer.take_market_data(2, 100, 7);
    observer.tick_latencies().meter().take(1_000, || 2_000);
}

#[test]
fn every_metric_of_the_table_is_emitted_as_it_says_and_no_other() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let progress = Arc::new(Progress::default());
    progress.steps.store(4, Ordering::Relaxed);
    metrics::with_local_recorder(&recorder, || {
        crate::metrics::describe();
        a_day(&mut Observer::new(subject(), 0, Some(Arc::clone(&progress))));
        crate::td::meter::tests::a_day();
        crate::td::dials::tests::a_day();
    });
    let snapshot = snapshotter.snapshot().into_vec();
    let mut emitted = BTreeMap::new();
    for (key, _, description, value) in &snapshot {
        let kind = match value {
            DebugValue::Counter(_) => Kind::Counter,
            DebugValue::Gauge(_) => Kind::Gauge,
            DebugValue::Histogram(_) => Kind::Histogram,
        };
        assert!(description.is_some(), "{} has no description", key.key().name());
        let labels: BTreeSet<&str> = key.key().labels().map(|label| label.key()).collect();
        assert!(labels.contains("session") && labels.contains("account"), "{key:?}");
        emitted.insert(key.key().name().to_owned(), (kind, labels));
    }
    for metric in TABLE {
        let (kind, labels) =
            emitted.remove(metric.name).unwrap_or_else(|| panic!("{} is never emitted", metric.name));
        assert_eq!(kind, metric.kind, "{}", metric.name);
        let expected: BTreeSet<&str> = metric.labels.iter().copied().chain(["session", "account"]).collect();
        assert_eq!(labels, expected, "{}", metric.name);
    }
    assert!(emitted.is_empty(), "not in the table: {emitted:?}");
}

#[test]
fn health_tells_what_happened() {
    let mut observer = Observer::new(subject(), 1, None);
    let vitals = observer.vitals();
    assert_eq!(vitals.health().state, "connecting");
    a_day(&mut observer);
    let health = vitals.health();
    assert_eq!((health.logins, health.disconnects, health.callbacks), (1, 1, 4));
    assert_eq!(health.trading_day, "20261123");
    assert!(
        health.last_refusal.as_ref().is_some_and(|refusal| refusal.what.contains("error 7")),
        "{health:?}"
    );
    assert!(health.last_disconnect.as_ref().is_some_and(|link| link.what.contains("120 s")), "{health:?}");
    assert_eq!(health.watchdogs.keys().collect::<Vec<_>>(), ["market_silent"]);
    assert_eq!(health.requests.get("confirmed"), Some(&1));
    assert!(health.state == "faulted" && !health.is_ready && !health.is_usable);
    assert_eq!((health.state_since_ns, health.last_callback_ns), (5_000, Some(3_000)));
    assert_eq!(health.waiting.queries, 2);
    assert_eq!(vitals.subscriptions(), 2);
    let json = serde_json::to_value(&health).unwrap();
    assert_eq!(json["session"], "td");
    assert_eq!(json["waiting"]["callbacks"], 3);
}
