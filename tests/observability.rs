//! What a program sees of a running gateway: metrics, log, health; and that no secret is in any of them.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ctp::capture::CaptureConfig;
use ctp::health::SessionHealth;
use ctp::metrics::{Kind, TABLE};
use ctp::sim::Exchange;
use ctp::types::{Direction, OffsetFlag};
use ctp::{MdClient, MdConfig, NewOrder, TdClient, TdConfig};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use serde_json::json;
use tempfile::TempDir;

/// Longer than anything here takes; a failure ends by it instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);
const CANARY: &str = "kanarie-3f9";
const AUTH_CANARY: &str = "kanarie-auth-7";

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("nothing happened")
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic while writing").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything that a day with faults says, with canaries for the secrets: one test, because recorder and log are the
/// process's.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_seen_and_shows_no_secret() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().expect("the only recorder");
    ctp::metrics::describe();
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::NEW)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();

    let folder = TempDir::new().unwrap();
    let exchange = Exchange::builder()
        .start_at("2026-11-23 10:00:00")
        .running(20.0)
        .set("products", "rb")
        .set("password", CANARY)
        .start()
        .expect("the simulator is built by `cargo xtask sim`");
    let fault = |text: &str| drop(exchange.request("fault", json!({ "text": text })).unwrap());
    let mut said = Vec::new();

    // A refused login first: its error, its log and its capture.
    let mut wrong = TdConfig::new([exchange.front()], "9999", "000002", "kanarie-3f9-wrong");
    wrong.flow_dir = folder.path().join("flow");
    wrong.capture = Some(CaptureConfig::new(folder.path().join("captures")));
    said.push(format!("{wrong:?}"));
    let wrong = TdClient::connect(wrong).await.unwrap();
    let error = soon(wrong.ready()).await.unwrap_err();
    said.extend([format!("{error}"), format!("{error:?}"), serde_json::to_string(&wrong.health()).unwrap()]);
    soon(wrong.close()).await.unwrap();
    fault("refuse what=ReqUserLogin error=7 count=1");

    let mut config = TdConfig::new([exchange.front()], "9999", "000001", CANARY);
    config.app_id = "client".to_owned();
    config.auth_code = AUTH_CANARY.into();
    config.flow_dir = folder.path().join("flow");
    config.capture = Some(CaptureConfig::new(folder.path().join("captures")));
    said.push(format!("{config:?}"));
    let td = TdClient::connect(config).await.unwrap();
    soon(td.ready()).await.unwrap();
    let id = soon(td.instruments()).await.unwrap()[1].instrument_id.to_string();
    let high = soon(td.snapshot(&id)).await.unwrap().unwrap().upper_limit_price().unwrap();
    let order = NewOrder::limit(&id, Direction::BUY, OffsetFlag::OPEN, 1, high);
    soon(soon(td.place(order)).await.unwrap().finished()).await.unwrap();
    fault("refuse what=ReqOrderInsert error=31 count=1");
    let refused = NewOrder::limit(&id, Direction::BUY, OffsetFlag::OPEN, 1, high);
    soon(soon(td.place(refused)).await.unwrap().accepted()).await.unwrap_err();
    let between_ticks = NewOrder::limit(&id, Direction::BUY, OffsetFlag::OPEN, 1, high - 0.5);
    soon(td.place(between_ticks)).await.unwrap_err();
    // A query that the library does not take at once.
    fault("return-code what=ReqQryTradingAccount code=-2 count=1");
    soon(td.account()).await.unwrap();

    let mut config = MdConfig::new([exchange.front()]);
    config.user_id = "000001".to_owned();
    config.password = CANARY.into();
    config.flow_dir = folder.path().join("flow");
    config.capture = Some(CaptureConfig::new(folder.path().join("captures")).with_ticks());
    said.push(format!("{config:?}"));
    let md = MdClient::connect(config).await.unwrap();
    let mut ticks = md.ticks();
    md.subscribe(&[&id]).unwrap();
    soon(md.ready()).await.unwrap();
    for _ in 0..70 {
        soon(ticks.next()).await.expect("a tick");
    }
    // A broken link of each.
    for session in exchange.sessions().unwrap().iter().filter(|session| session.connected) {
        exchange.disconnect(session.session, 0x1001).unwrap();
    }
    soon(async {
        let is_back = |health: &SessionHealth| health.disconnects > 0 && health.is_ready;
        while !is_back(&td.health().session) || !is_back(&md.health().session) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    for _ in 0..5 {
        soon(ticks.next()).await.expect("a tick");
    }

    let (td_health, md_health) = (td.health(), md.health());
    assert!(td_health.session.is_ready && td_health.session.disconnects >= 1, "{td_health:?}");
    assert!(td_health.session.requests.get("confirmed").is_some_and(|count| *count >= 2), "{td_health:?}");
    assert!(
        td_health.session.capture.as_ref().is_some_and(|capture| capture.totals.steps > 20),
        "{td_health:?}"
    );
    assert!(md_health.ticks >= 70 && md_health.tick_latency.samples >= 2, "{md_health:?}");
    assert_eq!(md_health.subscriptions, 1);
    said.extend([serde_json::to_string(&td_health).unwrap(), serde_json::to_string(&md_health).unwrap()]);
    said.extend([format!("{td:?}"), format!("{md:?}")]);
    soon(md.close()).await.unwrap();
    soon(td.close()).await.unwrap();
    assert_eq!(td.health().session.state, "closed");

    let snapshot = snapshotter.snapshot().into_vec();
    let emitted: BTreeSet<&str> = snapshot.iter().map(|(key, ..)| key.key().name()).collect();
    let known: BTreeSet<&str> = TABLE.iter().map(|metric| metric.name).collect();
    let ours: BTreeSet<&str> = emitted.iter().copied().filter(|name| name.starts_with("ctp_")).collect();
    assert!(ours.is_subset(&known), "not in the table: {:?}", ours.difference(&known).collect::<Vec<_>>());
    // Minutes of trouble and readers that sleep make these; ctp-gateway's own test does.
    let rare = ["ctp_watchdogs_total", "ctp_ticks_lost_total"];
    for metric in TABLE.iter().filter(|metric| !rare.contains(&metric.name)) {
        assert!(ours.contains(metric.name), "{} was not emitted", metric.name);
    }
    let of = |name: &'static str| snapshot.iter().filter(move |(key, ..)| key.key().name() == name);
    let times = |name: &'static str| -> Vec<f64> {
        let of_all = of(name).filter_map(|(.., value)| match value {
            DebugValue::Histogram(times) => Some(times.iter().map(|time| time.0)),
            _ => None,
        });
        of_all.flatten().collect()
    };
    let (acks, trades) = (times("ctp_order_ack_seconds"), times("ctp_order_trade_seconds"));
    assert_eq!((acks.len(), trades.len()), (2, 1), "two orders, one trade: {acks:?} {trades:?}");
    assert!(acks.iter().chain(&trades).all(|time| (0.0..30.0).contains(time)), "{acks:?} {trades:?}");
    assert!(acks[0] <= trades[0], "{acks:?} {trades:?}");
    let refused: Vec<_> = of("ctp_orders_rejected_total")
        .map(|(key, _, _, value)| (format!("{:?}", key.key().labels().collect::<Vec<_>>()), value))
        .collect();
    let [(labels, DebugValue::Counter(1))] = refused.as_slice() else { panic!("{refused:?}") };
    assert!(labels.contains("31") && labels.contains("counter"), "{labels}");
    for (key, _, _, value) in &snapshot {
        let of_kind =
            |kind| TABLE.iter().any(|metric| metric.name == key.key().name() && metric.kind == kind);
        let fits = match value {
            DebugValue::Counter(_) => of_kind(Kind::Counter),
            DebugValue::Gauge(_) => of_kind(Kind::Gauge),
            DebugValue::Histogram(_) => of_kind(Kind::Histogram),
        };
        assert!(fits || !ours.contains(key.key().name()), "{key:?}");
        said.push(format!("{key:?} {value:?}"));
    }

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("ctp_session{session=\"td\" broker=9999 account=000001}"), "no span: {log}");
    assert!(log.contains(&format!("instrument={id}")), "no instrument: {log}");
    said.extend(log.lines().map(str::to_owned));
    for text in &said {
        assert!(!text.contains(CANARY) && !text.contains(AUTH_CANARY), "a secret: {text}");
    }
    let mut captures = 0;
    for entry in std::fs::read_dir(folder.path().join("captures")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for canary in [CANARY, AUTH_CANARY] {
            assert!(
                !bytes.windows(canary.len()).any(|window| window == canary.as_bytes()),
                "a secret in a capture"
            );
        }
        captures += 1;
    }
    assert_eq!(captures, 3);
}
