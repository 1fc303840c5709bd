//! `Pending`: what takes time, to be awaited, waited for on a thread, or called back about.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ctp_gateway::Error;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use super::bell::Bell;
use super::wait::{Look, Source, Wait, block};
use super::{errors, handlers, life, runtime};
use crate::errors::StateError;

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Pending>()
}

/// Makes the Python value of what came, once somebody asks for it.
type Convert = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;

/// Starts a future on the runtime. `convert` runs later, on the Python thread that asks first.
///
/// # Errors
///
/// Returns `StateError` in a forked child and while the interpreter ends.
pub(crate) fn spawn<T: Send + 'static>(
    py: Python<'_>,
    future: impl Future<Output = Result<T, Error>> + Send + 'static,
    convert: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
) -> PyResult<Py<Pending>> {
    let inner = Arc::new(Inner::default());
    let pending = Py::new(py, Pending { inner: life::Owned::new(Arc::clone(&inner)) })?;
    runtime::handle()?.spawn(async move {
        inner.settle(future.await, convert);
    });
    Ok(pending)
}

/// Returns what is known already, an error too; it is as if it had just come. `convert` runs when somebody asks.
///
/// # Errors
///
/// Returns `StateError` in a forked child and while the interpreter ends.
pub(crate) fn settled<T: Send + 'static>(
    py: Python<'_>,
    result: Result<T, Error>,
    convert: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
) -> PyResult<Py<Pending>> {
    life::check()?;
    let inner = Arc::new(Inner::default());
    inner.settle(result, convert);
    Py::new(py, Pending { inner: life::Owned::new(inner) })
}

/// Returns what is there already.
pub(crate) fn ready(py: Python<'_>, value: Py<PyAny>) -> PyResult<Py<Pending>> {
    let inner = Inner::default();
    *inner.slot() = Slot::Value(value);
    inner.is_done.store(true, Ordering::Release);
    Py::new(py, Pending { inner: life::Owned::new(Arc::new(inner)) })
}

/// Something that was started and has a result later.
///
/// ``await pending`` in asyncio, ``pending.result()`` on a thread. The work goes on whether or not anybody waits, and a
/// cancelled or timed out wait takes nothing back: wait again.
#[pyclass(frozen, weakref, generic, module = "ctp_py")]
pub(crate) struct Pending {
    inner: life::Owned<Arc<Inner>>,
}

#[derive(Default)]
struct Inner {
    slot: Mutex<Slot>,
    bell: Arc<Bell>,
    is_done: AtomicBool,
    /// What the log is told if nobody asks.
    untold: Mutex<Option<String>>,
    callbacks: Mutex<Vec<(Py<PyAny>, Py<Pending>)>>,
}

#[derive(Default)]
enum Slot {
    #[default]
    Waiting,
    Raw(Convert),
    Value(Py<PyAny>),
    Error(PyErr),
}

impl Inner {
    fn settle<T: Send + 'static>(
        &self,
        result: Result<T, Error>,
        convert: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) {
        match result {
            Ok(value) => self.finish(Box::new(move |py| convert(py, value)), None),
            Err(error) => {
                // That a session was closed is told to whoever asks; nobody needs it in the log.
                let untold = (!matches!(error, Error::Closed)).then(|| error.to_string());
                self.finish(Box::new(move |py| Err(errors::raise(py, error))), untold);
            }
        }
    }

    /// Takes the result, on a thread that has no Python.
    fn finish(&self, convert: Convert, untold: Option<String>) {
        *self.slot() = Slot::Raw(convert);
        *self.untold() = untold;
        self.is_done.store(true, Ordering::Release);
        self.bell.ring();
        self.call_back();
    }

    fn call_back(&self) {
        let callbacks = std::mem::take(&mut *self.callbacks());
        for (callback, pending) in callbacks {
            handlers::call_soon(callback, pending);
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn untold(&self) -> MutexGuard<'_, Option<String>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn callbacks(&self) -> MutexGuard<'_, Vec<(Py<PyAny>, Py<Pending>)>> {
        self.callbacks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Inner {
    fn look(&self, py: Python<'_>) -> PyResult<Look> {
        if !self.is_done.load(Ordering::Acquire) {
            return Ok(Look::Nothing);
        }
        // Python code must not run under the lock.
        let convert = {
            let mut slot = self.slot();
            match &mut *slot {
                // Another thread is converting, and rings when it has.
                Slot::Waiting => return Ok(Look::Nothing),
                Slot::Value(value) => return Ok(Look::Ready(value.clone_ref(py))),
                Slot::Error(error) => {
                    let error = error.clone_ref(py);
                    drop(slot);
                    self.untold().take();
                    return Err(error);
                }
                raw @ Slot::Raw(_) => match std::mem::take(raw) {
                    Slot::Raw(convert) => convert,
                    _ => return Ok(Look::Nothing),
                },
            }
        };
        let converted = convert(py);
        self.untold().take();
        let (slot, found) = match converted {
            Ok(value) => (Slot::Value(value.clone_ref(py)), Ok(Look::Ready(value))),
            Err(error) => (Slot::Error(error.clone_ref(py)), Err(error)),
        };
        *self.slot() = slot;
        self.bell.ring();
        found
    }

    fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(error) = self.untold().take() {
            handlers::log_error(format!("nobody took the outcome of a request, which failed: {error}"));
        }
    }
}

impl Pending {
    fn inner(&self) -> PyResult<&Arc<Inner>> {
        if life::is_forked() {
            life::check()?;
        }
        self.inner.get().ok_or_else(|| StateError::new_err("the result is gone"))
    }

    /// Waits for the result on this thread, for Rust.
    pub(crate) fn wait(&self, py: Python<'_>, timeout: Option<Duration>) -> PyResult<Py<PyAny>> {
        match block(py, &**self.inner()?, timeout)? {
            Look::Ready(value) => Ok(value),
            Look::Over => {
                Err(StateError::new_err("the interpreter is ending; nothing is waited for any more"))
            }
            Look::Nothing => Err(errors::not_in_time(py, timeout.unwrap_or_default())),
        }
    }
}

#[pymethods]
impl Pending {
    fn __await__(&self) -> PyResult<Wait> {
        Ok(Wait::new(Arc::clone(self.inner()?) as Arc<dyn Source>))
    }

    /// Waits on this thread and returns the result. Other threads run meanwhile, and Ctrl-C works.
    ///
    /// Args:
    ///     timeout: seconds to wait at most; without it for as long as it takes.
    ///
    /// Raises:
    ///     TimedOut: there is no result yet; the work goes on, and may be waited for again.
    ///     CtpError: whatever the work failed with.
    #[pyo3(signature = (timeout = None))]
    fn result(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Py<PyAny>> {
        self.wait(py, timeout.map(seconds).transpose()?)
    }

    /// Returns whether there is a result, or an error.
    fn done(&self) -> PyResult<bool> {
        Ok(self.inner()?.is_done.load(Ordering::Acquire))
    }

    /// Calls `callback` with this object when it is done, at once if it is; always on the thread of the handlers.
    fn add_done_callback(slf: &Bound<'_, Self>, callback: Bound<'_, PyAny>) -> PyResult<()> {
        if !callback.is_callable() {
            return Err(PyTypeError::new_err("a callback is a function that takes the Pending"));
        }
        let inner = slf.get().inner()?;
        inner.callbacks().push((callback.unbind(), slf.clone().unbind()));
        if inner.is_done.load(Ordering::Acquire) {
            inner.call_back();
        }
        Ok(())
    }

    fn __repr__(&self) -> PyResult<&'static str> {
        Ok(if self.done()? { "<ctp_py.Pending done>" } else { "<ctp_py.Pending>" })
    }
}

/// Reads a number of seconds.
///
/// # Errors
///
/// Returns `ValueError` for one that no time is.
pub(crate) fn seconds(number: f64) -> PyResult<Duration> {
    if number == f64::INFINITY {
        return Ok(Duration::MAX);
    }
    Duration::try_from_secs_f64(number).map_err(|_| {
        PyValueError::new_err(format!("{number} is not a time to wait; give seconds, 0 or more"))
    })
}
