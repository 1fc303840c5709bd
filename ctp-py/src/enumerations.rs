//! Enumerations: tables for `ctp_py.enums`, and the members that fields hold.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use ctp_types::{EnumerationDescriptor, Name, enumeration_descriptors};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The Python class of an enumeration, made on first use, and its members by character.
pub(crate) struct EnumerationClass {
    descriptor: &'static EnumerationDescriptor,
    members: [PyOnceLock<Py<PyAny>>; 256],
}

impl EnumerationClass {
    /// Returns the class of `descriptor`; there is one for the life of the process.
    pub(crate) fn of(descriptor: &'static EnumerationDescriptor) -> &'static Self {
        static CLASSES: OnceLock<HashMap<&'static str, OnceLock<EnumerationClass>>> = OnceLock::new();
        let classes = CLASSES.get_or_init(|| {
            enumeration_descriptors().iter().map(|known| (known.name.as_str(), OnceLock::new())).collect()
        });
        classes[descriptor.name.as_str()]
            .get_or_init(|| Self { descriptor, members: [const { PyOnceLock::new() }; 256] })
    }

    /// Returns the member for a character that was asked for before. It lives as long as the process, so
    /// does what is returned, which is borrowed.
    pub(crate) fn known(&self, py: Python<'_>, character: u8) -> Option<*mut ffi::PyObject> {
        self.members[usize::from(character)].get(py).map(Py::as_ptr)
    }

    /// Returns the member for a C character; characters that the header lacks have one, too.
    pub(crate) fn member<'py>(&self, py: Python<'py>, character: u8) -> PyResult<Bound<'py, PyAny>> {
        let member = self.members[usize::from(character)].get_or_try_init(py, || {
            let class = py.import("ctp_py.enums")?.getattr(self.descriptor.name.as_str())?;
            class.call1((char::from(character),)).map(Bound::unbind)
        })?;
        Ok(member.bind(py).clone())
    }
}

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(enumeration_names, module)?)?;
    module.add_function(wrap_pyfunction!(enumeration_values, module)?)?;
    module.add_function(wrap_pyfunction!(constant_values, module)?)?;
    module.add_function(wrap_pyfunction!(error_symbol, module)?)
}

/// Returns the names of the enumerations.
#[pyfunction]
fn enumeration_names() -> Vec<&'static str> {
    enumeration_descriptors().iter().map(|descriptor| descriptor.name.as_str()).collect()
}

/// Returns C constant, name and character of each value of an enumeration, `None` for an unknown one.
#[pyfunction]
fn enumeration_values(name: &str) -> Option<Vec<(&'static str, &'static str, char)>> {
    let descriptor = enumeration_descriptors().iter().find(|descriptor| descriptor.name == name)?;
    let value = |(constant, short, character): &(Name, Name, u8)| {
        (constant.as_str(), member_name(short.as_str()), char::from(*character))
    };
    Some(descriptor.values.iter().map(value).collect())
}

/// Returns every constant of the API under its C name.
#[pyfunction]
fn constant_values() -> HashMap<&'static str, Cow<'static, str>> {
    let texts = TEXTS.iter().map(|(name, value)| (*name, Cow::Borrowed(*value)));
    let values = enumeration_descriptors().iter().flat_map(|descriptor| descriptor.values);
    let characters = values.map(|(name, _, value)| (name.as_str(), char::from(*value).to_string().into()));
    texts.chain(characters).collect()
}

/// Returns the symbol of an error code, for example `NOT_LOGIN_YET` for 6.
#[pyfunction]
fn error_symbol(code: i32) -> Option<&'static str> {
    ctp_types::errors::symbol(code)
}

/// Returns the name of a value's member in Python.
fn member_name(short: &'static str) -> &'static str {
    MEMBERS.iter().find(|(own, _)| *own == short).map_or(short, |(_, member)| member)
}

include!(concat!(env!("OUT_DIR"), "/tables.rs"));
