//! F11 of the fault catalogue: a client that keeps a pointer reads poison. The other rows are in the root's `tests/`,
//! where no code may hold a pointer of a callback's.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::ffi::{CString, c_char, c_void};
use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use ctp_sim_abi::exports::*;
use ctp_types::{DepthMarketDataField, MdCallback, MdRequest, ReqUserLoginField};

const MD: u32 = 0;
/// The slot of `SubscribeMarketData`.
const SUBSCRIBE: u32 = 8;
const POISON: u8 = 0xA5;

/// A client that keeps the pointer of the last tick, and says what it holds at the next one.
struct Careless {
    kept: *const DepthMarketDataField,
    seen: Sender<Seen>,
}

enum Seen {
    Callback(MdCallback),
    /// What the last tick's record held in its callback, and what it holds now.
    Kept {
        volume: i32,
        id: Vec<u8>,
        bid: f64,
    },
}

unsafe extern "C" fn deliver(
    context: *mut c_void,
    method: u32,
    record: *const c_void,
    _rsp_info: *const c_void,
    _number: i32,
    _is_last: bool,
) {
    // SAFETY: the context given to `ctp_sim_create`, used by the instance's one thread, alive until its release.
    let client = unsafe { &mut *context.cast::<Careless>() };
    let callback = MdCallback::from_id(method).unwrap();
    if callback == MdCallback::OnRtnDepthMarketData {
        if !client.kept.is_null() {
            // SAFETY: poisoned records stay allocated for the next 256 callbacks, so that this very mistake is seen.
            let kept = unsafe { &*client.kept };
            let id = kept.instrument_id.as_bytes().to_vec();
            drop(client.seen.send(Seen::Kept { volume: kept.volume, id, bid: kept.bid_price1 }));
        }
        client.kept = record.cast();
    }
    drop(client.seen.send(Seen::Callback(callback)));
}

#[test]
fn a_kept_pointer_reads_poison() {
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/faults/F11-poison.toml");
    let front = format!("sim://poisoned?faults={}", plan.display());
    let front = CString::new(front).unwrap();
    let flow = tempfile::tempdir().unwrap();
    let prefix = CString::new(flow.path().join("a_").to_str().unwrap()).unwrap();
    let (seen_tx, seen) = mpsc::channel();
    let context = Box::into_raw(Box::new(Careless { kept: std::ptr::null(), seen: seen_tx }));
    // SAFETY: the texts are NUL-terminated; the context is freed after the release.
    let handle = unsafe {
        let handle =
            ctp_sim_create(MD, prefix.as_ptr(), c"6.7.13".as_ptr(), true, Some(deliver), context.cast());
        ctp_sim_register_front(handle, front.as_ptr());
        handle
    };
    ctp_sim_init(handle);
    let wait = |wanted: MdCallback| loop {
        let next = seen.recv_timeout(Duration::from_secs(30)).unwrap_or_else(|_| panic!("no {wanted:?}"));
        if matches!(next, Seen::Callback(callback) if callback == wanted) {
            return;
        }
    };
    wait(MdCallback::OnFrontConnected);
    let login = ReqUserLoginField::default();
    // SAFETY: the record is the request's.
    unsafe { ctp_sim_request(handle, MdRequest::ReqUserLogin as u32, (&raw const login).cast(), 1) };
    wait(MdCallback::OnRspUserLogin);
    let id = CString::new("rb2701").unwrap();
    let ids: [*const c_char; 1] = [id.as_ptr()];
    // SAFETY: a list of one NUL-terminated text.
    unsafe { ctp_sim_instruments(handle, SUBSCRIBE, ids.as_ptr(), 1) };
    loop {
        match seen.recv_timeout(Duration::from_secs(30)).unwrap() {
            Seen::Kept { volume, id, bid } => {
                assert_eq!(volume.to_ne_bytes(), [POISON; 4]);
                assert_eq!(bid.to_ne_bytes(), [POISON; 8]);
                assert_eq!(id, [POISON; 80]);
                break;
            }
            Seen::Callback(_) => {}
        }
    }
    ctp_sim_release(handle);
    // SAFETY: made above; nothing is delivered after the release.
    drop(unsafe { Box::from_raw(context) });
}
