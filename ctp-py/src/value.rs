//! Values of fields: from Python with a limit that is told when it is passed, and to Python.

use ctp_types::{FieldDescriptor, FieldKind, NO_PRICE, RecordBox, RecordDescriptor, Value};
use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::enumerations::EnumerationClass;

/// A field, and what is needed to show it in Python.
pub(crate) struct Accessor {
    pub(crate) record: &'static RecordDescriptor,
    pub(crate) field: &'static FieldDescriptor,
    enumeration: Option<&'static EnumerationClass>,
}

impl Accessor {
    pub(crate) fn new(record: &'static RecordDescriptor, field: &'static FieldDescriptor) -> Self {
        let enumeration = match field.kind {
            FieldKind::Enumeration(descriptor) => Some(EnumerationClass::of(descriptor)),
            _ => None,
        };
        Self { record, field, enumeration }
    }

    /// Returns what is known about the field, for people.
    pub(crate) fn describe(&self) -> String {
        let limit = match self.field.kind {
            FieldKind::Text(length) => format!("text of at most {} GBK bytes", length.saturating_sub(1)),
            FieldKind::Char | FieldKind::Enumeration(_) => "one character".to_owned(),
            FieldKind::Short | FieldKind::Int | FieldKind::UnsignedInt | FieldKind::LongLong => {
                "int".to_owned()
            }
            FieldKind::Double => "float, None for no value".to_owned(),
        };
        format!("{limit}. C: {} ({})", self.field.c_name, self.field.c_type)
    }

    /// Returns a value as Python sees it.
    pub(crate) fn to_python<'py>(&self, py: Python<'py>, value: Value<'_>) -> PyResult<Bound<'py, PyAny>> {
        match value {
            Value::Text(bytes) => {
                Ok(PyString::new(py, &ctp_types::decode(ctp_types::until_nul(bytes))).into_any())
            }
            Value::Char(0) => Ok(py.None().into_bound(py)),
            Value::Char(character) => match self.enumeration {
                Some(enumeration) => enumeration.member(py, character),
                None => char::from(character).into_bound_py_any(py),
            },
            Value::Short(number) => number.into_bound_py_any(py),
            Value::Int(number) => number.into_bound_py_any(py),
            Value::UnsignedInt(number) => number.into_bound_py_any(py),
            Value::LongLong(number) => number.into_bound_py_any(py),
            Value::Double(number) => ctp_types::price(number).into_bound_py_any(py),
        }
    }

    /// Reads a value from Python; the record is not touched yet.
    pub(crate) fn read(&self, given: &Bound<'_, PyAny>) -> PyResult<Owned> {
        match self.field.kind {
            FieldKind::Text(_) => self.read_text(given),
            FieldKind::Char | FieldKind::Enumeration(_) => self.read_character(given),
            FieldKind::Short => self.read_number(given, i16::MIN.into(), i16::MAX.into()),
            FieldKind::Int => self.read_number(given, i32::MIN.into(), i32::MAX.into()),
            FieldKind::UnsignedInt => self.read_number(given, 0, u32::MAX.into()),
            FieldKind::LongLong => self.read_number(given, i64::MIN, i64::MAX),
            FieldKind::Double => self.read_double(given),
        }
    }

    /// Writes what [`read`](Self::read) returned.
    pub(crate) fn write(&self, record: &mut RecordBox, value: &Owned) -> PyResult<()> {
        let value = match (value, self.field.kind) {
            (Owned::Text(bytes), _) => Value::Text(bytes),
            (Owned::Char(character), _) => Value::Char(*character),
            (Owned::Double(number), _) => Value::Double(*number),
            // `read` has checked the ranges.
            (Owned::Number(number), FieldKind::Short) => Value::Short(*number as i16),
            (Owned::Number(number), FieldKind::UnsignedInt) => Value::UnsignedInt(*number as u32),
            (Owned::Number(number), FieldKind::LongLong) => Value::LongLong(*number),
            (Owned::Number(number), _) => Value::Int(*number as i32),
        };
        record
            .set(self.field, value)
            .map_err(|error| PyValueError::new_err(format!("{}: {error}", self.record.name)))
    }

    fn read_text(&self, given: &Bound<'_, PyAny>) -> PyResult<Owned> {
        let FieldKind::Text(length) = self.field.kind else {
            return Err(self.wrong_type(given, "str"));
        };
        let text = given.cast::<PyString>().map_err(|_| self.wrong_type(given, "str"))?;
        let text = text.to_str().map_err(|_| self.wrong_value(given, "is not valid text"))?;
        let bytes = ctp_types::encode(text).map_err(|error| self.wrong_value(given, &error.to_string()))?;
        let capacity = length.saturating_sub(1);
        if bytes.contains(&0) {
            return Err(self.wrong_value(given, "has a NUL character; remove it"));
        }
        if bytes.len() > capacity {
            let needed = bytes.len();
            return Err(self.wrong_value(
                given,
                &format!("takes {needed} GBK bytes, the field holds {capacity}; shorten it"),
            ));
        }
        Ok(Owned::Text(bytes.into_owned()))
    }

    fn read_character(&self, given: &Bound<'_, PyAny>) -> PyResult<Owned> {
        if given.is_none() {
            return Ok(Owned::Char(0));
        }
        let text =
            given.cast::<PyString>().map_err(|_| self.wrong_type(given, "str of one character or None"))?;
        match *text.to_str().unwrap_or("\u{FFFD}").as_bytes() {
            [] => Ok(Owned::Char(0)),
            [character @ 1..=0x7E] => Ok(Owned::Char(character)),
            _ => Err(self.wrong_value(given, "is not one ASCII character")),
        }
    }

    fn read_number(&self, given: &Bound<'_, PyAny>, lowest: i64, highest: i64) -> PyResult<Owned> {
        if given.is_instance_of::<pyo3::types::PyFloat>() || given.is_instance_of::<PyString>() {
            return Err(self.wrong_type(given, "int"));
        }
        match given.extract::<i64>() {
            Ok(number) if (lowest..=highest).contains(&number) => Ok(Owned::Number(number)),
            Err(error) if error.is_instance_of::<PyTypeError>(given.py()) => {
                Err(self.wrong_type(given, "int"))
            }
            _ => Err(self.wrong_value(given, &format!("is outside {lowest}..{highest}"))),
        }
    }

    fn read_double(&self, given: &Bound<'_, PyAny>) -> PyResult<Owned> {
        if given.is_none() {
            return Ok(Owned::Double(NO_PRICE));
        }
        if given.is_instance_of::<PyString>() {
            return Err(self.wrong_type(given, "float or None"));
        }
        let number: f64 = given.extract().map_err(|_| self.wrong_type(given, "float or None"))?;
        if number.is_finite() {
            Ok(Owned::Double(number))
        } else {
            Err(self.wrong_value(given, "is not a finite number; None stands for no value"))
        }
    }

    fn wrong_type(&self, given: &Bound<'_, PyAny>, wanted: &str) -> PyErr {
        let found =
            given.get_type().qualname().map_or_else(|_| "another type".to_owned(), |name| name.to_string());
        PyTypeError::new_err(format!("{}.{} is {wanted}, not {found}", self.record.name, self.field.c_name))
    }

    fn wrong_value(&self, given: &Bound<'_, PyAny>, reason: &str) -> PyErr {
        let (record, field) = (self.record.name, self.field.c_name);
        if self.field.secret {
            return PyValueError::new_err(format!(
                "{record}.{field}: the value {}",
                without_characters(reason)
            ));
        }
        let shown = given.repr().map_or_else(|_| "the value".to_owned(), |shown| shown.to_string());
        PyValueError::new_err(format!("{record}.{field}: {shown} {reason}"))
    }
}

/// A value that is no longer tied to Python.
pub(crate) enum Owned {
    Text(Vec<u8>),
    Char(u8),
    Number(i64),
    Double(f64),
}

/// A reason that quotes no part of a secret: an unencodable character is one.
fn without_characters(reason: &str) -> &str {
    if reason.starts_with("character ") { "has a character that cannot be written in GBK" } else { reason }
}
