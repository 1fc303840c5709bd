//! One API object: what a client calls between `Create…` and `Release`.

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use ctp_sim::{ApiKind, Input, SessionId};
use ctp_types::{FrontInfoField, MdRequest, RecordBox, ResumeType, Text, TraderRequest};
use tracing::{debug, error, warn};

use crate::callback::{Callback, Parcel};
use crate::engine::Event;
use crate::flow::{FlowFiles, Topic};
use crate::front;
use crate::link::Link;
use crate::quiet;
use crate::worker;

/// What requests return before `OnFrontConnected` and after `OnFrontDisconnected`.
pub const NOT_CONNECTED: i32 = -1;

/// The longest wait of [`Instance::release`] for a callback that does not return.
pub const RELEASE_WAIT_MAX: Duration = Duration::from_secs(10);

/// What `GetTradingDay` says before the first login.
const NO_TRADING_DAY: &str = "19800100";

/// How an instance is created.
#[derive(Clone, Debug)]
pub struct InstanceOptions {
    /// Which API.
    pub kind: ApiKind,
    /// The version of the library it stands for, for example `(6, 7, 13)`.
    pub api_version: (u16, u16, u16),
    /// The prefix of the flow files, used as it is: `./flow/a_` gives `./flow/a_DialogRsp.con`.
    pub flow: OsString,
    /// Whether records are overwritten with 0xA5 after each callback, so that a client that keeps
    /// a pointer notices.
    pub poison: bool,
}

impl InstanceOptions {
    /// Returns the options of an instance of the current version, without poison.
    pub fn new(kind: ApiKind, flow: impl Into<OsString>) -> Self {
        Self { kind, api_version: (6, 7, 13), flow: flow.into(), poison: false }
    }
}

/// Which market-data subscription a call changes, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionChange {
    /// `SubscribeMarketData`.
    Subscribe,
    /// `UnSubscribeMarketData`.
    Unsubscribe,
    /// `SubscribeForQuoteRsp`.
    SubscribeForQuote,
    /// `UnSubscribeForQuoteRsp`.
    UnsubscribeForQuote,
}

/// One API object: market data or trader, of any library version.
///
/// Every function may be called from any thread, and from inside a callback. Dropping it releases
/// it.
pub struct Instance {
    inner: Arc<Inner>,
}

/// What the instance and its thread share. No lock of it is held while a callback runs.
pub(crate) struct Inner {
    pub(crate) options: InstanceOptions,
    pub(crate) connected: AtomicBool,
    pub(crate) stopping: AtomicBool,
    /// The way to the exchange that is in use, or being tried.
    pub(crate) link: Mutex<Option<Link>>,
    pub(crate) flow: Mutex<FlowFiles>,
    pub(crate) topics: Mutex<Topics>,
    pub(crate) events: Sender<Event>,
    /// Deliveries on their way to the thread.
    pub(crate) waiting: Arc<AtomicUsize>,
    /// For how many milliseconds a fault lets callbacks go on while `Release` runs.
    pub(crate) late_callbacks: AtomicU32,
    setup: Mutex<Setup>,
    thread_id: OnceLock<ThreadId>,
    thread: Mutex<Option<JoinHandle<()>>>,
    stage: Mutex<Stage>,
    stage_changed: Condvar,
}

/// What a trader instance wants of its streams; the default is that of a client that never says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Topics {
    pub(crate) private: ResumeType,
    pub(crate) public: ResumeType,
    /// The first private message wanted, with [`ResumeType::FromSeqNo`].
    pub(crate) sequence: i32,
}

/// What is given before `Init` and taken by it.
struct Setup {
    name_servers: Vec<String>,
    fronts: Vec<String>,
    start: Option<(Receiver<Event>, Box<Deliver>)>,
}

pub(crate) type Deliver = dyn FnMut(Callback<'_>) + Send;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    Ended,
}

impl Instance {
    /// Creates an instance and its flow files.
    ///
    /// `deliver` receives every callback, one after another, from the instance's own thread. When
    /// it panics, the panic is logged with the callback's name, the connection is closed and
    /// nothing more is delivered.
    pub fn new(options: InstanceOptions, deliver: impl FnMut(Callback<'_>) + Send + 'static) -> Self {
        let (events, received) = mpsc::channel();
        let flow = FlowFiles::create(&options.flow);
        let setup = Setup {
            name_servers: Vec::new(),
            fronts: Vec::new(),
            start: Some((received, Box::new(deliver))),
        };
        let topics = Topics { private: ResumeType::Restart, public: ResumeType::Restart, sequence: 1 };
        Self {
            inner: Arc::new(Inner {
                options,
                connected: AtomicBool::new(false),
                stopping: AtomicBool::new(false),
                link: Mutex::new(None),
                flow: Mutex::new(flow),
                topics: Mutex::new(topics),
                events,
                waiting: Arc::default(),
                late_callbacks: AtomicU32::new(0),
                setup: Mutex::new(setup),
                thread_id: OnceLock::new(),
                thread: Mutex::new(None),
                stage: Mutex::new(Stage::Open),
                stage_changed: Condvar::new(),
            }),
        }
    }

    /// Adds a front address (`RegisterFront`). After [`init`](Self::init) it has no effect.
    ///
    /// Of several fronts the first that can be reached is taken, and the others are tried in turn when it is lost. As with
    /// the vendor's library nothing is said about a bad one, except in the log. Where `CTP_SIM_FRONT` is set in the
    /// environment, its addresses (separated by commas) stand for whatever is registered.
    pub fn register_front(&self, address: &str) {
        let mut setup = crate::lock(&self.inner.setup);
        if setup.start.is_none() {
            warn!(address, "front registered after Init: it has no effect");
        }
        setup.fronts.push(address.to_owned());
    }

    /// Adds a name server (`RegisterNameServer`), which goes before every front.
    ///
    /// It stands for the front of the same address.
    pub fn register_name_server(&self, address: &str) {
        let mut setup = crate::lock(&self.inner.setup);
        if setup.start.is_none() {
            warn!(address, "name server registered after Init: it has no effect");
        }
        setup.name_servers.push(address.to_owned());
    }

    /// Says what a stream brings at login (`SubscribePrivateTopic`, `SubscribePublicTopic`) and
    /// creates its flow file.
    ///
    /// `sequence` is the first private message wanted and is used with [`ResumeType::FromSeqNo`]
    /// only. Until it is called a stream is [`ResumeType::Restart`].
    pub fn subscribe_topic(&self, topic: Topic, resume: ResumeType, sequence: i32) {
        crate::lock(&self.inner.flow).subscribe(topic);
        let mut topics = crate::lock(&self.inner.topics);
        match topic {
            Topic::Private => {
                topics.private = resume;
                topics.sequence = sequence;
            }
            Topic::Public => topics.public = resume,
        }
    }

    /// Starts connecting (`Init`) and returns at once.
    ///
    /// A second call, or one after [`release`](Self::release), has no effect; the vendor's library
    /// hangs later.
    pub fn init(&self) {
        let mut setup = crate::lock(&self.inner.setup);
        let registered = setup.name_servers.iter().chain(&setup.fronts).cloned().collect();
        let Some((events, deliver)) = setup.start.take() else {
            warn!("Init was called before: it has no effect");
            return;
        };
        drop(setup);
        if self.inner.stopping.load(Ordering::SeqCst) {
            self.inner.set_stage(Stage::Ended);
            return;
        }
        let addresses = front::replaced(registered);
        quiet::note_start(&self.inner, &addresses);
        let inner = Arc::clone(&self.inner);
        let name = match self.inner.options.kind {
            ApiKind::Md => "ctp-sim-md",
            ApiKind::Trader => "ctp-sim-td",
        };
        let spawned = thread::Builder::new().name(name.to_owned()).spawn(move || {
            // Set once, here, before anything is delivered.
            inner.thread_id.get_or_init(|| thread::current().id());
            let ran =
                panic::catch_unwind(AssertUnwindSafe(|| worker::run(&inner, addresses, &events, deliver)));
            if ran.is_err() {
                error!("the instance panicked: nothing more is delivered; this is a bug of the simulator");
                inner.connected.store(false, Ordering::SeqCst);
            }
            inner.set_stage(Stage::Ended);
        });
        match spawned {
            Ok(thread) => *crate::lock(&self.inner.thread) = Some(thread),
            Err(cause) => {
                error!(%cause, "cannot start the instance's thread: no callback will come");
                self.inner.set_stage(Stage::Ended);
            }
        }
    }

    /// Waits until the instance is released and its thread has ended (`Join`).
    ///
    /// Returns 1 as the vendor's library does, or at once -1 when called from a callback, where it
    /// would wait for itself.
    pub fn join(&self) -> i32 {
        if self.inner.on_own_thread() {
            error!("Join was called from a callback: returning without waiting");
            return -1;
        }
        self.inner.wait_for_end(None);
        1
    }

    /// Ends the instance (`Release`). Nothing is delivered after it returns.
    ///
    /// Waits for a callback that is running, at most [`RELEASE_WAIT_MAX`]; called from a callback
    /// it does not wait: that callback is the last. A second call has no effect.
    pub fn release(&self) {
        let inner = &self.inner;
        self.call_late();
        if !inner.stopping.swap(true, Ordering::SeqCst) {
            debug!(kind = ?inner.options.kind, "release");
        }
        inner.connected.store(false, Ordering::SeqCst);
        let link = crate::lock(&inner.link).clone();
        if let Some(link) = link {
            link.close();
        }
        // A closed channel is a thread that has ended.
        drop(inner.events.send(Event::Stop));
        let never_started = crate::lock(&inner.setup).start.take();
        if never_started.is_some() {
            inner.set_stage(Stage::Ended);
        }
        // What the client gave is dropped without a lock: it may call us.
        drop(never_started);
        if inner.on_own_thread() {
            return;
        }
        if inner.wait_for_end(Some(RELEASE_WAIT_MAX)) {
            let thread = crate::lock(&inner.thread).take();
            // It has done its work; a panic of it was logged there.
            drop(thread.map(JoinHandle::join));
        } else {
            error!(
                waited = ?RELEASE_WAIT_MAX,
                "a callback does not return: leaving its thread behind; nothing more is delivered"
            );
        }
    }

    /// Lets no further callback begin, for a program that ends without `Release`, and waits at most `patience` for one
    /// that is running.
    ///
    /// [`release`](Self::release) ends the instance all the same.
    pub fn hush(&self, patience: Duration) {
        self.inner.stopping.store(true, Ordering::SeqCst);
        // A closed channel is a thread that has ended.
        drop(self.inner.events.send(Event::Stop));
        let is_started = crate::lock(&self.inner.setup).start.is_none();
        if is_started && !patience.is_zero() && !self.inner.on_own_thread() {
            self.inner.wait_for_end(Some(patience));
        }
    }

    /// Lets callbacks go on for a while, where a fault wants it.
    fn call_late(&self) {
        let inner = &self.inner;
        let late = Duration::from_millis(inner.late_callbacks.swap(0, Ordering::SeqCst).into());
        if late.is_zero() || inner.on_own_thread() || inner.stopping.load(Ordering::SeqCst) {
            return;
        }
        // A closed channel is a thread that has ended.
        drop(inner.events.send(Event::Late(Instant::now() + late)));
        thread::sleep(late);
    }

    /// Returns the trading day of the last login as `yyyymmdd`, or `19800100` before the first
    /// (`GetTradingDay`).
    pub fn trading_day(&self) -> String {
        match crate::lock(&self.inner.flow).trading_day() {
            0 => NO_TRADING_DAY.to_owned(),
            day => format!("{day:08}"),
        }
    }

    /// Returns the front and its limits (`GetFrontInfo`): empty before it is connected.
    ///
    /// The limits are 1 and 2,147,483,647 before a login, as the vendor's library shows them, and
    /// the front's own after it.
    pub fn front_info(&self) -> FrontInfoField {
        let mut info = FrontInfoField::default();
        if let Some(link) = self.inner.connected_link() {
            // An address longer than the field cannot be shown.
            info.front_addr = Text::new(link.front()).unwrap_or_default();
            (info.qry_freq, info.ftd_pkg_freq) = link.front_limits();
        }
        info
    }

    /// Returns the number of its session on the exchange, once it has found a front.
    pub fn session(&self) -> Option<SessionId> {
        crate::lock(&self.inner.link).as_ref().and_then(Link::session)
    }

    /// Returns which API the instance is.
    pub fn kind(&self) -> ApiKind {
        self.inner.options.kind
    }

    /// Returns whether the instance is connected: between `OnFrontConnected` and
    /// `OnFrontDisconnected`.
    pub fn is_connected(&self) -> bool {
        self.inner.connected.load(Ordering::SeqCst)
    }

    /// Returns how many deliveries wait for the client's function.
    ///
    /// The front closes the connection of a client that lets too many wait: 10,000 for market data,
    /// 1,000,000 for trading.
    pub fn waiting(&self) -> usize {
        self.inner.waiting.load(Ordering::Relaxed)
    }

    /// Sends a trader request (`Req…`).
    ///
    /// Returns 0 when it is on its way, -1 when not connected, -2 when a query is in flight.
    pub fn trader_request(&self, request: TraderRequest, record: RecordBox, request_id: i32) -> i32 {
        self.inner.send(|session| Input::Trader { session, request, record, request_id })
    }

    /// Sends a market-data request (`Req…`).
    ///
    /// Returns 0 when it is on its way, -1 when not connected, -2 when a query is in flight.
    pub fn md_request(&self, request: MdRequest, record: RecordBox, request_id: i32) -> i32 {
        self.inner.send(|session| Input::Md { session, request, record, request_id })
    }

    /// Changes a market-data subscription.
    ///
    /// Returns 0 when it is on its way, -1 when not connected.
    pub fn change_subscription(&self, change: SubscriptionChange, instruments: Vec<Text<81>>) -> i32 {
        self.inner.send(|session| match change {
            SubscriptionChange::Subscribe => Input::Subscribe { session, instruments },
            SubscriptionChange::Unsubscribe => Input::Unsubscribe { session, instruments },
            SubscriptionChange::SubscribeForQuote => Input::SubscribeForQuote { session, instruments },
            SubscriptionChange::UnsubscribeForQuote => Input::UnsubscribeForQuote { session, instruments },
        })
    }

    /// Answers a request of another family's library, which neither the exchange nor the current model knows:
    /// on the instance's thread, as every answer.
    ///
    /// `callback` is the number of the answer in that library, delivered as [`Method::Foreign`]: without a record
    /// and last, a query's without `RspInfo` (an empty result), any other with error 27.
    ///
    /// Returns 0 when the answer is on its way, -1 when not connected.
    ///
    /// [`Method::Foreign`]: crate::Method::Foreign
    pub fn answer_unsupported(&self, callback: u16, is_query: bool, request_id: i32) -> i32 {
        let Some(link) = self.inner.connected_link() else {
            return NOT_CONNECTED;
        };
        self.inner.waiting.fetch_add(1, Ordering::SeqCst);
        if let Link::Local(local) = &link {
            local.simulator.see_waiting();
        }
        // A closed channel is an instance whose thread has ended: the answer is for nobody.
        drop(self.inner.events.send(Event::Answer(Parcel::unsupported(callback, is_query, request_id))));
        0
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.release();
    }
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance")
            .field("options", &self.inner.options)
            .field("connected", &self.inner.connected)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn connected_link(&self) -> Option<Link> {
        match self.connected.load(Ordering::SeqCst) {
            true => crate::lock(&self.link).clone(),
            false => None,
        }
    }

    fn send(&self, input: impl FnOnce(SessionId) -> Input) -> i32 {
        // A clone: the exchange's lock is not taken under ours.
        self.connected_link().map_or(NOT_CONNECTED, |link| link.request(input))
    }

    fn on_own_thread(&self) -> bool {
        self.thread_id.get() == Some(&thread::current().id())
    }

    fn set_stage(&self, stage: Stage) {
        *crate::lock(&self.stage) = stage;
        self.stage_changed.notify_all();
    }

    /// Waits until the thread has ended and returns whether it has.
    fn wait_for_end(&self, limit: Option<Duration>) -> bool {
        let deadline = limit.map(|limit| Instant::now() + limit);
        let mut stage = crate::lock(&self.stage);
        while *stage != Stage::Ended {
            let left =
                deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return false;
            }
            stage = match self.stage_changed.wait_timeout(stage, left) {
                Ok((stage, _)) => stage,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        true
    }
}
