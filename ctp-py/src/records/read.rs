//! Getters: one C function per kind of field, which the closure tells the place.
//!
//! This is the path of every `tick.LastPrice`. What cannot panic has no guard; the rest is out of line.

use std::ffi::c_void;

use ctp_types::FieldKind;
use pyo3::ffi;
use pyo3::prelude::*;

use super::object::data;
use super::slots::guard;
use crate::value::Accessor;

type Getter = unsafe extern "C" fn(*mut ffi::PyObject, *mut c_void) -> *mut ffi::PyObject;

/// Returns the getter for a kind of field.
pub(super) fn getter(kind: FieldKind) -> Getter {
    match kind {
        FieldKind::Text(_) => text,
        FieldKind::Char => character,
        FieldKind::Enumeration(_) => member,
        FieldKind::Short => short,
        FieldKind::Int => int,
        FieldKind::UnsignedInt => unsigned,
        FieldKind::LongLong => long,
        FieldKind::Double => double,
    }
}

/// Returns the field's accessor and where its bytes begin.
///
/// # Safety
///
/// CPython calls the getter: with a live object of the class that has the attribute, and the attribute's
/// closure, which is an accessor of that class and never freed (`class::attribute`).
unsafe fn place(slf: *mut ffi::PyObject, closure: *mut c_void) -> (&'static Accessor, *const u8) {
    // SAFETY: by the caller's word; the field lies inside the record.
    unsafe {
        let accessor: &'static Accessor = &*closure.cast_const().cast();
        (accessor, data(slf).add(accessor.offset).cast_const())
    }
}

fn none() -> *mut ffi::PyObject {
    // SAFETY: CPython calls getters with the interpreter lock held; `None` is always there.
    unsafe { ffi::Py_NewRef(ffi::Py_None()) }
}

unsafe extern "C" fn double(slf: *mut ffi::PyObject, closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: see `place`; every bit pattern is an `f64`, and the field is aligned.
    unsafe {
        let (_, place) = place(slf, closure);
        match ctp_types::price(place.cast::<f64>().read()) {
            Some(number) => ffi::PyFloat_FromDouble(number),
            None => none(),
        }
    }
}

unsafe extern "C" fn short(slf: *mut ffi::PyObject, closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: as in `double`.
    unsafe { ffi::PyLong_FromLong(place(slf, closure).1.cast::<i16>().read().into()) }
}

unsafe extern "C" fn int(slf: *mut ffi::PyObject, closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: as in `double`.
    unsafe { ffi::PyLong_FromLong(place(slf, closure).1.cast::<i32>().read().into()) }
}

unsafe extern "C" fn unsigned(slf: *mut ffi::PyObject, closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: as in `double`.
    unsafe { ffi::PyLong_FromUnsignedLong(place(slf, closure).1.cast::<u32>().read().into()) }
}

unsafe extern "C" fn long(slf: *mut ffi::PyObject, closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: as in `double`.
    unsafe { ffi::PyLong_FromLongLong(place(slf, closure).1.cast::<i64>().read()) }
}

unsafe extern "C" fn text(slf: *mut ffi::PyObject, closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: see `place`; the field has `length` bytes, and nobody writes to them while no Python runs.
    unsafe {
        let (accessor, place) = place(slf, closure);
        let bytes = ctp_types::until_nul(std::slice::from_raw_parts(place, accessor.length));
        if bytes.is_ascii() {
            // ASCII is UTF-8; the length is that of a field.
            return ffi::PyUnicode_FromStringAndSize(bytes.as_ptr().cast(), bytes.len() as isize);
        }
        chinese(bytes)
    }
}

/// GBK takes a decoder, which may allocate.
#[cold]
#[inline(never)]
fn chinese(bytes: &[u8]) -> *mut ffi::PyObject {
    guard(std::ptr::null_mut(), |py| Ok(pyo3::types::PyString::new(py, &ctp_types::decode(bytes)).into_ptr()))
}

unsafe extern "C" fn character(slf: *mut ffi::PyObject, closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: see `place`. A byte is a character of Latin-1, as `Accessor::to_python` has it.
    unsafe {
        match place(slf, closure).1.read() {
            0 => none(),
            character => ffi::PyUnicode_FromOrdinal(character.into()),
        }
    }
}

unsafe extern "C" fn member(slf: *mut ffi::PyObject, closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: see `place`; the interpreter lock is held.
    unsafe {
        let (accessor, place) = place(slf, closure);
        let character = place.read();
        if character == 0 {
            return none();
        }
        if let Some(known) = accessor.known_member(Python::assume_attached(), character) {
            return ffi::Py_NewRef(known);
        }
        new_member(accessor, character)
    }
}

/// A member that nobody has asked for yet is made by Python code.
#[cold]
#[inline(never)]
fn new_member(accessor: &'static Accessor, character: u8) -> *mut ffi::PyObject {
    guard(std::ptr::null_mut(), |py| {
        accessor.to_python(py, ctp_types::Value::Char(character)).map(Bound::into_ptr)
    })
}
