//! The C interface between Rust and the generated adapters; `ctp-gen/src/emit/adapter.rs` writes the
//! other side.

use std::ffi::{CStr, c_char, c_void};

/// Receives every callback of an SPI.
pub(crate) type Deliver = unsafe extern "C" fn(
    context: *mut c_void,
    method: u32,
    record: *const c_void,
    rsp_info: *const c_void,
    number: i32,
    is_last: bool,
);

/// One API class of one version as C functions.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Adapter {
    pub(crate) create: unsafe extern "C" fn(
        factory: *mut c_void,
        flow: *const c_char,
        udp: bool,
        multicast: bool,
        production: bool,
    ) -> *mut c_void,
    pub(crate) release: unsafe extern "C" fn(api: *mut c_void),
    pub(crate) init: unsafe extern "C" fn(api: *mut c_void) -> i64,
    pub(crate) join: unsafe extern "C" fn(api: *mut c_void) -> i32,
    pub(crate) trading_day: unsafe extern "C" fn(api: *mut c_void) -> *const c_char,
    pub(crate) register_front: unsafe extern "C" fn(api: *mut c_void, address: *mut c_char) -> i64,
    pub(crate) register_name_server:
        Option<unsafe extern "C" fn(api: *mut c_void, address: *mut c_char) -> i64>,
    pub(crate) make_spi: unsafe extern "C" fn(deliver: Deliver, context: *mut c_void) -> *mut c_void,
    pub(crate) free_spi: unsafe extern "C" fn(spi: *mut c_void),
    pub(crate) register_spi: unsafe extern "C" fn(api: *mut c_void, spi: *mut c_void) -> i64,
    pub(crate) subscribe_topic:
        Option<unsafe extern "C" fn(api: *mut c_void, topic: u32, resume_type: i32, sequence: i32) -> i64>,
    pub(crate) call:
        unsafe extern "C" fn(api: *mut c_void, method: u32, record: *mut c_void, request_id: i32) -> i64,
    pub(crate) instruments:
        unsafe extern "C" fn(api: *mut c_void, method: u32, ids: *mut *mut c_char, count: i32) -> i64,
}

/// What an adapter returns when its version lacks the method or the resume type.
pub(crate) const NOT_IN_VERSION: i64 = -(1 << 40);
/// What an adapter returns when the library threw a C++ exception.
pub(crate) const EXCEPTION: i64 = -(2 << 40);
/// What an adapter returns, minus the field's position + 1 in the current record, when a text does not fit
/// the version's field.
pub(crate) const DOES_NOT_FIT: i64 = -(3 << 40);

/// A version that has a model.
pub(crate) struct Version {
    pub(crate) family: &'static str,
    pub(crate) version: &'static str,
    /// Marks of the patches that are laid out alike, `""` for a library without mark.
    pub(crate) patches: &'static [&'static str],
    pub(crate) md: Side,
    pub(crate) trader: Side,
}

/// The market data or the trading class of a version.
pub(crate) struct Side {
    pub(crate) adapter: unsafe extern "C" fn() -> *const Adapter,
    /// Symbol of the factory function.
    pub(crate) factory: &'static CStr,
    /// Whether the factory takes `bIsProductionMode` (since 6.7.11).
    pub(crate) has_production_mode: bool,
}

impl Side {
    /// Returns the adapter.
    pub(crate) fn adapter(&self) -> &'static Adapter {
        // SAFETY: the emitted functions take nothing and return the address of a constant whose type
        // `Adapter` mirrors.
        unsafe { &*(self.adapter)() }
    }
}

include!(concat!(env!("OUT_DIR"), "/adapters.rs"));
