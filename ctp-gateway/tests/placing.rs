//! Placing an order in the thread that wants it: where it may be called from, what it costs, and what happens when the
//! library, or something else inside the session, does not return.

mod common;
#[path = "common/counting.rs"]
mod counting;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use common::{ready, soon, td_config};
use counting::counted;
use ctp_gateway::config::{Recovery, RiskConfig};
use ctp_gateway::error::SendRefusal;
use ctp_gateway::td::{OrderPhase, Outcome};
use ctp_gateway::{Error, NewOrder, TdClient};
use ctp_types::{Direction, OffsetFlag};
use tempfile::TempDir;
use tracing::span;

/// A log subscriber that calls what it was given, once, from inside of the session.
struct FromInside {
    call: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl FromInside {
    /// Does something while every span of the gateway in this thread begins with a call.
    fn during<T>(call: impl FnOnce() + Send + 'static, work: impl FnOnce() -> T) -> T {
        let subscriber = Self { call: Mutex::new(Some(Box::new(call))) };
        tracing::subscriber::with_default(subscriber, work)
    }
}

impl tracing::Subscriber for FromInside {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("ctp_gateway")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        let call = self.call.lock().expect("nothing panics under it").take();
        if let Some(call) = call {
            call();
        }
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

async fn session(exchange: &str, folder: &TempDir) -> (TdClient, NewOrder) {
    let mut config = td_config(exchange, "000001", folder);
    config.recovery = Recovery::Orders;
    config.risk = RiskConfig::unlimited();
    config.journal.enabled = false;
    let td = ready(config).await;
    let instruments = soon(td.instruments()).await.expect("instruments");
    let mut rebar: Vec<_> = instruments.iter().filter(|row| row.product_id == "rb").collect();
    rebar.sort_by_key(|row| row.expire_date);
    let id = rebar.get(1).expect("two months").instrument_id.to_string();
    // Far below the market: it rests.
    (td, NewOrder::limit(&id, Direction::BUY, OffsetFlag::OPEN, 1, 100.0))
}

#[tokio::test]
async fn an_order_leaves_from_a_thread_without_a_runtime() {
    let folder = TempDir::new().expect("a folder");
    let (td, order) = session("placing-thread", &folder).await;
    let (elsewhere, wanted) = (td.clone(), order.clone());
    let placed = std::thread::spawn(move || elsewhere.place_now(&wanted)).join().expect("no panic");
    let handle = placed.expect("sent");
    let seen = soon(handle.finished()).await;
    assert!(
        matches!(seen, Err(Error::Rejected { .. })) || handle.order().phase == OrderPhase::Working,
        "{seen:?}"
    );
    td.close().await.expect("closed");
    assert!(matches!(td.place_now(&order), Err(Error::Closed)));
    assert!(matches!(soon(td.place(order)).await, Err(Error::Closed)));
}

#[tokio::test]
async fn an_order_from_inside_of_the_session_is_refused_and_not_waited_for() {
    let folder = TempDir::new().expect("a folder");
    let (td, order) = session("placing-inside", &folder).await;
    let (told, inside) = mpsc::channel();
    let (td_inside, wanted) = (td.clone(), order.clone());
    let call = move || told.send(td_inside.place_now(&wanted).map(drop)).expect("the test waits");
    FromInside::during(call, || td.place_now(&order)).expect("sent");
    let refused = inside.try_recv().expect("the subscriber was called");
    assert!(
        matches!(refused, Err(Error::NotSent { reason: SendRefusal::CalledFromInside, .. })),
        "{refused:?}"
    );
    td.close().await.expect("closed");
}

/// One thread for everything: whatever waits without giving it free stops all of it.
#[tokio::test]
async fn what_hangs_in_one_session_stops_no_other() {
    let folder = TempDir::new().expect("a folder");
    let (stuck, order) = session("placing-stuck", &folder).await;
    let other_folder = TempDir::new().expect("a folder");
    let (other, other_order) = session("placing-other", &other_folder).await;
    let (release, released) = mpsc::channel::<()>();
    let (told, hangs) = mpsc::channel();
    let (client, wanted) = (stuck.clone(), order.clone());
    let thread = std::thread::spawn(move || {
        let call = move || {
            told.send(()).expect("the test waits");
            let _ = released.recv();
        };
        FromInside::during(call, || client.place_now(&wanted))
    });
    hangs.recv().expect("the session is entered");
    // Whatever the task of the session that hangs waits for, this thread is free.
    let handle = soon(other.place(other_order)).await.expect("sent");
    soon(handle.outcome()).await;
    // Who wants the session itself is told in the end.
    let client = stuck.clone();
    let refused =
        soon(tokio::task::spawn_blocking(move || client.place_now(&order))).await.expect("no panic");
    assert!(matches!(refused, Err(Error::NotSent { reason: SendRefusal::LibraryHangs, .. })), "{refused:?}");
    assert!(stuck.kill("it hangs").is_ok() && stuck.is_killed());
    drop(release);
    // The switch was thrown before the order reached the library, or after: both are told.
    let placed = thread.join().expect("no panic");
    assert!(matches!(placed, Ok(_) | Err(Error::Denied(_))), "{placed:?}");
    soon(stuck.close()).await.expect("it goes on when the call returns");
    other.close().await.expect("closed");
}

/// Whoever places again and again holds the session most of the time; the close does not wait behind them. What became of
/// each order is said: it was sent, and then it is followed until the session ends, or it was not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_gets_in_between_threads_that_place() {
    for round in 0..4 {
        let folder = TempDir::new().expect("a folder");
        let (td, order) = session(&format!("placing-close-{round}"), &folder).await;
        let (told, placing) = mpsc::channel();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (td, order, told) = (td.clone(), order.clone(), told.clone());
                std::thread::spawn(move || {
                    let mut handles = Vec::new();
                    loop {
                        match td.place_now(&order) {
                            Ok(handle) => handles.push(handle),
                            Err(error) => return (handles, error),
                        }
                        if handles.len() == 5 {
                            told.send(()).expect("the test waits");
                        }
                    }
                })
            })
            .collect();
        for _ in &threads {
            placing.recv().expect("each thread places");
        }
        soon(td.close()).await.expect("closed in time");
        let ended: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        let mut numbers = HashSet::new();
        for (handles, error) in ended {
            // The word that stopped the thread: not sent, as the session is closed, or sent and without an answer.
            assert!(matches!(error, Error::Closed | Error::Unknown { .. }), "round {round}: {error:?}");
            for handle in handles {
                assert!(numbers.insert(handle.id()), "each order is one");
                let outcome = soon(handle.outcome()).await;
                let is_told =
                    matches!(outcome, Outcome::Confirmed(_) | Outcome::Rejected(_) | Outcome::Unknown(_));
                assert!(is_told, "round {round}: it was sent: {outcome:?}");
            }
        }
        assert!(numbers.len() >= 20, "round {round}: {}", numbers.len());
        assert!(matches!(td.place_now(&order), Err(Error::Closed)));
    }
}

/// The record, the answer's channel, the order, what its handle shares, and what the library is asked to say: nothing is
/// formatted, nothing is copied twice.
#[tokio::test]
async fn an_order_costs_few_allocations() {
    let folder = TempDir::new().expect("a folder");
    let (td, order) = session("placing-cost", &folder).await;
    let mut least = u64::MAX;
    for _ in 0..50 {
        let mut handle = None;
        least = least.min(counted(|| handle = Some(td.place_now(&order).expect("sent"))));
        drop(handle);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(least <= 12, "{least}");
    td.close().await.expect("closed");
}
