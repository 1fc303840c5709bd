//! Callbacks: the guarded way from the library into the SPI traits.

use std::{
    any::Any,
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ctp_types::{Callback, RecordDescriptor, RecordRef};

use crate::Side;

/// A callback of one side's API.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a, S: Side> {
    /// Which one.
    pub callback: S::Callback,
    /// The record, `None` for NULL or where the callback carries none.
    pub record: Option<RecordRef<'a>>,
    /// `pRspInfo`, `None` for NULL or where the callback carries none.
    pub rsp_info: Option<&'a S::RspInfo>,
    /// `nRequestID`, `nReason`, `nTimeLapse` or `nSeqNo`; 0 where the callback carries none.
    pub number: i32,
    /// `bIsLast`; true where the callback carries none.
    pub is_last: bool,
}

/// What the library's SPI object points to. It lives until `Release` returned.
pub(crate) struct Receiver<S: Side> {
    spi: Arc<S::Spi>,
    gate: Arc<Gate>,
}

/// Whether callbacks still pass.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// Nothing is delivered once this is set: the owner is closing, or a callback panicked.
    shut: AtomicBool,
    faulted: AtomicBool,
}

impl Gate {
    pub(crate) fn shut(&self) {
        self.shut.store(true, Ordering::Release);
    }

    pub(crate) fn is_shut(&self) -> bool {
        self.shut.load(Ordering::Acquire)
    }

    pub(crate) fn is_faulted(&self) -> bool {
        self.faulted.load(Ordering::Acquire)
    }
}

thread_local! {
    /// How deep this thread is inside callbacks of any instance.
    static DEPTH: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// Returns whether this thread is inside a callback, so that it must not wait for its own end.
pub(crate) fn inside_callback() -> bool {
    DEPTH.get() > 0
}

impl<S: Side> Receiver<S> {
    pub(crate) fn new(spi: Arc<S::Spi>, gate: Arc<Gate>) -> Self {
        Self { spi, gate }
    }

    fn receive(&self, arguments: Arguments) {
        if self.gate.is_shut() {
            return;
        }
        DEPTH.set(DEPTH.get() + 1);
        let mut name = "unknown callback";
        let outcome = catch_unwind(AssertUnwindSafe(|| self.pass(arguments, &mut name)));
        DEPTH.set(DEPTH.get() - 1);
        if let Err(payload) = outcome {
            self.fault(name, &panic_message(&*payload));
        }
    }

    fn pass(&self, arguments: Arguments, name: &mut &'static str) {
        let Some(callback) = S::Callback::from_id(arguments.method) else { return };
        *name = callback.name();
        let Arguments { number, is_last, .. } = arguments;
        let (record, rsp_info) = (arguments.record(callback.record()), arguments.rsp_info::<S>());
        S::deliver(&self.spi, Event { callback, record, rsp_info, number, is_last });
    }

    fn fault(&self, callback: &'static str, message: &str) {
        self.gate.faulted.store(true, Ordering::Release);
        self.gate.shut();
        tracing::error!(callback, message, "a callback panicked; nothing more is delivered");
        let told = catch_unwind(AssertUnwindSafe(|| S::panicked(&self.spi, callback, message)));
        if told.is_err() {
            tracing::error!(callback, "`panicked` itself panicked");
        }
    }
}

/// The arguments of a callback as they come from the adapter.
struct Arguments {
    method: u32,
    record: *const c_void,
    rsp_info: *const c_void,
    number: i32,
    is_last: bool,
}

impl Arguments {
    fn record(&self, descriptor: Option<&'static RecordDescriptor>) -> Option<RecordRef<'_>> {
        // SAFETY: the adapter passes NULL or a record of the family's current model valid during the
        // callback, and the emitted tables name the record of each callback.
        descriptor.and_then(|descriptor| unsafe { RecordRef::from_ptr(descriptor, self.record) })
    }

    fn rsp_info<S: Side>(&self) -> Option<&S::RspInfo> {
        // SAFETY: the adapter passes NULL or the `RspInfo` of the family's current model, valid during the
        // callback.
        unsafe { self.rsp_info.cast::<S::RspInfo>().as_ref() }
    }
}

/// What the adapters' SPI objects call for every callback.
///
/// # Safety
///
/// `context` is a live `Receiver<S>`; the pointers are NULL or records of the current model of the side's
/// family that live during the call.
pub(crate) unsafe extern "C" fn deliver<S: Side>(
    context: *mut c_void,
    method: u32,
    record: *const c_void,
    rsp_info: *const c_void,
    number: i32,
    is_last: bool,
) {
    // SAFETY: the owner keeps the receiver until `Release` returned.
    let receiver = unsafe { &*context.cast::<Receiver<S>>() };
    receiver.receive(Arguments { method, record, rsp_info, number, is_last });
}

fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "not a text".to_owned())
}
