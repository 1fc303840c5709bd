//! The life of one API object: from `Init` until `close`, at the latest at the end of the interpreter.

use std::mem;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use tempfile::TempDir;

use super::handle::Handle;
use crate::delivery::{Delivery, Queue, Shape, Style};
use crate::errors;

/// How often `Join` looks for Ctrl-C.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(100);

/// How long an interrupted handler may take to end.
const INTERRUPT_PATIENCE: Duration = Duration::from_secs(1);

/// The sessions that were initialised and not closed: they live until they are, as threads do.
static LIVE: Mutex<Listed> = Mutex::new(Vec::new());

/// The sessions that are open.
pub(crate) type Listed = Vec<Arc<Session>>;

/// The library's object, left alone in a process that was forked off: the threads that its end waits for are not there.
struct Owned {
    handle: Option<Handle>,
    /// The process that it was made in.
    process: u32,
}

impl Owned {
    fn get(&self) -> Option<&Handle> {
        self.handle.as_ref()
    }

    fn is_foreign(&self) -> bool {
        self.process != process::id()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if self.is_foreign() {
            mem::forget(self.handle.take());
        }
    }
}

pub(crate) struct Session {
    handle: Owned,
    pub(crate) queue: Arc<Queue>,
    style: Style,
    shapes: &'static [Shape],
    flow_dir: PathBuf,
    state: Mutex<State>,
    closed: Condvar,
}

struct State {
    spi: Option<Py<PyAny>>,
    delivery: Option<Arc<Delivery>>,
    temporary: Option<TempDir>,
    is_closing: bool,
    is_closed: bool,
}

/// The directory of the library's own files: the user's, or one that goes with the session.
pub(crate) enum FlowDir {
    Own(PathBuf),
    Temporary(TempDir),
}

impl FlowDir {
    pub(crate) fn choose(given: Option<PathBuf>) -> PyResult<Self> {
        match given {
            Some(path) => Ok(Self::Own(path)),
            None => {
                tempfile::Builder::new().prefix("ctp-flow-").tempdir().map(Self::Temporary).map_err(|error| {
                    errors::FlowDirError::new_err(format!(
                        "cannot make a temporary flow directory: {error}; pass flow_dir"
                    ))
                })
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Own(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

impl Session {
    pub(super) fn new(
        handle: Handle,
        queue: Arc<Queue>,
        style: Style,
        shapes: &'static [Shape],
        flow_dir: FlowDir,
    ) -> Self {
        let (flow_dir, temporary) = match flow_dir {
            FlowDir::Own(path) => (path, None),
            FlowDir::Temporary(folder) => (folder.path().to_owned(), Some(folder)),
        };
        let state = State { spi: None, delivery: None, temporary, is_closing: false, is_closed: false };
        Self {
            handle: Owned { handle: Some(handle), process: process::id() },
            queue,
            style,
            shapes,
            flow_dir,
            state: Mutex::new(state),
            closed: Condvar::new(),
        }
    }

    /// Returns the library's object.
    ///
    /// # Errors
    ///
    /// Returns an error in a process that was forked off: the threads of the library stayed behind.
    pub(crate) fn handle(&self) -> PyResult<&Handle> {
        if self.is_foreign() {
            return Err(errors::StateError::new_err(
                "this API object was made before a fork and belongs to the parent process; make another one here",
            ));
        }
        self.handle.get().ok_or_else(|| errors::StateError::new_err("the API object is gone"))
    }

    /// Returns whether the session belongs to the process that this one was forked from.
    fn is_foreign(&self) -> bool {
        self.handle.is_foreign()
    }

    /// Shows the garbage collector what the session refers to.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        // Locked means that another thread is at it; then it is alive.
        match self.state.try_lock() {
            Ok(state) => state.spi.as_ref().map_or(Ok(()), |spi| visit.call(spi)),
            Err(_) => Ok(()),
        }
    }

    /// Lets go of the registered object.
    pub(crate) fn clear(&self) {
        let spi = self.state.try_lock().ok().and_then(|mut state| state.spi.take());
        drop(spi);
    }

    pub(super) fn register_spi(&self, spi: Option<Py<PyAny>>) -> PyResult<()> {
        self.handle()?;
        let mut state = self.lock();
        if state.delivery.is_some() || state.is_closing {
            return Err(errors::StateError::new_err("RegisterSpi must be called before Init"));
        }
        let before = std::mem::replace(&mut state.spi, spi);
        drop(state);
        // Dropping it may run Python code, which may call us.
        drop(before);
        Ok(())
    }

    /// Starts delivery to the registered object, else to `itself`, then the library.
    pub(crate) fn init(self: &Arc<Self>, itself: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = itself.py();
        let handle = self.handle()?;
        let mut state = self.lock();
        if state.is_closing {
            return Err(errors::StateError::new_err("Init was called after close; make another API object"));
        }
        if state.delivery.is_some() {
            return Err(errors::StateError::new_err(
                "Init was called twice; make another API object for a second connection",
            ));
        }
        let handler = state.spi.as_ref().map_or_else(|| itself.clone().unbind(), |spi| spi.clone_ref(py));
        let delivery = Delivery::start(Arc::clone(&self.queue), handler, self.style, self.shapes)?;
        state.delivery = Some(Arc::new(delivery));
        drop(state);
        prune();
        live().push(Arc::clone(self));
        py.detach(|| handle.init()).map_err(|error| errors::from_api(py, error))
    }

    #[expect(clippy::misnamed_getters, reason = "for its user a session is closed once closing has begun")]
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closing
    }

    pub(crate) fn flow_dir(&self) -> PathBuf {
        self.flow_dir.clone()
    }

    /// Waits for the end of [`close`](Self::close), looking for signals meanwhile.
    pub(crate) fn join(&self, py: Python<'_>) -> PyResult<()> {
        self.handle()?;
        if self.lock().delivery.as_ref().is_some_and(|delivery| delivery.is_current()) {
            return Err(errors::StateError::new_err("Join inside a handler would wait for itself"));
        }
        while !py.detach(|| self.wait_closed(SIGNAL_INTERVAL)) {
            py.check_signals()?;
        }
        Ok(())
    }

    /// Ends delivery, then the library's object. Waits at most `timeout`, without the interpreter lock. Does nothing in
    /// a process that was forked off.
    pub(crate) fn close(self: &Arc<Self>, py: Python<'_>, timeout: Duration) -> PyResult<()> {
        if self.is_foreign() {
            return Ok(());
        }
        self.queue.close();
        let mut state = self.lock();
        state.is_closing = true;
        let delivery = state.delivery.clone();
        drop(state);
        let is_handler = delivery.as_ref().is_some_and(|delivery| delivery.is_current());
        let (released, has_ended) = py.detach(|| {
            let started = Instant::now();
            let released = self.handle.get().map_or(Ok(()), |handle| handle.close(timeout));
            let rest = timeout.saturating_sub(started.elapsed());
            // A handler that closes its own API cannot wait for itself; it is the last one called.
            (released, is_handler || delivery.is_none_or(|delivery| delivery.wait(rest)))
        });
        self.finish();
        released.map_err(|error| errors::CloseError::new_err(error.to_string()))?;
        if has_ended {
            return Ok(());
        }
        Err(errors::CloseError::new_err(format!(
            "a handler is still running after {timeout:?}; it gets no further callbacks"
        )))
    }

    /// Lets go of what the session kept alive, and wakes those who wait for its end.
    fn finish(self: &Arc<Self>) {
        let mut state = self.lock();
        state.is_closed = true;
        let kept = (state.spi.take(), state.temporary.take());
        drop(state);
        self.closed.notify_all();
        drop(kept);
        prune();
    }

    /// Returns whether nothing of the session runs any more.
    fn is_over(&self) -> bool {
        let state = self.lock();
        state.is_closed && state.delivery.as_ref().is_none_or(|delivery| delivery.is_over())
    }

    fn wait_closed(&self, timeout: Duration) -> bool {
        let waited = self.closed.wait_timeout_while(self.lock(), timeout, |state| !state.is_closed);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.is_foreign() {
            // The parent's library still uses the folder.
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            mem::forget(state.temporary.take());
        }
    }
}

/// Closes every API that is open.
#[pyfunction]
#[pyo3(signature = (timeout = 5.0))]
pub(super) fn close_all(py: Python<'_>, timeout: f64) -> PyResult<()> {
    let timeout = Duration::try_from_secs_f64(timeout)
        .map_err(|_| PyValueError::new_err(format!("timeout {timeout} is not a number of seconds")))?;
    let started = Instant::now();
    let sessions = own_sessions();
    for session in &sessions {
        session.queue.close();
    }
    let rest = || timeout.saturating_sub(started.elapsed());
    let closed: Vec<PyResult<()>> = sessions.iter().map(|session| session.close(py, rest())).collect();
    closed.into_iter().collect()
}

/// Runs when the interpreter ends: closes what is open, and stops handlers that would not stop.
#[pyfunction]
pub(super) fn at_exit(py: Python<'_>) {
    // What did not end in time is interrupted below, and left behind when that does not help.
    let _: PyResult<()> = close_all(py, super::EXIT_SECONDS);
    let deliveries: Vec<Arc<Delivery>> =
        own_sessions().iter().filter_map(|session| session.lock().delivery.clone()).collect();
    for delivery in &deliveries {
        delivery.interrupt(py);
    }
    let started = Instant::now();
    for delivery in &deliveries {
        py.detach(|| delivery.wait(INTERRUPT_PATIENCE.saturating_sub(started.elapsed())));
    }
}

/// Returns the sessions of this process; those of the process that it was forked from are left alone.
fn own_sessions() -> Vec<Arc<Session>> {
    live().iter().filter(|session| !session.is_foreign()).map(Arc::clone).collect()
}

/// Forgets the sessions of which nothing runs any more.
fn prune() {
    let over: Vec<_> = live().extract_if(.., |session| !session.is_foreign() && session.is_over()).collect();
    // Their end may run Python code, which does not run under the lock.
    drop(over);
}

/// Returns the lock of the sessions that are open. Nobody waits for the interpreter under it.
pub(crate) fn list() -> &'static Mutex<Listed> {
    &LIVE
}

fn live() -> MutexGuard<'static, Listed> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}
