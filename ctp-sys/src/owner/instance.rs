//! One API object: its state, its calls, its end.

use std::{
    any::Any,
    ffi::{CStr, CString, c_char, c_void},
    mem, ptr,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use ctp_types::{RecordBox, RecordDescriptor, RecordRef, ResumeType};

use super::front;
use crate::{
    adapter::{Adapter, DOES_NOT_FIT, EXCEPTION, NOT_IN_VERSION},
    error::{ApiError, CloseError},
    flow::FlowDir,
    library::Created,
    side::Side,
    spi::{Gate, Receiver, deliver, inside_callback},
    version::ApiVersion,
};

/// How long dropping an owner waits for the library.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a vendor library's thread gets to start before `Release`.
///
/// The thread says "running" when it starts, and `Release` says "stop" and waits for its end: when the stop comes
/// first it is lost, and `Release` never returns (seen with 6.3.15 and 6.3.19; 6.7.13 has the same code).
const THREAD_START: Duration = Duration::from_millis(200);

pub(super) struct Instance {
    version: ApiVersion,
    /// The oldest version with each method and resume type.
    since: &'static [(&'static str, &'static str)],
    gate: Arc<Gate>,
    /// `None` once closing began. Calls hold it for reading, so `Release` waits for them.
    object: Arc<RwLock<Option<Object>>>,
    /// Serialises set-up and `init`, which the library does not allow in parallel.
    setup: Mutex<Setup>,
    closing: AtomicBool,
    released: Arc<Released>,
}

#[derive(Default)]
struct Setup {
    has_spi: bool,
    is_initialised: bool,
}

/// The library's object and what must live as long.
struct Object {
    api: *mut c_void,
    adapter: &'static Adapter,
    spi: *mut c_void,
    /// The `Receiver` that the SPI object points to.
    receiver: Option<Box<dyn Any + Send + Sync>>,
    /// Fronts and name servers: the library gets a pointer and may keep it.
    addresses: Vec<CString>,
    /// When the library's threads were started, if they are the vendor's.
    started: OnceLock<Instant>,
    /// Whether `Release` stands an object without threads.
    releases_idle: bool,
    _flow_dir: FlowDir,
}

// SAFETY: CTP's requests may be called from any thread; set-up calls are serialised by `Instance::setup`,
// and `release` runs once, with exclusive access.
unsafe impl Send for Object {}
// SAFETY: as above.
unsafe impl Sync for Object {}

impl Object {
    /// Releases the library's object, then frees the SPI object: nothing calls it any more.
    fn release(self) {
        if let Some(started) = self.started.get() {
            thread::sleep(THREAD_START.saturating_sub(started.elapsed()));
        }
        // An idle object that cannot be released is left behind: nothing of it runs.
        let release = self.releases_idle || self.started.get().is_some();
        // SAFETY: `api` came from this adapter's `create` and is released once; `spi` from its
        // `make_spi`, and is freed after `Release` returned, as is the receiver it points to.
        unsafe {
            if release {
                (self.adapter.release)(self.api);
            }
            if !self.spi.is_null() {
                (self.adapter.free_spi)(self.spi);
            }
        }
        drop(self.receiver);
    }
}

impl Instance {
    pub(super) fn new(created: Created, since: &'static [(&'static str, &'static str)]) -> Self {
        let object = Object {
            api: created.api,
            adapter: created.adapter,
            spi: ptr::null_mut(),
            receiver: None,
            addresses: Vec::new(),
            started: OnceLock::new(),
            releases_idle: created.releases_idle,
            _flow_dir: created.flow_dir,
        };
        Self {
            version: created.version,
            since,
            gate: Arc::default(),
            object: Arc::new(RwLock::new(Some(object))),
            setup: Mutex::default(),
            closing: AtomicBool::new(false),
            released: Arc::default(),
        }
    }

    pub(super) fn register_spi<S: Side>(&self, spi: Arc<S::Spi>) -> Result<(), ApiError> {
        const METHOD: &str = "RegisterSpi";
        let mut setup = self.before_init(METHOD)?;
        if setup.has_spi {
            return Err(ApiError::AfterInit { method: METHOD });
        }
        let gate = Arc::clone(&self.gate);
        let code = self.change(METHOD, |object| {
            let receiver = Box::new(Receiver::<S>::new(spi, gate));
            // SAFETY: the receiver stays at its address, in `object`, until after `Release`.
            let code = unsafe {
                object.spi =
                    (object.adapter.make_spi)(deliver::<S>, (&raw const *receiver).cast_mut().cast());
                (object.adapter.register_spi)(object.api, object.spi)
            };
            object.receiver = Some(receiver);
            code
        })?;
        setup.has_spi = true;
        self.outcome(METHOD, None, code)
    }

    pub(super) fn register_front(&self, address: &str) -> Result<(), ApiError> {
        self.register_address("RegisterFront", address, |adapter| Some(adapter.register_front))
    }

    pub(super) fn register_name_server(&self, address: &str) -> Result<(), ApiError> {
        self.register_address("RegisterNameServer", address, |adapter| adapter.register_name_server)
    }

    fn register_address(
        &self,
        method: &'static str,
        address: &str,
        register: impl Fn(&Adapter) -> Option<unsafe extern "C" fn(*mut c_void, *mut c_char) -> i64>,
    ) -> Result<(), ApiError> {
        front::check(address)?;
        let text = c_text("front address", address)?;
        let _setup = self.before_init(method)?;
        self.change(method, |object| {
            let register = register(object.adapter).ok_or_else(|| self.not_in_version(method))?;
            // SAFETY: the text lives in `object` as long as the library's object.
            let code = unsafe { register(object.api, text.as_ptr().cast_mut()) };
            object.addresses.push(text);
            self.outcome(method, None, code)
        })?
    }

    pub(super) fn subscribe_topic(
        &self,
        method: &'static str,
        topic: u32,
        resume: ResumeType,
        sequence: i32,
    ) -> Result<(), ApiError> {
        let _setup = self.before_init(method)?;
        self.with(method, |object| match object.adapter.subscribe_topic {
            Some(subscribe) => {
                // SAFETY: the object is live and the adapter is its version's.
                match unsafe { subscribe(object.api, topic, resume as i32, sequence) } {
                    NOT_IN_VERSION => Err(self.not_in_version(resume.c_name())),
                    code => self.outcome(method, None, code),
                }
            }
            None => Err(self.not_in_version(method)),
        })
    }

    pub(super) fn init(&self) -> Result<(), ApiError> {
        let mut setup = lock(&self.setup);
        if setup.is_initialised {
            return Err(ApiError::AlreadyInitialised);
        }
        let code = self.with("Init", |object| {
            // SAFETY: the object is live; `setup` makes this the only call.
            let code = unsafe { (object.adapter.init)(object.api) };
            if !self.version.is_simulator() {
                object.started.get_or_init(Instant::now);
            }
            Ok(code)
        })?;
        // Also when it threw: what it started is not started twice.
        setup.is_initialised = true;
        self.outcome("Init", None, code)
    }

    pub(super) fn trading_day(&self) -> Result<String, ApiError> {
        // SAFETY: the object is live; the library returns NULL or a C string that it owns.
        self.with("GetTradingDay", |object| unsafe {
            let day = (object.adapter.trading_day)(object.api);
            Ok(if day.is_null() { String::new() } else { CStr::from_ptr(day).to_string_lossy().into_owned() })
        })
    }

    pub(super) fn request(
        &self,
        method: &'static str,
        slot: u32,
        expected: &'static RecordDescriptor,
        record: RecordRef<'_>,
        request_id: i32,
    ) -> Result<(), ApiError> {
        if !ptr::eq(expected, record.descriptor()) {
            let (expected, found) = (expected.c_name.as_str(), record.descriptor().c_name.as_str());
            return Err(ApiError::WrongRecord { method, expected, found });
        }
        self.with(method, |object| {
            // SAFETY: the record is the one that the method takes and lives during the call; the library
            // reads it only, although its parameters are not const.
            let code =
                unsafe { (object.adapter.call)(object.api, slot, record.as_ptr().cast_mut(), request_id) };
            self.outcome(method, Some(expected), code)
        })
    }

    /// Calls a method that fills a record.
    pub(super) fn fill(
        &self,
        method: &'static str,
        slot: u32,
        record: &mut RecordBox,
    ) -> Result<(), ApiError> {
        let descriptor = record.descriptor();
        self.with(method, |object| {
            // SAFETY: the record is the one that the method takes, and exclusively ours.
            let code = unsafe { (object.adapter.call)(object.api, slot, record.as_mut_ptr(), 0) };
            self.outcome(method, Some(descriptor), code)
        })
    }

    /// Calls a method that takes a number only.
    pub(super) fn numbered(&self, method: &'static str, slot: u32, request_id: i32) -> Result<(), ApiError> {
        self.with(method, |object| {
            // SAFETY: the adapter passes no record on for this method.
            let code = unsafe { (object.adapter.call)(object.api, slot, ptr::null_mut(), request_id) };
            self.outcome(method, None, code)
        })
    }

    pub(super) fn listed(&self, method: &'static str, slot: u32, ids: &[&str]) -> Result<(), ApiError> {
        let texts = ids.iter().map(|id| c_text("id", id)).collect::<Result<Vec<_>, _>>()?;
        let mut pointers: Vec<*mut c_char> = texts.iter().map(|text| text.as_ptr().cast_mut()).collect();
        let count = i32::try_from(pointers.len()).unwrap_or(i32::MAX);
        self.with(method, |object| {
            // SAFETY: `count` C strings that live during the call; the library copies them.
            let code =
                unsafe { (object.adapter.instruments)(object.api, slot, pointers.as_mut_ptr(), count) };
            self.outcome(method, None, code)
        })
    }

    pub(super) fn close(&self, timeout: Duration) -> Result<(), CloseError> {
        self.gate.shut();
        if !self.closing.swap(true, Ordering::AcqRel) {
            self.start_release();
        }
        // The library's thread cannot wait for its own end; no lock is held here that it could wait for.
        match inside_callback() || self.released.wait(timeout) {
            true => Ok(()),
            false => Err(CloseError::TimedOut { waited: timeout }),
        }
    }

    /// Releases on a thread of its own: never the library's, and the caller can stop waiting.
    fn start_release(&self) {
        let (object, released) = (Arc::clone(&self.object), Arc::clone(&self.released));
        let release = move || {
            // Also when dropping the user's SPI panics: the library's object is gone by then.
            let _released = SetOnDrop(released);
            let taken = object.write().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(object) = taken {
                object.release();
            }
        };
        if let Err(error) = thread::Builder::new().name("ctp-release".to_owned()).spawn(release) {
            tracing::error!(%error, "no thread for Release; the library's object is left behind");
        }
    }

    pub(super) fn is_faulted(&self) -> bool {
        self.gate.is_faulted()
    }

    pub(super) fn version(&self) -> &ApiVersion {
        &self.version
    }

    fn before_init(&self, method: &'static str) -> Result<MutexGuard<'_, Setup>, ApiError> {
        let setup = lock(&self.setup);
        if setup.is_initialised { Err(ApiError::AfterInit { method }) } else { Ok(setup) }
    }

    /// Calls into the live object; several threads may at once.
    fn with<T>(
        &self,
        method: &'static str,
        call: impl FnOnce(&Object) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let closed = ApiError::Closed { method };
        let guard = match self.object.try_read() {
            Ok(guard) => guard,
            // A library that calls back from inside a call must not wait for the close that waits for it.
            Err(_) if self.gate.is_shut() => return Err(closed),
            Err(_) => self.object.read().unwrap_or_else(PoisonError::into_inner),
        };
        call(guard.as_ref().ok_or(closed)?)
    }

    /// Changes what the live object owns; only during set-up.
    fn change<T>(&self, method: &'static str, change: impl FnOnce(&mut Object) -> T) -> Result<T, ApiError> {
        let mut guard = self.object.write().unwrap_or_else(PoisonError::into_inner);
        guard.as_mut().map(change).ok_or(ApiError::Closed { method })
    }

    fn not_in_version(&self, method: &'static str) -> ApiError {
        let since = self.since.iter().find(|(name, _)| *name == method).map(|(_, since)| *since);
        ApiError::NotInVersion { method, library: self.version.label(), since }
    }

    fn outcome(
        &self,
        method: &'static str,
        record: Option<&'static RecordDescriptor>,
        code: i64,
    ) -> Result<(), ApiError> {
        Err(match code {
            0 => return Ok(()),
            -1 => ApiError::NotConnected { method },
            -2 => ApiError::TooManyUnanswered { method },
            -3 => ApiError::TooFast { method },
            NOT_IN_VERSION => self.not_in_version(method),
            EXCEPTION => ApiError::Exception { method },
            code if code < DOES_NOT_FIT => {
                let position = usize::try_from(DOES_NOT_FIT - code - 1).ok();
                let fields = record.map_or(&[][..], |record| record.fields);
                let field = position.and_then(|position| fields.get(position));
                ApiError::DoesNotFit {
                    method,
                    record: record.map_or("", |record| record.c_name.as_str()),
                    field: field.map_or("", |field| field.c_name.as_str()),
                    version: self.version.label(),
                }
            }
            code => ApiError::Refused { method, code: i32::try_from(code).unwrap_or(i32::MIN) },
        })
    }
}

/// Whether `Release` returned.
#[derive(Default)]
struct Released {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl Released {
    fn set(&self) {
        *lock(&self.is_set) = true;
        self.changed.notify_all();
    }

    /// Waits at most `timeout`; returns whether it is set.
    fn wait(&self, timeout: Duration) -> bool {
        let guard = self.changed.wait_timeout_while(lock(&self.is_set), timeout, |is_set| !*is_set);
        *guard.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Tells at its end that `Release` returned.
struct SetOnDrop(Arc<Released>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.set();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Err(error) = self.close(DROP_TIMEOUT) {
            tracing::error!(%error, "closing on drop");
            // What the library still uses must not be freed under it.
            mem::forget(Arc::clone(&self.object));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn c_text(what: &'static str, text: &str) -> Result<CString, ApiError> {
    // What stands behind a front's blank may carry a proxy's password.
    let shown = || text.split(' ').next().unwrap_or_default().to_owned();
    CString::new(text).map_err(|_| ApiError::Nul { what, text: shown() })
}
