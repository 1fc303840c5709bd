//! When to stop: Ctrl-C, SIGTERM and SIGHUP. Whoever says it twice does not want to wait.

use std::io;
use std::sync::{Arc, OnceLock};
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Whether the server is to stop, and why.
#[derive(Debug)]
pub(in crate::cli::sim) struct Stop {
    told: Arc<OnceLock<&'static str>>,
}

impl Stop {
    /// Waits for signals from now on.
    pub(in crate::cli::sim) fn new() -> io::Result<Self> {
        let told = Arc::new(OnceLock::new());
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (mut interrupt, mut terminate, mut hangup) = {
            let _inside = runtime.enter();
            (
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            )
        };
        let tells = Arc::clone(&told);
        thread::Builder::new().name("ctp-sim-signals".to_owned()).spawn(move || {
            let mut next = || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = interrupt.recv() => "interrupted",
                        _ = terminate.recv() => "terminated",
                        _ = hangup.recv() => "its terminal is gone",
                    }
                })
            };
            let reason = next();
            tells.get_or_init(|| reason);
            // A terminal that goes may take others with it, at once; only people are in a hurry.
            while next() == "its terminal is gone" {}
            std::process::exit(1);
        })?;
        Ok(Self { told })
    }

    /// Returns why to stop, once it is time.
    pub(in crate::cli::sim) fn reason(&self) -> Option<&'static str> {
        self.told.get().copied()
    }
}
