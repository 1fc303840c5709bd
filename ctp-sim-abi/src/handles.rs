//! The table of handles.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_void};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ctp_sim_host::Instance;

/// What a handle stands for.
pub(crate) struct Handle {
    pub(crate) instance: Instance,
    /// The trading days that were handed out: a caller may keep each until the release.
    trading_days: Mutex<Vec<CString>>,
}

static TABLE: RwLock<Table> = RwLock::new(Table { last: 0, handles: BTreeMap::new() });

struct Table {
    last: usize,
    handles: BTreeMap<usize, Arc<Handle>>,
}

/// Gives an instance a handle, which is never NULL and never used again.
pub(crate) fn insert(instance: Instance) -> *mut c_void {
    let handle = Arc::new(Handle { instance, trading_days: Mutex::default() });
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    table.last += 1;
    let number = table.last;
    table.handles.insert(number, handle);
    std::ptr::without_provenance_mut(number)
}

/// Returns what a handle stands for, or `None` when it is NULL, released or foreign.
pub(crate) fn get(handle: *mut c_void) -> Option<Arc<Handle>> {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    table.handles.get(&handle.addr()).cloned()
}

/// Takes a handle out of the table.
pub(crate) fn remove(handle: *mut c_void) -> Option<Arc<Handle>> {
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    table.handles.remove(&handle.addr())
}

/// Returns what every handle stands for.
pub(crate) fn all() -> Vec<Arc<Handle>> {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    table.handles.values().cloned().collect()
}

impl Handle {
    /// Returns a day as C text that stays where it is until the handle is released.
    pub(crate) fn keep_trading_day(&self, day: &CStr) -> *const std::ffi::c_char {
        let mut days = self.trading_days.lock().unwrap_or_else(PoisonError::into_inner);
        let place = days.iter().position(|kept| kept.as_c_str() == day).unwrap_or_else(|| {
            days.push(day.to_owned());
            days.len() - 1
        });
        days[place].as_ptr()
    }
}
