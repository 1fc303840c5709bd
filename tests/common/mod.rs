//! What the end-to-end tests share: recorded callbacks, and the places of libraries.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use ctp_sys::{MdEvent, MdSpi, TraderEvent, TraderSpi};
use ctp_types::{MdCallback, Record, RecordBox, RspInfoField, TraderCallback};

/// How long a callback may take before the test says that it does not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A callback, copied.
#[derive(Clone, Debug)]
pub struct Seen<C> {
    pub callback: C,
    pub record: Option<RecordBox>,
    pub rsp_info: Option<RspInfoField>,
    pub number: i32,
    pub is_last: bool,
}

impl<C: std::fmt::Debug> Seen<C> {
    /// The record as an `R`.
    pub fn record<R: Record>(&self) -> &R {
        let record = self.record.as_ref().unwrap_or_else(|| panic!("{:?} carries no record", self.callback));
        record.get().unwrap_or_else(|| panic!("{:?} carries {record:?}", self.callback))
    }

    /// `ErrorID`, 0 for NULL.
    pub fn error_id(&self) -> i32 {
        self.rsp_info.map_or(0, |rsp_info| rsp_info.error_id)
    }
}

struct Recorder<C>(Mutex<Sender<Seen<C>>>);

impl<C> Recorder<C> {
    fn record(&self, seen: Seen<C>) {
        // The test may have ended.
        let _ = self.0.lock().expect("no panic while sending").send(seen);
    }
}

impl MdSpi for Recorder<MdCallback> {
    fn deliver(&self, event: MdEvent<'_>) {
        let MdEvent { callback, record, rsp_info, number, is_last } = event;
        self.record(Seen {
            callback,
            record: record.map(|record| record.to_owned()),
            rsp_info: rsp_info.copied(),
            number,
            is_last,
        });
    }
}

impl TraderSpi for Recorder<TraderCallback> {
    fn deliver(&self, event: TraderEvent<'_>) {
        let TraderEvent { callback, record, rsp_info, number, is_last } = event;
        self.record(Seen {
            callback,
            record: record.map(|record| record.to_owned()),
            rsp_info: rsp_info.copied(),
            number,
            is_last,
        });
    }
}

/// The callbacks of one instance, in order.
pub struct Callbacks<C>(Receiver<Seen<C>>);

impl<C: std::fmt::Debug + Copy + PartialEq> Callbacks<C> {
    /// Waits for the next callback that `wanted` accepts, and drops those before it.
    pub fn wait_for(&self, what: &str, mut wanted: impl FnMut(&Seen<C>) -> bool) -> Seen<C> {
        let end = Instant::now() + PATIENCE;
        let mut skipped = Vec::new();
        loop {
            match self.0.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(seen) if wanted(&seen) => return seen,
                Ok(seen) => skipped.push(seen.callback),
                Err(_) => panic!("{what} does not come; seen: {skipped:?}"),
            }
        }
    }

    /// Waits for the next `callback`, and drops those before it.
    pub fn wait(&self, callback: C) -> Seen<C> {
        self.wait_for(&format!("{callback:?}"), |seen| seen.callback == callback)
    }

    /// Returns what has come and was not waited for.
    pub fn drain(&self) -> Vec<Seen<C>> {
        self.0.try_iter().collect()
    }
}

/// Makes an SPI that records market data callbacks.
pub fn md_recorder() -> (Arc<dyn MdSpi>, Callbacks<MdCallback>) {
    let (sender, receiver) = channel();
    (Arc::new(Recorder(Mutex::new(sender))), Callbacks(receiver))
}

/// Makes an SPI that records trader callbacks.
pub fn trader_recorder() -> (Arc<dyn TraderSpi>, Callbacks<TraderCallback>) {
    let (sender, receiver) = channel();
    (Arc::new(Recorder(Mutex::new(sender))), Callbacks(receiver))
}

/// The simulator's libraries of a version; names the command when they are missing.
pub fn simulator(version: &str) -> ctp_sys::SimulatorLibraries {
    ctp_sys::find_simulator(version).unwrap_or_else(|error| panic!("{error}"))
}

/// A file of the vendored set of a version; names the command when it is missing.
pub fn vendored(version: &str, file: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("vendor/se-{version}")).join(file);
    assert!(path.exists(), "vendor/se-{version}/{file} is missing; run `cargo xtask vendor {version}`");
    path
}
