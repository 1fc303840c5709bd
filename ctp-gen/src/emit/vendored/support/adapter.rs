//! The vendor's classes behind C functions: the other side of `cpp/adapter.cpp`.
//!
//! Feature `adapter`; who turns it on compiles `cpp/adapter.cpp` into the program, with `cc` in a
//! `build.rs` for example. The way to a running API object: open the vendor's library, look up the
//! factory's symbol, [`create`](Adapter::create) with its address, [`make_spi`](Adapter::make_spi) with
//! a function that hands each callback to [`dispatch`](crate::spi::trader::dispatch),
//! [`register_spi`](Adapter::register_spi), [`register_front`](Adapter::register_front),
//! [`init`](Adapter::init). At the end [`release`](Adapter::release), from a thread that is not the
//! library's, then [`free_spi`](Adapter::free_spi).
//!
//! Nothing but the library's own `GetApiVersion` tells whether it is of this version: ask it first.

use std::ffi::{c_char, c_void};

/// Receives every callback of an SPI object; `method` is the callback's slot.
pub type Deliver = unsafe extern "C" fn(
    context: *mut c_void,
    method: u32,
    record: *const c_void,
    rsp_info: *const c_void,
    number: i32,
    is_last: bool,
);

/// One API class as C functions. `api` is what `create` returned, `spi` what `make_spi` did.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Adapter {
    /// Calls the factory function; null when the library throws.
    pub create: unsafe extern "C" fn(
        factory: *mut c_void,
        flow: *const c_char,
        udp: bool,
        multicast: bool,
        production: bool,
    ) -> *mut c_void,
    /// Calls `Release`.
    pub release: unsafe extern "C" fn(api: *mut c_void),
    /// Calls `Init`; returns 0, or [`EXCEPTION`].
    pub init: unsafe extern "C" fn(api: *mut c_void) -> i64,
    /// Calls `Join`.
    pub join: unsafe extern "C" fn(api: *mut c_void) -> i32,
    /// Calls `GetTradingDay`.
    pub trading_day: unsafe extern "C" fn(api: *mut c_void) -> *const c_char,
    /// Calls `RegisterFront`; returns 0, or [`EXCEPTION`].
    pub register_front: unsafe extern "C" fn(api: *mut c_void, address: *mut c_char) -> i64,
    /// Calls `RegisterNameServer`; returns 0, or [`EXCEPTION`]. `None` where the class has none.
    pub register_name_server:
        Option<unsafe extern "C" fn(api: *mut c_void, address: *mut c_char) -> i64>,
    /// Makes an SPI object that hands every callback to `deliver`.
    pub make_spi: unsafe extern "C" fn(deliver: Deliver, context: *mut c_void) -> *mut c_void,
    /// Frees an SPI object, after `release`.
    pub free_spi: unsafe extern "C" fn(spi: *mut c_void),
    /// Calls `RegisterSpi`; returns 0, or [`EXCEPTION`].
    pub register_spi: unsafe extern "C" fn(api: *mut c_void, spi: *mut c_void) -> i64,
    /// Calls `SubscribePrivateTopic` (`topic` 0) or `SubscribePublicTopic` (1); `None` where the
    /// class has neither.
    pub subscribe_topic: Option<
        unsafe extern "C" fn(api: *mut c_void, topic: u32, resume_type: i32, sequence: i32) -> i64,
    >,
    /// Calls the method in slot `method` with a record; returns what the library did, or one of the
    /// numbers below.
    pub call: unsafe extern "C" fn(
        api: *mut c_void,
        method: u32,
        record: *mut c_void,
        request_id: i32,
    ) -> i64,
    /// Calls the method in slot `method` with instrument ids.
    pub instruments: unsafe extern "C" fn(
        api: *mut c_void,
        method: u32,
        ids: *mut *mut c_char,
        count: i32,
    ) -> i64,
}

/// The library's version lacks the method or the resume type.
pub const NOT_IN_VERSION: i64 = -(1 << 40);
/// The library threw a C++ exception.
pub const EXCEPTION: i64 = -(2 << 40);
/// A text does not fit the library's shorter field: this, minus the field's position + 1.
pub const DOES_NOT_FIT: i64 = -(3 << 40);
