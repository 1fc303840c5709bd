//! A bad day on the simulator, recorded and replayed.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use ctp::capture::{CaptureConfig, Effect, Frame, Reader, Replay, Replayed, SessionKind, replay};
use ctp::sim::Exchange;
use ctp::types::{Direction, OffsetFlag};
use ctp::{Error, MdClient, MdConfig, NewOrder, SessionState, TdClient, TdConfig};
use serde_json::json;
use tempfile::TempDir;

/// Longer than anything here takes; a failure ends by it instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);
const CANARY: &str = "kanarie-3f9";

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("nothing happened")
}

fn exchange() -> Exchange {
    Exchange::builder()
        .start_at("2026-11-23 10:00:00")
        .running(20.0)
        .set("products", "rb")
        .set("password", CANARY)
        .start()
        .expect("the simulator is built by `cargo xtask sim`")
}

fn fault(exchange: &Exchange, text: &str) {
    exchange.request("fault", json!({ "text": text })).expect("a fault that exists");
}

fn td_config(exchange: &Exchange, folder: &Path) -> TdConfig {
    let mut config = TdConfig::new([exchange.front()], "9999", "000001", CANARY);
    config.flow_dir = folder.join("flow");
    config.capture = Some(CaptureConfig::new(folder.join("captures")));
    config.timeouts.login = Duration::from_secs(2);
    config.timeouts.login_retry = Duration::from_millis(50);
    config.timeouts.order = Duration::from_secs(2);
    config.timeouts.query = Duration::from_millis(500);
    config
}

/// Breaks the link of the only session of a kind and waits until it is back.
async fn break_link(exchange: &Exchange, state: &mut tokio::sync::watch::Receiver<SessionState>) {
    let before = state.borrow_and_update().clone();
    assert!(before.is_ready(), "{before}");
    let sessions = exchange.sessions().unwrap();
    exchange.disconnect(sessions.last().expect("a session").session, 0x1001).unwrap();
    soon(state.wait_for(|state| !state.is_ready())).await.unwrap();
    soon(state.wait_for(SessionState::is_ready)).await.unwrap();
}

fn captures(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder.join("captures")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Logins refused, a query and an order lost, the link broken twice, orders filled, refused and cancelled, a caller
/// who goes away.
async fn bad_trading_day(exchange: &Exchange, folder: &Path) -> PathBuf {
    fault(exchange, "refuse what=ReqUserLogin error=7 count=2");
    fault(exchange, "lose-request what=queries count=1");
    let td = TdClient::connect(td_config(exchange, folder)).await.unwrap();
    soon(td.ready()).await.unwrap();
    let mut state = td.state();

    let rows = soon(td.instruments()).await.unwrap();
    let id = rows[1].instrument_id.to_string();
    let snapshot = soon(td.snapshot(&id)).await.unwrap().expect("a snapshot");
    let (low, high) = (snapshot.lower_limit_price().unwrap(), snapshot.upper_limit_price().unwrap());
    let buy = |volume, price| NewOrder::limit(&id, Direction::BUY, OffsetFlag::OPEN, volume, price);

    let filled = soon(td.place(buy(1, high))).await.unwrap();
    soon(filled.finished()).await.unwrap();
    let resting = soon(td.place(buy(1, low))).await.unwrap();
    soon(resting.accepted()).await.unwrap();
    let abandoned = tokio::spawn({
        let td = td.clone();
        async move { td.trades().await }
    });
    let other = soon(td.positions()).await.unwrap();
    assert!(!other.is_empty());
    abandoned.abort();

    break_link(exchange, &mut state).await;
    soon(resting.cancel()).await.unwrap();
    let dear = soon(td.place(buy(400, high))).await.unwrap();
    assert!(soon(dear.accepted()).await.is_err(), "no money for it");

    fault(exchange, "lose-request what=ReqOrderInsert count=1");
    let lost = soon(td.place(buy(1, high))).await.unwrap();
    assert!(matches!(soon(lost.accepted()).await, Err(Error::Unknown { .. })));
    fault(exchange, "half-open on=ReqOrderInsert for=100ms");
    let cut = soon(td.place(buy(1, high))).await.unwrap();
    let outcome = soon(cut.accepted()).await;
    assert!(matches!(outcome, Err(Error::Unknown { .. })), "{outcome:?}");
    soon(state.wait_for(SessionState::is_ready)).await.unwrap();
    soon(td.account()).await.unwrap();
    soon(td.close()).await.unwrap();
    captures(folder).pop().expect("a capture")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_trading_day_replays_to_the_same_outputs() {
    let (exchange, folder) = (exchange(), TempDir::new().unwrap());
    let path = bad_trading_day(&exchange, folder.path()).await;

    let outcome = replay(&path).unwrap();
    assert!(outcome.fault.is_none(), "{:?}", outcome.fault);
    assert!(outcome.difference.is_none(), "{:#?}", outcome.difference);
    assert!(outcome.is_equal());
    assert_eq!((outcome.header.session, outcome.lost), (SessionKind::Td, (0, 0)));
    assert!(
        outcome.steps > 50 && outcome.outputs > 30,
        "{} steps, {} outputs",
        outcome.steps,
        outcome.outputs
    );
    let ready = outcome.states.iter().filter(|state| state.is_ready()).count();
    assert!(ready >= 3, "{:?}", outcome.states);
    assert_eq!(outcome.states.last(), Some(&SessionState::Closed));

    let bytes = std::fs::read(&path).unwrap();
    assert!(
        !bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()),
        "the password is in the capture"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_data_session_with_broken_links_replays_to_the_same_outputs() {
    let (exchange, folder) = (exchange(), TempDir::new().unwrap());
    let instruments = exchange.instruments(Default::default()).unwrap();
    let ids: Vec<&str> = instruments.iter().map(|row| row.id.as_str()).take(3).collect();
    let mut config = MdConfig::new([exchange.front()]);
    config.flow_dir = folder.path().join("flow");
    config.capture = Some(CaptureConfig::new(folder.path().join("captures")).with_ticks());
    config.timeouts.login_retry = Duration::from_millis(50);
    fault(&exchange, "refuse what=ReqUserLogin error=8 count=1");
    let md = MdClient::connect(config).await.unwrap();
    let mut ticks = md.ticks();
    md.subscribe(&ids).unwrap();
    soon(md.ready()).await.unwrap();
    let mut state = md.state();
    for _ in 0..2 {
        for _ in 0..10 {
            soon(ticks.next()).await.expect("a tick");
        }
        break_link(&exchange, &mut state).await;
    }
    md.unsubscribe(&ids[..1]).unwrap();
    soon(ticks.next()).await.expect("a tick");
    soon(md.close()).await.unwrap();

    let path = captures(folder.path()).pop().unwrap();
    let outcome = replay(&path).unwrap();
    assert!(outcome.is_equal(), "{:?} {:#?}", outcome.fault, outcome.difference);
    assert_eq!(outcome.header.session, SessionKind::Md);
    assert!(outcome.states.iter().filter(|state| state.is_ready()).count() >= 3, "{:?}", outcome.states);

    let subscribed = Replay::open(&path).unwrap().filter_map(|replayed| match replayed.unwrap() {
        Replayed::Step(step) => Some(step.effects),
        _ => None,
    });
    assert!(
        subscribed.flatten().any(|effect| matches!(effect, Effect::Request { request: "ReqUserLogin", .. }))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_capture_replays_up_to_the_tear_and_says_where() {
    let (exchange, folder) = (exchange(), TempDir::new().unwrap());
    let td = TdClient::connect(td_config(&exchange, folder.path())).await.unwrap();
    soon(td.ready()).await.unwrap();
    soon(td.close()).await.unwrap();
    let path = captures(folder.path()).pop().unwrap();
    let whole = std::fs::read(&path).unwrap();
    let offsets: Vec<u64> = Reader::open(&path).unwrap().map(|frame| frame.unwrap().0).collect();
    let steps = Reader::open(&path).unwrap().filter(|frame| matches!(frame, Ok((_, Frame::Step(_))))).count();

    // Inside the last step, as after a power cut.
    let last_step = offsets[offsets.len() - 2];
    std::fs::write(&path, &whole[..last_step as usize + 20]).unwrap();
    let outcome = replay(&path).unwrap();
    let fault = outcome.fault.expect("torn");
    assert!(fault.is_cut() && fault.offset() == Some(last_step), "{fault}");
    assert_eq!(outcome.steps, steps as u64 - 1);
    assert!(outcome.difference.is_none());

    let mut damaged = whole.clone();
    damaged[last_step as usize + 9] ^= 4;
    std::fs::write(&path, damaged).unwrap();
    let fault = replay(&path).unwrap().fault.expect("damaged");
    assert!(!fault.is_cut() && fault.offset() == Some(last_step), "{fault}");
}

fn command(arguments: &[&str], file: &Path) -> (bool, String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ctp"));
    let output = command.arg("capture").args(arguments).arg(file).output().expect("the command starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_shows_checks_and_replays() {
    let (exchange, folder) = (exchange(), TempDir::new().unwrap());
    let td = TdClient::connect(td_config(&exchange, folder.path())).await.unwrap();
    soon(td.ready()).await.unwrap();
    soon(td.account()).await.unwrap();
    soon(td.close()).await.unwrap();
    let path = captures(folder.path()).pop().unwrap();

    let (ok, said, complaint) = command(&["check"], &path);
    assert!(ok && said.contains("user 000001") && said.contains("whole: "), "{said}{complaint}");
    let (ok, said, complaint) = command(&["replay"], &path);
    assert!(
        ok && said.contains("every output is equal") && said.contains("ready on trading day"),
        "{said}{complaint}"
    );
    for full in [&["show"][..], &["show", "--full"]] {
        let (ok, said, complaint) = command(full, &path);
        assert!(ok && said.contains("OnRspUserLogin") && said.contains("→ State("), "{said}{complaint}");
        assert!(!said.contains(CANARY), "{said}");
    }
    let (_, said, _) = command(&["show", "--only", "OnRspQry"], &path);
    assert!(said.contains("TradingAccountField{") && !said.contains("OnRspUserLogin"), "{said}");

    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    for subcommand in ["check", "replay", "show"] {
        let (ok, said, complaint) = command(&[subcommand], &path);
        assert!(!ok && complaint.starts_with("error: the capture is torn at offset"), "{said}{complaint}");
    }
    std::fs::write(&path, "something else").unwrap();
    let (ok, _, complaint) = command(&["check"], &path);
    assert!(!ok && complaint.starts_with("error: this is no capture"), "{complaint}");
    let (ok, _, complaint) = command(&["replay"], Path::new("no/such.ctpcap"));
    assert!(!ok && complaint.contains("cannot open no/such.ctpcap"), "{complaint}");
}
