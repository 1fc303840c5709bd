//! Traits that receive the callbacks, and the way from a callback's number to its method.

use std::ffi::c_void;

use crate::records::RspInfoField;

pub mod md;
pub mod trader;

pub use md::MdSpi;
pub use trader::TraderSpi;

/// A callback as it arrives, before it is known which one it is.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The record that the callback carries, or null.
    pub record: *const c_void,
    /// The [`RspInfoField`], or null.
    pub rsp_info: *const c_void,
    /// Request number, reason, seconds or sequence number; 0 where the callback has none.
    pub number: i32,
    /// Whether this is the last record of an answer.
    pub is_last: bool,
}

impl Event {
    /// Views the record.
    ///
    /// # Safety
    ///
    /// `record` is null or points to a live `R`.
    unsafe fn record<'a, R>(self) -> Option<&'a R> {
        // SAFETY: the caller vouches for the pointer.
        unsafe { self.record.cast::<R>().as_ref() }
    }

    /// Views the [`RspInfoField`].
    ///
    /// # Safety
    ///
    /// `rsp_info` is null or points to a live record.
    unsafe fn rsp_info<'a>(self) -> Option<&'a RspInfoField> {
        // SAFETY: the caller vouches for the pointer.
        unsafe { self.rsp_info.cast::<RspInfoField>().as_ref() }
    }
}
