//! What a pickled record is: the mark of its layout and its bytes.
//!
//! The mark says which fields lie where. A record that was pickled by a version of this package whose
//! record differs is refused; its bytes would mean something else.

use ctp_types::{FieldKind, RecordDescriptor};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use super::object;

/// `__reduce_ex__(protocol)`: `copyreg.__newobj__(class)`, then the state.
pub(super) fn reduce<'py>(slf: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = slf.py();
    let record = object::check(slf)?;
    let mark = mark(record.class.descriptor());
    let bytes = PyBytes::new(py, &object::to_bytes(record));
    // Attributes that a class of the user's adds.
    let own = slf.getattr_opt("__dict__")?;
    let make = py.import("copyreg")?.getattr("__newobj__")?;
    let state = (mark, bytes, own);
    Ok((make, (slf.get_type(),), state).into_pyobject(py)?.into_any())
}

/// `__setstate__(state)`.
pub(super) fn restore(slf: &Bound<'_, PyAny>, state: &Bound<'_, PyAny>) -> PyResult<()> {
    let class = object::check(slf)?.class;
    let name = class.name();
    let broken = || PyTypeError::new_err(format!("this is not the state of a pickled {name}"));
    let parts = state.cast::<PyTuple>().map_err(|_| broken())?;
    if parts.len() != 3 {
        return Err(broken());
    }
    let found: u64 = parts.get_item(0)?.extract().map_err(|_| broken())?;
    let bytes = parts.get_item(1)?.cast_into::<PyBytes>().map_err(|_| broken())?;
    let own = parts.get_item(2)?;
    if found != mark(class.descriptor()) {
        return Err(PyValueError::new_err(format!(
            "{name} was pickled by a version of ctp_py whose {name} has other fields; to keep records for \
             longer than a version, keep to_dict()"
        )));
    }
    object::overwrite(slf, class, bytes.as_bytes())?;
    if !own.is_none() {
        let own = own.cast_into::<PyDict>().map_err(|_| broken())?;
        slf.getattr("__dict__")?.cast_into::<PyDict>()?.update(own.as_mapping())?;
    }
    Ok(())
}

/// Returns a number that differs when the layout does (FNV-1a over names, places and kinds).
fn mark(descriptor: &RecordDescriptor) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    add(descriptor.c_name.as_bytes());
    add(&descriptor.size.to_le_bytes());
    for field in descriptor.fields {
        let (kind, length) = match field.kind {
            FieldKind::Text(length) => (0, length),
            FieldKind::Char | FieldKind::Enumeration(_) => (1, 1),
            FieldKind::Short => (2, 2),
            FieldKind::Int => (3, 4),
            FieldKind::UnsignedInt => (4, 4),
            FieldKind::LongLong => (5, 8),
            FieldKind::Double => (6, 8),
        };
        add(field.c_name.as_bytes());
        add(&[0, kind]);
        add(&field.offset.to_le_bytes());
        add(&length.to_le_bytes());
    }
    hash
}
