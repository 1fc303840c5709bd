//! The methods of `Record`.

use std::ffi::CStr;

use ctp_types::{Value, until_nul};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple, PyType};

use super::object::Borrowed;
use super::slots::{guard, with_self};
use super::{Fault, Limit};
use super::{class, class_of, data_class_of, object, pickle, type_error};

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
            _ => return Err(PyTypeError::new_err("to_dict takes only the keyword `secrets`")),
        };
        let borrowed = object::check(object)?;
        let values = PyDict::new(py);
        for accessor in &borrowed.class.accessors {
            let value = accessor.to_python(py, borrowed.record.field(accessor.field))?;
            let is_hidden = accessor.field.secret && !secrets && value.is_truthy()?;
            let value = if is_hidden { PyString::new(py, "***").into_any() } else { value };
            values.set_item(accessor.name, value)?;
        }
        Ok(values.into_any())
    })
}

/// Returns what a class of the user's adds to an object. One of exactly our class has nothing: to ask it would make an
/// `AttributeError` and throw it away, which costs many times what the copy does.
fn added<'py>(object: &Bound<'py, PyAny>, from: Borrowed<'_>) -> PyResult<Option<Bound<'py, PyAny>>> {
    match object::is_exact(object, from)? {
        true => Ok(None),
        false => object.getattr_opt("__dict__"),
    }
}

/// `copy()`, `__copy__()`: a record holds no Python objects; what a class of the user's adds is shared.
unsafe extern "C" fn copy(slf: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    with_self(slf, |object| {
        let from = object::check(object)?;
        let copy = object::duplicate(object, from)?;
        if let Some(own) = added(object, from)? {
            copy.getattr("__dict__")?.call_method1("update", (own,))?;
        }
        Ok(copy)
    })
}

/// `__deepcopy__(memo)`.
unsafe extern "C" fn deep_copy(slf: *mut ffi::PyObject, memo: *mut ffi::PyObject) -> *mut ffi::PyObject {
    with_self(slf, |object| {
        let py = object.py();
        let from = object::check(object)?;
        let copy = object::duplicate(object, from)?;
        if let Some(own) = added(object, from)? {
            // SAFETY: CPython passes a live object.
            let memo = unsafe { Bound::from_borrowed_ptr(py, memo) };
            let own = py.import("copy")?.call_method1("deepcopy", (own, memo))?;
            copy.getattr("__dict__")?.call_method1("update", (own,))?;
        }
        Ok(copy)
    })
}

/// `raw(field)`: the bytes of a text as they came.
unsafe extern "C" fn raw(slf: *mut ffi::PyObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject {
    with_self(slf, |object| {
        let py = object.py();
        // SAFETY: CPython passes a live object.
        let name: String = unsafe { Bound::from_borrowed_ptr(py, name) }.extract()?;
        let borrowed = object::check(object)?;
        let class = borrowed.class;
        let accessor = class.accessor(&name).ok_or_else(|| class.unknown_field(py, &name))?;
        match borrowed.record.field(accessor.field) {
            Value::Text(bytes) => Ok(PyBytes::new(py, until_nul(bytes)).into_any()),
            _ => {
                let (record, message) = (class.name(), format!("{}.{name} is not a text", class.name()));
                Err(type_error(py, Fault { record, field: &name, value: None, limit: Limit::None, message }))
            }
        }
    })
}

/// `bytes(record)`.
unsafe extern "C" fn to_bytes(slf: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    with_self(slf, |object| {
        let bytes = object::to_bytes(object::check(object)?);
        Ok(PyBytes::new(object.py(), &bytes).into_any())
    })
}

/// `Class.from_bytes(data)`.
unsafe extern "C" fn from_bytes(python: *mut ffi::PyObject, given: *mut ffi::PyObject) -> *mut ffi::PyObject {
    guard(std::ptr::null_mut(), |py| {
        // SAFETY: CPython passes the live class, and a live object.
        let (python, given) = unsafe {
            (
                Bound::from_borrowed_ptr(py, python).cast_into_unchecked::<PyType>(),
                Bound::from_borrowed_ptr(py, given),
            )
        };
        let Some(class) = class::of(&python) else {
            return Err(PyTypeError::new_err("Record is the base of all records; make one of them"));
        };
        let given = given.cast::<PyBytes>()?;
        let object = python.call0()?;
        object::check(&object)?;
        object::overwrite(&object, class, given.as_bytes())?;
        Ok(object.into_ptr())
    })
}

/// `to_ctp()`.
unsafe extern "C" fn to_ctp(slf: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    with_self(slf, |object| {
        let borrowed = object::check(object)?;
        object::copy_of(object.py(), class_of(borrowed.class.descriptor), borrowed.record)
    })
}

/// `to_data()`.
unsafe extern "C" fn to_data(slf: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    with_self(slf, |object| {
        let borrowed = object::check(object)?;
        object::copy_of(object.py(), data_class_of(borrowed.class.descriptor), borrowed.record)
    })
}

unsafe extern "C" fn reduce(slf: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    with_self(slf, pickle::reduce)
}

unsafe extern "C" fn restore(slf: *mut ffi::PyObject, state: *mut ffi::PyObject) -> *mut ffi::PyObject {
    with_self(slf, |object| {
        let py = object.py();
        // SAFETY: CPython passes a live object.
        pickle::restore(object, &unsafe { Bound::from_borrowed_ptr(py, state) })?;
        Ok(py.None().into_bound(py))
    })
}

/// Returns the methods of `Record`, which are never freed.
pub(super) fn table() -> *mut ffi::PyMethodDef {
    let method = |name: &'static CStr, meth, flags, doc: &'static CStr| ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: meth,
        ml_flags: flags,
        ml_doc: doc.as_ptr(),
    };
    let plain = |name, function, doc| {
        method(name, ffi::PyMethodDefPointer { PyCFunction: function }, ffi::METH_NOARGS, doc)
    };
    let with_one = |name, function, doc| {
        method(name, ffi::PyMethodDefPointer { PyCFunction: function }, ffi::METH_O, doc)
    };
    let methods = vec![
        method(
            c"to_dict",
            ffi::PyMethodDefPointer { PyCFunctionWithKeywords: to_dict },
            ffi::METH_VARARGS | ffi::METH_KEYWORDS,
            c"to_dict($self, *, secrets=False)\n--\n\nReturns all fields; secrets are hidden unless asked for.",
        ),
        plain(c"copy", copy, c"copy($self)\n--\n\nReturns a copy."),
        with_one(
            c"raw",
            raw,
            c"raw($self, field, /)\n--\n\nReturns the bytes of a text as they came, before the NUL.",
        ),
        plain(
            c"to_ctp",
            to_ctp,
            c"to_ctp($self)\n--\n\nReturns a copy with CTP's names, for example `ctp_py.OrderField`.",
        ),
        plain(
            c"to_data",
            to_data,
            c"to_data($self)\n--\n\nReturns a copy with snake_case names, for example `ctp_py.data.Order`.",
        ),
        method(
            c"from_bytes",
            ffi::PyMethodDefPointer { PyCFunction: from_bytes },
            ffi::METH_O | ffi::METH_CLASS,
            c"from_bytes($type, data, /)\n--\n\nMakes a record of what `bytes(record)` returned: the C struct.",
        ),
        plain(c"__bytes__", to_bytes, c"__bytes__($self)\n--\n\nReturns the C struct, padding as zeros."),
        plain(c"__copy__", copy, c"__copy__($self)\n--\n\nReturns a copy."),
        with_one(c"__deepcopy__", deep_copy, c"__deepcopy__($self, memo, /)\n--\n\nReturns a copy."),
        with_one(c"__reduce_ex__", reduce, c"__reduce_ex__($self, protocol, /)\n--\n\nFor pickle."),
        with_one(c"__setstate__", restore, c"__setstate__($self, state, /)\n--\n\nFor pickle."),
        ffi::PyMethodDef::zeroed(),
    ];
    Box::leak(methods.into_boxed_slice()).as_mut_ptr()
}
