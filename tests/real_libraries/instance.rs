//! A running API object, of whichever family.

use std::{
    path::Path,
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use ctp_sys::CloseError;

/// How long a callback may take before the test says that it does not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A callback: its C name and its number.
pub(crate) type Seen = (String, i32);

/// An initialised API object that records its callbacks.
pub(crate) struct Instance {
    /// What it is, for messages.
    pub(crate) what: String,
    pub(crate) callbacks: Receiver<Seen>,
    pub(crate) trading_day: Box<dyn Fn() -> String>,
    pub(crate) close: Box<dyn Fn(Duration) -> Result<(), CloseError>>,
}

impl Instance {
    /// Waits for the next disconnection and returns its reason.
    pub(crate) fn disconnected(&self) -> i32 {
        let end = Instant::now() + PATIENCE;
        let mut skipped = Vec::new();
        loop {
            match self.callbacks.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok((callback, reason)) if callback == "OnFrontDisconnected" => return reason,
                Ok((callback, _)) => skipped.push(callback),
                Err(_) => panic!("{} is not disconnected; seen: {skipped:?}", self.what),
            }
        }
    }

    /// Returns what came and was not waited for.
    pub(crate) fn drain(&self) -> Vec<Seen> {
        self.callbacks.try_iter().collect()
    }
}

/// Starts an instance of one side of a family's API: library, options, SPI, its event, topics.
macro_rules! starter {
    ($start:ident, $Library:ident, $Options:ident, $Spi:ident, $Event:ident, |$api:ident| $topics:block) => {
        pub(crate) fn $start(path: &Path, flow: &Path, front: &str) -> Result<Instance, LoadError> {
            struct Recorder(Mutex<Sender<Seen>>);

            impl $Spi for Recorder {
                fn deliver(&self, event: $Event<'_>) {
                    // The test may have ended.
                    let _ = self.0.lock().expect("no panic while sending").send((format!("{:?}", event.callback), event.number));
                }
            }

            let library = $Library::open(path)?;
            assert!(!library.is_simulator());
            let $api = library.create(&$Options::new(flow)).expect("an API object");
            let (sender, callbacks) = channel();
            $api.register_spi(Arc::new(Recorder(Mutex::new(sender)))).expect("registered");
            $api.register_front(front).expect("an address");
            $topics
            $api.init().expect("initialised");
            let api = Arc::new($api);
            let closing = Arc::clone(&api);
            Ok(Instance {
                what: format!("{} {}", stringify!($start), library.version()),
                callbacks,
                trading_day: Box::new(move || api.trading_day().expect("a day")),
                close: Box::new(move |timeout| closing.close(timeout)),
            })
        }
    };
}

/// Starts instances of one family.
macro_rules! family {
    ($family:ident, $($path:ident)::+) => {
        pub(crate) mod $family {
            use std::{
                path::Path,
                sync::{
                    Arc, Mutex,
                    mpsc::{Sender, channel},
                },
            };

            use $($path)::+::{
                LoadError, MdEvent, MdLibrary, MdOptions, MdSpi, TraderEvent, TraderLibrary, TraderOptions, TraderSpi,
            };
            use ctp_types::ResumeType;

            use super::{Instance, Seen};

            starter!(md, MdLibrary, MdOptions, MdSpi, MdEvent, |api| {});
            starter!(trader, TraderLibrary, TraderOptions, TraderSpi, TraderEvent, |api| {
                api.subscribe_private_topic(ResumeType::Restart, 1).expect("private stream");
                api.subscribe_public_topic(ResumeType::Restart).expect("public stream");
            });
        }
    };
}

family!(se, ctp_sys);

/// Starts both sides of a set: market data, then trader.
pub(crate) fn start(
    set: &super::inventory::LibrarySet,
    flow: &Path,
    front: &str,
) -> [Result<Instance, ctp_sys::LoadError>; 2] {
    let (md_flow, trader_flow) = (flow.join("md"), flow.join("trader"));
    [se::md(&set.md.path, &md_flow, front), se::trader(&set.trader.path, &trader_flow, front)]
}
