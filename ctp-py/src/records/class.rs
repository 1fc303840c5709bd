//! Making the classes: the base, and two per record.

use std::collections::HashMap;
use std::ffi::{CString, c_int, c_uint, c_void};
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};

use super::{Class, Naming, methods, object, read, slots};
use crate::value::Accessor;

const FLAGS: c_uint = (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_BASETYPE) as c_uint;

/// Our classes by the address of their type. None is ever freed, so an address stays a class's.
static TYPES: Mutex<Option<HashMap<usize, &'static Class>>> = Mutex::new(None);

/// Returns `Record`, the base of all.
pub(super) fn base(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static BASE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    BASE.get_or_try_init(py, || {
        let doc = c"A record of the API. Text is `str`, an unset character and a missing price are `None`.";
        let slots = [
            slot(ffi::Py_tp_new, slots::new as *mut c_void),
            slot(ffi::Py_tp_init, slots::init as *mut c_void),
            slot(ffi::Py_tp_dealloc, object::dealloc as *mut c_void),
            slot(ffi::Py_tp_repr, slots::repr as *mut c_void),
            slot(ffi::Py_tp_richcompare, slots::compare as *mut c_void),
            slot(ffi::Py_tp_hash, ffi::PyObject_HashNotImplemented as *mut c_void),
            slot(ffi::Py_tp_methods, methods::table().cast()),
            slot(ffi::Py_tp_doc, doc.as_ptr().cast_mut().cast()),
        ];
        make_type(py, c"ctp_py.Record".to_owned(), object::HEAD_SIZE, None, &slots)
    })
    .map(|class| class.bind(py))
}

/// Makes the class of a record. What its attributes point to is never freed: neither is the class.
pub(super) fn make(py: Python<'_>, class: &'static Class) -> PyResult<Py<PyType>> {
    let mut attributes = Vec::with_capacity(class.accessors.len() + 1);
    for accessor in &class.accessors {
        attributes.push(attribute(accessor)?);
    }
    attributes.push(ffi::PyGetSetDef::default());
    let attributes = Box::leak(attributes.into_boxed_slice());
    let doc = leak(format!("C: {}.", class.descriptor.c_name))?;
    let slots = [
        slot(ffi::Py_tp_getset, attributes.as_mut_ptr().cast()),
        slot(ffi::Py_tp_dealloc, object::dealloc as *mut c_void),
        slot(ffi::Py_tp_doc, doc.as_ptr().cast_mut().cast()),
    ];
    let module = match class.naming {
        Naming::Ctp => "ctp_py",
        Naming::Snake => "ctp_py.data",
    };
    let name = c_string(format!("{module}.{}", class.name()))?;
    let made = make_type(py, name, object::object_size(class.descriptor), Some(base(py)?), &slots)?;
    types().get_or_insert_default().insert(made.as_ptr() as usize, class);
    Ok(made)
}

/// Returns the class of ours that `python` is or derives from, `None` for `Record` itself.
pub(super) fn of(python: &Bound<'_, PyType>) -> Option<&'static Class> {
    let mut types = types();
    let types = types.get_or_insert_default();
    let mut current = python.as_type_ptr();
    while !current.is_null() {
        if let Some(class) = types.get(&(current as usize)) {
            return Some(class);
        }
        // SAFETY: a live type; a type keeps its base alive, and `object` has none. The limited API lets the
        // slot of static types be read from 3.10 on.
        current = unsafe { ffi::PyType_GetSlot(current, ffi::Py_tp_base) }.cast();
    }
    None
}

fn types() -> MutexGuard<'static, Option<HashMap<usize, &'static Class>>> {
    TYPES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn attribute(accessor: &'static Accessor) -> PyResult<ffi::PyGetSetDef> {
    Ok(ffi::PyGetSetDef {
        name: leak(accessor.name.to_owned())?.as_ptr(),
        get: Some(read::getter(accessor.field.kind)),
        set: Some(slots::set),
        doc: leak(accessor.describe())?.as_ptr(),
        closure: ptr::from_ref(accessor).cast_mut().cast(),
    })
}

fn make_type(
    py: Python<'_>,
    name: CString,
    size: c_int,
    base: Option<&Bound<'_, PyType>>,
    slots: &[ffi::PyType_Slot],
) -> PyResult<Py<PyType>> {
    // CPython keeps the pointer to the name.
    let name: &'static CString = Box::leak(Box::new(name));
    let mut slots: Vec<ffi::PyType_Slot> = slots.to_vec();
    slots.push(slot(0, ptr::null_mut()));
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize: size,
        itemsize: 0,
        flags: FLAGS,
        slots: slots.as_mut_ptr(),
    };
    let bases = base.map(|base| PyTuple::new(py, [base])).transpose()?;
    let bases = bases.as_ref().map_or(ptr::null_mut(), |bases| bases.as_ptr());
    // SAFETY: the specification is complete and ends with an empty slot; names, attributes and methods
    // live as long as the process.
    let made =
        unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyType_FromSpecWithBases(&raw mut spec, bases))? };
    Ok(made.cast_into::<PyType>()?.unbind())
}

fn slot(number: c_int, pointer: *mut c_void) -> ffi::PyType_Slot {
    ffi::PyType_Slot { slot: number, pfunc: pointer }
}

fn leak(text: String) -> PyResult<&'static CString> {
    Ok(Box::leak(Box::new(c_string(text)?)))
}

fn c_string(text: String) -> PyResult<CString> {
    Ok(CString::new(text)?)
}
