//! The exchange: its state, its steps and where each input goes.

use std::collections::BTreeMap;

use ctp_market::{Date, ReferenceData};
use ctp_types::{MdRequest, RecordBox, Text, TraderRequest};

use crate::clock::{self, Stamp, Stamps};
use crate::config::{Config, ConfigError};
use crate::day::Days;
use crate::instruction::{Arrival, Instructions};
use crate::interface::{ApiKind, Input, Output, SessionId, Timestamp};
use crate::market::cadence::Cadence;
use crate::market::hours::Sessions;
use crate::market::replay::Playing;
use crate::market::subscription::Subscription;
use crate::market::tick::Tick;
use crate::market::{Market, listing};
use crate::matching::Fill;
use crate::money::accounts::Accounts;
use crate::order::desk::Desk;
use crate::order::trade::Trade;
use crate::order::{Cancel, Order};
use crate::random::Random;
use crate::schedule::Schedule;
use crate::session::heartbeat::Heartbeats;
use crate::session::restart::PEER_CLOSED;
use crate::session::stream::{StreamKey, Streams};
use crate::session::user::Users;
use crate::session::{Session, Topics};

/// The simulated exchange with its broker: sessions, markets, orders, accounts.
///
/// With [`Hours::Always`](crate::Hours::Always) its markets are open all the time and a day ends by command; with
/// [`Hours::Exchange`](crate::Hours::Exchange) it keeps the exchanges' hours, settles every day and rolls to the next.
#[derive(Debug)]
pub struct Exchange {
    pub(crate) config: Config,
    pub(crate) reference: ReferenceData,
    pub(crate) trading_day: Date,
    pub(crate) now: Timestamp,
    pub(crate) schedule: Schedule<Task>,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    pub(crate) markets: Vec<Market>,
    pub(crate) market_by_id: BTreeMap<Text<81>, usize>,
    /// When markets show what changed, and which did.
    pub(crate) touched: Cadence,
    pub(crate) hours: Sessions,
    pub(crate) playing: Vec<Playing>,
    pub(crate) accounts: Accounts,
    pub(crate) days: Days,
    pub(crate) orders: Vec<Order>,
    pub(crate) desk: Desk,
    /// Fills of the arrival or tick at hand, kept for its memory.
    pub(crate) fills: Vec<Fill>,
    /// The same with their numbers.
    pub(crate) fill_buffer: Vec<crate::order::Fill>,
    pub(crate) trades: Vec<Trade>,
    pub(crate) streams: Streams,
    pub(crate) users: Users,
    pub(crate) instructions: Instructions,
    pub(crate) heartbeats: Heartbeats,
    pub(crate) counters: Counters,
    pub(crate) random: Random,
    stamps: Stamps,
    pub(crate) outbox: Vec<Output>,
}

/// Numbers given out so far.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) order_local_id: u64,
    pub(crate) trade_id: u64,
    pub(crate) sequence_no: i32,
}

/// Something that happens later.
#[derive(Debug)]
pub(crate) enum Task {
    FrontConnected {
        session: SessionId,
        epoch: u32,
    },
    Trader {
        session: SessionId,
        epoch: u32,
        request: TraderRequest,
        record: RecordBox,
        request_id: i32,
    },
    QueryTooFast {
        session: SessionId,
        epoch: u32,
        request_id: i32,
    },
    Md {
        session: SessionId,
        epoch: u32,
        request: MdRequest,
        record: RecordBox,
        request_id: i32,
    },
    Subscription {
        session: SessionId,
        epoch: u32,
        subscription: Subscription,
        instruments: Vec<Text<81>>,
    },
    Silence {
        session: SessionId,
        number: u32,
        is_end: bool,
    },
    TooManyConnections {
        session: SessionId,
        epoch: u32,
    },
    Replay {
        session: SessionId,
        epoch: u32,
        stream: StreamKey,
    },
    OrderArrives(usize),
    CancelArrives(Box<Cancel>),
    Instruction(Arrival),
    Tick,
    /// A product enters another phase.
    Hours {
        day: u32,
    },
    /// A tick that a person wrote for later.
    WrittenTick(Box<Tick>),
    /// The next ticks of a recording.
    Recording {
        playing: usize,
    },
    /// The settlement prices of a product whose trading day is over are known.
    SettlementPrices {
        day: u32,
        product: usize,
    },
    /// The trading day is to be settled.
    Settlement {
        day: u32,
    },
}

impl Task {
    /// Returns whether it is still to be done when another trading day begins.
    pub(crate) fn outlives_day(&self) -> bool {
        matches!(self, Self::Tick | Self::Recording { .. } | Self::WrittenTick(_))
    }
}

impl Exchange {
    /// Opens an exchange.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] when the start is outside the calendar or a setting cannot be.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        if config.tick_interval.as_millis() == 0 {
            return Err(ConfigError::TickInterval(config.tick_interval));
        }
        Text::<11>::new(&config.broker)
            .map_err(|_| ConfigError::Text { setting: "broker", value: config.broker.clone() })?;
        // The simulator runs in any year, also in one whose holidays are not announced yet.
        let reference = ReferenceData::builtin()?.assume_weekdays();
        let trading_day = reference.calendar().trading_day_of(clock::local(config.start))?;
        let markets = listing::list(&config, &reference, trading_day, &|_| None)?;
        let market_by_id =
            markets.iter().enumerate().map(|(index, market)| (market.instrument.id, index)).collect();
        let mut exchange = Self {
            random: Random::new(config.seed, "sessions"),
            stamps: Stamps::new(config.start),
            now: config.start,
            reference,
            trading_day,
            schedule: Schedule::new(),
            sessions: BTreeMap::new(),
            markets,
            market_by_id,
            touched: Cadence::new(config.start),
            hours: Sessions::new(),
            playing: Vec::new(),
            accounts: Accounts::default(),
            days: Days::default(),
            orders: Vec::new(),
            desk: Desk::new(&config.broker, clock::date_text(trading_day)),
            fills: Vec::new(),
            fill_buffer: Vec::new(),
            trades: Vec::new(),
            streams: Streams::default(),
            users: Users::default(),
            instructions: Instructions::default(),
            heartbeats: Heartbeats::default(),
            counters: Counters::default(),
            outbox: Vec::new(),
            config,
        };
        exchange.check_carried_lots()?;
        exchange.arrange_cadence();
        exchange.begin_hours()?;
        exchange.set_terms();
        if let Some(replay) = exchange.config.replay.take() {
            exchange.play(&replay);
        }
        exchange.await_settlement();
        Ok(exchange)
    }

    /// Lets time pass until `now`, then takes `input`; appends what clients receive to `outputs`.
    ///
    /// Answers never come in the step that takes their request, unless the configured delay is zero. A `now` before the
    /// latest one seen counts as that.
    pub fn step(&mut self, now: Timestamp, input: Input, outputs: &mut Vec<Output>) {
        let now = now.max(self.now);
        if matches!(input, Input::Skip) {
            self.touched.skip_to(now);
        }
        self.run_until(now);
        self.now = now;
        self.take(input);
        self.run_until(now);
        self.flush(outputs);
    }

    /// Returns when something is due next; `None` while nobody is connected and no order rests.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.schedule.next()
    }

    /// Returns the seed that everything made up comes from.
    pub fn seed(&self) -> u64 {
        self.config.seed
    }

    /// Returns the trading day as `yyyymmdd`.
    pub fn trading_day(&self) -> Text<9> {
        clock::date_text(self.trading_day)
    }

    /// Returns the present date and time as CTP writes them.
    pub(crate) fn stamp(&self) -> Stamp {
        self.stamp_at(self.now)
    }

    /// Returns the date and time of a moment as CTP writes them.
    pub(crate) fn stamp_at(&self, at: Timestamp) -> Stamp {
        self.stamps.at(at)
    }

    fn run_until(&mut self, now: Timestamp) {
        while let Some((at, task)) = self.schedule.take_due(now) {
            self.now = at.max(self.now);
            self.run(task);
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Connect { session, kind, api_version } => {
                let delay = self.config.connect_delay;
                self.drop_connection(session);
                let connecting = self.sessions.entry(session).or_insert_with(|| Session::new(kind));
                connecting.epoch += 1;
                connecting.kind = kind;
                connecting.api_version = api_version;
                connecting.connected = true;
                let epoch = connecting.epoch;
                let task = if self.is_connect_too_fast() {
                    Task::TooManyConnections { session, epoch }
                } else {
                    Task::FrontConnected { session, epoch }
                };
                self.schedule.add(self.now.after(delay), task);
            }
            Input::Disconnect { session } => self.drop_connection(session),
            Input::Topics { session, private, public, sequence, received } => {
                let session = self.sessions.entry(session).or_insert_with(|| Session::new(ApiKind::Trader));
                session.topics = Topics { private, public, sequence };
                session.received = received.unwrap_or(session.received);
            }
            Input::Trader { session, request, record, request_id } => {
                self.take_request(session, request, record, request_id);
            }
            Input::Md { session, request, record, request_id } => {
                let delay = self.config.answer_delay;
                self.later(session, delay, |epoch| Task::Md { session, epoch, request, record, request_id });
            }
            Input::Subscribe { session, instruments } => {
                self.subscribe(session, Subscription::Ticks, instruments)
            }
            Input::Unsubscribe { session, instruments } => {
                self.subscribe(session, Subscription::NoTicks, instruments)
            }
            Input::SubscribeForQuote { session, instruments } => {
                self.subscribe(session, Subscription::Quotes, instruments);
            }
            Input::UnsubscribeForQuote { session, instruments } => {
                self.subscribe(session, Subscription::NoQuotes, instruments);
            }
            Input::Command(command) => self.obey(command),
            Input::Advance | Input::Skip => {}
        }
    }

    fn subscribe(&mut self, session: SessionId, subscription: Subscription, instruments: Vec<Text<81>>) {
        let delay = self.config.answer_delay;
        self.later(session, delay, |epoch| Task::Subscription { session, epoch, subscription, instruments });
    }

    /// Schedules what a session asked for, as long as it is connected.
    pub(crate) fn later(
        &mut self,
        session: SessionId,
        delay: std::time::Duration,
        task: impl FnOnce(u32) -> Task,
    ) {
        if let Some(session) = self.sessions.get(&session).filter(|session| session.connected) {
            let task = task(session.epoch);
            self.schedule.add(self.now.after(delay), task);
        }
    }

    fn run(&mut self, task: Task) {
        match task {
            Task::FrontConnected { session, epoch } if self.is_current(session, epoch) => {
                self.front_connected(session);
                self.keep_ticking();
            }
            Task::Trader { session, epoch, request, record, request_id }
                if self.is_current(session, epoch) =>
            {
                self.handle(session, request, &record, request_id);
            }
            Task::QueryTooFast { session, epoch, request_id } if self.is_current(session, epoch) => {
                self.refuse_query(session, request_id);
            }
            Task::Md { session, epoch, request, record, request_id } if self.is_current(session, epoch) => {
                self.handle_md(session, request, &record, request_id);
            }
            Task::Subscription { session, epoch, subscription, instruments }
                if self.is_current(session, epoch) =>
            {
                self.change_subscription(session, subscription, &instruments);
            }
            Task::Silence { session, number, is_end } => self.silence_lasts(session, number, is_end),
            Task::TooManyConnections { session, epoch } if self.is_current(session, epoch) => {
                self.close(session, PEER_CLOSED);
            }
            Task::Replay { session, epoch, stream } if self.is_current(session, epoch) => {
                self.replay(session, epoch, stream);
            }
            Task::FrontConnected { .. }
            | Task::Trader { .. }
            | Task::QueryTooFast { .. }
            | Task::Md { .. }
            | Task::Subscription { .. }
            | Task::TooManyConnections { .. }
            | Task::Replay { .. } => {} // The connection that asked is gone.
            Task::OrderArrives(order) => self.order_arrives(order),
            Task::CancelArrives(cancel) => self.cancel_arrives(&cancel),
            Task::Tick => self.tick(),
            Task::Hours { day } => self.hours_due(day),
            Task::WrittenTick(tick) => self.take_tick(*tick),
            Task::Recording { playing } => self.play_on(playing),
            Task::SettlementPrices { day, product } => self.tell_settlement_prices(day, product),
            Task::Instruction(arrival) => self.instruction_arrives(arrival),
            Task::Settlement { day } => self.settlement_due(day),
        }
    }

    fn check_carried_lots(&self) -> Result<(), ConfigError> {
        for lot in &self.config.carried_lots {
            let wrong =
                |reason: String| ConfigError::CarriedLot { instrument: lot.instrument.clone(), reason };
            let market = Text::new(&lot.instrument).ok().and_then(|id| self.market_by_id.get(&id));
            let market = market.ok_or_else(|| wrong("it is not listed".to_owned()))?;
            self.markets[*market]
                .instrument
                .tick
                .ticks(lot.open_price)
                .map_err(|error| wrong(error.to_string()))?;
            if lot.volume <= 0 {
                return Err(wrong(format!("volume must be positive, found {}", lot.volume)));
            }
        }
        Ok(())
    }
}
