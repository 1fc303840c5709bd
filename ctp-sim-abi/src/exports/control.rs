//! The control interface over the C boundary.

use std::cell::RefCell;
use std::ffi::c_char;

use ctp_sim_host::control;

use super::guard;
use crate::incoming;

/// What a request that could not be heard returns.
const NOT_ASKED: i64 = -1;

/// The request that gives the last answer of this thread again.
const AGAIN: &str = r#"{"op":"again"}"#;

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Carries out a control request, a JSON text such as `{"op":"advance","exchange":"x","duration":"500ms"}`, and writes
/// the answer, a JSON text with its NUL, to `answer`. The operations stand in `docs/scenarios.md`.
///
/// Returns the length of the answer in bytes without the NUL, or -1 when `request` is NULL or not UTF-8. Where the
/// answer and its NUL do not fit into `length` bytes nothing is written, and `{"op":"again"}`, exactly so, gives it
/// again to the same thread; `answer` may then be NULL with a `length` of 0. It may be called at any time, also while
/// there is no client.
///
/// # Safety
///
/// `request` is NULL or NUL-terminated. `answer` is NULL or has room for `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ctp_sim_control(request: *const c_char, answer: *mut c_char, length: usize) -> i64 {
    guard("ctp_sim_control", NOT_ASKED, || {
        if request.is_null() {
            return NOT_ASKED;
        }
        // SAFETY: NUL-terminated, as this function's caller promises.
        let Ok(request) = std::str::from_utf8(unsafe { incoming::bytes(request) }) else {
            return NOT_ASKED;
        };
        let text = match request {
            AGAIN => LAST.with_borrow(String::clone),
            request => control(request),
        };
        if !answer.is_null() && text.len() < length {
            // SAFETY: room for the text and its NUL, as this function's caller promises; they do not overlap.
            unsafe {
                std::ptr::copy_nonoverlapping(text.as_ptr().cast(), answer, text.len());
                answer.add(text.len()).write(0);
            }
        }
        let needed = i64::try_from(text.len()).unwrap_or(i64::MAX);
        LAST.set(text);
        needed
    })
}
