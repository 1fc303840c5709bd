//! A client of the C functions that writes down what it receives.

use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use ctp_sim_abi::exports::{
    ctp_sim_create, ctp_sim_init, ctp_sim_instruments, ctp_sim_register_front, ctp_sim_release,
    ctp_sim_request,
};
use ctp_types::{
    MdCallback, MdRequest, Record, RecordBox, RecordRef, RspInfoField, TraderCallback, TraderRequest,
};

pub(crate) const MD: u32 = 0;
pub(crate) const TRADER: u32 = 1;

/// How long a test waits for something that must come. Never a measure of speed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A callback, copied.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) name: &'static str,
    pub(crate) record: Option<RecordBox>,
    pub(crate) rsp_info: Option<RspInfoField>,
    pub(crate) number: i32,
    pub(crate) is_last: bool,
}

impl Seen {
    /// Returns `ErrorID`, 0 without `pRspInfo`.
    pub(crate) fn error_id(&self) -> i32 {
        self.rsp_info.map_or(0, |info| info.error_id)
    }

    /// Returns the record, which must be an `R`.
    pub(crate) fn record<R: Record>(&self) -> R {
        *self.record.as_ref().and_then(RecordBox::get).unwrap_or_else(|| panic!("{self:?}"))
    }
}

/// An instance and what it received.
pub(crate) struct Client {
    pub(crate) handle: *mut c_void,
    pub(crate) seen: Receiver<Seen>,
    pub(crate) flow: tempfile::TempDir,
    context: *mut Context,
}

/// What `deliver` is called with.
struct Context {
    kind: u32,
    seen: Sender<Seen>,
}

impl Client {
    /// Creates an instance and registers its front.
    pub(crate) fn new(kind: u32, front: &str) -> Self {
        let flow = tempfile::tempdir().unwrap();
        let prefix = CString::new(flow.path().join("a_").to_str().unwrap()).unwrap();
        let front = CString::new(front).unwrap();
        let (seen_tx, seen) = mpsc::channel();
        let context = Box::into_raw(Box::new(Context { kind, seen: seen_tx }));
        // SAFETY: the texts are NUL-terminated; the context is freed after the release, by drop.
        let handle = unsafe {
            let handle = ctp_sim_create(
                kind,
                prefix.as_ptr(),
                c"6.7.13".as_ptr(),
                true,
                Some(deliver),
                context.cast(),
            );
            ctp_sim_register_front(handle, front.as_ptr());
            handle
        };
        assert!(!handle.is_null());
        Self { handle, seen, flow, context }
    }

    /// Creates an instance and waits until it is connected.
    pub(crate) fn connected(kind: u32, front: &str) -> Self {
        let client = Self::new(kind, front);
        ctp_sim_init(client.handle);
        client.next("OnFrontConnected");
        client
    }

    pub(crate) fn trader<R: Record>(&self, request: TraderRequest, record: &R, id: i32) -> i32 {
        assert!(ptr::eq(request.record(), R::DESCRIPTOR), "{}", request.name());
        // SAFETY: the record is the request's.
        unsafe { ctp_sim_request(self.handle, request as u32, ptr::from_ref(record).cast(), id) }
    }

    pub(crate) fn md<R: Record>(&self, request: MdRequest, record: &R, id: i32) -> i32 {
        assert!(ptr::eq(request.record(), R::DESCRIPTOR), "{}", request.name());
        // SAFETY: the record is the request's.
        unsafe { ctp_sim_request(self.handle, request as u32, ptr::from_ref(record).cast(), id) }
    }

    /// Calls the subscription method at `slot`.
    pub(crate) fn instruments(&self, slot: u32, ids: &[&str]) -> i32 {
        let ids: Vec<CString> = ids.iter().map(|id| CString::new(*id).unwrap()).collect();
        let pointers: Vec<*const c_char> = ids.iter().map(|id| id.as_ptr()).collect();
        // SAFETY: a list of NUL-terminated texts and its length.
        unsafe { ctp_sim_instruments(self.handle, slot, pointers.as_ptr(), pointers.len() as i32) }
    }

    /// Waits for a callback called `name` and skips all others.
    pub(crate) fn next(&self, name: &str) -> Seen {
        self.next_of(&[name])
    }

    /// Waits for a callback with one of the names and skips all others.
    pub(crate) fn next_of(&self, names: &[&str]) -> Seen {
        loop {
            match self.seen.recv_timeout(PATIENCE) {
                Ok(seen) if names.contains(&seen.name) => return seen,
                Ok(_) => {}
                Err(_) => panic!("none of {names:?} came"),
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        ctp_sim_release(self.handle);
        // SAFETY: made by `Client::new`; nothing is delivered after the release.
        drop(unsafe { Box::from_raw(self.context) });
    }
}

/// Copies a callback and writes it down.
unsafe extern "C" fn deliver(
    context: *mut c_void,
    method: u32,
    record: *const c_void,
    rsp_info: *const c_void,
    number: i32,
    is_last: bool,
) {
    // SAFETY: the context of `Client::new`, alive until the release returned.
    let context = unsafe { &*context.cast::<Context>() };
    let (name, descriptor) = if context.kind == MD {
        let callback = MdCallback::from_id(method).unwrap();
        (callback.name(), callback.record())
    } else {
        let callback = TraderCallback::from_id(method).unwrap();
        (callback.name(), callback.record())
    };
    // SAFETY: NULL or a record of this callback, valid during the call.
    let record = descriptor.and_then(|descriptor| unsafe { RecordRef::from_ptr(descriptor, record) });
    // SAFETY: NULL or `pRspInfo`, valid during the call.
    let rsp_info = unsafe { rsp_info.cast::<RspInfoField>().as_ref() };
    let seen = Seen {
        name,
        record: record.map(|record| record.to_owned()),
        rsp_info: rsp_info.copied(),
        number,
        is_last,
    };
    // A test that has ended no longer listens.
    drop(context.seen.send(seen));
}
