//! The client's side of a callback.

use std::ffi::c_void;
use std::ptr;

use ctp_sim_host::Callback;
use ctp_types::RspInfoField;

/// The function that receives an instance's callbacks.
///
/// `method` is the callback's place in the SPI class of the current model, or the number that a facade gave to
/// `ctp_sim_answer_unsupported`; `record` its record of the current model or NULL, `rsp_info` a `CThostFtdcRspInfoField` or NULL, `number` its integer
/// argument (`nRequestID`, `nReason`, `nTimeLapse`, `nSeqNo`), `is_last` its `bIsLast`. Both pointers
/// are valid during the call only.
pub type DeliverFn = unsafe extern "C" fn(
    context: *mut c_void,
    method: u32,
    record: *const c_void,
    rsp_info: *const c_void,
    number: i32,
    is_last: bool,
);

/// A function and the context it is called with.
pub(crate) struct Client {
    deliver: DeliverFn,
    context: *mut c_void,
}

// SAFETY: the creator of the instance promises that `deliver` may be called with `context` from
// another thread; it is only ever called from one, the instance's own.
unsafe impl Send for Client {}

impl Client {
    pub(crate) fn new(deliver: DeliverFn, context: *mut c_void) -> Self {
        Self { deliver, context }
    }

    pub(crate) fn call(&self, callback: &Callback<'_>) {
        let record = callback.record.map_or(ptr::null(), |record| record.as_ptr());
        let rsp_info = callback
            .rsp_info
            .map_or(ptr::null(), |info| ptr::from_ref::<RspInfoField>(info).cast::<c_void>());
        // SAFETY: the creator of the instance promises that `deliver` may be called with `context`
        // until the release returns, and no callback begins after that. Both pointers are NULL or
        // borrowed from `callback` and so valid during the call.
        unsafe {
            (self.deliver)(
                self.context,
                u32::from(callback.method.slot()),
                record,
                rsp_info,
                callback.number,
                callback.is_last,
            );
        }
    }
}
