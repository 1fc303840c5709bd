//! The layout of a record object: a head, then the bytes of the record.

use std::ffi::c_int;
use std::marker::PhantomData;
use std::mem;
use std::ptr;

use ctp_types::{FieldDescriptor, FieldKind, Record, RecordBox, RecordDescriptor, RecordRef};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::{Class, class};
use crate::value::Owned;

/// What stands before the bytes.
#[repr(C)]
pub(super) struct Head {
    base: ffi::PyObject,
    /// Written by [`allocate`] right after the allocation, and never again.
    class: &'static Class,
}

/// Where the bytes begin.
pub(super) const DATA: usize = size_of::<Head>();

// Objects of CPython are aligned to 8 at least, so the record is, too: the widest field has 8 bytes.
const _: () = assert!(DATA.is_multiple_of(8) && align_of::<Head>() == 8);

/// A record object that nobody writes to while this exists.
#[derive(Clone, Copy)]
pub(super) struct Borrowed<'a> {
    pub(super) class: &'static Class,
    pub(super) record: RecordRef<'a>,
    object: PhantomData<&'a ()>,
}

/// Returns how many bytes an object of the class of `descriptor` takes.
pub(super) fn object_size(descriptor: &RecordDescriptor) -> c_int {
    // The widest record has a few thousand bytes.
    (DATA + descriptor.size.next_multiple_of(8)) as c_int
}

/// The size of the base class, which has no bytes of a record.
pub(super) const HEAD_SIZE: c_int = DATA as c_int;

/// Returns where the record's bytes begin.
///
/// # Safety
///
/// `object` points to a live record object.
pub(super) unsafe fn data(object: *mut ffi::PyObject) -> *mut u8 {
    // SAFETY: the bytes follow the head, in the same allocation.
    unsafe { object.cast::<u8>().add(DATA) }
}

/// Allocates an object of exactly the class, whose bytes the caller must write.
fn allocate<'py>(py: Python<'py>, class: &'static Class) -> PyResult<Bound<'py, PyAny>> {
    let python = class.python(py)?;
    // SAFETY: the type is one of ours, without garbage collection, of the size that `object_size` says;
    // the head is written before anybody sees the object.
    unsafe {
        let object: *mut ffi::PyObject = ffi::PyObject_New(python.as_type_ptr());
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        (&raw mut (*object.cast::<Head>()).class).write(class);
        Ok(Bound::from_owned_ptr(py, object))
    }
}

/// Makes a record of zeros; `python` is the class's or derives from it.
pub(super) fn zeroed<'py>(python: &Bound<'py, PyType>, class: &'static Class) -> PyResult<Bound<'py, PyAny>> {
    let py = python.py();
    // SAFETY: the type derives from `class`'s (`class::of` found it among its bases), so the allocation
    // has room for head and record, and is zeroed; the head is written before anybody sees the object.
    unsafe {
        let object = ffi::PyType_GenericAlloc(python.as_type_ptr(), 0);
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        (&raw mut (*object.cast::<Head>()).class).write(class);
        Ok(Bound::from_owned_ptr(py, object))
    }
}

pub(super) fn from_record<'py, R: Record>(
    py: Python<'py>,
    class: &'static Class,
    record: &R,
) -> PyResult<Bound<'py, PyAny>> {
    copy_of(py, class, RecordRef::from_record(record))
}

pub(super) fn from_box<'py>(
    py: Python<'py>,
    class: &'static Class,
    record: &RecordBox,
) -> PyResult<Bound<'py, PyAny>> {
    copy_of(py, class, record.as_ref())
}

pub(super) fn copy_of<'py>(
    py: Python<'py>,
    class: &'static Class,
    record: RecordRef<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    if !ptr::eq(record.descriptor(), class.descriptor) {
        let (wanted, found) = (class.descriptor.name, record.descriptor().name);
        return Err(PyTypeError::new_err(format!("a record {wanted} is needed, not {found}")));
    }
    let object = allocate(py, class)?;
    // SAFETY: both sides have `size` bytes, which are copied untyped, padding too; nobody else knows the
    // new object.
    unsafe {
        ptr::copy_nonoverlapping(record.as_ptr().cast::<u8>(), data(object.as_ptr()), class.descriptor.size);
    }
    Ok(object)
}

/// Returns whether an object is of our class itself, and not of one that derives from it.
pub(super) fn is_exact(object: &Bound<'_, PyAny>, from: Borrowed<'_>) -> PyResult<bool> {
    Ok(ptr::eq(object.get_type_ptr(), from.class.python(object.py())?.as_type_ptr()))
}

/// Makes an object of the same class, derived ones included, with the same bytes.
pub(super) fn duplicate<'py>(object: &Bound<'py, PyAny>, from: Borrowed<'_>) -> PyResult<Bound<'py, PyAny>> {
    if is_exact(object, from)? {
        return copy_of(object.py(), from.class, from.record);
    }
    let copy = zeroed(&object.get_type(), from.class)?;
    // SAFETY: as in `copy_of`: both objects have the record of one class.
    unsafe {
        ptr::copy_nonoverlapping(
            from.record.as_ptr().cast::<u8>(),
            data(copy.as_ptr()),
            from.class.descriptor.size,
        );
    }
    Ok(copy)
}

/// Borrows the record of an object.
///
/// # Errors
///
/// Returns a `TypeError` for what is no record. Its type counts, not what it says: a mock with `spec=`
/// calls itself a record.
pub(super) fn check<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<Borrowed<'a>> {
    let base = class::base(object.py())?;
    // SAFETY: both are live types.
    let is_record = unsafe { ffi::PyType_IsSubtype(object.get_type_ptr(), base.as_type_ptr()) } != 0;
    if is_record {
        // SAFETY: just checked.
        return Ok(unsafe { borrow(object) });
    }
    let found = object.get_type().qualname()?;
    Err(PyTypeError::new_err(format!("a record is needed, for example InputOrderField(...), not {found}")))
}

/// Borrows the record of an object. Nothing may call Python while it is borrowed.
///
/// # Safety
///
/// The object's type derives from `Record`.
pub(super) unsafe fn borrow<'a>(object: &'a Bound<'_, PyAny>) -> Borrowed<'a> {
    // SAFETY: every object of such a type was made by this module, so its head is written and the bytes of
    // its class's record follow, aligned to 8; the interpreter lock is held, so nobody writes to them.
    unsafe {
        let class = (*object.as_ptr().cast::<Head>()).class;
        let record = RecordRef::from_ptr(class.descriptor, data(object.as_ptr()).cast_const().cast());
        let record = record.unwrap_unchecked();
        Borrowed { class, record, object: PhantomData }
    }
}

/// Writes what [`Accessor::read`](crate::value::Accessor::read) returned for `field` of this object's record.
pub(super) fn write(object: &Bound<'_, PyAny>, field: &'static FieldDescriptor, value: &Owned) {
    // SAFETY: the caller got the field from an attribute or the class of this object, so it lies inside the
    // record, and the emitted assertions of ctp-types prove offset and alignment. The interpreter lock makes
    // the access exclusive.
    unsafe {
        let target = data(object.as_ptr()).add(field.offset);
        match (value, field.kind) {
            (Owned::Text(bytes), FieldKind::Text(length)) => {
                // `read` has checked that a NUL fits, too.
                let count = bytes.len().min(length);
                ptr::copy_nonoverlapping(bytes.as_ptr(), target, count);
                target.add(count).write_bytes(0, length - count);
            }
            (Owned::Char(character), FieldKind::Char | FieldKind::Enumeration(_)) => target.write(*character),
            (Owned::Double(number), FieldKind::Double) => target.cast::<f64>().write(*number),
            // `read` has checked the ranges.
            (Owned::Number(number), FieldKind::Short) => target.cast::<i16>().write(*number as i16),
            (Owned::Number(number), FieldKind::Int) => target.cast::<i32>().write(*number as i32),
            (Owned::Number(number), FieldKind::UnsignedInt) => target.cast::<u32>().write(*number as u32),
            (Owned::Number(number), FieldKind::LongLong) => target.cast::<i64>().write(*number),
            _ => unreachable!("`read` returns the kind of the field"),
        }
    }
}

/// Returns the bytes of a record, padding as zeros.
pub(super) fn to_bytes(from: Borrowed<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(from.class.descriptor.size);
    from.record.append_to(&mut bytes);
    bytes
}

/// Returns a copy that may go to C code: every text ends with a NUL.
pub(super) fn to_box(from: Borrowed<'_>) -> RecordBox {
    RecordBox::from_bytes(from.class.descriptor, &to_bytes(from))
        .unwrap_or_else(|| unreachable!("`append_to` writes the size of the record"))
}

/// Replaces all of a record; text without its NUL gets one.
pub(super) fn overwrite(object: &Bound<'_, PyAny>, class: &'static Class, bytes: &[u8]) -> PyResult<()> {
    let size = class.descriptor.size;
    let Some(record) = RecordBox::from_bytes(class.descriptor, bytes) else {
        let (name, found) = (class.name(), bytes.len());
        return Err(PyValueError::new_err(format!("{name} has {size} bytes, not {found}")));
    };
    // SAFETY: both have the `size` bytes of the record of `class`, which the caller got from the object; the
    // interpreter lock makes the access exclusive.
    unsafe { ptr::copy_nonoverlapping(record.as_ptr().cast::<u8>(), data(object.as_ptr()), size) };
    Ok(())
}

/// Frees an object. The record holds nothing.
pub(super) unsafe extern "C" fn dealloc(slf: *mut ffi::PyObject) {
    // SAFETY: CPython calls this once, with the last reference. The memory goes back the way that the class
    // allocates, and the object's reference to its class with it.
    unsafe {
        let class = ffi::Py_TYPE(slf);
        let free = ffi::PyType_GetSlot(class, ffi::Py_tp_free);
        let free: ffi::freefunc = mem::transmute(free);
        free(slf.cast());
        ffi::Py_DECREF(class.cast());
    }
}
