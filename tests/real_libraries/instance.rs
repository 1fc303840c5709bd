//! A running API object, of whichever family.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use ctp_sys::{
    Api, ApiError, CloseError, Event, Library, LoadError, MdOptions, Side, TraderOptions, Trading, mini, se,
    sopt,
};
use ctp_types::{RecordBox, Request as _, ResumeType};

use crate::inventory::LibrarySet;

/// How long a callback may take before the test says that it does not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A callback: its C name and its number.
pub(crate) type Seen = (String, i32);

/// A request: its C name and what became of it.
pub(crate) type Sent = (&'static str, Result<(), ApiError>);

/// An initialised API object that records its callbacks.
pub(crate) struct Instance {
    /// What it is, for messages.
    pub(crate) what: String,
    pub(crate) callbacks: Receiver<Seen>,
    pub(crate) trading_day: Box<dyn Fn() -> String>,
    /// Sends every request of the family, with an empty record; by C name.
    pub(crate) requests: Box<dyn Fn() -> Vec<Sent>>,
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

/// Passes callbacks on, whichever the family.
struct Recorder(Mutex<Sender<Seen>>);

macro_rules! record {
    ($($Spi:path, $Side:ty;)*) => {
        $(impl $Spi for Recorder {
            fn deliver(&self, event: Event<'_, $Side>) {
                let seen = (event.callback.name().to_owned(), event.number);
                // The test may have ended.
                let _ = self.0.lock().expect("no panic while sending").send(seen);
            }
        })*
    };
}

record! {
    se::MdSpi, se::Md;
    se::TraderSpi, se::Trader;
    mini::MdSpi, mini::Md;
    mini::TraderSpi, mini::Trader;
    sopt::MdSpi, sopt::Md;
    sopt::TraderSpi, sopt::Trader;
}

/// Starts both sides of a set: market data, then trader.
pub(crate) fn start(set: &LibrarySet, flow: &Path, front: &str) -> [Result<Instance, LoadError>; 2] {
    let starting = Starting { set, flow, front };
    match set.family.as_str() {
        "mini" => [
            starting.md::<mini::Md>(|recorder| recorder),
            starting.trader::<mini::Trader>(|recorder| recorder),
        ],
        "sopt" => [
            starting.md::<sopt::Md>(|recorder| recorder),
            starting.trader::<sopt::Trader>(|recorder| recorder),
        ],
        _ => [starting.md::<se::Md>(|recorder| recorder), starting.trader::<se::Trader>(|recorder| recorder)],
    }
}

/// What a start needs besides the family.
struct Starting<'a> {
    set: &'a LibrarySet,
    flow: &'a Path,
    front: &'a str,
}

impl Starting<'_> {
    fn md<S: Side<Options = MdOptions>>(
        &self,
        spi: fn(Arc<Recorder>) -> Arc<S::Spi>,
    ) -> Result<Instance, LoadError> {
        let options = MdOptions::new(self.flow.join("md"));
        self.start::<S>("md", &self.set.md.path, &options, spi, |_| ())
    }

    fn trader<S: Trading<Options = TraderOptions>>(
        &self,
        spi: fn(Arc<Recorder>) -> Arc<S::Spi>,
    ) -> Result<Instance, LoadError> {
        let options = TraderOptions::new(self.flow.join("trader"));
        self.start::<S>("trader", &self.set.trader.path, &options, spi, |api| {
            api.subscribe_private_topic(ResumeType::Restart, 1).expect("private stream");
            api.subscribe_public_topic(ResumeType::Restart).expect("public stream");
        })
    }

    fn start<S: Side>(
        &self,
        side: &str,
        path: &Path,
        options: &S::Options,
        spi: fn(Arc<Recorder>) -> Arc<S::Spi>,
        subscribe: fn(&Api<S>),
    ) -> Result<Instance, LoadError> {
        let library = Library::<S>::open(path)?;
        assert!(!library.is_simulator());
        let api = Arc::new(library.create(options).expect("an API object"));
        let (sender, callbacks) = channel();
        api.register_spi(spi(Arc::new(Recorder(Mutex::new(sender))))).expect("registered");
        api.register_front(self.front).expect("an address");
        subscribe(&api);
        api.init().expect("initialised");
        let (closing, requesting) = (Arc::clone(&api), Arc::clone(&api));
        let send = move |request: &S::Request| {
            let record = RecordBox::zeroed(request.record());
            (request.name(), requesting.request(*request, record.as_ref(), 1))
        };
        Ok(Instance {
            what: format!("{} {side} {}", S::FAMILY, library.version()),
            callbacks,
            requests: Box::new(move || S::Request::ALL.iter().map(&send).collect()),
            trading_day: Box::new(move || api.trading_day().expect("a day")),
            close: Box::new(move |timeout| closing.close(timeout)),
        })
    }
}
