//! The exported functions.

mod control;
mod text;

use std::ffi::{CStr, CString, OsStr, c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use ctp_sim_host::{ApiKind, Instance, InstanceOptions, SubscriptionChange, Topic};
use ctp_types::{
    FrontInfoField, MdRequest, Record, RecordBox, ResumeType, TraderRequest, UserSystemInfoField,
    WechatUserSystemInfoField,
};
use tracing::{debug, error};

pub use self::control::ctp_sim_control;
pub use self::text::{ctp_sim_gb18030_decode, ctp_sim_gb18030_encode};
use crate::client::Client;
pub use crate::client::DeliverFn;
use crate::{handles, incoming, logging, methods};

/// From here on the numbers of callbacks are a facade's own, up to `0xFFFF`; below are the current model's slots.
pub const FOREIGN_CALLBACKS: u32 = 0x8000;

/// What a function returns when the call itself makes no sense: stale handle, NULL record.
const MISUSE: i32 = -1;

/// The longest that [`ctp_sim_hush`] waits for one callback.
const HUSH_WAIT_MAX: Duration = Duration::from_millis(200);

/// What `GetTradingDay` says before the first login.
const NO_TRADING_DAY: &CStr = c"19800100";

/// Creates an instance and returns its handle, or NULL when `kind` is unknown.
///
/// `kind` is 0 for market data, 1 for trading. `flow` is the prefix of the flow files; `api_version`
/// the version of the facade (`6.7.13`). `production` is accepted and has no effect: the simulator
/// has one set of keys. Without a `deliver` function nothing is delivered.
///
/// # Safety
///
/// `flow` and `api_version` are NULL or NUL-terminated. `deliver` may be called with `context`, from
/// another thread, until [`ctp_sim_release`] returns, and lets no exception out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ctp_sim_create(
    kind: u32,
    flow: *const c_char,
    api_version: *const c_char,
    production: bool,
    deliver: Option<DeliverFn>,
    context: *mut c_void,
) -> *mut c_void {
    guard("ctp_sim_create", std::ptr::null_mut(), || {
        logging::start();
        let kind = match kind {
            0 => ApiKind::Md,
            1 => ApiKind::Trader,
            _ => {
                error!(kind, "unknown kind of API: 0 is market data, 1 is trading");
                return std::ptr::null_mut();
            }
        };
        // SAFETY: both texts are as this function's caller promises.
        let (flow, version) = unsafe { (incoming::bytes(flow), incoming::bytes(api_version)) };
        let mut options = InstanceOptions::new(kind, OsStr::from_bytes(flow));
        match parse_version(version) {
            Some(version) => options.api_version = version,
            None => error!(
                version = %version.escape_ascii(),
                "not an API version: taking the current one"
            ),
        }
        options.poison = std::env::var_os("CTP_SIM_POISON").is_some_and(|value| value == "1");
        debug!(?kind, version = ?options.api_version, production, "create");
        let client = deliver.map(|deliver| Client::new(deliver, context));
        handles::insert(Instance::new(options, move |callback| {
            if let Some(client) = &client {
                client.call(&callback);
            }
        }))
    })
}

/// Ends an instance. Nothing is delivered after it returned.
///
/// Waits for a running callback, a bounded time; called from a callback it does not wait, and that
/// callback is the last. The handle, and every text that it gave, is then invalid; releasing it
/// again has no effect.
#[unsafe(no_mangle)]
pub extern "C" fn ctp_sim_release(handle: *mut c_void) {
    guard("ctp_sim_release", (), || {
        if let Some(handle) = handles::remove(handle) {
            handle.instance.release();
        }
    });
}

/// Lets no further callback of any instance begin, and waits a moment for those that are running.
///
/// For an interpreter that is about to end: objects which receive callbacks are gone then, whether or not their
/// owners called `Release`.
#[unsafe(no_mangle)]
pub extern "C" fn ctp_sim_hush() {
    guard("ctp_sim_hush", (), || {
        let handles = handles::all();
        // First all of them, so that they end at the same time.
        for patience in [Duration::ZERO, HUSH_WAIT_MAX] {
            handles.iter().for_each(|handle| handle.instance.hush(patience));
        }
    });
}

/// Starts connecting and returns at once. A second call has no effect.
#[unsafe(no_mangle)]
pub extern "C" fn ctp_sim_init(handle: *mut c_void) {
    guard("ctp_sim_init", (), || {
        if let Some(handle) = handles::get(handle) {
            handle.instance.init();
        }
    });
}

/// Waits until the instance is released and returns 1, or -1 at once for a stale handle and inside a
/// callback.
#[unsafe(no_mangle)]
pub extern "C" fn ctp_sim_join(handle: *mut c_void) -> i32 {
    guard("ctp_sim_join", MISUSE, || handles::get(handle).map_or(MISUSE, |handle| handle.instance.join()))
}

/// Returns the trading day of the last login as `yyyymmdd`, or `19800100` before the first. The text
/// stays valid until the release.
#[unsafe(no_mangle)]
pub extern "C" fn ctp_sim_trading_day(handle: *mut c_void) -> *const c_char {
    guard("ctp_sim_trading_day", NO_TRADING_DAY.as_ptr(), || {
        let Some(handle) = handles::get(handle) else {
            return NO_TRADING_DAY.as_ptr();
        };
        match CString::new(handle.instance.trading_day()) {
            Ok(day) => handle.keep_trading_day(&day),
            Err(_) => NO_TRADING_DAY.as_ptr(),
        }
    })
}

/// Adds a front address. A bad one is logged when the instance connects.
///
/// # Safety
///
/// `address` is NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ctp_sim_register_front(handle: *mut c_void, address: *const c_char) {
    guard("ctp_sim_register_front", (), || {
        // SAFETY: as this function's caller promises.
        let address = String::from_utf8_lossy(unsafe { incoming::bytes(address) });
        if let Some(handle) = handles::get(handle) {
            handle.instance.register_front(&address);
        }
    });
}

/// Adds a name server's address, which goes before every front.
///
/// # Safety
///
/// `address` is NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ctp_sim_register_name_server(handle: *mut c_void, address: *const c_char) {
    guard("ctp_sim_register_name_server", (), || {
        // SAFETY: as this function's caller promises.
        let address = String::from_utf8_lossy(unsafe { incoming::bytes(address) });
        if let Some(handle) = handles::get(handle) {
            handle.instance.register_name_server(&address);
        }
    });
}

/// Says what a stream brings at login. `topic` is 0 for the private, 1 for the public stream;
/// `sequence` is used with resume type 4 only. An unknown topic or type is logged and ignored.
#[unsafe(no_mangle)]
pub extern "C" fn ctp_sim_subscribe_topic(handle: *mut c_void, topic: u32, resume_type: i32, sequence: i32) {
    guard("ctp_sim_subscribe_topic", (), || {
        let Some(handle) = handles::get(handle) else {
            return;
        };
        let topic = match topic {
            0 => Topic::Private,
            1 => Topic::Public,
            _ => return error!(topic, "unknown topic: 0 is private, 1 is public"),
        };
        match resume(resume_type) {
            Some(resume) => handle.instance.subscribe_topic(topic, resume, sequence),
            None => error!(resume_type, "unknown resume type: ignored"),
        }
    });
}

/// Sends a request: every `Req…(record, nRequestID)`, and the calls that only take a record
/// (`RegisterFensUserInfo`, `RegisterUserSystemInfo`, `Submit…`), which are accepted and have no
/// effect. `method` is the place in the API class of the current model.
///
/// Returns 0 when it is on its way, -1 when not connected, -2 when a query is in flight; -1 as well
/// for a stale handle, a NULL record, and system information of length 0.
///
/// # Safety
///
/// `record` is NULL or points to the current model's record of that method.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ctp_sim_request(
    handle: *mut c_void,
    method: u32,
    record: *const c_void,
    request_id: i32,
) -> i32 {
    guard("ctp_sim_request", MISUSE, || {
        let Some(handle) = handles::get(handle) else {
            return MISUSE;
        };
        if record.is_null() {
            error!(method, "request with a NULL record: not sent");
            return MISUSE;
        }
        let instance = &handle.instance;
        match instance.kind() {
            ApiKind::Trader => match TraderRequest::from_id(method) {
                Some(request) => {
                    // SAFETY: the record of that method, as this function's caller promises.
                    let record = unsafe { incoming::record(request.record(), record) };
                    record.map_or(MISUSE, |record| instance.trader_request(request, record, request_id))
                }
                // SAFETY: the record of that method, as this function's caller promises.
                None => unsafe { accept(method, record) },
            },
            ApiKind::Md => match MdRequest::from_id(method) {
                Some(request) => {
                    // SAFETY: the record of that method, as this function's caller promises.
                    let record = unsafe { incoming::record(request.record(), record) };
                    record.map_or(MISUSE, |record| instance.md_request(request, record, request_id))
                }
                None => methods::MD.get(method as usize).map_or(MISUSE, |_| 0),
            },
        }
    })
}

/// Changes a market-data subscription. `method` is the place of `SubscribeMarketData`,
/// `UnSubscribeMarketData`, `SubscribeForQuoteRsp` or `UnSubscribeForQuoteRsp` in the API class of
/// the current model.
///
/// Returns 0 when it is on its way, -1 when not connected; -1 as well for a stale handle, a NULL
/// list, a negative count and another method.
///
/// # Safety
///
/// `ids` is NULL or points to `count` texts, each NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ctp_sim_instruments(
    handle: *mut c_void,
    method: u32,
    ids: *const *const c_char,
    count: i32,
) -> i32 {
    guard("ctp_sim_instruments", MISUSE, || {
        let Some(handle) = handles::get(handle) else {
            return MISUSE;
        };
        let change = match methods::MD.get(method as usize) {
            Some(&"SubscribeMarketData") => SubscriptionChange::Subscribe,
            Some(&"UnSubscribeMarketData") => SubscriptionChange::Unsubscribe,
            Some(&"SubscribeForQuoteRsp") => SubscriptionChange::SubscribeForQuote,
            Some(&"UnSubscribeForQuoteRsp") => SubscriptionChange::UnsubscribeForQuote,
            _ => {
                error!(method, "not a subscription method: not sent");
                return MISUSE;
            }
        };
        // SAFETY: as this function's caller promises.
        match unsafe { incoming::instruments(ids, count) } {
            Some(instruments) => handle.instance.change_subscription(change, instruments),
            None => {
                error!(count, "subscription without a list: not sent");
                MISUSE
            }
        }
    })
}

/// Answers a request of a facade of another family that the current model lacks, from the instance's thread.
///
/// `callback` is a number of the facade's own, at or above [`FOREIGN_CALLBACKS`], which comes back as `method`; the
/// record is NULL and `is_last` true; a query has no `rsp_info` (an empty result), any other request error 27.
///
/// Returns 0 when the answer is on its way, -1 when not connected; -1 as well for a stale handle and a number
/// that the current model's callbacks may have.
#[unsafe(no_mangle)]
pub extern "C" fn ctp_sim_answer_unsupported(
    handle: *mut c_void,
    callback: u32,
    is_query: bool,
    request_id: i32,
) -> i32 {
    guard("ctp_sim_answer_unsupported", MISUSE, || {
        let foreign = u16::try_from(callback).ok().filter(|_| callback >= FOREIGN_CALLBACKS);
        match (handles::get(handle), foreign) {
            (Some(handle), Some(callback)) => {
                handle.instance.answer_unsupported(callback, is_query, request_id)
            }
            (Some(_), None) => {
                error!(callback, "not a number of a facade's own callback: not answered");
                MISUSE
            }
            (None, _) => MISUSE,
        }
    })
}

/// Writes the front and its limits, empty before the instance is connected.
///
/// Returns 0, or -1 for a stale handle or NULL.
///
/// # Safety
///
/// `front_info` is NULL or points to room for the current model's `CThostFtdcFrontInfoField`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ctp_sim_front_info(handle: *mut c_void, front_info: *mut c_void) -> i32 {
    guard("ctp_sim_front_info", MISUSE, || {
        let Some(handle) = handles::get(handle).filter(|_| !front_info.is_null()) else {
            return MISUSE;
        };
        let info = handle.instance.front_info();
        // SAFETY: not NULL, so room for this record, as this function's caller promises.
        unsafe { front_info.cast::<FrontInfoField>().write_unaligned(info) };
        0
    })
}

/// Accepts a call that only hands over a record.
///
/// # Safety
///
/// `record` points to the current model's record of that method.
unsafe fn accept(method: u32, record: *const c_void) -> i32 {
    let Some(&name) = methods::TRADER.get(method as usize) else {
        error!(method, "no such method: not sent");
        return MISUSE;
    };
    let length = match name {
        "RegisterUserSystemInfo" | "SubmitUserSystemInfo" => {
            // SAFETY: the record of this method, as the caller promises.
            unsafe { read::<UserSystemInfoField>(record) }.map(|info| info.client_system_info_len)
        }
        "RegisterWechatUserSystemInfo" | "SubmitWechatUserSystemInfo" => {
            // SAFETY: the record of this method, as the caller promises.
            let info = unsafe { read::<WechatUserSystemInfoField>(record) };
            info.map(|info| info.wechat_clt_sys_info_len)
        }
        _ => None,
    };
    debug!(name, ?length, "accepted without effect");
    if length.is_some_and(|length| length <= 0) { -1 } else { 0 }
}

/// Returns a copy of a record.
///
/// # Safety
///
/// `record` is NULL or points to an `R`.
unsafe fn read<R: Record>(record: *const c_void) -> Option<R> {
    // SAFETY: as the caller promises.
    let record: RecordBox = unsafe { incoming::record(R::DESCRIPTOR, record) }?;
    record.get::<R>().copied()
}

/// Runs a function's body and keeps a panic from leaving it.
fn guard<T>(export: &'static str, on_panic: T, body: impl FnOnce() -> T) -> T {
    panic::catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        error!(export, "panicked: this is a bug of the simulator");
        on_panic
    })
}

/// Reads `6.7.13`.
fn parse_version(text: &[u8]) -> Option<(u16, u16, u16)> {
    let text = std::str::from_utf8(text).ok()?;
    let mut parts = text.trim_start_matches(['v', 'V']).split('.').map(str::parse);
    let version = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    parts.next().is_none().then_some(version)
}

fn resume(number: i32) -> Option<ResumeType> {
    [ResumeType::Restart, ResumeType::Resume, ResumeType::Quick, ResumeType::None, ResumeType::FromSeqNo]
        .into_iter()
        .find(|&resume| resume as i32 == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_three_numbers() {
        assert_eq!(parse_version(b"6.7.13"), Some((6, 7, 13)));
        assert_eq!(parse_version(b"v6.3.15"), Some((6, 3, 15)));
        for text in [&b""[..], b"6.7", b"6.7.13.1", b"6.x.1", b"\xff"] {
            assert_eq!(parse_version(text), None);
        }
    }

    #[test]
    fn a_panic_becomes_the_failure_value() {
        assert_eq!(guard("test", -1, || panic!("on purpose")), -1);
    }
}
