//! The trading client.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ctp_sys::{TraderApi, TraderLibrary, TraderOptions};
use ctp_types::{QryDepthMarketDataField, QryInstrumentField, RecordBox, Text, TraderRequest};
use tokio::sync::{mpsc, oneshot, watch};

use crate::config::TdConfig;
use crate::error::{Denial, Error, Rule};
use crate::fanout::{Events, Fanout};
use crate::library;
use crate::md::Tick;
use crate::setup::{Addresses, failed};
use crate::shell::{Life, blocking, check_fronts, seed};
use crate::state::{Login, SessionState};
use crate::td::account::AccountTexts;
use crate::td::event::TdEvent;
use crate::td::handle::OrderHandle;
use crate::td::io::{Command, Input};
use crate::td::new_order::NewOrder;
use crate::td::order::{Order, OrderId, Trade};
use crate::td::queries::Query;
use crate::td::recorded;
use crate::td::rows::{Account, Answer, Instrument, Position};
use crate::td::session::TdSession;
use crate::td::spi::Spi;
use crate::td::task::Task;

/// A trading session: it connects, authenticates, logs in, confirms the settlement, and does so again after every
/// broken link. Clones and order handles share one session, which closes with the last of them.
#[derive(Clone, Debug)]
pub struct TdClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    life: Life,
    commands: mpsc::UnboundedSender<Command>,
    events: Fanout<TdEvent>,
    logins: Arc<AtomicU64>,
    investor: QueryTexts,
    order_timeout: Duration,
    is_simulator: bool,
    version: String,
}

#[derive(Debug)]
struct QueryTexts {
    broker_id: Text<11>,
    investor_id: Text<13>,
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
        let investor = QueryTexts { broker_id: account.broker_id, investor_id: account.investor_id };
        let seed = seed();
        let recording = recorded::begin(&config, seed, &library.version().to_string())?;
        let (report_tx, reports) = mpsc::unbounded_channel();
        let (loaded, setup) = (library.clone(), config.clone());
        let api = blocking(move || start(&loaded, &setup, report_tx)).await??;

        let (command_tx, commands) = mpsc::unbounded_channel();
        let (life, ends) = Life::begin(&config.fronts, &config.timeouts);
        let events = Fanout::default();
        let logins = Arc::new(AtomicU64::new(0));
        let task = Task {
            system_info: config.relay.as_ref().map(|relay| Arc::new(account.system_info(relay))),
            session: TdSession::new(&config, account, seed),
            api: Arc::new(api),
            reports,
            commands,
            stop: ends.stop,
            state: ends.state,
            ended: ends.ended,
            events: events.clone(),
            logins: Arc::clone(&logins),
            close_timeout: config.timeouts.close,
            clock: config.clock.clone(),
            recording,
            outputs: VecDeque::new(),
        };
        tokio::spawn(task.run());
        let inner = Inner {
            life,
            commands: command_tx,
            events,
            logins,
            investor,
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
    /// Dropped before the session has looked at it, the order is not sent; later it may be, and shows in
    /// [`events`](Self::events).
    pub async fn place(&self, order: NewOrder) -> Result<OrderHandle, Error> {
        let (reply, answer) = oneshot::channel();
        let placed =
            self.ask(Command::Place { logins: self.logins(), order: Box::new(order), reply }, answer).await?;
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

    /// Queries all instruments. Afterwards orders are checked against them, and need no exchange.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`], [`Error::TimedOut`], or the session's end. Limits of the front are waited for.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe; the answer to a query under way is thrown away.
    pub async fn instruments(&self) -> Result<Vec<Arc<Instrument>>, Error> {
        self.query_instruments(QryInstrumentField::default(), true).await
    }

    /// Queries one instrument; `None` if there is none with this id.
    ///
    /// # Errors
    ///
    /// As [`instruments`](Self::instruments), and [`Error::Denied`] for an id that does not fit.
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn instrument(&self, instrument_id: &str) -> Result<Option<Arc<Instrument>>, Error> {
        let id = id(instrument_id)?;
        let record = QryInstrumentField { instrument_id: id, ..QryInstrumentField::default() };
        let rows = self.query_instruments(record, false).await?;
        Ok(rows.into_iter().find(|row| row.instrument_id == id))
    }

    /// Queries the counter's last snapshot of one instrument, with its daily limits; `None` if there is none.
    ///
    /// It may be some seconds old, and has no `average_price`. For prices as they change see
    /// [`MdClient`](crate::MdClient).
    ///
    /// # Errors
    ///
    /// As [`instrument`](Self::instrument).
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn snapshot(&self, instrument_id: &str) -> Result<Option<Tick>, Error> {
        let id = id(instrument_id)?;
        let record = QryDepthMarketDataField { instrument_id: id, ..QryDepthMarketDataField::default() };
        let request = TraderRequest::ReqQryDepthMarketData;
        match self.submit(request, RecordBox::new(&record), false).await? {
            Answer::Snapshots(rows) => Ok(rows.into_iter().find(|row| row.instrument_id == id)),
            _ => Ok(None),
        }
    }

    /// Queries the money of the account, one row per currency.
    ///
    /// # Errors
    ///
    /// As [`instruments`](Self::instruments).
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn account(&self) -> Result<Vec<Account>, Error> {
        match self.query(TraderRequest::ReqQryTradingAccount).await? {
            Answer::Accounts(rows) => Ok(rows),
            _ => Ok(Vec::new()),
        }
    }

    /// Queries the positions.
    ///
    /// # Errors
    ///
    /// As [`instruments`](Self::instruments).
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn positions(&self) -> Result<Vec<Position>, Error> {
        match self.query(TraderRequest::ReqQryInvestorPosition).await? {
            Answer::Positions(rows) => Ok(rows),
            _ => Ok(Vec::new()),
        }
    }

    /// Queries the orders of the trading day. What is news in them also comes as events.
    ///
    /// # Errors
    ///
    /// As [`instruments`](Self::instruments).
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn orders(&self) -> Result<Vec<Arc<Order>>, Error> {
        match self.query(TraderRequest::ReqQryOrder).await? {
            Answer::Orders(rows) => Ok(rows),
            _ => Ok(Vec::new()),
        }
    }

    /// Queries the trades of the trading day.
    ///
    /// # Errors
    ///
    /// As [`instruments`](Self::instruments).
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn trades(&self) -> Result<Vec<Trade>, Error> {
        match self.query(TraderRequest::ReqQryTrade).await? {
            Answer::Trades(rows) => Ok(rows),
            _ => Ok(Vec::new()),
        }
    }

    /// Closes the session and waits until the library has stopped. Streams end after it. Calling it again, or from
    /// several places, does no harm. Open orders stay at the exchange.
    ///
    /// # Errors
    ///
    /// [`Error::CloseTimedOut`] if the library did not stop within `timeouts.close`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back the close.
    pub async fn close(&self) -> Result<(), Error> {
        self.inner.life.close().await
    }

    fn logins(&self) -> u64 {
        self.inner.logins.load(Ordering::Acquire)
    }

    async fn query_instruments(
        &self,
        record: QryInstrumentField,
        whole_table: bool,
    ) -> Result<Vec<Arc<Instrument>>, Error> {
        let request = TraderRequest::ReqQryInstrument;
        match self.submit(request, RecordBox::new(&record), whole_table).await? {
            Answer::Instruments(rows) => Ok(rows),
            _ => Ok(Vec::new()),
        }
    }

    async fn query(&self, request: TraderRequest) -> Result<Answer, Error> {
        let QueryTexts { broker_id, investor_id } = self.inner.investor;
        self.submit(request, crate::td::account::query(request, broker_id, investor_id), false).await
    }

    async fn submit(
        &self,
        request: TraderRequest,
        record: RecordBox,
        whole_table: bool,
    ) -> Result<Answer, Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(Command::Query(Query { request, record, whole_table, reply }), answer).await
    }

    async fn ask<T>(
        &self,
        command: Command,
        answer: oneshot::Receiver<Result<T, Error>>,
    ) -> Result<T, Error> {
        if self.inner.commands.send(command).is_err() {
            return Err(self.inner.life.gone());
        }
        answer.await.unwrap_or_else(|_| Err(self.inner.life.gone()))
    }
}

fn id(instrument_id: &str) -> Result<Text<81>, Denial> {
    Text::new(instrument_id).map_err(|error| Denial::new(Rule::Text, "the instrument id", error.to_string()))
}

/// Creates the API object and sets it going.
fn start(
    library: &TraderLibrary,
    config: &TdConfig,
    report_tx: mpsc::UnboundedSender<Input>,
) -> Result<TraderApi, Error> {
    let mut options = TraderOptions::new(config.session_flow_dir());
    options.production_mode = config.production;
    let api = library.create(&options)?;
    api.register_spi(Arc::new(Spi::new(report_tx, config.clock.clone()))).map_err(failed("RegisterSpi"))?;
    let (private, public) = (config.private_resume, config.public_resume);
    api.subscribe_private_topic(private.into(), private.sequence())
        .map_err(failed("SubscribePrivateTopic"))?;
    api.subscribe_public_topic(public.into()).map_err(failed("SubscribePublicTopic"))?;
    Addresses::of_td(config)?.register_with_trader(&api)?;
    api.init().map_err(failed("Init"))?;
    Ok(api)
}
