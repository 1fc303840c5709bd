//! What no scenario can say: callbacks that run while Release does, and what a thousand reconnects leave behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ctp_sys::{MdApi, MdEvent, MdLibrary, MdOptions, MdSpi};
use ctp_types::{MdCallback, ReqUserLoginField};
use tempfile::TempDir;

use crate::Test;
use crate::common::simulator;

pub(crate) const TESTS: &[Test] = &[
    ("F03-storm does not go on after Release", nothing_comes_after_release),
    ("F21-flap leaves nothing open", reconnects_leave_nothing_open),
];

/// The end of what must come.
const PATIENCE: Duration = Duration::from_secs(30);

const CLOSE: Duration = Duration::from_secs(10);

/// Counts callbacks, and logs in and subscribes once connected.
struct Counting {
    api: std::sync::OnceLock<Arc<MdApi>>,
    ticks: AtomicUsize,
    disconnects: AtomicUsize,
    connects: AtomicUsize,
}

impl MdSpi for Counting {
    fn deliver(&self, event: MdEvent<'_>) {
        let api = self.api.wait();
        match event.callback {
            MdCallback::OnFrontConnected => {
                self.connects.fetch_add(1, Ordering::SeqCst);
                // Refused where the connection has ended already.
                let _ = api.req_user_login(&ReqUserLoginField::default(), 1);
            }
            MdCallback::OnRspUserLogin => {
                let _ = api.subscribe_market_data(&["rb2701"]);
            }
            MdCallback::OnRtnDepthMarketData => {
                self.ticks.fetch_add(1, Ordering::SeqCst);
            }
            MdCallback::OnFrontDisconnected => {
                self.disconnects.fetch_add(1, Ordering::SeqCst);
            }
            _ => {}
        }
    }
}

/// Starts a client of a plan.
fn start(version: &str, name: &str, plan: &str, flow: &TempDir) -> (Arc<MdApi>, Arc<Counting>) {
    let library = MdLibrary::open(simulator(version).md).expect("the facade");
    let api = Arc::new(library.create(&MdOptions::new(flow.path())).expect("an API object"));
    let spi = Arc::new(Counting {
        api: std::sync::OnceLock::new(),
        ticks: AtomicUsize::new(0),
        disconnects: AtomicUsize::new(0),
        connects: AtomicUsize::new(0),
    });
    spi.api.set(Arc::clone(&api)).unwrap_or_else(|_| panic!("set once"));
    api.register_spi(spi.clone()).expect("registered");
    let plan = crate::folder().join(plan);
    let clock = "clock=virtual&speed=max&start=2026-11-23T10:00:00";
    api.register_front(&format!("sim://{name}?{clock}&faults={}", plan.display())).expect("registered");
    api.init().expect("started");
    (api, spi)
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what} does not come");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn nothing_comes_after_release() {
    for round in 0..5 {
        let flow = TempDir::new().expect("a temporary folder");
        let (api, spi) = start("6.7.13", &format!("storm-{round}"), "F03-storm.toml", &flow);
        wait_until("the storm", || spi.ticks.load(Ordering::SeqCst) > 1_000);
        api.close(CLOSE).expect("closed while ticks come");
        let seen = spi.ticks.load(Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(spi.ticks.load(Ordering::SeqCst), seen, "ticks came after Release");
    }
}

fn reconnects_leave_nothing_open() {
    let flow = TempDir::new().expect("a temporary folder");
    // It connects again at once.
    let (api, spi) = start("6.3.15", "flap", "F21-flap.toml", &flow);
    wait_until("the first disconnects", || spi.disconnects.load(Ordering::SeqCst) > 10);
    let before = open_files();
    wait_until("the last disconnect", || spi.disconnects.load(Ordering::SeqCst) == 1_000);
    wait_until("the connection that stays", || spi.connects.load(Ordering::SeqCst) == 1_001);
    wait_until("a tick", || spi.ticks.load(Ordering::SeqCst) > 0);
    // Other tests of this program open and close files meanwhile.
    let after = open_files();
    assert!(after < before + 200, "{before} files were open, now {after}");
    api.close(CLOSE).expect("closed");
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
