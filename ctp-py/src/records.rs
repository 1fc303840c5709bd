//! Records as Python classes, made from descriptors on first use.
//!
//! A record object owns its copy: it stays valid after the callback. All classes share one layout, one
//! getter and one setter; the closure of an attribute tells them which field it is. CPython calls every
//! slot with the interpreter lock held, which is what makes the access to the record exclusive. No
//! Python code runs while a record is borrowed.

mod class;
mod slots;

use std::collections::HashMap;
use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;

use ctp_types::{RecordBox, RecordDescriptor, record_descriptors};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

use crate::value::Accessor;

/// A Python object that is a record.
#[repr(C)]
struct RecordObject {
    base: ffi::PyObject,
    /// Initialised by [`make`] right after the allocation, dropped by the deallocator.
    record: MaybeUninit<RecordBox>,
}

const OBJECT_SIZE: c_int = size_of::<RecordObject>() as c_int;

/// A class, and how its attributes are read.
pub(crate) struct Class {
    descriptor: &'static RecordDescriptor,
    accessors: Vec<Accessor>,
    python: PyOnceLock<Py<PyType>>,
}

impl Class {
    /// Returns the Python class, made on first use.
    pub(crate) fn python<'py>(&'static self, py: Python<'py>) -> PyResult<&'py Bound<'py, PyType>> {
        self.python.get_or_try_init(py, || class::make(py, self)).map(|class| class.bind(py))
    }

    fn accessor(&'static self, name: &str) -> Option<&'static Accessor> {
        self.accessors.iter().find(|accessor| accessor.field.c_name == name)
    }
}

/// Returns the class of records that `descriptor` describes.
pub(crate) fn class_of(descriptor: &'static RecordDescriptor) -> &'static Class {
    class_named(descriptor.name)
        .unwrap_or_else(|| unreachable!("{} is a record of ctp-types", descriptor.name))
}

/// Returns the class with that Python name.
pub(crate) fn class_named(name: &str) -> Option<&'static Class> {
    static CLASSES: OnceLock<HashMap<&'static str, OnceLock<Class>>> = OnceLock::new();
    let classes = CLASSES.get_or_init(|| {
        record_descriptors().iter().map(|descriptor| (descriptor.name, OnceLock::new())).collect()
    });
    let class = classes.get(name)?;
    Some(class.get_or_init(|| {
        let position = record_descriptors().iter().position(|descriptor| descriptor.name == name);
        let descriptor = record_descriptors()[position.unwrap_or_default()];
        let accessors = descriptor.fields.iter().map(|field| Accessor::new(descriptor, field)).collect();
        Class { descriptor, accessors, python: PyOnceLock::new() }
    }))
}

/// Makes a Python object of a record.
pub(crate) fn to_python<'py>(py: Python<'py>, record: RecordBox) -> PyResult<Bound<'py, PyAny>> {
    let class = class_of(record.descriptor()).python(py)?;
    make(class, record)
}

/// Returns a copy of the record that a Python object is.
pub(crate) fn from_python(object: &Bound<'_, PyAny>) -> PyResult<RecordBox> {
    check(object)?;
    Ok(borrow(object).clone())
}

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("Record", class::base(module.py())?)?;
    module.add_function(wrap_pyfunction!(record_names, module)?)?;
    module.add_function(wrap_pyfunction!(__getattr__, module)?)
}

/// Returns the names of all record classes, in header order.
#[pyfunction]
fn record_names() -> Vec<&'static str> {
    record_descriptors().iter().map(|descriptor| descriptor.name).collect()
}

/// Makes the record class of that name on first use (PEP 562).
#[pyfunction]
fn __getattr__<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
    match class_named(name) {
        Some(class) => {
            let python = class.python(py)?.clone();
            py.import("ctp_py._ctp_py")?.setattr(name, &python)?;
            Ok(python)
        }
        None => Err(pyo3::exceptions::PyAttributeError::new_err(format!(
            "module 'ctp_py._ctp_py' has no attribute '{name}'"
        ))),
    }
}

/// Allocates an object of `class`, one of ours or derived from one, around `record`.
fn make<'py>(class: &Bound<'py, PyType>, record: RecordBox) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    // SAFETY: `class` derives from the base class, so the allocation is at least `RecordObject`, zeroed;
    // the record is written before anybody else sees the object.
    unsafe {
        let object = ffi::PyType_GenericAlloc(class.as_type_ptr(), 0);
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        (*object.cast::<RecordObject>()).record.write(record);
        Ok(Bound::from_owned_ptr(py, object))
    }
}

fn check(object: &Bound<'_, PyAny>) -> PyResult<()> {
    if object.is_instance(class::base(object.py())?)? {
        return Ok(());
    }
    let found = object.get_type().qualname()?;
    Err(PyTypeError::new_err(format!("a record is needed, for example InputOrderField(...), not {found}")))
}

/// Borrows the record of an object that [`check`] accepts. Nothing may call Python while it is borrowed.
fn borrow<'a>(object: &'a Bound<'_, PyAny>) -> &'a RecordBox {
    // SAFETY: the object is a `RecordObject` with its record written by `make`; the interpreter lock is
    // held, so nobody writes to it.
    unsafe { (*object.as_ptr().cast::<RecordObject>()).record.assume_init_ref() }
}

/// As [`borrow`], for writing.
#[expect(clippy::mut_from_ref, reason = "the interpreter lock makes the access exclusive")]
fn borrow_mut<'a>(object: &'a Bound<'_, PyAny>) -> &'a mut RecordBox {
    // SAFETY: as in `borrow`; no other borrow exists, because none lives across a call into Python.
    unsafe { (*object.as_ptr().cast::<RecordObject>()).record.assume_init_mut() }
}

/// Reads an attribute.
fn get<'py>(object: &Bound<'py, PyAny>, accessor: &Accessor) -> PyResult<Bound<'py, PyAny>> {
    // Making a `str` runs no Python code; making an enumeration's member does, but its value is a copy.
    accessor.to_python(object.py(), borrow(object).as_ref().field(accessor.field))
}

/// Writes an attribute.
fn set(object: &Bound<'_, PyAny>, accessor: &Accessor, given: &Bound<'_, PyAny>) -> PyResult<()> {
    let value = accessor.read(given)?;
    accessor.write(borrow_mut(object), &value)
}

/// `Class(Field=value, …)`.
fn construct<'py>(
    class: &Bound<'py, PyType>,
    given: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let name: Option<String> = class.getattr("__ctp_record__").ok().and_then(|name| name.extract().ok());
    let Some(own) = name.as_deref().and_then(class_named) else {
        return Err(PyTypeError::new_err("Record is the base of all records; make one of them"));
    };
    let object = make(class, RecordBox::zeroed(own.descriptor))?;
    for (key, value) in given.into_iter().flatten() {
        let key: String = key.extract()?;
        let accessor = own.accessor(&key).ok_or_else(|| unknown_field(own, &key))?;
        set(&object, accessor, &value)?;
    }
    Ok(object)
}

fn unknown_field(class: &Class, name: &str) -> PyErr {
    let record = class.descriptor.name;
    let near = class
        .descriptor
        .fields
        .iter()
        .find(|field| field.c_name.eq_ignore_ascii_case(name) || field.name == name);
    PyTypeError::new_err(match near {
        Some(field) => format!("{record} has no field {name}; did you mean {}?", field.c_name),
        None => format!("{record} has no field {name}"),
    })
}

/// Returns whether two records are of one kind and hold the same values.
fn equal(one: &RecordBox, other: &RecordBox) -> bool {
    use ctp_types::{Value, until_nul};
    if !ptr::eq(one.descriptor(), other.descriptor()) {
        return false;
    }
    one.descriptor().fields.iter().all(|field| {
        match (one.as_ref().field(field), other.as_ref().field(field)) {
            (Value::Text(one), Value::Text(other)) => until_nul(one) == until_nul(other),
            (one, other) => one == other,
        }
    })
}
