//! Records as dictionaries, and back.

use std::collections::HashMap;

use ctp_types::{
    FieldDescriptor, FieldKind, RecordBox, RecordDescriptor, RecordRef, Value, decode, until_nul,
};
use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyString};

use crate::records;

/// The fields of every record, each with its key.
type Keys = HashMap<&'static str, Vec<(&'static FieldDescriptor, Py<PyString>)>>;

/// Returns the fields of a record with their keys, which are made once.
fn keys(
    py: Python<'_>,
    record: &'static RecordDescriptor,
) -> &'static [(&'static FieldDescriptor, Py<PyString>)] {
    static KEYS: PyOnceLock<Keys> = PyOnceLock::new();
    let keys = KEYS.get_or_init(py, || {
        let of = |record: &&'static RecordDescriptor| {
            let key = |field: &'static FieldDescriptor| (field, PyString::intern(py, &field.c_name).unbind());
            (record.name.as_str(), record.fields.iter().map(key).collect())
        };
        ctp_types::record_descriptors().iter().map(of).collect()
    });
    keys.get(record.name.as_str()).map_or(&[], Vec::as_slice)
}

/// Returns all fields of a record.
pub(crate) fn dict_of<'py>(py: Python<'py>, record: RecordRef<'_>) -> PyResult<Bound<'py, PyAny>> {
    let dict = PyDict::new(py);
    for (field, key) in keys(py, record.descriptor()) {
        let key = key.bind(py);
        match record.field(field) {
            Value::Text(bytes) => dict.set_item(key, text(py, until_nul(bytes)))?,
            Value::Char(character) => dict.set_item(key, char::from(character))?,
            Value::Short(number) => dict.set_item(key, number)?,
            Value::Int(number) => dict.set_item(key, number)?,
            Value::UnsignedInt(number) => dict.set_item(key, number)?,
            Value::LongLong(number) => dict.set_item(key, number)?,
            Value::Double(number) => dict.set_item(key, PyFloat::new(py, number))?,
        }
    }
    Ok(dict.into_any())
}

fn text<'py>(py: Python<'py>, bytes: &[u8]) -> Bound<'py, PyString> {
    PyString::new(py, &decode(bytes))
}

/// Makes a record of the keys that it has fields for; others are left out, as vnpy_ctp does.
///
/// # Errors
///
/// Returns an error that names field, value and limit when a value does not fit.
pub(super) fn record_of(record: &'static RecordDescriptor, dict: &Bound<'_, PyDict>) -> PyResult<RecordBox> {
    let py = dict.py();
    let known = PyDict::new(py);
    for (field, key) in keys(py, record) {
        if let Some(value) = dict.get_item(key)? {
            known.set_item(key, given(field, value)?)?;
        }
    }
    records::from_python(&records::class_of(record).python(py)?.call((), Some(&known))?)
}

/// Returns a value as a record's constructor takes it.
fn given<'py>(field: &FieldDescriptor, value: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    let value = match (field.kind, value.cast::<PyBytes>()) {
        // vnpy_ctp takes bytes for text.
        (FieldKind::Text(_) | FieldKind::Char | FieldKind::Enumeration(_), Ok(bytes)) => {
            text(py, bytes.as_bytes()).into_any()
        }
        (FieldKind::Double, _) if value.is_none() => {
            return Err(PyTypeError::new_err(format!("{} is a number, not None", field.c_name)));
        }
        _ => value,
    };
    // "\0" is what an unset character reads as.
    let is_unset = value.cast::<PyString>().is_ok_and(|text| text.to_str().is_ok_and(|text| text == "\0"));
    if is_unset { "".into_bound_py_any(py) } else { Ok(value) }
}
