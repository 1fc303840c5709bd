//! The trading client.

mod actions;
mod books;
mod clearing;
mod closing;
mod credentials;
mod journal;
mod risk;

pub use self::clearing::Cancelled;
pub use self::closing::Closing;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ctp_sys::{TraderApi, TraderLibrary, TraderOptions};
use ctp_types::{RecordBox, TraderCallback, TraderRequest};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::Instrument as _;

use crate::cache::DayCache;
use crate::config::{Resume, TdConfig};
use crate::error::{Error, SendRefusal, UnknownCause};
use crate::fanout::{Events, Fanout};
use crate::health::TdHealth;
use crate::library;
use crate::observe::{Observer, Vitals, session_span};
use crate::requests::RawEvent;
use crate::setup::{Addresses, failed};
use crate::shell::{ApiObject, Life, Maker, StateLog, blocking, check_fronts, create, seed};
use crate::state::{Login, SessionState};
use crate::td::account::{AccountNames, AccountTexts};
use crate::td::dials::Dials;
use crate::td::driver::{Course, Driver, NotEntered, Pen, Shared};
use crate::td::event::TdEvent;
use crate::td::io::{Command, Input};
use crate::td::ledger::Comparison;
use crate::td::meter::Meter;
use crate::td::new_order::NewOrder;
use crate::td::orders::OrderHandle;
use crate::td::orders::order::{Order, OrderId};
use crate::td::recovery::GateState;
use crate::td::risk::KillFlag;
use crate::td::session::TdSession;
use crate::td::spi::Spi;
use crate::td::task::Task;
use crate::td::{observed, recorded};

/// A trading session: it connects, authenticates, logs in, confirms the settlement, and does so again after every
/// broken link. Clones and order handles share one session, which closes with the last of them.
#[derive(Clone, Debug)]
pub struct TdClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    life: Life,
    vitals: Vitals,
    shared: Arc<Shared>,
    gate: watch::Receiver<GateState>,
    switch: Arc<KillFlag>,
    events: Fanout<TdEvent>,
    logins: Arc<AtomicU64>,
    account: AccountNames,
    raw_events: Fanout<RawEvent<TraderCallback>>,
    /// What does not change within a trading day; `None` where it is not kept.
    cache: Option<Arc<DayCache>>,
    order_timeout: Duration,
    is_simulator: bool,
    version: String,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.life.stop.cancel();
    }
}

impl TdClient {
    /// Opens the configured library and starts a session, which goes on in the background: see [`Self::ready`].
    ///
    /// # Errors
    ///
    /// Returns an error for a configuration that cannot work, a library that cannot be loaded, or a flow folder
    /// that another client holds.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    pub async fn connect(config: TdConfig) -> Result<Self, Error> {
        config.check()?;
        let (path, version) = (config.library.clone(), config.version.clone());
        let library = blocking(move || library::trader(path, version.as_deref())).await??;
        Self::connect_with(&library, config).await
    }

    /// Starts a session on a library that is loaded already.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    pub async fn connect_with(library: &TraderLibrary, config: TdConfig) -> Result<Self, Error> {
        config.check()?;
        check_fronts(&config.fronts, library.is_simulator())?;
        let account = AccountTexts::new(&config)?;
        let names = AccountNames::new(&account);
        let seed = seed();
        let recording = recorded::begin(&config, seed, &library.version().to_string())?;
        let subject = observed::subject(&config, &library.version().to_string());
        let span = session_span(&subject);
        let observer = Observer::new(subject, config.clock.unix_ns(), recording.progress());
        let vitals = observer.vitals();
        let (report_tx, reports) = mpsc::unbounded_channel();
        let broken_tx = report_tx.clone();
        let (loaded, setup) = (library.clone(), config.clone());
        let replays_day = Arc::new(AtomicBool::new(false));
        let whole_day = Arc::clone(&replays_day);
        let make: Maker<_> = Arc::new(move |number| {
            let private =
                if whole_day.load(Ordering::Relaxed) { Resume::Restart } else { setup.private_resume };
            start(&loaded, &setup, private, report_tx.clone(), number)
        });
        let timeout = config.timeouts.close;
        let setup = config.clone();
        // The journal after the object: who may have the folder of the flow files, may have the one in it.
        let (object, kept) = blocking(move || {
            let object = ApiObject::new(make, timeout)?;
            Ok::<_, Error>((object, journal::open(&setup, broken_tx)?))
        })
        .await??;

        let (sent_tx, sent) = mpsc::unbounded_channel();
        let (life, ends) = Life::begin(&config.fronts, &config.timeouts);
        let (events, raw_events) = (Fanout::default(), Fanout::default());
        let cache = day_cache(&config, &names, library);
        let logins = Arc::new(AtomicU64::new(0));
        let system_info = config.relay.as_ref().map(|relay| Arc::new(account.system_info(relay)));
        let owner = (account.broker_id, account.investor_id);
        let session = TdSession::new(&config, account, seed);
        let (gate_tx, gate) = watch::channel(session.gate());
        let switch = Arc::new(KillFlag::default());
        let driver = Driver {
            system_info,
            session,
            object,
            replays_day,
            sent: sent_tx,
            state: ends.state,
            gate: gate_tx,
            events: events.clone(),
            raw_events: raw_events.clone(),
            logins: Arc::clone(&logins),
            clock: config.clock.clone(),
            recording,
            pen: Pen::new(kept.journal),
            state_log: StateLog::default(),
            observer,
            dials: Dials::new(&config.user_id, *gate.borrow()),
            meter: Meter::new(&config.user_id),
            runtime: Handle::current(),
            switch: Arc::clone(&switch),
            member: Arc::new(config.counts.join(owner)),
            outputs: VecDeque::new(),
            given: None,
            course: Course::default(),
        };
        let shared = Arc::new(Shared::new(driver, span.clone()));
        let (remembered, news) =
            kept.remembered.into_iter().partition::<Vec<_>, _>(|input| matches!(input, Input::Remembered(_)));
        let remembering = Arc::clone(&shared);
        // Before anybody has the client: a kill switch that an earlier run left on is on from the first moment.
        blocking(move || {
            for input in remembered {
                // A session that breaks down over it says so to whoever uses it.
                let _ = remembering.command(input);
            }
        })
        .await?;
        let task =
            Task { shared: Arc::clone(&shared), news, reports, sent, stop: ends.stop, ended: ends.ended };
        tokio::spawn(task.run().instrument(span));
        let inner = Inner {
            life,
            vitals,
            shared,
            gate,
            switch,
            events,
            logins,
            account: names,
            raw_events,
            cache,
            order_timeout: config.timeouts.order,
            is_simulator: library.is_simulator(),
            version: library.version().to_string(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Waits until the session is ready.
    ///
    /// # Errors
    ///
    /// - [`Error::NotReady`]: not within `timeouts.ready`; the session goes on trying.
    /// - [`Error::Faulted`]: login, authentication or confirmation was refused, or a callback panicked.
    /// - [`Error::Closed`]: the session was closed.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn ready(&self) -> Result<Login, Error> {
        self.inner.life.ready().await
    }

    /// Returns the session's state, to look at or to wait for.
    pub fn state(&self) -> watch::Receiver<SessionState> {
        self.inner.life.state.clone()
    }

    /// Returns whether new orders may leave, and why not, to look at or to wait for.
    ///
    /// After each login the gate stays closed until orders, trades, positions and money are known and agree; then
    /// [`state`](Self::state) is ready, too. Cancels pass a closed gate as long as requests can be made.
    pub fn gate(&self) -> watch::Receiver<GateState> {
        self.inner.gate.clone()
    }

    /// Compares the gateway's own positions and money with the counter's, now: orders, trades, positions and money are
    /// asked for, and what lasts is told. The gate is not closed for it; what it finds may close it, as after a login.
    ///
    /// # Errors
    ///
    /// [`Error::NotSent`] if the session is not ready, or the counter does not answer.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back the comparison.
    pub async fn reconcile(&self) -> Result<Comparison, Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(Command::Reconcile { reply }, answer).await
    }

    /// Takes the counter's word for what differs: the ledger takes its rows over, and the gate opens if nothing else
    /// closes it. Lots are taken as they are now; figures of money that the rows cannot take away count no more on this
    /// trading day. After queries that were not answered, it opens the gate without them until the next login.
    ///
    /// # Errors
    ///
    /// [`Error::NotSent`] if the session is not logged in, or its end.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take it back.
    pub async fn accept_differences(&self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(Command::AcceptDifferences { reply }, answer).await
    }

    /// Returns the order and trade events from now on, of all sessions of the account. None is ever dropped.
    ///
    /// Call it right after [`connect`](Self::connect), before the login, to see the replay of the day too.
    pub fn events(&self) -> Events<TdEvent> {
        self.inner.events.subscribe()
    }

    /// Returns whether the library is our simulator, where orders cost nothing.
    pub fn is_simulator(&self) -> bool {
        self.inner.is_simulator
    }

    /// Returns the library's version.
    pub fn library_version(&self) -> &str {
        &self.inner.version
    }

    /// Sends an order.
    ///
    /// # Errors
    ///
    /// - [`Error::Denied`]: it breaks a rule; nothing was sent.
    /// - [`Error::NotSent`]: the session is not ready, or the library did not take it.
    ///
    /// A refusal by counter or exchange comes later: see [`OrderHandle::accepted`].
    ///
    /// # Cancel safety
    ///
    /// Not polled, the future sends nothing; it is ready when it is polled for the first time. See
    /// [`place_now`](Self::place_now).
    pub async fn place(&self, order: NewOrder) -> Result<OrderHandle, Error> {
        self.place_now(&order)
    }

    /// Sends an order from this thread, and returns when the library has taken it: nothing wakes in between. It may be
    /// called from any thread, with or without a runtime, also from a handler of ticks.
    ///
    /// # Errors
    ///
    /// As [`place`](Self::place). [`Error::Unknown`] if the session broke down meanwhile, which is a defect of the
    /// gateway.
    pub fn place_now(&self, order: &NewOrder) -> Result<OrderHandle, Error> {
        self.deny_if_killed()?;
        let record = order.record_ref()?;
        let logins = self.logins();
        self.shared().give_mark_of(&record.instrument_id);
        let placed = match self.shared().enter(|driver| driver.place(logins, record)) {
            // The session has answered: it does so in the step in which it hears the library's word.
            Ok(mut answer) => answer.try_recv().unwrap_or_else(|_| Err(unanswered()))?,
            Err(NotEntered::Broken) => return Err(unanswered()),
            Err(why) => return Err(self.not_entered(TraderRequest::ReqOrderInsert.name(), why)),
        };
        Ok(OrderHandle::new(self.clone(), placed, self.inner.order_timeout))
    }

    /// Cancels an order of the account, own or foreign, and waits until it is over.
    ///
    /// The order that is returned may be cancelled or, if a fill won the race, traded: look at its `phase`. A second
    /// cancel of the same order joins the first.
    ///
    /// # Errors
    ///
    /// - [`Error::Denied`]: the order is over already or not known.
    /// - [`Error::NotSent`]: the session is not ready, or the library did not take the request.
    /// - [`Error::Rejected`]: counter or exchange refused to cancel; the order's events tell where it stands.
    /// - [`Error::Unknown`]: no answer came.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back a request that was sent.
    pub async fn cancel(&self, id: OrderId) -> Result<Arc<Order>, Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(Command::Cancel { logins: self.logins(), id, reply }, answer).await
    }

    /// Returns how the session is, for a page or a probe. It costs the session nothing.
    pub fn health(&self) -> TdHealth {
        TdHealth { session: self.inner.vitals.health() }
    }

    /// Asks the session to stop and returns at once, from wherever it is called: also from a callback.
    pub fn stop(&self) {
        self.shared().begin_closing();
        self.inner.life.stop.cancel();
    }

    /// Closes the session and waits until the library has stopped. Streams end after it. Calling it again, or from
    /// several places, does no harm. Open orders stay at the exchange. From its first poll on nothing new gets in: what other
    /// threads place meanwhile was sent before, or ends as [`Error::Closed`] unsent.
    ///
    /// # Errors
    ///
    /// [`Error::CloseTimedOut`] if the library did not stop within `timeouts.close`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back the close.
    pub async fn close(&self) -> Result<(), Error> {
        self.shared().begin_closing();
        self.inner.life.close().await
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// Returns the front and the number of the present session; 0 where there is none.
    fn session(&self) -> (i32, i32) {
        match &*self.inner.life.state.borrow() {
            SessionState::Ready(login) | SessionState::Recovering(login) => {
                (login.front_id, login.session_id)
            }
            _ => (0, 0),
        }
    }

    fn order_timeout(&self) -> Duration {
        self.inner.order_timeout
    }

    pub(super) fn logins(&self) -> u64 {
        self.inner.logins.load(Ordering::Acquire)
    }

    /// Returns why the session is gone.
    pub(super) fn gone(&self) -> Error {
        self.inner.life.gone()
    }

    /// Fills the account's names in where a record leaves them empty.
    pub(super) fn fill(&self, record: &mut RecordBox) {
        self.inner.account.fill(record);
    }

    pub(super) fn raw_fanout(&self) -> &Fanout<RawEvent<TraderCallback>> {
        &self.inner.raw_events
    }

    pub(super) fn cache(&self) -> Option<&Arc<DayCache>> {
        self.inner.cache.as_ref()
    }

    pub(super) async fn ask<T>(
        &self,
        command: Command,
        answer: oneshot::Receiver<Result<T, Error>>,
    ) -> Result<T, Error> {
        self.enter(command.request(), command)?;
        answer.await.unwrap_or_else(|_| Err(self.inner.life.gone()))
    }

    /// Gives the session a command in this thread. Once it has been entered, the answer tells what became of it.
    fn enter(&self, request: &'static str, command: Command) -> Result<(), Error> {
        match self.inner.shared.command(Input::Command(command)) {
            // What broke may have happened behind the library: the answer is missing then.
            Ok(()) | Err(NotEntered::Broken) => Ok(()),
            Err(why) => Err(self.not_entered(request, why)),
        }
    }

    /// Returns what it means to a caller that the session was not entered.
    fn not_entered(&self, request: &'static str, why: NotEntered) -> Error {
        let reason = match why {
            NotEntered::Closed | NotEntered::Broken => return self.inner.life.gone(),
            NotEntered::Inside => SendRefusal::CalledFromInside,
            NotEntered::Busy => SendRefusal::LibraryHangs,
        };
        Error::NotSent { request, reason }
    }
}

/// Returns what is known of an order that the session did not answer.
fn unanswered() -> Error {
    Error::Unknown { request: TraderRequest::ReqOrderInsert.name(), cause: UnknownCause::SessionEnded }
}

/// Returns where the day's instruments and rates are kept. A simulator's may change with every start.
fn day_cache(config: &TdConfig, names: &AccountNames, library: &TraderLibrary) -> Option<Arc<DayCache>> {
    if !config.cache.unwrap_or(!library.is_simulator()) {
        return None;
    }
    let fronts = crate::shell::shown_fronts(&config.fronts);
    let owner = format!("{names}; library {}; fronts {fronts}", library.version());
    Some(Arc::new(DayCache::new(config.session_flow_dir().join("cache"), owner)))
}

/// Creates the API object and sets it going.
fn start(
    library: &TraderLibrary,
    config: &TdConfig,
    private: Resume,
    report_tx: mpsc::UnboundedSender<Input>,
    number: u32,
) -> Result<TraderApi, Error> {
    let api = create(&config.session_flow_dir(), number, |folder| {
        let mut options = TraderOptions::new(folder);
        options.production_mode = config.production;
        library.create(&options)
    })?;
    api.register_spi(Arc::new(Spi::new(report_tx, config.clock.clone()))).map_err(failed("RegisterSpi"))?;
    api.subscribe_private_topic(private.into(), private.sequence())
        .map_err(failed("SubscribePrivateTopic"))?;
    api.subscribe_public_topic(config.public_resume.into()).map_err(failed("SubscribePublicTopic"))?;
    Addresses::of_td(config)?.register_with_trader(&api)?;
    api.init().map_err(failed("Init"))?;
    Ok(api)
}
