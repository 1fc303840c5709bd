//! What the tasks of both kinds of session share: the stop signal, the published state, the bounded close.

mod object;
mod state_log;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ctp_sys::CreateError;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(crate) use self::object::{ApiObject, Maker, Making, Renewal, close_on_thread};
pub(crate) use self::state_log::StateLog;
use crate::clock::WallClock;
use crate::config::{ConfigError, FrontAddress, Timeouts, shown};
use crate::deadline::within;
use crate::error::Error;
use crate::session::Now;
use crate::state::{Login, SessionState};

/// The client's end of a session's life.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) stop: CancellationToken,
    pub(crate) state: watch::Receiver<SessionState>,
    /// How the close went, once the library has stopped.
    pub(crate) ended: watch::Receiver<Option<Ending>>,
    pub(crate) fronts: String,
    pub(crate) ready_timeout: Duration,
    pub(crate) close_timeout: Duration,
}

/// The task's end of a session's life.
#[derive(Debug)]
pub(crate) struct LifeEnds {
    pub(crate) stop: CancellationToken,
    pub(crate) state: watch::Sender<SessionState>,
    pub(crate) ended: watch::Sender<Option<Ending>>,
}

/// How a session's library stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Clean,
    TimedOut,
}

impl Life {
    /// Begins a life: the client keeps the first part, its task the second.
    pub(crate) fn begin(fronts: &[String], timeouts: &Timeouts) -> (Self, LifeEnds) {
        let (state_tx, state) = watch::channel(SessionState::Connecting);
        let (ended_tx, ended) = watch::channel(None);
        let stop = CancellationToken::new();
        let ends = LifeEnds { stop: stop.clone(), state: state_tx, ended: ended_tx };
        let fronts = shown_fronts(fronts);
        let life =
            Self { stop, state, ended, fronts, ready_timeout: timeouts.ready, close_timeout: timeouts.close };
        (life, ends)
    }

    /// Waits until the session is ready, at most as long as configured.
    pub(crate) async fn ready(&self) -> Result<Login, Error> {
        let mut state = self.state.clone();
        let wait = state.wait_for(|state| {
            state.is_ready() || matches!(state, SessionState::Faulted(_) | SessionState::Closed)
        });
        let seen = match within(self.ready_timeout, wait).await {
            Some(Ok(seen)) => seen.clone(),
            // The task is gone without a last word: the runtime is shutting down.
            Some(Err(_)) => SessionState::Closed,
            None => {
                let (waited, fronts) = (self.ready_timeout, self.fronts.clone());
                return Err(Error::NotReady { waited, state: self.state.borrow().clone(), fronts });
            }
        };
        match seen {
            SessionState::Ready(login) => Ok(Login::clone(&login)),
            over => Err(over_error(&over)),
        }
    }

    /// Stops the session and waits until its library has stopped. Any number of callers may wait.
    pub(crate) async fn close(&self) -> Result<(), Error> {
        self.stop.cancel();
        let mut ended = self.ended.clone();
        // The task bounds the library's part; the margin is for its own.
        let limit = self.close_timeout + Duration::from_secs(1);
        let ending = match within(limit, ended.wait_for(Option::is_some)).await {
            Some(Ok(ending)) => *ending,
            Some(Err(_)) => Some(Ending::Clean),
            None => Some(Ending::TimedOut),
        };
        match ending {
            Some(Ending::TimedOut) => Err(Error::CloseTimedOut { waited: self.close_timeout }),
            _ => Ok(()),
        }
    }

    /// Returns why a command found nobody to carry it out.
    pub(crate) fn gone(&self) -> Error {
        over_error(&self.state.borrow())
    }
}

fn over_error(state: &SessionState) -> Error {
    match state {
        SessionState::Faulted(fault) => Error::Faulted(fault.clone()),
        _ => Error::Closed,
    }
}

/// Makes an API object in its flow folder. A fresh one goes to a folder beside it while an earlier object, whose library
/// does not stop, still holds the first.
pub(crate) fn create<A>(
    folder: &std::path::Path,
    number: u32,
    create: impl Fn(PathBuf) -> Result<A, CreateError>,
) -> Result<A, CreateError> {
    match create(folder.to_owned()) {
        Err(CreateError::FlowDirInUse { .. }) if number > 0 => {
            let mut beside = folder.as_os_str().to_owned();
            beside.push(format!("-{number}"));
            create(beside.into())
        }
        other => other,
    }
}

/// Returns the fronts for people to read.
pub(crate) fn shown_fronts(fronts: &[String]) -> String {
    fronts.iter().map(|front| shown(front)).collect::<Vec<_>>().join(", ")
}

/// Refuses `sim://` fronts for a vendor's library, which would look for them forever without a word.
pub(crate) fn check_fronts(fronts: &[String], is_simulator: bool) -> Result<(), ConfigError> {
    let simulated = |front: &&String| FrontAddress::parse(front).is_ok_and(|address| address.is_simulated());
    match fronts.iter().find(simulated) {
        Some(front) if !is_simulator => Err(ConfigError::one(
            "fronts",
            format!(
                "`{}` needs the simulator's library; give a tcp:// front or leave `library` out",
                shown(front)
            ),
        )),
        _ => Ok(()),
    }
}

/// Returns a number that differs from run to run.
pub(crate) fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}

/// Runs what may block on a thread that may be blocked.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    // A panic goes on in the caller; a runtime that shuts down closes the session.
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => Ok(value),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::Closed),
    }
}

/// Returns the time for a step of a session. The monotonic part is the runtime's, which tests may stop and move.
pub(crate) fn now(clock: &WallClock) -> Now {
    Now { instant: instant(), unix_ns: clock.unix_ns() }
}

/// Returns the monotonic part of [`now`] alone: [`at`] tells the rest later.
pub(crate) fn instant() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Returns the time for a step of a session that began a moment ago.
pub(crate) fn at(clock: &WallClock, instant: Instant) -> Now {
    let now = now(clock);
    let since =
        if clock.is_by_hand() { Duration::ZERO } else { now.instant.saturating_duration_since(instant) };
    Now { instant, unix_ns: now.unix_ns - i64::try_from(since.as_nanos()).unwrap_or(0) }
}

/// Sleeps until the deadline, or forever without one.
pub(crate) async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_fronts_need_the_simulator() {
        let fronts = ["tcp://127.0.0.1:1".to_owned(), "sim://test".to_owned()];
        assert!(check_fronts(&fronts, true).is_ok());
        assert!(check_fronts(&fronts[..1], false).is_ok());
        let error = check_fronts(&fronts, false).unwrap_err();
        assert_eq!(error.problems()[0].key, "fronts");
    }
}
