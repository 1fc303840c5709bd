//! A running exchange: the state machine, its lock, and the thread that steps it at its deadlines.

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use ctp_sim::{ApiKind, Config, Delivery, Exchange, Input, Output, SessionId, Timestamp};
use tracing::{debug, error, warn};

use crate::clock::Clock;
use crate::instance::{NOT_CONNECTED, Topics};
use crate::registry::StartError;

/// `nReason` of a connection that the other side closed.
pub(crate) const REASON_READ_FAILED: i32 = 0x1001;

/// Deliveries that may wait for a market-data client before the front gives it up, as a real front
/// does with its send list.
const WAITING_MD_MAX: usize = 10_000;

/// Deliveries that may wait for a trader client before the front gives it up.
///
/// Much larger, because a login replays the whole day at once and must never be cut.
const WAITING_TRADER_MAX: usize = 1_000_000;

/// The longest sleep of the driver thread.
const SLEEP_MAX: Duration = Duration::from_secs(3_600);

/// A running exchange. Clones are the same exchange.
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    clock: Box<dyn Clock>,
    /// Tells one run of an exchange from another in flow files; never 0.
    phase: u16,
    core: Mutex<Core>,
    /// Told when a deadline may have come nearer.
    sooner: Condvar,
}

struct Core {
    /// `None` after the exchange panicked: it is then a dead front.
    exchange: Option<Exchange>,
    sessions: BTreeMap<SessionId, Mailbox>,
    session_next: u64,
    latest: Timestamp,
    outputs: Vec<Output>,
}

/// How a session connects.
pub(crate) struct Connection {
    pub(crate) session: SessionId,
    pub(crate) kind: ApiKind,
    pub(crate) api_version: (u16, u16, u16),
    /// `None` for market data, which has no streams.
    pub(crate) topics: Option<Topics>,
}

/// What goes to an instance's thread.
pub(crate) enum Event {
    /// Something of the exchange.
    Delivery(Delivery),
    /// The clock was moved by hand.
    Wake,
    /// The instance is being released.
    Stop,
}

/// Where a session's deliveries go.
pub(crate) struct Mailbox {
    events: Sender<Event>,
    waiting: Arc<AtomicUsize>,
    waiting_max: usize,
}

impl Mailbox {
    pub(crate) fn new(kind: ApiKind, events: Sender<Event>, waiting: Arc<AtomicUsize>) -> Self {
        let waiting_max = match kind {
            ApiKind::Md => WAITING_MD_MAX,
            ApiKind::Trader => WAITING_TRADER_MAX,
        };
        Self { events, waiting, waiting_max }
    }

    /// Puts a delivery in and returns whether the box is now full.
    fn put(&self, delivery: Delivery) -> bool {
        // A closed channel is an instance whose thread has ended: what comes late is for nobody.
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        if self.events.send(Event::Delivery(delivery)).is_err() {
            return false;
        }
        waiting >= self.waiting_max
    }
}

impl Simulator {
    /// Starts an exchange without giving it a place in the registry.
    pub(crate) fn spawn(name: &str, config: Config, clock: Box<dyn Clock>) -> Result<Self, StartError> {
        let start = config.start;
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            clock,
            phase: phase(start),
            core: Mutex::new(Core {
                exchange: Some(Exchange::new(config)?),
                sessions: BTreeMap::new(),
                session_next: 1,
                latest: start,
                outputs: Vec::new(),
            }),
            sooner: Condvar::new(),
        });
        let driven = Arc::clone(&shared);
        thread::Builder::new()
            .name("ctp-sim".to_owned())
            .spawn(move || drive(&driven))
            .map_err(|source| StartError::Thread { name: name.to_owned(), source })?;
        debug!(exchange = name, "exchange started");
        Ok(Self { shared })
    }

    /// Returns the exchange's name.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Returns the exchange's present time.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Lets the exchange and every instance look at the clock again, after a
    /// [`ManualClock`](crate::ManualClock) was moved.
    pub fn wake(&self) {
        let mut core = crate::lock(&self.shared.core);
        core.step(self.shared.clock.now(), Input::Advance);
        for mailbox in core.sessions.values() {
            // A closed channel belongs to an instance that is gone.
            drop(mailbox.events.send(Event::Wake));
        }
    }

    /// Returns how long a duration of the exchange lasts on the machine.
    pub(crate) fn wall(&self, duration: Duration) -> Duration {
        self.shared.clock.wall(duration)
    }

    /// Returns the number that tells this run from others; never 0.
    pub(crate) fn phase(&self) -> u16 {
        self.shared.phase
    }

    /// Connects a session, unless it was removed meanwhile.
    pub(crate) fn connect(&self, connection: Connection) {
        let Connection { session, kind, api_version, topics } = connection;
        let mut core = crate::lock(&self.shared.core);
        if !core.sessions.contains_key(&session) {
            return;
        }
        if let Some(Topics { private, public, sequence }) = topics {
            let topics = Input::Topics { session, private, public, sequence };
            self.step(&mut core, topics);
        }
        let connect = Input::Connect { session, kind, api_version };
        self.step(&mut core, connect);
    }

    /// Registers a session; it keeps its number until [`remove_session`](Self::remove_session).
    pub(crate) fn add_session(&self, mailbox: Mailbox) -> SessionId {
        let mut core = crate::lock(&self.shared.core);
        let session = SessionId(core.session_next);
        core.session_next += 1;
        core.sessions.insert(session, mailbox);
        session
    }

    /// Ends a session's connection and forgets it. A second call has no effect.
    pub(crate) fn remove_session(&self, session: SessionId) {
        let mut core = crate::lock(&self.shared.core);
        if core.sessions.remove(&session).is_some() {
            self.step(&mut core, Input::Disconnect { session });
        }
    }

    /// Hands a request to the exchange unless it refuses it at once.
    ///
    /// Returns 0, or the negative code of the refusal.
    pub(crate) fn request(&self, session: SessionId, input: Input) -> i32 {
        let mut core = crate::lock(&self.shared.core);
        if !core.sessions.contains_key(&session) {
            return NOT_CONNECTED;
        }
        let refusal = core.admit(&input);
        if refusal == 0 {
            self.step(&mut core, input);
        }
        refusal
    }

    fn step(&self, core: &mut Core, input: Input) {
        let before = core.next_deadline();
        core.step(self.shared.clock.now(), input);
        let after = core.next_deadline();
        if after.is_some() && (before.is_none() || after < before) {
            self.shared.sooner.notify_one();
        }
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("name", &self.shared.name).finish_non_exhaustive()
    }
}

impl Core {
    fn next_deadline(&self) -> Option<Timestamp> {
        self.exchange.as_ref().and_then(Exchange::next_deadline)
    }

    /// Returns 0 when a request may go to the exchange, else its refusal.
    fn admit(&self, input: &Input) -> i32 {
        let Some(exchange) = &self.exchange else {
            return 0;
        };
        match input {
            Input::Trader { session, request, .. } => {
                exchange.admit(*session, ApiKind::Trader, *request as u16)
            }
            Input::Md { session, request, .. } => exchange.admit(*session, ApiKind::Md, *request as u16),
            _ => 0,
        }
    }

    /// Steps the exchange and routes what comes out of it.
    fn step(&mut self, now: Timestamp, input: Input) {
        self.latest = self.latest.max(now);
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        let outputs = &mut self.outputs;
        let latest = self.latest;
        let stepped = panic::catch_unwind(AssertUnwindSafe(|| exchange.step(latest, input, outputs)));
        if stepped.is_err() {
            error!("the exchange panicked: closing every connection; this is a bug of the simulator");
            self.exchange = None;
            self.outputs.clear();
            let closed = self
                .sessions
                .keys()
                .map(|&session| Output { session, delivery: Delivery::Close { reason: REASON_READ_FAILED } });
            self.outputs.extend(closed);
        }
        self.route();
    }

    fn route(&mut self) {
        let mut full = Vec::new();
        for Output { session, delivery } in self.outputs.drain(..) {
            let Some(mailbox) = self.sessions.get(&session) else {
                continue;
            };
            if mailbox.put(delivery) && !full.contains(&session) {
                full.push(session);
            }
        }
        for session in full {
            warn!(session = session.0, "client does not read: closing its connection");
            self.step(self.latest, Input::Disconnect { session });
            if let Some(mailbox) = self.sessions.get(&session) {
                mailbox.put(Delivery::Close { reason: REASON_READ_FAILED });
            }
        }
    }
}

/// Steps the exchange at each of its deadlines, for the life of the process.
fn drive(shared: &Shared) {
    let mut core = crate::lock(&shared.core);
    loop {
        let now = shared.clock.now();
        let sleep = match core.next_deadline() {
            Some(deadline) if deadline <= now => {
                core.step(now, Input::Advance);
                // Requests get their turn between two steps of a clock that is faster than we are.
                Duration::ZERO
            }
            Some(deadline) => shared.clock.wall(between(now, deadline)).min(SLEEP_MAX),
            None => SLEEP_MAX,
        };
        core = match shared.sooner.wait_timeout(core, sleep) {
            Ok((core, _)) => core,
            Err(poisoned) => poisoned.into_inner().0,
        };
    }
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_nanos(u64::try_from(to.0.saturating_sub(from.0)).unwrap_or(0))
}

/// Mixes the start of an exchange and the process id into a number from 1 to 65,535.
fn phase(start: Timestamp) -> u16 {
    let mixed = (start.0 as u64 ^ (u64::from(std::process::id()) << 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed >> 48) as u16).max(1)
}
