//! The life of an API object when something goes wrong in it: panics, closing at bad moments, misuse.

mod common;

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Sender, channel},
    },
    thread,
    time::Duration,
};

use common::{md_recorder, simulator};
use ctp_sys::{ApiError, MdApi, MdEvent, MdLibrary, MdOptions, MdSpi};
use ctp_types::{MdCallback, ReqUserLoginField, RspInfoField, RspUserLoginField};
use tempfile::TempDir;

const CLOSE: Duration = Duration::from_secs(5);

fn create(flow: &TempDir) -> MdApi {
    let library = MdLibrary::open(simulator("6.7.13").md).expect("the facade");
    library.create(&MdOptions::new(flow.path().join("md"))).expect("an API object")
}

fn start(api: &MdApi, exchange: &str, spi: Arc<dyn MdSpi>) {
    api.register_spi(spi).expect("registered");
    api.register_front(&format!("sim://{exchange}")).expect("a simulator front");
    api.init().expect("initialised");
}

/// Panics in the first callback.
struct Panicking {
    calls: AtomicUsize,
    told: Mutex<Sender<(String, String)>>,
}

impl MdSpi for Panicking {
    fn on_front_connected(&self) {
        self.calls.fetch_add(1, Ordering::AcqRel);
        panic!("the handler's own bug");
    }

    fn panicked(&self, callback: &'static str, message: &str) {
        let told = (callback.to_owned(), message.to_owned());
        self.told.lock().expect("no panic while sending").send(told).expect("the test waits");
    }
}

/// Panics when it is dropped.
struct DropsBadly;

impl MdSpi for DropsBadly {}

impl Drop for DropsBadly {
    fn drop(&mut self) {
        panic!("the handler's own bug at its end");
    }
}

/// The SPI is the user's code to its last line: a close waits for the library, not for what that does.
#[test]
fn a_panic_in_the_spis_drop_does_not_keep_close_waiting() {
    let flow = TempDir::new().expect("a temporary folder");
    let api = create(&flow);
    start(&api, "life-drop", Arc::new(DropsBadly));
    api.close(CLOSE).expect("closed in time");
    api.close(CLOSE).expect("closed before");
}

/// faults.md F10: the panic is caught at the border, the object is faulted, the process lives.
#[test]
fn a_panic_in_a_callback_ends_delivery_and_not_the_process() {
    let flow = TempDir::new().expect("a temporary folder");
    let api = create(&flow);
    let (told, wait) = channel();
    let spi = Arc::new(Panicking { calls: AtomicUsize::new(0), told: Mutex::new(told) });
    start(&api, "life-panic", spi.clone());
    let (callback, message) = wait.recv_timeout(Duration::from_secs(20)).expect("told about the panic");
    assert_eq!((callback.as_str(), message.as_str()), ("OnFrontConnected", "the handler's own bug"));
    assert!(api.is_faulted());
    // An answer would come now; it is not delivered.
    let _ = api.req_user_login(&ReqUserLoginField::default(), 1);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(spi.calls.load(Ordering::Acquire), 1);
    assert!(wait.try_recv().is_err(), "told twice");
    api.close(CLOSE).expect("closed in time");
}

/// Closes the API from inside its first callback.
struct Closing {
    api: OnceLock<Arc<MdApi>>,
    done: Mutex<Sender<Result<(), ctp_sys::CloseError>>>,
    after: AtomicUsize,
}

impl MdSpi for Closing {
    fn deliver(&self, event: MdEvent<'_>) {
        if event.callback != MdCallback::OnFrontConnected {
            self.after.fetch_add(1, Ordering::AcqRel);
            return;
        }
        let api = self.api.wait();
        let closed = api.close(CLOSE);
        // Whether it still goes out depends on the moment; it must come back, and no answer is delivered.
        let _ = api.req_user_login(&ReqUserLoginField::default(), 1);
        self.done.lock().expect("no panic while sending").send(closed).expect("the test waits");
    }
}

#[test]
fn closing_inside_a_callback_returns_and_ends_delivery() {
    let flow = TempDir::new().expect("a temporary folder");
    let api = Arc::new(create(&flow));
    let (done, wait) = channel();
    let spi = Arc::new(Closing { api: OnceLock::new(), done: Mutex::new(done), after: AtomicUsize::new(0) });
    spi.api.set(Arc::clone(&api)).expect("set once");
    start(&api, "life-close", spi.clone());
    assert_eq!(wait.recv_timeout(Duration::from_secs(20)), Ok(Ok(())));
    api.close(CLOSE).expect("released in time");
    thread::sleep(Duration::from_millis(200));
    assert_eq!(spi.after.load(Ordering::Acquire), 0, "something was delivered after close");
    assert!(!api.is_faulted());
    assert_eq!(api.trading_day(), Err(ApiError::Closed { method: "GetTradingDay" }));
}

/// Closes from a callback while another thread's close waits for that callback to end.
#[test]
fn closing_inside_a_callback_while_another_thread_closes() {
    struct Late {
        api: OnceLock<Arc<MdApi>>,
        entered: Mutex<Sender<()>>,
        go_on: Mutex<std::sync::mpsc::Receiver<()>>,
    }
    impl MdSpi for Late {
        fn on_front_connected(&self) {
            self.entered.lock().expect("no panic while sending").send(()).expect("the test waits");
            let go_on = self.go_on.lock().expect("one callback at a time");
            // Long enough for the other close to be waiting; it must not matter whether it is.
            let _ = go_on.recv_timeout(Duration::from_millis(300));
            assert_eq!(self.api.wait().close(CLOSE), Ok(()));
        }
    }
    let flow = TempDir::new().expect("a temporary folder");
    let api = Arc::new(create(&flow));
    let ((entered, wait), (_hold, go_on)) = (channel(), channel());
    let spi = Arc::new(Late { api: OnceLock::new(), entered: Mutex::new(entered), go_on: Mutex::new(go_on) });
    spi.api.set(Arc::clone(&api)).expect("set once");
    start(&api, "life-both", spi);
    wait.recv_timeout(Duration::from_secs(20)).expect("connected");
    assert_eq!(api.close(CLOSE), Ok(()));
    assert!(!api.is_faulted());
}

#[test]
fn closing_before_init_twice_at_once_and_by_drop() {
    let flow = TempDir::new().expect("a temporary folder");
    let api = create(&flow);
    api.close(CLOSE).expect("closed in time");
    api.close(CLOSE).expect("closing twice is fine");
    drop(api);

    let api = create(&flow);
    let (spi, callbacks) = md_recorder();
    start(&api, "life-twice", spi);
    callbacks.wait(MdCallback::OnFrontConnected);
    thread::scope(|scope| {
        let closers: Vec<_> = (0..4).map(|_| scope.spawn(|| api.close(CLOSE))).collect();
        for closer in closers {
            assert_eq!(closer.join().expect("no panic"), Ok(()));
        }
    });
    drop(api);

    // The flow directory is free again at once, so drop has released it.
    let api = create(&flow);
    let (spi, callbacks) = md_recorder();
    start(&api, "life-drop", spi);
    callbacks.wait(MdCallback::OnFrontConnected);
    drop(api);
    create(&flow).close(CLOSE).expect("closed in time");
}

/// faults.md F15: the API may be called from inside a callback.
struct Calling {
    api: OnceLock<Arc<MdApi>>,
    login: Mutex<Sender<i32>>,
}

impl MdSpi for Calling {
    fn on_front_connected(&self) {
        let api = self.api.wait();
        api.req_user_login(&ReqUserLoginField::default(), 7).expect("sent from a callback");
    }

    fn on_rsp_user_login(
        &self,
        _: Option<&RspUserLoginField>,
        rsp_info: Option<&RspInfoField>,
        request_id: i32,
        _: bool,
    ) {
        assert_eq!(rsp_info.map_or(0, |rsp_info| rsp_info.error_id), 0);
        self.login.lock().expect("no panic while sending").send(request_id).expect("the test waits");
    }
}

#[test]
fn requests_may_be_sent_from_callbacks() {
    let flow = TempDir::new().expect("a temporary folder");
    let api = Arc::new(create(&flow));
    let (login, wait) = channel();
    let spi = Arc::new(Calling { api: OnceLock::new(), login: Mutex::new(login) });
    spi.api.set(Arc::clone(&api)).expect("set once");
    start(&api, "life-call", spi);
    assert_eq!(wait.recv_timeout(Duration::from_secs(20)), Ok(7));
    api.close(CLOSE).expect("closed in time");
}

#[test]
fn misuse_is_refused_by_name() {
    let flow = TempDir::new().expect("a temporary folder");
    let api = create(&flow);
    let no_port = api.register_front("tcp://127.0.0.1").expect_err("no port");
    assert_eq!(
        no_port.to_string(),
        r#"front address "tcp://127.0.0.1" has no port; write it as tcp://host:port"#
    );
    assert!(matches!(api.subscribe_market_data(&["rb\x002701"]), Err(ApiError::Nul { .. })));
    let unconnected = api.subscribe_market_data(&["rb2701"]);
    assert_eq!(unconnected, Err(ApiError::NotConnected { method: "SubscribeMarketData" }));
    let (spi, _callbacks) = md_recorder();
    start(&api, "life-misuse", spi);
    assert_eq!(api.init(), Err(ApiError::AlreadyInitialised));
    let (late, _) = md_recorder();
    assert_eq!(api.register_spi(late), Err(ApiError::AfterInit { method: "RegisterSpi" }));
    assert_eq!(api.register_front("sim://x"), Err(ApiError::AfterInit { method: "RegisterFront" }));
    api.close(CLOSE).expect("closed in time");
}
