//! The thread that calls Python.

use std::ffi::c_long;
use std::io;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use ctp_types::RecordBox;
use pyo3::IntoPyObjectExt as _;
use pyo3::PyTypeInfo as _;
use pyo3::exceptions::PySystemExit;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::queue::Batch;
use super::{Callback, Event, Queue, Shape};
use crate::errors::CtpError;
use crate::records;

/// A running delivery thread.
pub(crate) struct Delivery {
    thread: ThreadId,
    end: Arc<End>,
}

#[derive(Default)]
struct End {
    /// Python's number of the thread, known once it runs.
    python_id: OnceLock<c_long>,
    is_over: Mutex<bool>,
    over: Condvar,
}

impl Delivery {
    /// Starts a thread that calls the methods of `handler`.
    ///
    /// # Errors
    ///
    /// Returns the system's reason when it has no more threads.
    pub(crate) fn start(queue: Arc<Queue>, handler: Py<PyAny>, shapes: &'static [Shape]) -> io::Result<Self> {
        let end = Arc::new(End::default());
        let guard = EndGuard(Arc::clone(&end));
        let thread = thread::Builder::new().name("ctp-delivery".into()).spawn(move || {
            let guard = guard;
            // `None`: the interpreter is going away, and with it everybody who could be called.
            let _: Option<()> = Python::try_attach(|py| {
                if let Ok(id) = python_id(py) {
                    let _: Result<(), c_long> = guard.0.python_id.set(id);
                }
                run(py, &queue, &handler.into_bound(py), shapes);
            });
        })?;
        Ok(Self { thread: thread.thread().id(), end })
    }

    /// Returns whether the caller is a handler.
    pub(crate) fn is_current(&self) -> bool {
        thread::current().id() == self.thread
    }

    /// Returns whether the thread has ended.
    pub(crate) fn is_over(&self) -> bool {
        *self.end.is_over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Raises `SystemExit` in the handler that is running, as soon as it executes Python code. Only for
    /// the end of the interpreter: a thread that meets that end inside Python takes the process down.
    pub(crate) fn interrupt(&self, py: Python<'_>) {
        if let Some(id) = self.end.python_id.get().filter(|_| !self.is_over()) {
            // SAFETY: the interpreter lock is held; a number of no thread is ignored.
            unsafe { ffi::PyThreadState_SetAsyncExc(*id, PySystemExit::type_object_raw(py).cast()) };
        }
    }

    /// Waits for the end of the thread; returns whether it came in time.
    pub(crate) fn wait(&self, timeout: Duration) -> bool {
        let is_over = self.end.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.end.over.wait_timeout_while(is_over, timeout, |is_over| !*is_over);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Tells the end of the thread, however it comes.
struct EndGuard(Arc<End>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        *self.0.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.over.notify_all();
    }
}

fn python_id(py: Python<'_>) -> PyResult<c_long> {
    py.import("threading")?.call_method0("get_ident")?.extract()
}

fn run(py: Python<'_>, queue: &Queue, handler: &Bound<'_, PyAny>, shapes: &[Shape]) {
    let mut batch = Batch::default();
    while py.detach(|| queue.wait(&mut batch)) {
        while let Some(event) = batch.events.pop_front() {
            if queue.is_closed() {
                return;
            }
            let (name, outcome) = match event {
                Event::Tick => {
                    let Some(tick) = batch.ticks.pop_front() else { continue };
                    ("OnRtnDepthMarketData", deliver_tick(handler, RecordBox::new(&tick)))
                }
                Event::Callback(callback) => (callback.name, deliver(handler, callback, shapes)),
                Event::Fault { callback, message } => {
                    let message = format!("internal error in {callback}, delivery has ended: {message}");
                    (callback, Err(CtpError::new_err(message)))
                }
            };
            if let Err(error) = outcome {
                report(handler, name, error);
            }
        }
    }
}

fn deliver_tick(handler: &Bound<'_, PyAny>, tick: RecordBox) -> PyResult<()> {
    let py = handler.py();
    let Some(method) = handler.getattr_opt(pyo3::intern!(py, "OnRtnDepthMarketData"))? else { return Ok(()) };
    method.call1((records::to_python(py, tick)?,)).map(drop)
}

fn deliver(handler: &Bound<'_, PyAny>, callback: Callback, shapes: &[Shape]) -> PyResult<()> {
    let py = handler.py();
    let Some(method) = handler.getattr_opt(callback.name)? else { return Ok(()) };
    let shape = shapes[callback.slot];
    let mut arguments = Vec::with_capacity(4);
    if shape.record {
        arguments.push(match callback.record {
            Some(record) => records::to_python(py, record)?,
            None => py.None().into_bound(py),
        });
    }
    if shape.rsp_info {
        arguments.push(match callback.rsp_info {
            Some(rsp_info) => records::to_python(py, RecordBox::new(&rsp_info))?,
            None => py.None().into_bound(py),
        });
    }
    if shape.number {
        arguments.push(callback.number.into_bound_py_any(py)?);
    }
    if shape.is_last {
        arguments.push(callback.is_last.into_bound_py_any(py)?);
    }
    method.call1(PyTuple::new(py, arguments)?).map(drop)
}

/// Hands what a handler raised to `on_error`, else to the log. Even `SystemExit` ends only the handler.
fn report(handler: &Bound<'_, PyAny>, callback: &str, error: PyErr) {
    let py = handler.py();
    let told = match handler.getattr_opt("on_error") {
        Ok(Some(on_error)) => on_error.call1((callback, error.value(py))).map(drop),
        Ok(None) => log(py, callback, &error),
        Err(error) => Err(error),
    };
    if let Err(second) = told {
        // Nobody is left to tell but the log; when that fails, too, Python prints it.
        if log(py, callback, &error).and_then(|()| log(py, "on_error", &second)).is_err() {
            second.write_unraisable(py, Some(handler));
        }
    }
}

fn log(py: Python<'_>, callback: &str, error: &PyErr) -> PyResult<()> {
    let logger = py.import("logging")?.call_method1("getLogger", ("ctp_py",))?;
    let options = PyDict::new(py);
    options.set_item("exc_info", error.value(py))?;
    logger.call_method("error", ("exception in %s", callback), Some(&options)).map(drop)
}
