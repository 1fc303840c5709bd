//! A running exchange: the state machine, its lock, and the thread that steps it at its deadlines.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use ctp_sim::{ApiKind, Command, Config, Exchange, Input, Received, SessionId, SessionState, Timestamp};
use tracing::{debug, error};

use crate::clock::{Clock, Pace, PaceError};
use crate::counts::Counts;
use crate::engine::Engine;
use crate::fault::{FaultPlan, PlanState};
use crate::instance::{NOT_CONNECTED, Topics};
use crate::logged::{NotKept, Undone};
use crate::mailbox::Mailbox;
use crate::notice::{Line, Notice, Notices, Watcher};
use crate::registry::{self, StartError};
#[cfg(feature = "serve")]
use crate::wire::Limits;

/// Moments that are caught up with before somebody else gets the lock.
const MOMENTS_MAX: usize = 64;

/// How long the driver thread leaves the lock to callers.
const GIVE_WAY: Duration = Duration::from_micros(100);

/// How often the driver thread looks whether clients are done before it sleeps.
const YIELDS_MAX: usize = 32;

/// How often the tables of a store that are for people are written.
#[cfg(feature = "serve")]
const SHOW_EVERY: Duration = Duration::from_secs(3);

/// Between two looks of one such time: others have their turn.
#[cfg(feature = "serve")]
const SHOW_PAUSE: Duration = Duration::from_millis(20);

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
    /// By how much faults made the exchange's time jump away from the clock's, in nanoseconds.
    offset: Arc<AtomicI64>,
    /// Tells one run of an exchange from another in flow files; never 0.
    phase: u16,
    engine: Mutex<Engine>,
    /// Callers that want the lock: the driver gives way to them when it cannot keep up.
    callers: AtomicUsize,
    /// Told when a deadline may have come nearer.
    sooner: Condvar,
    /// What those who watch it read.
    notices: Arc<Notices>,
    /// Whether the exchange was ended.
    ended: AtomicBool,
}

/// How a session connects.
pub(crate) struct Connection {
    pub(crate) session: SessionId,
    pub(crate) kind: ApiKind,
    pub(crate) api_version: (u16, u16, u16),
    /// `None` for market data, which has no streams.
    pub(crate) topics: Option<(Topics, Received)>,
}

impl Simulator {
    /// Starts an exchange without giving it a place in the registry.
    pub(crate) fn spawn(name: &str, config: Config, clock: Box<dyn Clock>) -> Result<Self, StartError> {
        let start = config.start;
        let engine = Engine::new(Exchange::new(config)?, start, clock.jumps());
        Self::launch(name, engine, phase(start), clock)
    }

    /// Goes on with the exchange of a store.
    #[cfg(feature = "serve")]
    pub(crate) fn spawn_stored(
        name: &str,
        store: crate::store::Store,
        clock: Box<dyn Clock>,
    ) -> Result<Self, StartError> {
        let phase = store.phase;
        let engine = Engine::resume(store.exchange, store.reached, clock.jumps(), store.session_next);
        let simulator = Self::launch(name, engine, phase, clock)?;
        simulator.show_from_time_to_time()?;
        Ok(simulator)
    }

    /// Starts the thread that writes the tables of the store that are for people.
    #[cfg(feature = "serve")]
    fn show_from_time_to_time(&self) -> Result<(), StartError> {
        let shared = Arc::downgrade(&self.shared);
        let show = move || {
            while let Some(shared) = shared.upgrade().filter(|shared| !shared.ended.load(Ordering::SeqCst)) {
                let more = Self { shared }.engine().show();
                thread::sleep(if more { SHOW_PAUSE } else { SHOW_EVERY });
            }
        };
        let started = thread::Builder::new().name("ctp-sim-show".to_owned()).spawn(show);
        started.map(drop).map_err(|source| StartError::Thread { name: self.name().to_owned(), source })
    }

    /// Starts the driver thread.
    fn launch(name: &str, engine: Engine, phase: u16, clock: Box<dyn Clock>) -> Result<Self, StartError> {
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            clock,
            offset: engine.clock_offset(),
            phase,
            notices: Arc::clone(&engine.notices),
            engine: Mutex::new(engine),
            callers: AtomicUsize::new(0),
            sooner: Condvar::new(),
            ended: AtomicBool::new(false),
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
        self.shared.now()
    }

    /// Returns what the clock shows at a time of the exchange: another time where a fault made the exchange's jump.
    pub(crate) fn on_clock(&self, at: Timestamp) -> Timestamp {
        self.shared.on_clock(at)
    }

    /// Brings a plan of faults into force and returns its number. Several may be in force; they follow one another.
    pub fn add_faults(&self, plan: FaultPlan) -> u64 {
        let mut engine = self.engine();
        let before = engine.next_deadline();
        let now = engine.catch_up(self.shared.now(), MOMENTS_MAX);
        let id = engine.add_faults(now, plan);
        self.look_sooner(&engine, before);
        id
    }

    /// Does the faults of a plan once, as a command; they begin at once.
    pub(crate) fn do_once(&self, plan: FaultPlan) {
        let mut engine = self.engine();
        let before = engine.next_deadline();
        let now = engine.catch_up(self.shared.now(), MOMENTS_MAX);
        engine.do_once(now, plan);
        self.look_sooner(&engine, before);
    }

    /// Takes a plan of faults out of force, or all of them. What they held goes on. Returns how many there were.
    pub fn clear_faults(&self, id: Option<u64>) -> usize {
        let mut engine = self.engine();
        let before = engine.next_deadline();
        let now = engine.catch_up(self.shared.now(), MOMENTS_MAX);
        let cleared = engine.clear_faults(now, id);
        self.look_sooner(&engine, before);
        cleared
    }

    /// Returns the plans of faults in force, with what each has done.
    pub fn faults(&self) -> Vec<PlanState> {
        self.engine().fault_states()
    }

    /// Returns the exchange's clock.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.shared.clock
    }

    /// Lets the exchange look at the clock again, after a [`ManualClock`](crate::ManualClock) was moved.
    pub fn wake(&self) {
        self.engine().catch_up(self.shared.now(), usize::MAX);
    }

    /// Ends the exchange: its name is free again, its thread ends, and its memory is given back.
    ///
    /// For tests that start many of them. Clients that are still there hear nothing more; release them before.
    pub fn end(&self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        registry::forget(self);
        self.engine().end();
        self.shared.notices.end();
        self.shared.sooner.notify_all();
    }

    /// Does to the exchange what no client does, at its present time.
    pub fn command(&self, command: Command) {
        let mut engine = self.engine();
        if let Err(cause) = self.step(&mut engine, Input::Command(command)) {
            error!(exchange = self.shared.name, %cause, "a command is not carried out");
        }
    }

    /// Lets the store fail as on a full disk, or work again: what cannot be kept is not carried out, and its client is
    /// told. Returns whether the exchange has a store.
    pub fn fill_disk(&self, on: bool) -> bool {
        self.engine().fail_log(on)
    }

    /// Does to the exchange what no client does, at its present time, unless the command names what there is not.
    ///
    /// # Errors
    ///
    /// Returns an error that names the value and what there is instead, or that the command could not be kept in the
    /// store; nothing was done then.
    pub fn try_command(&self, command: Command) -> Result<(), Undone> {
        let mut engine = self.engine();
        engine.catch_up(self.shared.now(), MOMENTS_MAX);
        engine.exchange().map_or(Ok(()), |exchange| exchange.check_command(&command))?;
        self.step(&mut engine, Input::Command(command))?;
        Ok(())
    }

    /// Looks at the exchange, which meanwhile does nothing else; `None` of one that is dead.
    pub fn look_at<T>(&self, look: impl FnOnce(&Exchange) -> T) -> Option<T> {
        let mut engine = self.engine();
        // What is due is seen: the driver thread may not have come to it.
        engine.catch_up(self.shared.now(), MOMENTS_MAX);
        engine.exchange().map(look)
    }

    /// Returns how the exchange's clock runs.
    pub fn pace(&self) -> Pace {
        self.shared.clock.pace()
    }

    /// Stops the exchange's clock, or lets it go on.
    ///
    /// While it stands there are no ticks. Requests are taken at the time it shows; their answers come when it goes on,
    /// as does everything else that takes time.
    ///
    /// # Errors
    ///
    /// Returns an error of a clock that is moved by hand.
    pub fn set_paused(&self, paused: bool) -> Result<(), PaceError> {
        self.change_pace(|clock| clock.set_paused(paused))
    }

    /// Changes how fast the exchange's clock runs.
    ///
    /// # Errors
    ///
    /// Returns an error of a clock that has one speed only, or of a speed that cannot be.
    pub fn set_speed(&self, speed: f64) -> Result<(), PaceError> {
        self.change_pace(|clock| clock.set_speed(speed))
    }

    /// Changes the clock while nobody moves it, and lets everybody who waits by it look at it again.
    fn change_pace(&self, change: impl FnOnce(&dyn Clock) -> Result<(), PaceError>) -> Result<(), PaceError> {
        let mut engine = self.engine();
        change(&*self.shared.clock)?;
        engine.catch_up(self.shared.now(), usize::MAX);
        self.shared.sooner.notify_all();
        Ok(())
    }

    /// Returns what was counted since the exchange started.
    pub fn counts(&self) -> Counts {
        self.engine().counts
    }

    /// Returns the lines of the log from a number on, at most so many of the newest.
    pub fn log(&self, from: u64, limit: usize) -> Vec<Line> {
        self.shared.notices.lines(from, limit)
    }

    /// Returns the fields of an instrument's record and of its present tick by their C names, as text; `None` when it
    /// is not listed.
    pub fn instrument(&self, id: &str) -> Option<Vec<(String, String)>> {
        let records = self.engine().instrument(id)?;
        Some(records.iter().flat_map(crate::scenario::texts).collect())
    }

    /// Returns the trading day as `yyyymmdd`, and the API objects that have connected.
    pub fn look(&self) -> (String, Vec<SessionState>) {
        self.engine().look().unwrap_or_default()
    }

    /// Watches the exchange: from now on orders, trades and faults are noted, too.
    pub fn watch(&self) -> Watcher {
        Watcher::new(&self.shared.notices)
    }

    /// Notes something for those who watch.
    pub fn note(&self, notice: Notice) {
        self.shared.notices.note(self.now(), notice);
    }

    /// Returns whether two handles are of one exchange.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Runs ahead of the clock. See [`Engine::run`].
    pub(crate) fn run(&self, until: Timestamp, moments_max: usize) -> Timestamp {
        self.engine().run(until, moments_max)
    }

    /// Lets a barrier go through every session's mailbox.
    pub(crate) fn barriers(&self, passed: &Sender<()>) {
        let now = self.now();
        for mailbox in self.engine().sessions.values() {
            mailbox.barrier(now, passed.clone());
        }
    }

    /// Returns whether the exchange waits until every callback has returned, now or once its clock goes on.
    #[cfg(feature = "serve")]
    pub(crate) fn hurries(&self) -> bool {
        matches!(self.pace(), Pace::Max { .. })
    }

    /// Returns when something is due next.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.engine().next_deadline()
    }

    /// Returns the number that tells this run from others; never 0.
    pub(crate) fn phase(&self) -> u16 {
        self.shared.phase
    }

    /// Connects a session after so much of the exchange's time, unless it is removed before.
    pub(crate) fn connect(&self, connection: Connection, delay: Duration) {
        let mut engine = self.engine();
        let before = engine.next_deadline();
        let now = engine.catch_up(self.shared.now(), MOMENTS_MAX);
        let was_attended = engine.is_attended();
        match delay {
            Duration::ZERO => engine.connect(now, connection),
            delay => engine.hold(now.after(delay), connection),
        }
        match was_attended {
            true => self.look_sooner(&engine, before),
            false => self.shared.sooner.notify_one(),
        }
    }

    /// Registers a session; it keeps its number until [`remove_session`](Self::remove_session).
    pub(crate) fn add_session(&self, mailbox: Box<dyn Mailbox>) -> SessionId {
        self.engine().add_session(mailbox)
    }

    /// Ends a session's connection and forgets it. A second call has no effect.
    pub(crate) fn remove_session(&self, session: SessionId) {
        self.remove_session_because(session, "the client closed it");
    }

    /// Ends a session's connection for a reason and forgets it. A second call has no effect.
    pub(crate) fn remove_session_because(&self, session: SessionId, reason: &str) {
        let mut engine = self.engine();
        if engine.remove(session) {
            self.note(Notice::Left { session: session.0, reason: reason.to_owned() });
            // What cannot be kept now is done later.
            drop(self.step(&mut engine, Input::Disconnect { session }));
        }
    }

    /// Returns `QryFreq` and `FTDPkgFreq` as a session knows them; `None` of a dead front.
    pub(crate) fn front_limits(&self, session: SessionId) -> Option<(i32, i32)> {
        self.engine().front_limits(session)
    }

    /// Returns once the clock stands for what an instance has waiting: a look at it from before is over.
    pub(crate) fn see_waiting(&self) {
        drop(self.engine());
    }

    /// Hands a request to the exchange unless it refuses it at once.
    ///
    /// Returns 0, or the negative code of the refusal.
    pub(crate) fn request(&self, session: SessionId, input: Input) -> i32 {
        let mut engine = self.engine();
        if !engine.sessions.contains_key(&session) {
            return NOT_CONNECTED;
        }
        let now = engine.catch_up(self.shared.now(), MOMENTS_MAX);
        let refusal = engine.admit(now, &input);
        if refusal == 0 {
            // What cannot be kept is answered by its error.
            drop(self.step(&mut engine, input));
        }
        refusal
    }

    /// Hands an input of a session to the exchange, unless the session was removed. A client behind a connection has
    /// asked itself what its library refuses.
    #[cfg(feature = "serve")]
    pub(crate) fn submit(&self, session: SessionId, input: Input) {
        let mut engine = self.engine();
        if engine.sessions.contains_key(&session) {
            // What cannot be kept is answered by its error.
            drop(self.step(&mut engine, input));
        }
    }

    /// Returns the front's limits, as a client knows them that has logged in.
    #[cfg(feature = "serve")]
    pub(crate) fn limits(&self) -> Limits {
        self.engine().limits()
    }

    /// Takes the exchange's lock.
    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.shared.callers.fetch_add(1, Ordering::Relaxed);
        let engine = crate::lock(&self.shared.engine);
        self.shared.callers.fetch_sub(1, Ordering::Relaxed);
        engine
    }

    /// Hands one input to the exchange, at its present time or as near to it as the exchange can
    /// follow a fast clock.
    fn step(&self, engine: &mut Engine, input: Input) -> Result<(), NotKept> {
        let before = engine.next_deadline();
        let now = engine.catch_up(self.shared.now(), MOMENTS_MAX);
        let kept = engine.step(now, input);
        self.look_sooner(engine, before);
        kept
    }

    /// Wakes the driver when a deadline is nearer than before.
    fn look_sooner(&self, engine: &Engine, before: Option<Timestamp>) {
        let after = engine.next_deadline();
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

impl Shared {
    fn now(&self) -> Timestamp {
        Timestamp(self.clock.now().0.saturating_add(self.offset.load(Ordering::Relaxed)))
    }

    fn on_clock(&self, at: Timestamp) -> Timestamp {
        Timestamp(at.0.saturating_sub(self.offset.load(Ordering::Relaxed)))
    }
}

/// Steps the exchange at each of its deadlines, until it is ended.
fn drive(shared: &Shared) {
    let mut engine = crate::lock(&shared.engine);
    while !shared.ended.load(Ordering::SeqCst) {
        let now = shared.now();
        engine.catch_up(now, MOMENTS_MAX);
        let sleep = match engine.next_deadline() {
            Some(deadline) if deadline <= now => {
                // The clock is faster than we are: the exchange runs as fast as it can.
                drop(engine);
                if shared.callers.load(Ordering::Relaxed) > 0 {
                    thread::sleep(GIVE_WAY);
                }
                engine = crate::lock(&shared.engine);
                continue;
            }
            Some(_) if shared.clock.hurries() && !engine.is_attended() => SLEEP_MAX,
            Some(deadline) if shared.clock.hurries() => {
                // Under the lock from the look to the move: nothing can be delivered in between.
                if engine.is_quiet() && shared.callers.load(Ordering::Relaxed) == 0 {
                    shared.clock.hurry(shared.on_clock(deadline));
                } else {
                    drop(engine);
                    give_way(shared);
                    engine = crate::lock(&shared.engine);
                }
                continue;
            }
            Some(deadline) => shared.clock.wall(between(now, deadline)).min(SLEEP_MAX),
            None => SLEEP_MAX,
        };
        engine = match shared.sooner.wait_timeout(engine, sleep) {
            Ok((engine, _)) => engine,
            Err(poisoned) => poisoned.into_inner().0,
        };
    }
}

/// Leaves the processor to the clients while the exchange waits for them: shortly at first, as most callbacks are short.
fn give_way(shared: &Shared) {
    for _ in 0..YIELDS_MAX {
        thread::yield_now();
        let engine = crate::lock(&shared.engine);
        if engine.is_quiet() && shared.callers.load(Ordering::Relaxed) == 0 {
            return;
        }
    }
    thread::sleep(GIVE_WAY);
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_nanos(u64::try_from(to.0.saturating_sub(from.0)).unwrap_or(0))
}

/// Mixes the start of an exchange and the process id into a number from 1 to 65,535.
pub(crate) fn phase(start: Timestamp) -> u16 {
    let mixed = (start.0 as u64 ^ (u64::from(std::process::id()) << 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed >> 48) as u16).max(1)
}
