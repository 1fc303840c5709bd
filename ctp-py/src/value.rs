//! Values of fields: from Python with a limit that is told when it is passed, and to Python.

use ctp_types::{FieldDescriptor, FieldKind, NO_PRICE, RecordDescriptor, Value};
use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyString};

use crate::enumerations::EnumerationClass;
use crate::records::{self, Fault, Limit, Naming};

/// How much of a value an error message shows, in characters.
const SHOWN: usize = 80;

/// A field, and what is needed to show it in Python.
pub(crate) struct Accessor {
    /// Where the field begins in the record.
    pub(crate) offset: usize,
    /// Bytes of a text, 0 for everything else.
    pub(crate) length: usize,
    enumeration: Option<&'static EnumerationClass>,
    /// The name in Python.
    pub(crate) name: &'static str,
    /// The name of the class.
    record: &'static str,
    pub(crate) field: &'static FieldDescriptor,
}

impl Accessor {
    pub(crate) fn new(
        record: &'static RecordDescriptor,
        field: &'static FieldDescriptor,
        naming: Naming,
    ) -> Self {
        let (enumeration, length) = match field.kind {
            FieldKind::Enumeration(descriptor) => (Some(EnumerationClass::of(descriptor)), 0),
            FieldKind::Text(length) => (None, length),
            _ => (None, 0),
        };
        let name = match naming {
            Naming::Ctp => field.c_name.as_str(),
            Naming::Snake => field.name.as_str(),
        };
        let record = records::named(record, naming);
        Self { offset: field.offset, length, enumeration, name, record, field }
    }

    /// Returns whether values are members of an enumeration.
    pub(crate) fn is_enumeration(&self) -> bool {
        self.enumeration.is_some()
    }

    /// Returns the member for a character that was asked for before, borrowed for the life of the process.
    pub(crate) fn known_member(&self, py: Python<'_>, character: u8) -> Option<*mut ffi::PyObject> {
        self.enumeration?.known(py, character)
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

    fn read_text(&self, given: &Bound<'_, PyAny>) -> PyResult<Owned> {
        let text = given.cast::<PyString>().map_err(|_| self.wrong_type(given, "str"))?;
        let text = text.to_str().map_err(|_| self.wrong_value(given, "is not valid text"))?;
        let bytes = ctp_types::encode(text).map_err(|error| self.wrong_value(given, &error.to_string()))?;
        let capacity = self.length.saturating_sub(1);
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
        if given.is_instance_of::<PyFloat>() || given.is_instance_of::<PyString>() {
            return Err(self.wrong_type(given, "int"));
        }
        match given.extract::<i64>() {
            Ok(number) if (lowest..=highest).contains(&number) => Ok(Owned::Number(number)),
            Err(error) => Err(self.refused(given, error, "int", &format!("is outside {lowest}..{highest}"))),
            Ok(_) => Err(self.wrong_value(given, &format!("is outside {lowest}..{highest}"))),
        }
    }

    fn read_double(&self, given: &Bound<'_, PyAny>) -> PyResult<Owned> {
        if given.is_none() {
            return Ok(Owned::Double(NO_PRICE));
        }
        if given.is_instance_of::<PyString>() {
            return Err(self.wrong_type(given, "float or None"));
        }
        let number: f64 = given
            .extract()
            .map_err(|error| self.refused(given, error, "float or None", "is too large for a float"))?;
        if number.is_finite() {
            Ok(Owned::Double(number))
        } else {
            Err(self.wrong_value(given, "is not a finite number; None stands for no value"))
        }
    }

    /// The error of a value that does not become a number. What its own code raises stays what it is.
    fn refused(&self, given: &Bound<'_, PyAny>, error: PyErr, wanted: &str, too_large: &str) -> PyErr {
        let py = given.py();
        if error.is_instance_of::<PyOverflowError>(py) {
            self.wrong_value(given, too_large)
        } else if error.is_instance_of::<PyTypeError>(py) {
            self.wrong_type(given, wanted)
        } else {
            error
        }
    }

    fn wrong_type(&self, given: &Bound<'_, PyAny>, wanted: &str) -> PyErr {
        let found =
            given.get_type().qualname().map_or_else(|_| "another type".to_owned(), |name| name.to_string());
        let message = format!("{}.{} is {wanted}, not {found}", self.record, self.name);
        records::type_error(given.py(), self.fault(given, message))
    }

    fn wrong_value(&self, given: &Bound<'_, PyAny>, reason: &str) -> PyErr {
        let (record, field) = (self.record, self.name);
        let message = if self.field.secret {
            format!("{record}.{field}: the value {}", without_characters(reason))
        } else {
            format!("{record}.{field}: {} {reason}", shown(given))
        };
        records::field_error(given.py(), self.fault(given, message))
    }

    fn fault<'py>(&self, given: &Bound<'py, PyAny>, message: String) -> Fault<'static, 'py> {
        let value = (!self.field.secret).then(|| given.clone());
        Fault { record: self.record, field: self.name, value, limit: self.limit(), message }
    }

    fn limit(&self) -> Limit {
        match self.field.kind {
            FieldKind::Text(length) => Limit::Length(length.saturating_sub(1)),
            FieldKind::Char | FieldKind::Enumeration(_) => Limit::Length(1),
            FieldKind::Short => Limit::Range(i16::MIN.into(), i16::MAX.into()),
            FieldKind::Int => Limit::Range(i32::MIN.into(), i32::MAX.into()),
            FieldKind::UnsignedInt => Limit::Range(0, u32::MAX.into()),
            FieldKind::LongLong => Limit::Range(i64::MIN, i64::MAX),
            FieldKind::Double => Limit::None,
        }
    }
}

/// Returns a value for a message; a long one is cut.
fn shown(given: &Bound<'_, PyAny>) -> String {
    let Ok(shown) = given.repr() else { return "the value".to_owned() };
    let shown = shown.to_string_lossy();
    match shown.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown.into_owned(),
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
