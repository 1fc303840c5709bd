//! What comes in over the C boundary: text, lists of text, records.

use std::ffi::{CStr, c_char, c_void};
use std::slice;

use ctp_types::{RecordBox, RecordDescriptor, RecordRef, Text};

/// Returns the bytes of a C text before its end; empty for NULL.
///
/// # Safety
///
/// `text` is NULL or a NUL-terminated text that is not changed during `'a`.
pub(crate) unsafe fn bytes<'a>(text: *const c_char) -> &'a [u8] {
    if text.is_null() {
        return &[];
    }
    // SAFETY: not NULL, so NUL-terminated and unchanged, as the caller promises.
    unsafe { CStr::from_ptr(text) }.to_bytes()
}

/// Returns a list of instrument ids, or `None` when the list is NULL or its length negative.
///
/// A NULL id is empty. One that is too long for the field is cut: it is no instrument either way.
///
/// # Safety
///
/// `ids` is NULL or points to `count` texts, each as [`bytes`] wants it.
pub(crate) unsafe fn instruments(ids: *const *const c_char, count: i32) -> Option<Vec<Text<81>>> {
    let count = usize::try_from(count).ok()?;
    if ids.is_null() {
        return None;
    }
    // SAFETY: not NULL, so `count` pointers, as the caller promises.
    let ids = unsafe { slice::from_raw_parts(ids, count) };
    let texts = ids.iter().map(|&id| {
        // SAFETY: each is NULL or a text, as the caller promises.
        let id = unsafe { bytes(id) };
        Text::from_bytes(&id[..id.len().min(80)]).unwrap_or_default()
    });
    Some(texts.collect())
}

/// Returns a copy of a record, or `None` when the pointer is NULL.
///
/// # Safety
///
/// `record` is NULL or points to a record of the current model that `descriptor` describes.
pub(crate) unsafe fn record(
    descriptor: &'static RecordDescriptor,
    record: *const c_void,
) -> Option<RecordBox> {
    // SAFETY: NULL or a record of this descriptor, as the caller promises.
    unsafe { RecordRef::from_ptr(descriptor, record) }.map(|record| record.to_owned())
}
