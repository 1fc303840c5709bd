//! Handlers: functions that are called with what comes, all on one thread.
//!
//! The thread attaches to Python once for all that has gathered, and lets go of it to wait. Whatever a handler raises,
//! `SystemExit` and `KeyboardInterrupt` too, goes to the client's `on_error` or to the log and stops nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use pyo3::exceptions::{PySystemExit, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::bell::Bell;
use super::pending::Pending;
use super::stream::{AnyReader, Items, reader};
use super::wait::Look;
use super::{life, log};
use crate::errors::with_traceback;

/// How many items of one handler are taken before the next handler has its turn.
const BATCH: usize = 256;

/// How long the end of the interpreter waits for the thread, and how often it then asks it to end.
const PATIENCE: Duration = Duration::from_secs(1);
const REQUESTS: usize = 3;

static HUB: Mutex<Option<Arc<Hub>>> = Mutex::new(None);

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Handler>()
}

/// Has `function` called with every item of `source` from now on.
///
/// # Errors
///
/// Returns `TypeError` if it is no function, `StateError` in a forked child and while the interpreter ends.
pub(crate) fn add<S, C>(
    py: Python<'_>,
    owner: &Arc<Owner>,
    name: &'static str,
    source: S,
    convert: C,
    function: Bound<'_, PyAny>,
) -> PyResult<Py<Handler>>
where
    S: Items,
    C: Fn(Python<'_>, S::Item) -> PyResult<Py<PyAny>> + Send + Sync + 'static,
{
    life::check()?;
    check_function(name, &function)?;
    let hub = hub()?;
    let entry = Arc::new(Entry {
        reader: reader(source, convert, Arc::clone(&hub.bell)),
        function: function.clone().unbind(),
        owner: Arc::clone(owner),
        name,
        is_removed: AtomicBool::new(false),
        calls: AtomicU64::new(0),
    });
    hub.send(Task::Add(Arc::clone(&entry)));
    Py::new(py, Handler { entry: life::Owned::new(entry), function: function.unbind() })
}

/// Checks that something can be called.
///
/// # Errors
///
/// Returns `TypeError` if it cannot.
pub(crate) fn check_function(name: &str, function: &Bound<'_, PyAny>) -> PyResult<()> {
    if function.is_callable() {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!("{name} takes a function, not {}", function.repr()?)))
}

/// Has a callback of a [`Pending`] called.
pub(super) fn call_soon(callback: Py<PyAny>, pending: Py<Pending>) {
    if let Ok(hub) = hub() {
        hub.send(Task::Call(callback, pending));
    }
}

/// Has something logged as an error.
pub(super) fn log_error(message: String) {
    if !life::is_ending()
        && !life::is_forked()
        && let Ok(hub) = hub()
    {
        hub.send(Task::Log(message));
    }
}

/// Has the thread write the gateway's lines.
pub(super) fn wake_for_lines() {
    if !life::is_ending()
        && let Ok(hub) = hub()
    {
        hub.bell.ring();
    }
}

/// Has the thread notice that the interpreter ends.
pub(super) fn wake() {
    if let Some(hub) = &*current() {
        hub.bell.ring();
    }
}

/// Waits for the end of the thread. A handler that does not end is interrupted, as it would meet the end of the
/// interpreter inside Python.
pub(super) fn end(py: Python<'_>) {
    let Some(hub) = current().take() else { return };
    hub.bell.ring();
    for _ in 0..=REQUESTS {
        if py.detach(|| hub.wait_end(PATIENCE)) {
            return;
        }
        // Nobody is there to be told.
        let _ = hub.interrupt(py);
    }
}

/// A client as its handlers know it.
#[derive(Default)]
pub(crate) struct Owner {
    on_error: Mutex<Option<Py<PyAny>>>,
    is_closed: AtomicBool,
}

impl Owner {
    /// Has a function called with the name of the handler and what it raised.
    pub(crate) fn set_on_error(&self, function: Option<Py<PyAny>>) {
        let before =
            std::mem::replace(&mut *self.on_error.lock().unwrap_or_else(PoisonError::into_inner), function);
        drop(before);
    }

    /// Ends the client's handlers after the call that may run.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        wake();
    }

    fn on_error(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        let on_error = self.on_error.lock().unwrap_or_else(PoisonError::into_inner);
        on_error.as_ref().map(|function| function.clone_ref(py))
    }
}

struct Entry {
    reader: Arc<dyn AnyReader>,
    function: Py<PyAny>,
    owner: Arc<Owner>,
    name: &'static str,
    is_removed: AtomicBool,
    calls: AtomicU64,
}

impl Entry {
    fn is_over(&self) -> bool {
        self.is_removed.load(Ordering::Acquire) || self.owner.is_closed.load(Ordering::Acquire)
    }
}

enum Task {
    Add(Arc<Entry>),
    Call(Py<PyAny>, Py<Pending>),
    Log(String),
}

/// The thread, as others see it.
struct Hub {
    bell: Arc<Bell>,
    tasks: Mutex<Vec<Task>>,
    /// Python's number of the thread, 0 until it runs.
    python_id: AtomicU64,
    thread: Mutex<Option<ThreadId>>,
    is_over: Mutex<bool>,
    over: Condvar,
}

impl Hub {
    fn send(&self, task: Task) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
        self.bell.ring();
    }

    fn wait_end(&self, patience: Duration) -> bool {
        let is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        let end = Instant::now() + patience;
        let left = end.saturating_duration_since(Instant::now());
        let waited = self.over.wait_timeout_while(is_over, left, |is_over| !*is_over);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Raises `SystemExit` in the handler that runs, as soon as it executes Python code.
    fn interrupt(&self, py: Python<'_>) -> PyResult<()> {
        let id = self.python_id.load(Ordering::Acquire);
        let ctypes = py.import("ctypes")?;
        let raise = ctypes.getattr("pythonapi")?.getattr("PyThreadState_SetAsyncExc")?;
        let id = ctypes.getattr("c_ulong")?.call1((id,))?;
        let exception = ctypes.getattr("py_object")?.call1((py.get_type::<PySystemExit>(),))?;
        raise.call1((id, exception)).map(drop)
    }
}

/// Returns the thread, which is started when it is needed first.
fn hub() -> PyResult<Arc<Hub>> {
    let mut current = current();
    if let Some(hub) = &*current {
        return Ok(Arc::clone(hub));
    }
    life::check()?;
    let hub = Arc::new(Hub {
        bell: Arc::default(),
        tasks: Mutex::default(),
        python_id: AtomicU64::new(0),
        thread: Mutex::default(),
        is_over: Mutex::new(false),
        over: Condvar::new(),
    });
    let guard = EndGuard(Arc::clone(&hub));
    let thread = std::thread::Builder::new().name("ctp-handlers".to_owned()).spawn(move || {
        let hub = &guard.0;
        // `None`: the interpreter is gone, and with it everybody who could be called.
        let _: Option<()> = Python::try_attach(|py| run(py, hub));
    })?;
    *hub.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread.thread().id());
    *current = Some(Arc::clone(&hub));
    Ok(hub)
}

fn current() -> MutexGuard<'static, Option<Arc<Hub>>> {
    HUB.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells the end of the thread, however it comes.
struct EndGuard(Arc<Hub>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        *self.0.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.over.notify_all();
    }
}

fn run(py: Python<'_>, hub: &Hub) {
    let id = py.import("threading").and_then(|threading| threading.call_method0("get_ident")?.extract());
    hub.python_id.store(id.unwrap_or(0), Ordering::Release);
    let mut entries: Vec<Arc<Entry>> = Vec::new();
    loop {
        let times = hub.bell.times();
        let tasks = std::mem::take(&mut *hub.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let mut has_worked = !tasks.is_empty();
        for task in tasks {
            match task {
                Task::Add(entry) => entries.push(entry),
                Task::Log(message) => tell(write(py, &message, None), None),
                Task::Call(callback, pending) => {
                    if let Err(error) = callback.call1(py, (pending,)) {
                        tell(write(py, "exception in a callback of a Pending", Some(&error)), Some(error));
                    }
                }
            }
        }
        if life::is_ending() {
            return;
        }
        has_worked |= log::drain(py);
        entries.retain(|entry| {
            let (is_going_on, worked) = serve(py, entry);
            has_worked |= worked;
            is_going_on
        });
        if !has_worked {
            py.detach(|| hub.bell.wait(times, Duration::MAX));
        }
    }
}

/// Calls a handler with what has gathered; returns whether it goes on, and whether it was called.
fn serve(py: Python<'_>, entry: &Entry) -> (bool, bool) {
    for count in 0..BATCH {
        if entry.is_over() || life::is_ending() {
            return (false, count > 0);
        }
        let called = match entry.reader.look(py) {
            Ok(Look::Ready(item)) => {
                entry.calls.fetch_add(1, Ordering::Relaxed);
                entry.function.call1(py, (item,)).map(drop)
            }
            Ok(Look::Nothing) => return (true, count > 0),
            Ok(Look::Over) => return (false, count > 0),
            Err(error) => Err(error),
        };
        if let Err(error) = called {
            report(py, entry, error);
        }
    }
    (true, true)
}

/// Hands what a handler raised to `on_error`, else to the log.
fn report(py: Python<'_>, entry: &Entry, error: PyErr) {
    if life::is_ending() {
        // It was interrupted so that the interpreter can end.
        return;
    }
    let message = format!("exception in a handler of {}", entry.name);
    let Some(on_error) = entry.owner.on_error(py) else {
        return tell(write(py, &message, Some(&error)), Some(error));
    };
    if let Err(second) = on_error.call1(py, (entry.name, with_traceback(py, &error))) {
        tell(write(py, &message, Some(&error)), Some(error));
        tell(write(py, "exception in on_error", Some(&second)), Some(second));
    }
}

/// Has Python print what could not be logged.
fn tell(logged: PyResult<()>, error: Option<PyErr>) {
    if let Err(second) = logged {
        Python::attach(|py| error.unwrap_or(second).write_unraisable(py, None));
    }
}

fn write(py: Python<'_>, message: &str, error: Option<&PyErr>) -> PyResult<()> {
    let logger = py.import("logging")?.call_method1("getLogger", ("ctp_py",))?;
    let options = PyDict::new(py);
    if let Some(error) = error {
        options.set_item("exc_info", with_traceback(py, error))?;
    }
    logger.call_method("error", ("%s", message), Some(&options)).map(drop)
}

/// A function that is called with what comes, until `remove()` or the end of its client. It can be called itself.
#[pyclass(frozen, weakref, module = "ctp_py")]
pub(crate) struct Handler {
    entry: life::Owned<Arc<Entry>>,
    function: Py<PyAny>,
}

#[pymethods]
impl Handler {
    /// Ends the calls; one that runs goes on to its end.
    fn remove(&self) {
        if let Some(entry) = self.entry.get().filter(|_| !life::is_forked()) {
            entry.is_removed.store(true, Ordering::Release);
            wake();
        }
    }

    /// How many ticks the handler was too slow for, exactly, of any instrument; 0 for all but ticks.
    #[getter]
    fn lost(&self) -> u64 {
        self.entry.get().filter(|_| !life::is_forked()).map_or(0, |entry| entry.reader.lost())
    }

    /// How often the function was called.
    #[getter]
    fn calls(&self) -> u64 {
        self.entry.get().map_or(0, |entry| entry.calls.load(Ordering::Relaxed))
    }

    /// The function.
    #[getter(__wrapped__)]
    fn wrapped(&self, py: Python<'_>) -> Py<PyAny> {
        self.function.clone_ref(py)
    }

    #[pyo3(signature = (*arguments, **keywords))]
    fn __call__(
        &self,
        py: Python<'_>,
        arguments: &Bound<'_, PyTuple>,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        self.function.call(py, arguments, keywords)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<ctp_py.Handler of {}>", self.function.bind(py).repr()?))
    }
}
