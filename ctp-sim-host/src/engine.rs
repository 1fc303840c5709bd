//! The exchange under its lock: steps it and puts what comes out into the sessions' mailboxes.

mod faults;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use ctp_sim::{ApiKind, Delivery, Exchange, Input, Output, SessionId, SessionState, Timestamp};
use ctp_types::{RecordBox, RequestKind};
use tracing::{error, warn};

use crate::callback::Parcel;
use crate::counts::Counts;
use crate::fault::{Faults, LibraryFault};
use crate::instance::Topics;
use crate::link::RemoteEvent;
use crate::logged::{Logged, NotKept};
use crate::mailbox::Mailbox;
use crate::notice::{Notice, Notices};
use crate::simulator::Connection;
use crate::unkept::Unkept;
use crate::wire::{Admission, Limits};

/// `nReason` of a connection that the other side closed.
pub(crate) const REASON_READ_FAILED: i32 = 0x1001;

/// The exchange and its sessions.
pub(crate) struct Engine {
    /// `None` after the exchange panicked: it is then a dead front.
    exchange: Option<Logged>,
    pub(crate) sessions: BTreeMap<SessionId, Box<dyn Mailbox>>,
    session_next: u64,
    /// Sessions that have connected and are not gone for good.
    arrived: BTreeSet<SessionId>,
    latest: Timestamp,
    outputs: Vec<Output>,
    /// Sessions elsewhere with a query in flight.
    asking: Vec<SessionId>,
    /// Queries of clients elsewhere that ended without having come to the exchange, since each connected.
    lost_queries: BTreeMap<SessionId, u32>,
    /// What is noted for those who watch.
    pub(crate) notices: Arc<Notices>,
    /// Sessions that connect when their time comes.
    held: BTreeMap<SessionId, (Timestamp, Connection)>,
    /// The sessions that the outputs of a step went to.
    touched: Vec<SessionId>,
    /// Whether the clock may jump over hours.
    jumps: bool,
    pub(crate) counts: Counts,
    /// Whether a connection ended since [`run`](Self::run) began.
    closed: bool,
    /// Sessions whose end could not be kept when it came.
    owed: Vec<SessionId>,
    /// `None` without faults in force: a step then costs nothing more.
    faults: Option<Box<Faults>>,
    /// By how much faults made the clock jump, in nanoseconds.
    offset: Arc<AtomicI64>,
}

/// How late the exchange may be before ticks are skipped, where the clock jumps.
const LATE_MAX: Duration = Duration::from_secs(2);

/// What goes to an instance's thread.
pub(crate) enum Event {
    /// Something of the exchange.
    Delivery(Delivery),
    /// An answer that the exchange has no part in.
    Answer(Parcel),
    /// A fault in the library.
    Library(LibraryFault),
    /// Dropped once everything before it is done; whoever waits at the other end then hears of it.
    Barrier(#[expect(dead_code, reason = "it is there to be dropped")] Sender<()>),
    /// `Release` was called, and callbacks are to go on until then.
    Late(Instant),
    /// Something of the connection with this number.
    Remote(u64, RemoteEvent),
    /// The instance is being released.
    Stop,
}

impl Engine {
    pub(crate) fn new(exchange: Exchange, start: Timestamp, jumps: bool) -> Self {
        Self::of(Logged::new(exchange, None), start, jumps, 1)
    }

    fn of(exchange: Logged, latest: Timestamp, jumps: bool, session_next: u64) -> Self {
        Self {
            exchange: Some(exchange),
            sessions: BTreeMap::new(),
            session_next,
            arrived: BTreeSet::new(),
            latest,
            outputs: Vec::new(),
            asking: Vec::new(),
            lost_queries: BTreeMap::new(),
            notices: Arc::default(),
            held: BTreeMap::new(),
            touched: Vec::new(),
            jumps,
            counts: Counts::default(),
            closed: false,
            owed: Vec::new(),
            faults: None,
            offset: Arc::default(),
        }
    }

    /// Goes on with an exchange whose inputs are kept and which stands at `latest`; its sessions have numbers below
    /// `session_next`. Connections of the run before are ended first of all.
    #[cfg(feature = "serve")]
    pub(crate) fn resume(exchange: Logged, latest: Timestamp, jumps: bool, session_next: u64) -> Self {
        let connected = exchange.sessions().into_iter().filter(|session| session.connected);
        let owed = connected.map(|session| session.session).collect();
        let mut engine = Self { owed, ..Self::of(exchange, latest, jumps, session_next) };
        engine.end_owed();
        engine
    }

    /// Lets the log of the inputs fail as on a full disk, or work again. Returns whether there is one.
    pub(crate) fn fail_log(&mut self, on: bool) -> bool {
        self.exchange.as_mut().and_then(Logged::log_mut).map(|log| log.fail(on)).is_some()
    }

    /// Lets readers of the log see how the exchange stands. Returns whether one look was not enough.
    #[cfg(feature = "serve")]
    pub(crate) fn show(&mut self) -> bool {
        self.exchange.as_mut().is_some_and(Logged::show)
    }

    /// Gives a mailbox a session number.
    pub(crate) fn add_session(&mut self, mailbox: Box<dyn Mailbox>) -> SessionId {
        let session = SessionId(self.session_next);
        self.session_next += 1;
        self.sessions.insert(session, mailbox);
        session
    }

    /// Runs what is due until `now`, at most `moments_max` moments of it, and returns how far it came.
    pub(crate) fn catch_up(&mut self, now: Timestamp, moments_max: usize) -> Timestamp {
        self.end_owed();
        if self.jumps && self.next_deadline().is_some_and(|deadline| deadline.after(LATE_MAX) < now) {
            // What cannot be kept does not happen: the ticks are made up for then.
            drop(self.step(now, Input::Skip));
        }
        for _ in 0..moments_max {
            match self.next_deadline() {
                Some(deadline) if deadline <= now => self.advance(deadline),
                _ => return now,
            }
        }
        self.next_deadline().map_or(now, |deadline| deadline.min(now))
    }

    /// Runs ahead of the clock until `until`, at most `moments_max` moments, and stops where a connection ends, since
    /// its instance then has something to do. Returns how far it came.
    pub(crate) fn run(&mut self, until: Timestamp, moments_max: usize) -> Timestamp {
        self.closed = false;
        for _ in 0..moments_max {
            match self.next_deadline() {
                Some(deadline) if deadline <= until => self.advance(deadline),
                _ => return until,
            }
            if self.closed {
                return self.latest;
            }
        }
        self.latest
    }

    /// Lets time come to a deadline.
    fn advance(&mut self, deadline: Timestamp) {
        // Time passing is not kept, so it cannot fail.
        drop(self.step(deadline, Input::Advance));
        while let Some((&session, _)) = self.held.iter().find(|(_, (at, _))| *at <= deadline) {
            if let Some((_, connection)) = self.held.remove(&session) {
                self.connect(deadline, connection);
            }
        }
    }

    /// Connects a session, unless it was removed meanwhile.
    pub(crate) fn connect(&mut self, now: Timestamp, connection: Connection) {
        let Connection { session, kind, api_version, topics } = connection;
        self.held.remove(&session);
        if !self.sessions.contains_key(&session) {
            return;
        }
        self.arrived.insert(session);
        if let Some((Topics { private, public, sequence }, received)) = topics {
            let topics = Input::Topics { session, private, public, sequence, received: Some(received) };
            if self.step(now, topics).is_err() {
                // The client was told that its connection ended.
                return;
            }
        }
        // What cannot be kept is told to the client in the same way.
        drop(self.step(now, Input::Connect { session, kind, api_version }));
    }

    /// Connects a session at a later time, unless it is removed before.
    pub(crate) fn hold(&mut self, until: Timestamp, connection: Connection) {
        if self.sessions.contains_key(&connection.session) {
            self.arrived.insert(connection.session);
            self.held.insert(connection.session, (until, connection));
        }
    }

    /// Forgets a session; returns whether there was one.
    pub(crate) fn remove(&mut self, session: SessionId) -> bool {
        self.held.remove(&session);
        self.arrived.remove(&session);
        self.sessions.remove(&session).is_some()
    }

    /// Forgets the exchange and its sessions: a dead front.
    pub(crate) fn end(&mut self) {
        if let Some(mut exchange) = self.exchange.take() {
            exchange.close();
        }
        self.sessions.clear();
        self.arrived.clear();
        self.held.clear();
    }

    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let of_exchange = self.exchange.as_ref().and_then(|exchange| exchange.next_deadline());
        let of_held = self.held.values().map(|(at, _)| *at);
        // Without a client time stands, and so do plans.
        let of_faults = self.faults.as_ref().filter(|_| !self.sessions.is_empty());
        of_held.chain(of_exchange).chain(of_faults.and_then(|faults| faults.next_deadline())).min()
    }

    /// Returns whether every delivery's callback has returned.
    pub(crate) fn is_quiet(&self) -> bool {
        self.sessions.values().all(|mailbox| mailbox.waiting() == 0)
    }

    /// Returns whether a client is there, or between two connections: a clock that waits for nobody stands otherwise.
    pub(crate) fn is_attended(&self) -> bool {
        !self.arrived.is_empty()
    }

    /// Returns an instrument's present tick and its record.
    pub(crate) fn instrument(&self, id: &str) -> Option<[RecordBox; 2]> {
        let (instrument, tick) = self.exchange.as_ref()?.instrument(id)?;
        // The instrument's own fields go first: the tick of a futures front has no ExchangeID.
        Some([RecordBox::new(&instrument), RecordBox::new(&tick)])
    }

    /// Returns the trading day and the sessions.
    pub(crate) fn look(&self) -> Option<(String, Vec<SessionState>)> {
        let exchange = self.exchange.as_ref()?;
        Some((exchange.trading_day().to_str().into_owned(), exchange.sessions()))
    }

    /// Returns the exchange to look at; `None` of a dead front.
    pub(crate) fn exchange(&self) -> Option<&Exchange> {
        self.exchange.as_deref()
    }

    /// Returns 0 when a request may go to the exchange, else its refusal.
    pub(crate) fn admit(&mut self, now: Timestamp, input: &Input) -> i32 {
        let injected = self.faults.as_mut().map_or(0, |faults| faults.admit(self.latest.max(now), input));
        if injected != 0 {
            return injected;
        }
        let Some(exchange) = &self.exchange else {
            return 0;
        };
        match input {
            Input::Trader { session, request, .. } => {
                exchange.admit(now, *session, ApiKind::Trader, *request as u16)
            }
            Input::Md { session, request, .. } => exchange.admit(now, *session, ApiKind::Md, *request as u16),
            _ => 0,
        }
    }

    /// Returns the front's limits, as a client knows them that has logged in.
    pub(crate) fn limits(&self) -> Limits {
        self.exchange.as_ref().map_or_else(Limits::default, |exchange| {
            let (api_queries_per_second, (qry_freq, ftd_pkg_freq)) = exchange.limits();
            Limits { api_queries_per_second, qry_freq, ftd_pkg_freq }
        })
    }

    /// Returns `QryFreq` and `FTDPkgFreq` as a session knows them.
    pub(crate) fn front_limits(&self, session: SessionId) -> Option<(i32, i32)> {
        self.exchange.as_ref().map(|exchange| exchange.front_limits(session))
    }

    /// Steps the exchange and routes what comes out of it.
    ///
    /// # Errors
    ///
    /// Returns an error when the input could not be kept: it is not carried out then, and its client has been told.
    pub(crate) fn step(&mut self, now: Timestamp, input: Input) -> Result<(), NotKept> {
        match self.faults.take() {
            None => {
                let kept = self.carry_out(now, input);
                self.route();
                kept
            }
            Some(faults) => self.step_with(faults, now, input),
        }
    }

    /// Steps the exchange; what comes out of it waits in the outputs.
    fn carry_out(&mut self, now: Timestamp, input: Input) -> Result<(), NotKept> {
        let from = self.latest;
        self.latest = from.max(now);
        let Some(exchange) = &mut self.exchange else {
            return Ok(());
        };
        let told = exchange.log_mut().map(|_| Unkept::of(&input));
        let (outputs, latest) = (&mut self.outputs, self.latest);
        self.counts.input(&input);
        if let Input::Connect { session, .. } | Input::Disconnect { session } = &input {
            self.lost_queries.remove(session);
        }
        let mut asked = None;
        if let Input::Connect { session, .. } = &input {
            self.owed.retain(|owed| owed != session);
            let peer = self.sessions.get(session).and_then(|mailbox| mailbox.peer());
            self.notices.input(latest, &input, peer);
        } else {
            self.notices.input(latest, &input, None);
        }
        if let Input::Trader { session, request, .. } = &input
            && request.kind() == RequestKind::Query
            && self.sessions.get(session).is_some_and(|mailbox| mailbox.peer().is_some())
        {
            self.asking.push(*session);
            asked = Some(*session);
        }
        let stepped = panic::catch_unwind(AssertUnwindSafe(|| exchange.step(from, latest, input, outputs)));
        let kept = stepped.unwrap_or_else(|_| {
            error!("the exchange panicked: closing every connection; this is a bug of the simulator");
            self.exchange = None;
            self.outputs.clear();
            let closed = self
                .sessions
                .keys()
                .map(|&session| Output { session, delivery: Delivery::Close { reason: REASON_READ_FAILED } });
            self.outputs.extend(closed);
            Ok(())
        });
        if let (Err(cause), Some(told)) = (&kept, told) {
            warn!(%cause, "an input is not carried out");
            if let Some(session) = asked {
                *self.lost_queries.entry(session).or_default() += 1;
            }
            if let Unkept::Owed(session) = told {
                self.owed.push(session);
            }
            self.outputs.extend(told.output());
        }
        self.notices.outputs(self.latest, &self.outputs);
        self.tell_admissions();
        kept
    }

    /// Ends the connections whose end could not be kept when it came.
    fn end_owed(&mut self) {
        for session in std::mem::take(&mut self.owed) {
            // What cannot be kept now either is owed again.
            drop(self.step(self.latest, Input::Disconnect { session }));
        }
    }

    /// Tells clients elsewhere whose queries have ended that they may ask again: before the answers, because an answer's
    /// callback may ask at once.
    fn tell_admissions(&mut self) {
        let Some(exchange) = self.exchange.as_ref().filter(|_| !self.asking.is_empty()) else {
            return;
        };
        let (sessions, lost, limits) = (&self.sessions, &self.lost_queries, self.limits());
        self.asking.retain(|session| {
            let (queries_done, asks) = exchange.queries(*session);
            let queries_done = queries_done + lost.get(session).copied().unwrap_or_default();
            if let Some(mailbox) = sessions.get(session).filter(|_| !asks) {
                let admission = Admission { queries_done, limits, refusals: None };
                mailbox.admit(admission);
            }
            asks
        });
    }

    fn route(&mut self) {
        let mut full = Vec::new();
        let mut last = None;
        for output in self.outputs.drain(..) {
            let Output { session, delivery } = output;
            self.counts.delivery(&delivery);
            self.closed |= matches!(delivery, Delivery::Close { .. });
            let Some(mailbox) = self.sessions.get(&session) else {
                continue;
            };
            if mailbox.put(delivery) && !full.contains(&session) {
                full.push(session);
            }
            if last != Some(session) {
                last = Some(session);
                self.touched.push(session);
            }
        }
        for session in self.touched.drain(..) {
            if let Some(mailbox) = self.sessions.get(&session) {
                mailbox.flush(self.latest);
            }
        }
        for session in full {
            warn!(session = session.0, "client does not read: closing its connection");
            drop(self.step(self.latest, Input::Disconnect { session }));
            if let Some(mailbox) = self.sessions.get(&session) {
                // The server says more of one elsewhere.
                if mailbox.peer().is_none() {
                    let reason = "it does not read".to_owned();
                    self.notices.note(self.latest, Notice::Left { session: session.0, reason });
                }
                mailbox.put(Delivery::Close { reason: REASON_READ_FAILED });
                mailbox.flush(self.latest);
            }
        }
    }
}
