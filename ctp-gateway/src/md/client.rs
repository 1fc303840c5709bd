//! The market data client.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ctp_sys::{MdApi, MdLibrary, MdOptions};
use ctp_types::{ForQuoteRspField, MdCallback, MdRequest, RecordBox, Text};
use tokio::sync::{mpsc, watch};
use tracing::Instrument as _;

use crate::config::MdConfig;
use crate::deadline::within;
use crate::error::{Denial, Error, Rule};
use crate::fanout::{Events, Fanout};
use crate::health::MdHealth;
use crate::library;
use crate::md::bus::{self, TickBus, TickHandler, Ticks};
use crate::md::event::MdEvent;
use crate::md::io::{Command, Feed, Id};
use crate::md::requests::Requests;
use crate::md::session::MdSession;
use crate::md::spi::Spi;
use crate::md::task::Task;
use crate::md::tick::Tick;
use crate::md::{observed, recorded};
use crate::observe::{Latencies, Observer, Vitals, session_span};
use crate::requests::submission::{Reply, Submission, check_record};
use crate::requests::{Pushes, RawAnswer, RawEvent};
use crate::setup::{Addresses, failed};
use crate::shell::{ApiObject, Life, Maker, StateLog, blocking, check_fronts, create, seed};
use crate::state::{Login, SessionState};
use crate::td::AccountNames;

/// A market data session: it connects, logs in, subscribes, and does so again after every broken link. Clones share
/// one session, which closes with the last of them.
#[derive(Clone, Debug)]
pub struct MdClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    life: Life,
    vitals: Vitals,
    latencies: Latencies,
    commands: mpsc::UnboundedSender<Command>,
    ticks: Arc<bus::Shared>,
    events: Fanout<MdEvent>,
    raw_events: Fanout<RawEvent<MdCallback>>,
    account: AccountNames,
    is_simulator: bool,
    version: String,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.life.stop.cancel();
    }
}

impl MdClient {
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
    pub async fn connect(config: MdConfig) -> Result<Self, Error> {
        config.check()?;
        let (path, version) = (config.library.clone(), config.version.clone());
        let library = blocking(move || library::md(path, version.as_deref())).await??;
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
    pub async fn connect_with(library: &MdLibrary, config: MdConfig) -> Result<Self, Error> {
        config.check()?;
        check_fronts(&config.fronts, library.is_simulator())?;
        let seed = seed();
        let session = MdSession::new(&config, seed)?;
        let (report_tx, reports) = mpsc::unbounded_channel();
        let bus = TickBus::new(config.tick_capacity, config.clock.clone())
            .map_err(|source| Error::Thread { name: "ctp-md-bus", source })?;
        let ticks = Arc::clone(bus.shared());
        let version = library.version().to_string();
        let recording = recorded::begin(&config, seed, &version, Some(Box::new(ticks.raw())))?;
        let subject = observed::subject(&config, &version);
        let span = session_span(&subject);
        let observer = Observer::new(subject, config.clock.unix_ns(), recording.progress());
        let (vitals, latencies) = (observer.vitals(), observer.tick_latencies());
        ticks.measure(latencies.clone());
        let spi = Spi { ticks: bus.inlet(), reports: report_tx, clock: config.clock.clone() };
        let (loaded, setup) = (library.clone(), config.clone());
        let make: Maker<_> = Arc::new(move |number| start(&loaded, &setup, spi.clone(), number));
        let timeout = config.timeouts.close;
        let object = blocking(move || ApiObject::new(make, timeout)).await??;

        let (command_tx, commands) = mpsc::unbounded_channel();
        let (life, ends) = Life::begin(&config.fronts, &config.timeouts);
        let (events, raw_events) = (Fanout::default(), Fanout::default());
        let account = AccountNames::of_md(&config)?;
        let task = Task {
            session,
            object,
            reports,
            commands,
            stop: ends.stop,
            state: ends.state,
            ended: ends.ended,
            ticks: bus,
            events: events.clone(),
            raw_events: raw_events.clone(),
            clock: config.clock.clone(),
            recording,
            state_log: StateLog::default(),
            observer,
            outputs: VecDeque::new(),
        };
        tokio::spawn(task.run().instrument(span));
        let (is_simulator, version) = (library.is_simulator(), library.version().to_string());
        Ok(Self {
            inner: Arc::new(Inner {
                life,
                vitals,
                latencies,
                commands: command_tx,
                ticks,
                events,
                raw_events,
                account,
                is_simulator,
                version,
            }),
        })
    }

    /// Waits until the session is ready.
    ///
    /// # Errors
    ///
    /// - [`Error::NotReady`]: not within `timeouts.ready`; the session goes on trying.
    /// - [`Error::Faulted`]: the login was refused, or a callback panicked.
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

    /// Subscribes instruments, now or as soon as the session is ready, and again after every broken link.
    ///
    /// The front's answers come as [`events`](Self::events).
    ///
    /// # Errors
    ///
    /// [`Error::Denied`] for an id that is empty or does not fit, before anything is subscribed; the session's end.
    pub fn subscribe<S: AsRef<str>>(&self, instrument_ids: &[S]) -> Result<(), Error> {
        self.send(Command::Subscribe(Feed::Ticks, ids(instrument_ids)?))
    }

    /// Ends subscriptions.
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe).
    pub fn unsubscribe<S: AsRef<str>>(&self, instrument_ids: &[S]) -> Result<(), Error> {
        self.send(Command::Unsubscribe(Feed::Ticks, ids(instrument_ids)?))
    }

    /// Returns the ticks of all subscribed instruments from now on. Each stream has its own queue and loss count.
    ///
    /// The first tick of an instrument is the front's last snapshot, which may be old.
    pub fn ticks(&self) -> Ticks {
        Ticks::new(&self.inner.ticks)
    }

    /// Calls a function with every tick from now on, on a thread of its own named `ctp-md-handler`. It may take its
    /// time: it loses ticks that it is too slow for ([`TickHandler::dropped`]) and holds nobody else up. A panic is
    /// caught, logged and [counted](TickHandler::panics).
    ///
    /// # Errors
    ///
    /// [`Error::Thread`] if the operating system gives no thread.
    pub fn on_tick(&self, handle: impl FnMut(Tick) + Send + 'static) -> Result<TickHandler, Error> {
        self.on_tick_of(self.ticks(), handle)
    }

    /// Calls a function with every tick of a stream, for example one of [some instruments only](Ticks::only); else as
    /// [`on_tick`](Self::on_tick).
    ///
    /// # Errors
    ///
    /// As [`on_tick`](Self::on_tick).
    pub fn on_tick_of(
        &self,
        ticks: Ticks,
        handle: impl FnMut(Tick) + Send + 'static,
    ) -> Result<TickHandler, Error> {
        let started = self.inner.ticks.handle(ticks, handle);
        started.map_err(|source| Error::Thread { name: "ctp-md-handler", source })
    }

    /// Returns the latest tick of an instrument since the client began, if there is one. Its [`Tick::lost_before`] says
    /// how many ticks, of any instrument, were lost since then; it is 0 unless the whole process was stalled.
    pub fn latest(&self, instrument_id: &str) -> Option<Tick> {
        self.inner.ticks.latest(instrument_id.as_bytes())
    }

    /// Returns the answers to subscriptions, and errors, from now on. None is ever dropped.
    pub fn events(&self) -> Events<MdEvent> {
        self.inner.events.subscribe()
    }

    /// Returns every request of the market data API as an async method.
    pub fn requests(&self) -> Requests<'_> {
        Requests::new(self)
    }

    /// Makes a request with a record as it is.
    ///
    /// # Errors
    ///
    /// As [`Requests`] says of the kind of the request, and [`Error::Denied`] for the record of another request.
    ///
    /// # Cancel safety
    ///
    /// As [`Requests`] says of the kind of the request.
    pub async fn raw_request(&self, request: MdRequest, record: RecordBox) -> Result<RawAnswer, Error> {
        check_record(request, &record)?;
        Ok(self.submit(request, record).await?.raw(request))
    }

    /// Returns every callback but ticks from now on, as it came. None is ever dropped: read them, or drop the stream.
    ///
    /// Nothing is copied while nobody listens.
    pub fn raw_events(&self) -> Events<RawEvent<MdCallback>> {
        self.inner.raw_events.subscribe()
    }

    /// Subscribes to requests for quotes in instruments (询价), which [`quote_requests`](Self::quote_requests) brings: now
    /// or as soon as the session is ready, and again after every broken link. C: `SubscribeForQuoteRsp`.
    ///
    /// The front's answers come as [`MdEvent::QuoteRequests`].
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe).
    pub fn subscribe_quote_requests<S: AsRef<str>>(&self, instrument_ids: &[S]) -> Result<(), Error> {
        self.send(Command::Subscribe(Feed::QuoteRequests, ids(instrument_ids)?))
    }

    /// Ends subscriptions to requests for quotes. C: `UnSubscribeForQuoteRsp`.
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe).
    pub fn unsubscribe_quote_requests<S: AsRef<str>>(&self, instrument_ids: &[S]) -> Result<(), Error> {
        self.send(Command::Unsubscribe(Feed::QuoteRequests, ids(instrument_ids)?))
    }

    /// Returns the requests for quotes in the instruments of
    /// [`subscribe_quote_requests`](Self::subscribe_quote_requests), from now on. C: `OnRtnForQuoteRsp`.
    pub fn quote_requests(&self) -> Pushes<MdCallback, ForQuoteRspField> {
        Pushes::of(&self.inner.raw_events)
    }

    /// Makes a request and waits for what it brings.
    pub(super) async fn submit(&self, request: MdRequest, record: RecordBox) -> Result<Reply, Error> {
        let (submission, answer) = Submission::of_caller(request, record);
        self.send(Command::Request(submission))?;
        answer.await.unwrap_or_else(|_| Err(self.gone()))
    }

    /// Fills the account's names in where a record leaves them empty.
    pub(super) fn fill(&self, record: &mut RecordBox) {
        self.inner.account.fill(record);
    }

    /// Returns why the session is gone.
    pub(super) fn gone(&self) -> Error {
        self.inner.life.gone()
    }

    /// Returns whether the library is our simulator.
    pub fn is_simulator(&self) -> bool {
        self.inner.is_simulator
    }

    /// Returns the library's version.
    pub fn library_version(&self) -> &str {
        &self.inner.version
    }

    /// Returns how the session is, for a page or a probe. It costs the session nothing.
    pub fn health(&self) -> MdHealth {
        let Inner { vitals, latencies, ticks, .. } = &*self.inner;
        MdHealth {
            session: vitals.health(),
            subscriptions: vitals.subscriptions(),
            ticks: ticks.published(),
            ticks_lost: ticks.lost(),
            tick_latency: latencies.summary(),
        }
    }

    /// Asks the session to stop and returns at once, from wherever it is called: also from a callback.
    pub fn stop(&self) {
        self.inner.life.stop.cancel();
    }

    /// Closes the session and waits until the library has stopped. Streams end after it. Calling it again, or from
    /// several places, does no harm.
    ///
    /// # Errors
    ///
    /// [`Error::CloseTimedOut`] if the library did not stop within `timeouts.close`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back the close.
    pub async fn close(&self) -> Result<(), Error> {
        // What is called with ticks has at most one call left. It is waited for, but not for ever.
        let whole = async {
            let closed = self.inner.life.close().await;
            while !self.inner.ticks.handlers_have_ended() {
                within(Duration::from_millis(1), std::future::pending::<()>()).await;
            }
            closed
        };
        let waited = self.inner.life.close_timeout;
        let limit = waited + Duration::from_secs(1);
        within(limit, whole).await.unwrap_or(Err(Error::CloseTimedOut { waited }))
    }

    fn send(&self, command: Command) -> Result<(), Error> {
        self.inner.commands.send(command).map_err(|_| self.inner.life.gone())
    }
}

fn ids<S: AsRef<str>>(instrument_ids: &[S]) -> Result<Vec<Id>, Error> {
    let id = |text: &S| match Text::new(text.as_ref()) {
        Ok(id) if !id.is_empty() => Ok(id),
        Ok(_) => {
            Err(Denial::new(Rule::Instrument, "the instrument is empty", "name one, for example rb2601")
                .into())
        }
        Err(error) => Err(Denial::new(Rule::Text, "the instrument id", error.to_string()).into()),
    };
    instrument_ids.iter().map(id).collect()
}

/// Creates the API object and sets it going.
fn start(library: &MdLibrary, config: &MdConfig, spi: Spi, number: u32) -> Result<MdApi, Error> {
    let api = create(&config.session_flow_dir(), number, |folder| {
        let mut options = MdOptions::new(folder);
        options.production_mode = config.production;
        options.udp = config.udp;
        options.multicast = config.multicast;
        library.create(&options)
    })?;
    api.register_spi(Arc::new(spi)).map_err(failed("RegisterSpi"))?;
    Addresses::of_md(config)?.register_with_md(&api)?;
    api.init().map_err(failed("Init"))?;
    Ok(api)
}
