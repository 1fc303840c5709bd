//! Records as Python classes, made from descriptors on first use.
//!
//! A record object is the record: its bytes lie in the object behind a small head, so there is one
//! allocation per record, and the object stays valid after the callback. There are two classes for each
//! record, over one layout: `ctp_py.OrderField` with CTP's names and `ctp_py.data.Order` with ours. The
//! closure of an attribute tells its getter which field it is. CPython calls every slot with the
//! interpreter lock held, which is what makes the access to a record exclusive; no Python code runs
//! while a record is borrowed.

mod class;
mod error;
mod methods;
mod object;
mod pickle;
mod read;
mod slots;

use std::collections::HashMap;
use std::ptr;
use std::sync::OnceLock;

use ctp_types::{Record, RecordBox, RecordDescriptor, record_descriptors};
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

pub(crate) use error::{Fault, Limit, field_error, type_error};

use crate::value::Accessor;

/// How a class names its fields, and itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// `ctp_py.OrderField`, `LimitPrice`.
    Ctp,
    /// `ctp_py.data.Order`, `limit_price`.
    Snake,
}

/// A class, and how its attributes are read.
pub(crate) struct Class {
    descriptor: &'static RecordDescriptor,
    naming: Naming,
    accessors: Vec<Accessor>,
    python: PyOnceLock<Py<PyType>>,
}

impl Class {
    fn new(descriptor: &'static RecordDescriptor, naming: Naming) -> Self {
        let accessors =
            descriptor.fields.iter().map(|field| Accessor::new(descriptor, field, naming)).collect();
        Self { descriptor, naming, accessors, python: PyOnceLock::new() }
    }

    /// Returns the Python class, made on first use.
    pub(crate) fn python<'py>(&'static self, py: Python<'py>) -> PyResult<&'py Bound<'py, PyType>> {
        self.python.get_or_try_init(py, || class::make(py, self)).map(|class| class.bind(py))
    }

    /// Returns what the record is.
    pub(crate) fn descriptor(&self) -> &'static RecordDescriptor {
        self.descriptor
    }

    /// Returns the name of the class without its module.
    fn name(&self) -> &'static str {
        named(self.descriptor, self.naming)
    }

    fn accessor(&'static self, name: &str) -> Option<&'static Accessor> {
        self.accessors.iter().find(|accessor| accessor.name == name)
    }

    /// The error of a name that is no field, with the one that was probably meant.
    fn unknown_field(&'static self, py: Python<'_>, name: &str) -> PyErr {
        let record = self.name();
        let near = self.accessors.iter().find(|accessor| {
            let field = accessor.field;
            field.c_name.eq_ignore_ascii_case(name) || field.name.eq_ignore_ascii_case(name)
        });
        let message = match near {
            Some(near) => format!("{record} has no field {name}; did you mean {}?", near.name),
            None => format!("{record} has no field {name}"),
        };
        type_error(py, Fault { record, field: name, value: None, limit: Limit::None, message })
    }
}

/// Returns the name of the class of a record.
pub(crate) fn named(descriptor: &'static RecordDescriptor, naming: Naming) -> &'static str {
    let name = descriptor.name.as_str();
    match naming {
        Naming::Ctp => name,
        Naming::Snake => name.strip_suffix("Field").unwrap_or(name),
    }
}

/// Both classes of every record, by the descriptor's name.
static CLASSES: OnceLock<HashMap<&'static str, [OnceLock<Class>; 2]>> = OnceLock::new();

fn find(name: &str, naming: Naming) -> Option<&'static Class> {
    let classes = CLASSES.get_or_init(|| {
        record_descriptors().iter().map(|descriptor| (descriptor.name.as_str(), Default::default())).collect()
    });
    let class = &classes.get(name)?[naming as usize];
    Some(class.get_or_init(|| {
        let position = record_descriptors().iter().position(|descriptor| descriptor.name == name);
        Class::new(record_descriptors()[position.unwrap_or_default()], naming)
    }))
}

fn found(descriptor: &'static RecordDescriptor, naming: Naming) -> &'static Class {
    find(&descriptor.name, naming)
        .unwrap_or_else(|| unreachable!("{} is a record of ctp-types", descriptor.name))
}

/// Returns the class with CTP's names. A look-up by name: whoever needs it often keeps it.
pub(crate) fn class_of(descriptor: &'static RecordDescriptor) -> &'static Class {
    found(descriptor, Naming::Ctp)
}

/// Returns the class with snake_case names, of `ctp_py.data`.
pub(crate) fn data_class_of(descriptor: &'static RecordDescriptor) -> &'static Class {
    found(descriptor, Naming::Snake)
}

/// Makes an object with CTP's names of a record.
pub(crate) fn to_python<'py>(py: Python<'py>, record: RecordBox) -> PyResult<Bound<'py, PyAny>> {
    object::from_box(py, class_of(record.descriptor()), &record)
}

/// Makes an object with snake_case names of a record.
pub(crate) fn to_data<'py>(py: Python<'py>, record: RecordBox) -> PyResult<Bound<'py, PyAny>> {
    object::from_box(py, data_class_of(record.descriptor()), &record)
}

/// Makes an object of a record whose type is known; `class` is one of that record's.
///
/// # Errors
///
/// Returns a `TypeError` when `class` is another record's.
pub(crate) fn from_record<'py, R: Record>(
    py: Python<'py>,
    class: &'static Class,
    record: &R,
) -> PyResult<Bound<'py, PyAny>> {
    object::from_record(py, class, record)
}

/// Returns a copy of the record that an object of either kind is.
///
/// # Errors
///
/// Returns a `TypeError` for what is no record, whatever it says of itself.
pub(crate) fn from_python(object: &Bound<'_, PyAny>) -> PyResult<RecordBox> {
    let record = object::check(object)?;
    Ok(object::to_box(record))
}

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("Record", class::base(py)?)?;
    error::add_to(module)?;
    module.add_function(wrap_pyfunction!(record_names, module)?)?;
    module.add_function(wrap_pyfunction!(data_names, module)?)?;
    module.add_function(wrap_pyfunction!(data_class, module)?)?;
    module.add_function(wrap_pyfunction!(__getattr__, module)?)
}

/// Returns the names of all record classes, in header order.
#[pyfunction]
fn record_names() -> Vec<&'static str> {
    record_descriptors().iter().map(|descriptor| descriptor.name.as_str()).collect()
}

/// Returns the names of all classes of `ctp_py.data`, in header order.
#[pyfunction]
fn data_names() -> Vec<&'static str> {
    record_descriptors().iter().map(|descriptor| named(descriptor, Naming::Snake)).collect()
}

/// Returns the class of `ctp_py.data` with that name, `None` for an unknown one.
#[pyfunction]
fn data_class<'py>(py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyType>>> {
    if name.ends_with("Field") {
        return Ok(None);
    }
    match find(&format!("{name}Field"), Naming::Snake) {
        Some(class) => Ok(Some(class.python(py)?.clone())),
        None => Ok(None),
    }
}

/// Makes the record class of that name on first use (PEP 562).
#[pyfunction]
fn __getattr__<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
    match find(name, Naming::Ctp) {
        Some(class) => {
            let python = class.python(py)?.clone();
            py.import("ctp_py._ctp_py")?.setattr(name, &python)?;
            Ok(python)
        }
        None => Err(PyAttributeError::new_err(format!("module 'ctp_py._ctp_py' has no attribute '{name}'"))),
    }
}

/// `Class(Field=value, …)`.
fn construct<'py>(
    python: &Bound<'py, PyType>,
    given: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = python.py();
    let Some(class) = class::of(python) else {
        return Err(PyTypeError::new_err("Record is the base of all records; make one of them"));
    };
    let object = object::zeroed(python, class)?;
    for (key, value) in given.into_iter().flatten() {
        let key: String = key.extract()?;
        let accessor = class.accessor(&key).ok_or_else(|| class.unknown_field(py, &key))?;
        set(&object, accessor, &value)?;
    }
    Ok(object)
}

/// Writes an attribute: first everything that may run Python code, then the bytes.
fn set(object: &Bound<'_, PyAny>, accessor: &Accessor, given: &Bound<'_, PyAny>) -> PyResult<()> {
    let value = accessor.read(given)?;
    object::write(object, accessor.field, &value);
    Ok(())
}

/// Returns whether two records are of one kind and hold the same values.
fn equal(one: &object::Borrowed<'_>, other: &object::Borrowed<'_>) -> bool {
    use ctp_types::{Value, price, until_nul};
    if !ptr::eq(one.class.descriptor, other.class.descriptor) {
        return false;
    }
    one.class.descriptor.fields.iter().all(|field| {
        match (one.record.field(field), other.record.field(field)) {
            (Value::Text(one), Value::Text(other)) => until_nul(one) == until_nul(other),
            // No value equals no value, whichever number stands for it.
            (Value::Double(one), Value::Double(other)) => price(one) == price(other),
            (one, other) => one == other,
        }
    })
}
