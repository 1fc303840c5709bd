//! Calls of handlers, and what becomes of their exceptions.

use ctp_types::{DepthMarketDataField, Record as _, RecordBox, RecordRef};
use pyo3::IntoPyObjectExt as _;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::slot::TickSlot;
use super::{Callback, Shape, Style};
use crate::errors::{CtpError, with_traceback};
use crate::{dropin, records};

/// Who is called, and how.
pub(super) struct Target<'py> {
    handler: Bound<'py, PyAny>,
    style: Style,
    shapes: &'static [Shape],
    tick_class: &'static records::Class,
    /// The handler's method for ticks, as it was when the batch began.
    on_tick: Option<Bound<'py, PyAny>>,
}

impl<'py> Target<'py> {
    pub(super) fn new(handler: Bound<'py, PyAny>, style: Style, shapes: &'static [Shape]) -> Self {
        let tick_class = records::class_of(DepthMarketDataField::DESCRIPTOR);
        Self { handler, style, shapes, tick_class, on_tick: None }
    }

    /// Looks up the method for ticks, once for many of them.
    pub(super) fn begin(&mut self) {
        let name = self.style.name("OnRtnDepthMarketData");
        self.on_tick = match self.method(&name) {
            Ok(method) => method,
            Err(error) => {
                self.report("OnRtnDepthMarketData", error);
                None
            }
        };
    }

    /// Hands a tick over.
    #[inline]
    pub(super) fn tick(&self, tick: &TickSlot) {
        let Some(method) = &self.on_tick else { return };
        let made = match self.style {
            Style::Records => records::from_record(method.py(), self.tick_class, tick.tick()),
            Style::Dicts => dropin::dict_of(method.py(), RecordRef::from_record(tick.tick())),
        };
        if let Err(error) = made.and_then(|tick| call(method, &tick)) {
            self.report("OnRtnDepthMarketData", error);
        }
    }

    /// Hands over any other callback.
    pub(super) fn callback(&self, callback: Callback) {
        let name = callback.name;
        if let Err(error) = self.deliver(callback) {
            self.report(name, error);
        }
    }

    /// Tells that nothing more will come.
    pub(super) fn fault(&self, callback: &str, message: &str) {
        let message = format!("internal error in {callback}, delivery has ended: {message}");
        self.report(callback, CtpError::new_err(message));
    }

    /// Returns the handler's method, `None` when it has none of its own.
    fn method(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = self.handler.py();
        let method = self.handler.getattr_opt(PyString::intern(py, name))?;
        let ignore = dropin::ignore(py)?;
        Ok(method.filter(|method| !method.is(ignore)))
    }

    fn deliver(&self, callback: Callback) -> PyResult<()> {
        let py = self.handler.py();
        let Some(method) = self.method(&self.style.name(callback.name))? else { return Ok(()) };
        let shape = self.shapes[callback.slot];
        let mut arguments = Vec::with_capacity(4);
        if shape.record {
            arguments.push(self.record(callback.record)?);
        }
        if shape.rsp_info {
            arguments.push(self.record(callback.rsp_info.map(|info| RecordBox::new(&info)))?);
        }
        if shape.number {
            arguments.push(callback.number.into_bound_py_any(py)?);
        }
        if shape.is_last {
            arguments.push(callback.is_last.into_bound_py_any(py)?);
        }
        call_with(&method, &PyTuple::new(py, arguments)?)
    }

    fn record(&self, record: Option<RecordBox>) -> PyResult<Bound<'py, PyAny>> {
        let py = self.handler.py();
        match (self.style, record) {
            (Style::Records, Some(record)) => records::to_python(py, record),
            (Style::Records, None) => Ok(py.None().into_bound(py)),
            (Style::Dicts, Some(record)) => dropin::dict_of(py, record.as_ref()),
            (Style::Dicts, None) => Ok(PyDict::new(py).into_any()),
        }
    }

    /// Hands what a handler raised to `on_error`, else to the log. Even `SystemExit` ends only the handler.
    #[cold]
    fn report(&self, callback: &str, error: PyErr) {
        let (handler, py) = (&self.handler, self.handler.py());
        let callback = self.style.name(callback);
        let told = match handler.getattr_opt("on_error") {
            Ok(Some(on_error)) => match (&*callback, with_traceback(py, &error)).into_pyobject(py) {
                Ok(arguments) => call_with(&on_error, &arguments),
                Err(error) => Err(error),
            },
            Ok(None) => log(py, &callback, &error),
            Err(error) => Err(error),
        };
        if let Err(second) = told {
            // Nobody is left to tell but the log; when that fails, too, Python prints it.
            if log(py, &callback, &error).and_then(|()| log(py, "on_error", &second)).is_err() {
                second.write_unraisable(py, Some(handler));
            }
        }
    }
}

// As in `pyo3::ffi`, but a thread that is ended inside may unwind out of them.
unsafe extern "C-unwind" {
    fn PyObject_CallFunctionObjArgs(callable: *mut ffi::PyObject, ...) -> *mut ffi::PyObject;
    fn PyObject_CallObject(callable: *mut ffi::PyObject, arguments: *mut ffi::PyObject)
    -> *mut ffi::PyObject;
}

/// Holds a thread for ever. An interpreter before 3.14 that has ended ends every thread that comes back to it, by
/// unwinding, which must not go through Rust code: it would take the process, and its exit code, with it.
struct Hold;

impl Drop for Hold {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

/// Calls `method` with one argument.
fn call<'py>(method: &Bound<'py, PyAny>, argument: &Bound<'py, PyAny>) -> PyResult<()> {
    let hold = Hold;
    // SAFETY: both are live objects, the list ends with NULL, and the interpreter lock is held. What unwinds out of it
    // ends in `hold`.
    let result = unsafe {
        PyObject_CallFunctionObjArgs(
            method.as_ptr(),
            argument.as_ptr(),
            std::ptr::null_mut::<ffi::PyObject>(),
        )
    };
    std::mem::forget(hold);
    // SAFETY: a new reference, or NULL with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(method.py(), result) }.map(drop)
}

/// Calls `method` with the arguments in a tuple.
fn call_with<'py>(method: &Bound<'py, PyAny>, arguments: &Bound<'py, PyTuple>) -> PyResult<()> {
    let hold = Hold;
    // SAFETY: as in `call`.
    let result = unsafe { PyObject_CallObject(method.as_ptr(), arguments.as_ptr()) };
    std::mem::forget(hold);
    // SAFETY: as in `call`.
    unsafe { Bound::from_owned_ptr_or_err(method.py(), result) }.map(drop)
}

fn log(py: Python<'_>, callback: &str, error: &PyErr) -> PyResult<()> {
    let logger = py.import("logging")?.call_method1("getLogger", ("ctp_py",))?;
    let options = PyDict::new(py);
    options.set_item("exc_info", with_traceback(py, error))?;
    logger.call_method("error", ("exception in %s", callback), Some(&options)).map(drop)
}
