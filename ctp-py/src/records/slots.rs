//! What CPython calls: C functions around the safe ones, each guarded against panics.

use std::ffi::{c_int, c_void};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use ctp_types::RecordBox;
use pyo3::exceptions::{PyAttributeError, PyRuntimeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple, PyType};

use super::{RecordObject, borrow, class_of, construct, equal, make};
use crate::value::Accessor;

/// Runs `body`; an error or a panic becomes a Python exception and `failure`.
fn guard<'py, R>(failure: R, body: impl FnOnce(Python<'py>) -> PyResult<R>) -> R {
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
fn with_self<'py>(
    slf: *mut ffi::PyObject,
    body: impl FnOnce(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
) -> *mut ffi::PyObject {
    guard(ptr::null_mut(), |py| {
        // SAFETY: CPython passes the live object whose class has this function.
        let object = unsafe { Bound::from_borrowed_ptr(py, slf) };
        body(&object).map(Bound::into_ptr)
    })
}

pub(super) unsafe extern "C" fn get(slf: *mut ffi::PyObject, closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: the closure of every attribute is an accessor that is never freed (`class::attribute`).
    let accessor: &'static Accessor = unsafe { &*closure.cast_const().cast() };
    with_self(slf, |object| super::get(object, accessor))
}

pub(super) unsafe extern "C" fn set(
    slf: *mut ffi::PyObject,
    given: *mut ffi::PyObject,
    closure: *mut c_void,
) -> c_int {
    // SAFETY: as in `get`.
    let accessor: &'static Accessor = unsafe { &*closure.cast_const().cast() };
    guard(-1, |py| {
        // SAFETY: CPython passes live objects; the value is NULL for `del`.
        let (object, given) =
            unsafe { (Bound::from_borrowed_ptr(py, slf), Bound::from_borrowed_ptr_or_opt(py, given)) };
        let Some(given) = given else {
            let name = accessor.field.c_name;
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
            return Err(pyo3::exceptions::PyTypeError::new_err(message));
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

pub(super) unsafe extern "C" fn dealloc(slf: *mut ffi::PyObject) {
    // SAFETY: CPython calls this once, with the last reference. The record was written by `make`; the
    // memory goes back the way that the class allocates, and the object's reference to its class with it.
    unsafe {
        (*slf.cast::<RecordObject>()).record.assume_init_drop();
        let class = ffi::Py_TYPE(slf);
        let free = ffi::PyType_GetSlot(class, ffi::Py_tp_free);
        let free: ffi::freefunc = mem::transmute(free);
        free(slf.cast());
        ffi::Py_DECREF(class.cast());
    }
}

pub(super) unsafe extern "C" fn repr(slf: *mut ffi::PyObject) -> *mut ffi::PyObject {
    with_self(slf, |object| {
        let record = borrow(object).clone();
        let mut shown = format!("{}(", record.descriptor().name);
        let mut separator = "";
        for accessor in &class_of(record.descriptor()).accessors {
            let Some(value) = shown_value(object.py(), &record, accessor)? else { continue };
            shown.push_str(&format!("{separator}{}={value}", accessor.field.c_name));
            separator = ", ";
        }
        shown.push(')');
        Ok(PyString::new(object.py(), &shown).into_any())
    })
}

/// Returns how a field is shown, `None` for one that has no value.
fn shown_value(py: Python<'_>, record: &RecordBox, accessor: &Accessor) -> PyResult<Option<String>> {
    let value = accessor.to_python(py, record.as_ref().field(accessor.field))?;
    let is_empty = value.is_none() || (value.is_instance_of::<PyString>() && value.len()? == 0);
    if is_empty {
        return Ok(None);
    }
    Ok(Some(if accessor.field.secret { "'***'".to_owned() } else { value.repr()?.to_string() }))
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
        if super::check(&other).is_err() {
            return Ok(py.NotImplemented().into_bound(py));
        }
        let are_equal = equal(borrow(object), borrow(&other));
        Ok((are_equal == wants_equal).into_pyobject(py)?.to_owned().into_any())
    })
}

/// `to_dict(*, secrets=False)`.
unsafe extern "C" fn to_dict(
    slf: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    with_self(slf, |object| {
        let py = object.py();
        // SAFETY: CPython passes a tuple, and a dictionary or NULL.
        let (arguments, keywords) = unsafe {
            (
                Bound::from_borrowed_ptr(py, arguments).cast_into_unchecked::<PyTuple>(),
                Bound::from_borrowed_ptr_or_opt(py, keywords)
                    .map(|given| given.cast_into_unchecked::<PyDict>()),
            )
        };
        let secrets = match keywords.as_ref().map(|given| (given.len(), given.get_item("secrets"))) {
            None | Some((0, _)) if arguments.is_empty() => false,
            Some((1, Ok(Some(secrets)))) if arguments.is_empty() => secrets.is_truthy()?,
            _ => {
                return Err(pyo3::exceptions::PyTypeError::new_err(
                    "to_dict takes only the keyword `secrets`",
                ));
            }
        };
        let values = PyDict::new(py);
        for accessor in &class_of(borrow(object).descriptor()).accessors {
            let value = super::get(object, accessor)?;
            let is_hidden = accessor.field.secret && !secrets && value.is_truthy()?;
            values.set_item(
                accessor.field.c_name,
                if is_hidden { PyString::new(py, "***").into_any() } else { value },
            )?;
        }
        Ok(values.into_any())
    })
}

/// `copy()`, `__copy__()`, `__deepcopy__(memo)`: records hold no Python objects, so all are the same.
unsafe extern "C" fn copy(slf: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    with_self(slf, |object| make(&object.get_type(), borrow(object).clone()))
}

/// `raw(field)`: the bytes of a text as they came.
unsafe extern "C" fn raw(slf: *mut ffi::PyObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject {
    with_self(slf, |object| {
        // SAFETY: CPython passes a live object.
        let name: String = unsafe { Bound::from_borrowed_ptr(object.py(), name) }.extract()?;
        let class = class_of(borrow(object).descriptor());
        let accessor = class.accessor(&name).ok_or_else(|| super::unknown_field(class, &name))?;
        match borrow(object).as_ref().field(accessor.field) {
            ctp_types::Value::Text(bytes) => {
                Ok(PyBytes::new(object.py(), ctp_types::until_nul(bytes)).into_any())
            }
            _ => Err(pyo3::exceptions::PyTypeError::new_err(format!("{name} is not a text"))),
        }
    })
}

/// Returns the methods of `Record`, which are never freed.
pub(super) fn methods() -> *mut ffi::PyMethodDef {
    let method = |name: &'static std::ffi::CStr, meth, flags, doc: &'static std::ffi::CStr| {
        ffi::PyMethodDef { ml_name: name.as_ptr(), ml_meth: meth, ml_flags: flags, ml_doc: doc.as_ptr() }
    };
    let no_arguments =
        |name, doc| method(name, ffi::PyMethodDefPointer { PyCFunction: copy }, ffi::METH_NOARGS, doc);
    let methods = vec![
        method(
            c"to_dict",
            ffi::PyMethodDefPointer { PyCFunctionWithKeywords: to_dict },
            ffi::METH_VARARGS | ffi::METH_KEYWORDS,
            c"to_dict(*, secrets=False)\n--\n\nReturns all fields; secrets are hidden unless asked for.",
        ),
        no_arguments(c"copy", c"copy()\n--\n\nReturns a copy."),
        no_arguments(c"__copy__", c"__copy__()\n--\n\nReturns a copy."),
        method(
            c"__deepcopy__",
            ffi::PyMethodDefPointer { PyCFunction: copy },
            ffi::METH_O,
            c"__deepcopy__(memo)\n--\n\nReturns a copy.",
        ),
        method(
            c"raw",
            ffi::PyMethodDefPointer { PyCFunction: raw },
            ffi::METH_O,
            c"raw(field)\n--\n\nReturns the bytes of a text as they came, before the NUL.",
        ),
        ffi::PyMethodDef::zeroed(),
    ];
    Box::leak(methods.into_boxed_slice()).as_mut_ptr()
}
