//! Faults of the library itself, carried out by the thread that calls the client.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use ctp_sim::ApiKind;
use ctp_types::{MdCallback, TraderCallback};
use tracing::{error, info, warn};

use super::{Stopped, Worker};
use crate::callback::{Method, Parcel};
use crate::engine::Event;
use crate::fault::LibraryFault;
use crate::link::RemoteEvent;
use crate::poison::Quarantine;

/// The client's environment says by this, set to 1, that the library may end the process.
const ALLOW_ABORT: &str = "CTP_SIM_ALLOW_ABORT";

/// The time between two callbacks while `Release` runs.
const LATE_PAUSE: Duration = Duration::from_micros(100);

/// `nTimeLapse` of a callback made up for want of any.
const LAPSE: i32 = 61;

/// What the library itself suffers.
#[derive(Default)]
pub(super) struct Suffering {
    /// What came while the thread stood still, or has still to be handed over since.
    pub(super) waiting: VecDeque<Event>,
    /// The last push, kept where callbacks are to go on while `Release` runs.
    last_push: Option<Parcel>,
}

impl Worker<'_> {
    /// Carries out a fault of the library.
    pub(super) fn suffer(&mut self, fault: LibraryFault) -> Result<(), Stopped> {
        info!(?fault, "the library has a fault");
        match fault {
            LibraryFault::Poison(on) => {
                self.quarantine = (on || self.inner.options.poison).then(Quarantine::default);
            }
            LibraryFault::LateCallbacks(milliseconds) => {
                self.inner.late_callbacks.store(milliseconds, Ordering::SeqCst);
            }
            LibraryFault::Abort => match std::env::var_os(ALLOW_ABORT) {
                Some(allowed) if allowed == "1" => {
                    error!("the library ends the process, as a fault plan wants it");
                    std::process::abort();
                }
                _ => warn!(
                    "a fault plan wants abort(): set {ALLOW_ABORT}=1 in the client's environment to allow it"
                ),
            },
            LibraryFault::Hang(true) => return self.hang(),
            LibraryFault::Hang(false) => {}
        }
        Ok(())
    }

    /// Stands still until the fault is over: what comes waits.
    fn hang(&mut self) -> Result<(), Stopped> {
        let mut came = VecDeque::new();
        let ended = loop {
            match self.events.recv() {
                Ok(Event::Library(LibraryFault::Hang(false))) => break Ok(()),
                Ok(Event::Barrier(_)) => {}
                // As a barrier: whoever moves the clock need not wait.
                Ok(Event::Remote(_, RemoteEvent::Ping(number))) => self.pong(number),
                Ok(Event::Stop) | Err(_) => break Err(Stopped),
                Ok(other) => came.push_back(other),
            }
        };
        self.suffering.waiting.append(&mut came);
        ended
    }

    /// Keeps a push that may be given again while `Release` runs.
    pub(super) fn keep_push(&mut self, parcel: &Parcel) {
        if self.inner.late_callbacks.load(Ordering::Relaxed) > 0 && parcel.method.name().starts_with("OnRtn")
        {
            self.suffering.last_push = Some(parcel.copy());
        }
    }

    /// Calls the client again and again until it is told to stop, at most until `until`.
    pub(super) fn call_late(&mut self, until: Instant) -> Result<(), Stopped> {
        while Instant::now() < until && !self.inner.stopping.load(Ordering::SeqCst) {
            let parcel = self.suffering.last_push.as_ref().map_or_else(|| self.any_push(), Parcel::copy);
            self.hand_over(parcel)?;
            thread::sleep(LATE_PAUSE);
        }
        Ok(())
    }

    fn any_push(&self) -> Parcel {
        let method = match self.inner.options.kind {
            ApiKind::Md => Method::Md(MdCallback::OnHeartBeatWarning),
            ApiKind::Trader => Method::Trader(TraderCallback::OnHeartBeatWarning),
        };
        Parcel::bare(method, LAPSE)
    }
}
