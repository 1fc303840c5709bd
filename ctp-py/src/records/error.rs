//! `FieldError`: which record, field, value and limit.

use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

use crate::errors::CtpError;

/// What a field takes at most.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// No limit, or not one that can be said in a number.
    None,
    /// Text of so many GBK bytes, or so many characters.
    Length(usize),
    /// Numbers from the first to the second.
    Range(i64, i64),
}

/// What is wrong with a value.
pub(crate) struct Fault<'a, 'py> {
    pub(crate) record: &'a str,
    pub(crate) field: &'a str,
    /// Not of a secret.
    pub(crate) value: Option<Bound<'py, PyAny>>,
    pub(crate) limit: Limit,
    pub(crate) message: String,
}

/// Makes a `FieldError`, which is a `ValueError`.
pub(crate) fn field_error(py: Python<'_>, fault: Fault<'_, '_>) -> PyErr {
    raise(py, value_class(py), fault)
}

/// Makes a `FieldTypeError`, which is a `TypeError`, too.
pub(crate) fn type_error(py: Python<'_>, fault: Fault<'_, '_>) -> PyErr {
    raise(py, type_class(py), fault)
}

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("FieldError", value_class(py)?)?;
    module.add("FieldTypeError", type_class(py)?)
}

fn raise(py: Python<'_>, class: PyResult<&Bound<'_, PyType>>, fault: Fault<'_, '_>) -> PyErr {
    let make = || -> PyResult<PyErr> {
        let error = class?.call1((fault.message,))?;
        error.setattr("record", fault.record)?;
        error.setattr("field", fault.field)?;
        error.setattr("value", fault.value)?;
        let limit = match fault.limit {
            Limit::None => py.None().into_bound(py),
            Limit::Length(length) => length.into_bound_py_any(py)?,
            Limit::Range(lowest, highest) => (lowest, highest).into_bound_py_any(py)?,
        };
        error.setattr("limit", limit)?;
        Ok(PyErr::from_value(error))
    };
    make().unwrap_or_else(|error| error)
}

fn value_class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let doc = "A value does not fit its field. `record`, `field`, `value` and `limit` say which; the value of \
               a secret is never told (`None`). `limit` is a number of GBK bytes or characters, or the lowest \
               and the highest number.";
    class(py, &CLASS, "FieldError", doc, &[py.get_type::<CtpError>(), py.get_type::<PyValueError>()])
}

fn type_class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let doc = "A value is of a type that its field does not take, or there is no such field.";
    class(py, &CLASS, "FieldTypeError", doc, &[value_class(py)?.clone(), py.get_type::<PyTypeError>()])
}

fn class<'py>(
    py: Python<'py>,
    made: &'static PyOnceLock<Py<PyType>>,
    name: &str,
    doc: &str,
    bases: &[Bound<'py, PyType>],
) -> PyResult<&'py Bound<'py, PyType>> {
    let class = made.get_or_try_init(py, || -> PyResult<Py<PyType>> {
        let members = PyDict::new(py);
        members.set_item("__module__", "ctp_py")?;
        members.set_item("__doc__", doc)?;
        for attribute in ["record", "field", "value", "limit"] {
            members.set_item(attribute, py.None())?;
        }
        let bases = pyo3::types::PyTuple::new(py, bases)?;
        let class = py.get_type::<PyType>().call1((name, bases, members))?;
        Ok(class.cast_into::<PyType>()?.unbind())
    })?;
    Ok(class.bind(py))
}
