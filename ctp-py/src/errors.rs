//! Python exceptions, and what of ours becomes which.

use ctp_sys::ApiError;
use pyo3::create_exception;
use pyo3::exceptions::{PyBaseException, PyException, PyTypeError, PyValueError};
use pyo3::prelude::*;

create_exception!(ctp_py, CtpError, PyException, "Any error of this package.");
create_exception!(ctp_py, LoadError, CtpError, "A library was not loaded.");
create_exception!(
    ctp_py,
    FlowDirError,
    CtpError,
    "The flow directory cannot be used, for example because another instance uses it."
);
create_exception!(ctp_py, FrontError, CtpError, "A front address is not one.");
create_exception!(ctp_py, NotSent, CtpError, "A request did not leave; nothing happened at the counter.");
create_exception!(ctp_py, NotConnected, NotSent, "The front is not connected (-1).");
create_exception!(ctp_py, TooManyUnanswered, NotSent, "Too many requests wait for their answer (-2).");
create_exception!(ctp_py, TooFast, NotSent, "Too many requests in this second (-3).");
create_exception!(
    ctp_py,
    NotInVersion,
    CtpError,
    "The loaded library's version lacks the method, or a value does not fit its older record."
);
create_exception!(
    ctp_py,
    StateError,
    CtpError,
    "The call does not fit the life cycle: before or after `Init`, or after `close`."
);
create_exception!(ctp_py, CloseError, CtpError, "The API was not closed in time.");

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("CtpError", py.get_type::<CtpError>())?;
    module.add("LoadError", py.get_type::<LoadError>())?;
    module.add("FlowDirError", py.get_type::<FlowDirError>())?;
    module.add("FrontError", py.get_type::<FrontError>())?;
    module.add("NotSent", py.get_type::<NotSent>())?;
    module.add("NotConnected", py.get_type::<NotConnected>())?;
    module.add("TooManyUnanswered", py.get_type::<TooManyUnanswered>())?;
    module.add("TooFast", py.get_type::<TooFast>())?;
    module.add("NotInVersion", py.get_type::<NotInVersion>())?;
    module.add("StateError", py.get_type::<StateError>())?;
    module.add("CloseError", py.get_type::<CloseError>())
}

/// Returns the exception object with the way that it took: before CPython 3.12 an error that was caught in Rust keeps its
/// traceback to itself, and neither `logging` nor `on_error` could tell the line that raised.
pub(crate) fn with_traceback<'py>(py: Python<'py>, error: &PyErr) -> Bound<'py, PyBaseException> {
    let value = error.value(py).clone();
    if let Some(traceback) = error.traceback(py) {
        // An exception that refuses its traceback is told without.
        let _ = value.setattr("__traceback__", traceback);
    }
    value
}

/// Turns an error of a call into a Python exception.
pub(crate) fn from_api(py: Python<'_>, error: ApiError) -> PyErr {
    let message = error.to_string();
    let (exception, code) = match error {
        ApiError::NotConnected { .. } => (NotConnected::new_err(message), Some(-1)),
        ApiError::TooManyUnanswered { .. } => (TooManyUnanswered::new_err(message), Some(-2)),
        ApiError::TooFast { .. } => (TooFast::new_err(message), Some(-3)),
        ApiError::Refused { code, .. } => (NotSent::new_err(message), Some(code)),
        ApiError::NotInVersion { .. } | ApiError::DoesNotFit { .. } => (NotInVersion::new_err(message), None),
        ApiError::WrongRecord { .. } => (PyTypeError::new_err(message), None),
        ApiError::BadFront { .. } => (FrontError::new_err(message), None),
        ApiError::Nul { .. } => (PyValueError::new_err(message), None),
        ApiError::AlreadyInitialised | ApiError::AfterInit { .. } | ApiError::Closed { .. } => {
            (StateError::new_err(message), None)
        }
        _ => (CtpError::new_err(message), None),
    };
    match code.map(|code| exception.value(py).setattr("code", code)) {
        Some(Err(error)) => error,
        _ => exception,
    }
}
