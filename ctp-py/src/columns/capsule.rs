//! Arrow's structs in capsules of Python, which release them when nobody took them.

use std::ffi::{CStr, c_void};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use super::arrow::{Array, Schema, Stream};

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// What a capsule holds.
trait Released {
    /// Releases what was not taken.
    ///
    /// # Safety
    ///
    /// `this` is a struct of ours, or one whose content was moved out and marked as released.
    unsafe fn release(this: *mut Self);
}

macro_rules! released {
    ($($kind:ty),*) => {
        $(impl Released for $kind {
            unsafe fn release(this: *mut Self) {
                // SAFETY: by the caller's word.
                unsafe {
                    if let Some(release) = (*this).release {
                        release(this);
                    }
                }
            }
        })*
    };
}

released!(Schema, Array, Stream);

pub(super) fn schema(py: Python<'_>, schema: Schema) -> PyResult<Bound<'_, PyCapsule>> {
    capsule(py, SCHEMA, schema, free::<Schema>)
}

pub(super) fn array(py: Python<'_>, array: Array) -> PyResult<Bound<'_, PyCapsule>> {
    capsule(py, ARRAY, array, free::<Array>)
}

pub(super) fn stream(py: Python<'_>, stream: Stream) -> PyResult<Bound<'_, PyCapsule>> {
    capsule(py, STREAM, stream, free::<Stream>)
}

fn capsule<'py, T: Released>(
    py: Python<'py>,
    name: &'static CStr,
    content: T,
    free: ffi::PyCapsule_Destructor,
) -> PyResult<Bound<'py, PyCapsule>> {
    let content: *mut c_void = Box::into_raw(Box::new(content)).cast();
    // SAFETY: the name lives for ever; the destructor frees the content, which is a boxed `T`, once.
    unsafe {
        let made = ffi::PyCapsule_New(content, name.as_ptr(), Some(free));
        match Bound::from_owned_ptr_or_err(py, made) {
            Ok(capsule) => Ok(capsule.cast_into_unchecked()),
            Err(error) => {
                T::release(content.cast());
                drop(Box::<T>::from_raw(content.cast()));
                Err(error)
            }
        }
    }
}

unsafe extern "C" fn free<T: Released>(capsule: *mut ffi::PyObject) {
    // SAFETY: CPython calls this once, with the capsule that `capsule` made; its name is what it was made
    // with. Consumers that take the content leave the struct, marked as released.
    unsafe {
        let content: *mut T = ffi::PyCapsule_GetPointer(capsule, ffi::PyCapsule_GetName(capsule)).cast();
        if !content.is_null() {
            T::release(content);
            drop(Box::from_raw(content));
        }
    }
}
