//! How values of the gateway become Python objects that cannot change.

use std::marker::PhantomData;

use ctp_types::{Enumeration, Text};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::enumerations::EnumerationClass;

/// A value of an enumeration, which Python sees as a member of its class, or `None` where it is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member<E> {
    character: u8,
    enumeration: PhantomData<fn() -> E>,
}

impl<E: Enumeration> From<E> for Member<E> {
    fn from(value: E) -> Self {
        Self { character: value.as_char(), enumeration: PhantomData }
    }
}

impl<'py, E: Enumeration> IntoPyObject<'py> for Member<E> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.character {
            0 => Ok(py.None().into_bound(py)),
            character => EnumerationClass::of(E::DESCRIPTOR).member(py, character),
        }
    }
}

/// Decodes a text.
pub(crate) fn text<const N: usize>(text: &Text<N>) -> String {
    text.to_str().into_owned()
}

/// Writes an object as the call that would make it.
pub(crate) fn repr(object: &Bound<'_, PyAny>, fields: &[&str]) -> PyResult<String> {
    let mut parts = Vec::with_capacity(fields.len());
    for field in fields {
        let value = object.getattr(*field)?;
        // What is not there says nothing.
        if !value.is_none() {
            parts.push(format!("{field}={}", value.repr()?));
        }
    }
    Ok(format!("{}({})", object.get_type().name()?, parts.join(", ")))
}

/// Returns the fields by name.
pub(crate) fn to_dict<'py>(object: &Bound<'py, PyAny>, fields: &[&str]) -> PyResult<Bound<'py, PyDict>> {
    let all = PyDict::new(object.py());
    for field in fields {
        all.set_item(field, object.getattr(*field)?)?;
    }
    Ok(all)
}

/// Makes a class of a value of the gateway: its fields, and its money, each as `float` in CNY and as `int` in 1/10,000 CNY.
macro_rules! view {
    (
        $(#[$doc:meta])*
        $name:ident($value:ident: &$of:ty)
        { $($(#[$field_doc:meta])* $field:ident: $type:ty = $read:expr,)* }
        money { $($(#[$money_doc:meta])* $money:ident, $exact:ident = $amount:expr,)* }
    ) => {
        $(#[$doc])*
        #[pyclass(frozen, get_all, eq, module = "ctp_py")]
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) struct $name {
            $($(#[$field_doc])* $field: $type,)*
            $(
                $(#[$money_doc])*
                ///
                /// In CNY; the exact amount is the same name with `_e4`.
                $money: Option<f64>,
                /// The same in 1/10,000 CNY, exact.
                $exact: Option<i64>,
            )*
        }

        impl From<&$of> for $name {
            fn from($value: &$of) -> Self {
                Self {
                    $($field: $read,)*
                    $($money: $amount.map(|amount| amount.to_f64()), $exact: $amount.map(|amount| amount.0),)*
                }
            }
        }

        impl $name {
            const FIELDS: &[&str] = &[$(stringify!($field),)* $(stringify!($money),)*];
        }

        #[pymethods]
        impl $name {
            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                $crate::gateway::td::view::repr(slf.as_any(), Self::FIELDS)
            }

            /// Returns the fields by name; money in CNY.
            fn to_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, pyo3::types::PyDict>> {
                $crate::gateway::td::view::to_dict(slf.as_any(), Self::FIELDS)
            }
        }
    };
}

pub(crate) use view;
