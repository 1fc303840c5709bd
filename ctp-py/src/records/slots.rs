//! What CPython calls: C functions around the safe ones, each guarded against panics.

use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use pyo3::exceptions::{PyAttributeError, PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use super::{construct, equal, object};
use crate::value::Accessor;

/// Runs `body`; an error or a panic becomes a Python exception and `failure`.
pub(super) fn guard<'py, R>(failure: R, body: impl FnOnce(Python<'py>) -> PyResult<R>) -> R {
    // SAFETY: CPython calls slots, getters and methods with the interpreter lock held.
    let py = unsafe { Python::assume_attached() };
    let error = match catch_unwind(AssertUnwindSafe(|| body(py))) {
        Ok(Ok(result)) => return result,
        Ok(Err(error)) => error,
        Err(_) => PyRuntimeError::new_err("internal error of ctp_py; please report it"),
    };
    error.restore(py);
    failure
}

/// Runs `body` with the object, and returns its result as a new reference.
pub(super) fn with_self<'py>(
    slf: *mut ffi::PyObject,
    body: impl FnOnce(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
) -> *mut ffi::PyObject {
    guard(ptr::null_mut(), |py| {
        // SAFETY: CPython passes the live object whose class has this function.
        let object = unsafe { Bound::from_borrowed_ptr(py, slf) };
        body(&object).map(Bound::into_ptr)
    })
}

pub(super) unsafe extern "C" fn set(
    slf: *mut ffi::PyObject,
    given: *mut ffi::PyObject,
    closure: *mut c_void,
) -> c_int {
    // SAFETY: the closure of every attribute is an accessor that is never freed (`class::attribute`).
    let accessor: &'static Accessor = unsafe { &*closure.cast_const().cast() };
    guard(-1, |py| {
        // SAFETY: CPython passes live objects; the value is NULL for `del`.
        let (object, given) =
            unsafe { (Bound::from_borrowed_ptr(py, slf), Bound::from_borrowed_ptr_or_opt(py, given)) };
        let Some(given) = given else {
            let name = accessor.name;
            return Err(PyAttributeError::new_err(format!(
                "{name} cannot be deleted; set it to its empty value"
            )));
        };
        super::set(&object, accessor, &given).map(|()| 0)
    })
}

pub(super) unsafe extern "C" fn new(
    class: *mut ffi::PyTypeObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    guard(ptr::null_mut(), |py| {
        // SAFETY: CPython passes a live class, a tuple, and a dictionary or NULL.
        let (class, arguments, keywords) = unsafe {
            (
                PyType::from_borrowed_type_ptr(py, class),
                Bound::from_borrowed_ptr(py, arguments).cast_into_unchecked::<PyTuple>(),
                Bound::from_borrowed_ptr_or_opt(py, keywords)
                    .map(|given| given.cast_into_unchecked::<PyDict>()),
            )
        };
        if !arguments.is_empty() {
            let message = format!("{} takes keyword arguments only", class.name()?);
            return Err(PyTypeError::new_err(message));
        }
        construct(&class, keywords.as_ref()).map(Bound::into_ptr)
    })
}

/// Everything was done by [`new`]; without this `object.__init__` would refuse the keywords.
pub(super) unsafe extern "C" fn init(
    _: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
) -> c_int {
    0
}

pub(super) unsafe extern "C" fn repr(slf: *mut ffi::PyObject) -> *mut ffi::PyObject {
    with_self(slf, |object| {
        let borrowed = object::check(object)?;
        let mut shown = format!("{}(", borrowed.class.name());
        let mut separator = "";
        for accessor in &borrowed.class.accessors {
            // The value is a copy before Python code runs.
            let value = accessor.to_python(object.py(), borrowed.record.field(accessor.field))?;
            if !value.is_truthy()? {
                continue;
            }
            let value = shown_value(&value, accessor)?;
            shown.push_str(&format!("{separator}{}={value}", accessor.name));
            separator = ", ";
        }
        shown.push(')');
        Ok(PyString::new(object.py(), &shown).into_any())
    })
}

/// Returns how a field is shown that is neither empty, nor zero, nor without value.
fn shown_value(value: &Bound<'_, PyAny>, accessor: &Accessor) -> PyResult<String> {
    if accessor.field.secret {
        return Ok("'***'".to_owned());
    }
    if accessor.is_enumeration() {
        // `Direction.Buy`, not `<Direction.Buy: '0'>`.
        let (class, name) = (value.get_type().name()?, value.getattr("name")?);
        return Ok(format!("{class}.{name}"));
    }
    Ok(value.repr()?.to_string())
}

pub(super) unsafe extern "C" fn compare(
    slf: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
    operation: c_int,
) -> *mut ffi::PyObject {
    with_self(slf, |object| {
        let py = object.py();
        // SAFETY: CPython passes a live object.
        let other = unsafe { Bound::from_borrowed_ptr(py, other) };
        let wants_equal = match operation {
            ffi::Py_EQ => true,
            ffi::Py_NE => false,
            _ => return Ok(py.NotImplemented().into_bound(py)),
        };
        let own = object::check(object)?;
        let Ok(other) = object::check(&other) else { return Ok(py.NotImplemented().into_bound(py)) };
        let are_equal = equal(&own, &other);
        Ok((are_equal == wants_equal).into_pyobject(py)?.to_owned().into_any())
    })
}
