//! Arrow's C data interface: structs that own what they point to until their `release` is called.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;

use super::Shared;
use super::build::{Built, TooLarge, build};
use super::row::{COLUMNS, Column};

/// A value may be missing.
const NULLABLE: i64 = 2;

/// Numbers of the system's errors, as `get_next` returns them.
const EIO: c_int = 5;
const EINVAL: c_int = 22;

/// How many schemas, arrays and streams, children included, were not released yet.
static EXPORTS: AtomicUsize = AtomicUsize::new(0);

/// Returns how many Arrow structs of ours are alive; for tests.
#[pyfunction]
pub(super) fn _arrow_exports() -> usize {
    EXPORTS.load(Ordering::SeqCst)
}

/// `struct ArrowSchema`.
#[repr(C)]
pub(super) struct Schema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut Schema,
    dictionary: *mut Schema,
    pub(super) release: Option<unsafe extern "C" fn(*mut Schema)>,
    private: *mut c_void,
}

/// `struct ArrowArray`.
#[repr(C)]
pub(super) struct Array {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut Array,
    dictionary: *mut Array,
    pub(super) release: Option<unsafe extern "C" fn(*mut Array)>,
    private: *mut c_void,
}

/// `struct ArrowArrayStream`.
#[repr(C)]
pub(super) struct Stream {
    get_schema: unsafe extern "C" fn(*mut Stream, *mut Schema) -> c_int,
    get_next: unsafe extern "C" fn(*mut Stream, *mut Array) -> c_int,
    get_last_error: unsafe extern "C" fn(*mut Stream) -> *const c_char,
    pub(super) release: Option<unsafe extern "C" fn(*mut Stream)>,
    private: *mut c_void,
}

/// What an array owns.
struct Owned {
    // Behind the pointers.
    _built: Option<Built>,
    buffers: Vec<*const c_void>,
    children: Vec<*mut Array>,
}

/// What a stream owns.
struct Source {
    shared: Option<Shared>,
    error: Option<CString>,
}

/// Returns the schema of a whole batch.
pub(super) fn table_schema() -> Schema {
    schema(c"+s", c"", COLUMNS.iter().map(column_schema).collect(), 0)
}

/// Returns the schema of a column.
pub(super) fn column_schema(column: &Column) -> Schema {
    schema(column.arrow(), column.c_name(), Vec::new(), NULLABLE)
}

fn schema(format: &'static CStr, name: &'static CStr, children: Vec<Schema>, flags: i64) -> Schema {
    let children: Vec<*mut Schema> =
        children.into_iter().map(|child| Box::into_raw(Box::new(child))).collect();
    EXPORTS.fetch_add(1, Ordering::SeqCst);
    let mut owned = Box::new(children);
    Schema {
        format: format.as_ptr(),
        name: name.as_ptr(),
        metadata: ptr::null(),
        flags,
        n_children: owned.len() as i64,
        children: if owned.is_empty() { ptr::null_mut() } else { owned.as_mut_ptr() },
        dictionary: ptr::null_mut(),
        release: Some(release_schema),
        private: Box::into_raw(owned).cast(),
    }
}

unsafe extern "C" fn release_schema(schema: *mut Schema) {
    // SAFETY: the consumer calls this once, with the struct that `schema` made or a bitwise move of it; the
    // children are ours, and those that were moved out are marked as released.
    unsafe {
        let owned: Box<Vec<*mut Schema>> = Box::from_raw((*schema).private.cast());
        for child in *owned {
            if let Some(release) = (*child).release {
                release(child);
            }
            drop(Box::from_raw(child));
        }
        (*schema).release = None;
    }
    EXPORTS.fetch_sub(1, Ordering::SeqCst);
}

/// Returns a whole batch, a struct of its columns, of what [`build`] made.
pub(super) fn table(count: usize, built: Vec<Built>) -> Array {
    array(count, 0, None, vec![ptr::null()], built.into_iter().map(column).collect())
}

/// Returns one column.
pub(super) fn column(built: Built) -> Array {
    let (count, nulls, buffers) = (built.count, built.nulls, built.buffers());
    array(count, nulls, Some(built), buffers, Vec::new())
}

fn array(
    count: usize,
    nulls: usize,
    built: Option<Built>,
    buffers: Vec<*const c_void>,
    children: Vec<Array>,
) -> Array {
    let children = children.into_iter().map(|child| Box::into_raw(Box::new(child))).collect();
    EXPORTS.fetch_add(1, Ordering::SeqCst);
    let mut owned = Box::new(Owned { _built: built, buffers, children });
    Array {
        length: count as i64,
        null_count: nulls as i64,
        offset: 0,
        n_buffers: owned.buffers.len() as i64,
        n_children: owned.children.len() as i64,
        buffers: owned.buffers.as_mut_ptr(),
        children: if owned.children.is_empty() { ptr::null_mut() } else { owned.children.as_mut_ptr() },
        dictionary: ptr::null_mut(),
        release: Some(release_array),
        private: Box::into_raw(owned).cast(),
    }
}

unsafe extern "C" fn release_array(array: *mut Array) {
    // SAFETY: as in `release_schema`.
    unsafe {
        let owned: Box<Owned> = Box::from_raw((*array).private.cast());
        for child in &owned.children {
            if let Some(release) = (**child).release {
                release(*child);
            }
            drop(Box::from_raw(*child));
        }
        (*array).release = None;
    }
    EXPORTS.fetch_sub(1, Ordering::SeqCst);
}

/// Returns a stream of one batch, whose columns are made when it is read.
pub(super) fn stream(shared: Shared) -> Stream {
    EXPORTS.fetch_add(1, Ordering::SeqCst);
    Stream {
        get_schema,
        get_next,
        get_last_error,
        release: Some(release_stream),
        private: Box::into_raw(Box::new(Source { shared: Some(shared), error: None })).cast(),
    }
}

unsafe extern "C" fn get_schema(_: *mut Stream, out: *mut Schema) -> c_int {
    // SAFETY: the consumer passes room for a schema.
    unsafe { out.write(table_schema()) };
    0
}

unsafe extern "C" fn get_next(stream: *mut Stream, out: *mut Array) -> c_int {
    // SAFETY: the consumer passes a stream that was not released, from one thread at a time, and room for an
    // array.
    let source: &mut Source = unsafe { &mut *(*stream).private.cast() };
    let Some(shared) = source.shared.take() else {
        // The end: an array that is released already; all zeros are one.
        // SAFETY: as above.
        unsafe { out.write_bytes(0, 1) };
        return 0;
    };
    match catch_unwind(AssertUnwindSafe(|| build(shared.rows(), COLUMNS))) {
        Ok(Ok(built)) => {
            // SAFETY: as above.
            unsafe { out.write(table(shared.count, built)) };
            0
        }
        Ok(Err(TooLarge)) => {
            source.error = CString::new(TooLarge::MESSAGE).ok();
            EINVAL
        }
        Err(_) => {
            source.error = Some(c"internal error of ctp_py; please report it".to_owned());
            EIO
        }
    }
}

unsafe extern "C" fn get_last_error(stream: *mut Stream) -> *const c_char {
    // SAFETY: as in `get_next`.
    let source: &Source = unsafe { &*(*stream).private.cast() };
    source.error.as_ref().map_or(ptr::null(), |error| error.as_ptr())
}

unsafe extern "C" fn release_stream(stream: *mut Stream) {
    // SAFETY: as in `release_schema`.
    unsafe {
        drop(Box::<Source>::from_raw((*stream).private.cast()));
        (*stream).release = None;
    }
    EXPORTS.fetch_sub(1, Ordering::SeqCst);
}
