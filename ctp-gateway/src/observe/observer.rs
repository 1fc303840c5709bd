//! What stands around every step of a session: metrics, and what its health is made of.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, Histogram, SharedString, counter, gauge, histogram};

use ctp_types::RspInfoField;

use crate::capture::{Progress, SessionKind};
use crate::error::{SendRefusal, ServerError};
use crate::health::{CaptureHealth, Happened, SessionHealth, Waiting};
use crate::metrics as names;
use crate::observe::latency::Latencies;
use crate::session::Now;
use crate::state::{DisconnectReason, SessionState};

/// A session that can be observed.
pub(crate) trait Observed {
    type Input;
    type Output;

    fn heard(input: &Self::Input) -> Heard;

    fn told(output: &Self::Output) -> Told<'_>;

    /// Returns the input's name for a span.
    fn name(input: &Self::Input) -> &'static str;

    /// Returns the instrument that the input is about.
    fn instrument(input: &Self::Input) -> Option<String>;
}

/// What an input is about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    Callback {
        name: &'static str,
        received_ns: Option<i64>,
        about: About,
    },
    Command,
    /// The library did not take a request.
    NotTaken(&'static str),
    Other,
}

/// What a callback says that a page shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum About {
    Disconnect {
        code: i32,
        text: String,
    },
    /// A refused step of the login.
    Refusal {
        code: i32,
        text: String,
    },
    Other,
}

impl About {
    /// A broken link, by the library's reason.
    pub(crate) fn disconnect(code: i32) -> Self {
        Self::Disconnect { code, text: DisconnectReason(code).to_string() }
    }

    /// An answer, of a step of the login or not.
    pub(crate) fn answer(is_login_step: bool, rsp_info: Option<&RspInfoField>) -> Self {
        match ServerError::check(rsp_info) {
            Err(error) if is_login_step => Self::Refusal { code: error.code, text: error.to_string() },
            _ => Self::Other,
        }
    }
}

/// Returns the label of a return code.
pub(crate) fn not_taken(refusal: &SendRefusal) -> &'static str {
    match refusal {
        SendRefusal::NotConnected => "not_connected",
        SendRefusal::TooManyUnanswered => "too_many_unanswered",
        SendRefusal::TooFast => "too_fast",
        _ => "library",
    }
}

/// What an output is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Told<'a> {
    State(&'a SessionState),
    Event(&'static str),
    Watchdog(&'static str),
    /// A request was handed to the library.
    Attempt(&'static str),
    Ended {
        request: &'static str,
        outcome: &'static str,
        waited: Duration,
        paced: Duration,
    },
    Other,
}

/// Who is observed.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) session: SessionKind,
    pub(crate) broker_id: String,
    pub(crate) user_id: String,
    pub(crate) fronts: String,
    pub(crate) library: String,
}

/// The client's end: how the session is.
#[derive(Clone, Debug)]
pub(crate) struct Vitals {
    shared: Arc<Mutex<SessionHealth>>,
    capture: Option<Arc<Progress>>,
    market_data: Arc<MarketData>,
}

/// What only a market data session has.
#[derive(Debug, Default)]
struct MarketData {
    subscriptions: AtomicUsize,
    ticks: AtomicU64,
    ticks_lost: AtomicU64,
}

impl Vitals {
    /// Returns how many instruments are wanted.
    pub(crate) fn subscriptions(&self) -> usize {
        self.market_data.subscriptions.load(Ordering::Relaxed)
    }

    pub(crate) fn health(&self) -> SessionHealth {
        let mut health = self.lock().clone();
        health.capture = self.capture.as_deref().map(|progress| CaptureHealth {
            totals: progress.totals(),
            bytes: progress.bytes.load(Ordering::Relaxed),
            is_stopped: progress.stopped.load(Ordering::Relaxed),
        });
        health
    }

    fn lock(&self) -> MutexGuard<'_, SessionHealth> {
        // No user code runs under the lock, so a poisoned one is whole.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task's end. Everything here happens where the session works, never on the library's thread.
#[derive(Debug)]
pub(crate) struct Observer {
    vitals: Vitals,
    session: &'static str,
    account: SharedString,
    state: Gauge,
    /// In the order of [`Waiting`]'s fields.
    depths: [Gauge; 4],
    step_time: Histogram,
    callback_wait: Histogram,
    commands: Counter,
    callbacks: Named,
    events: Named,
    attempts: Named,
    begun: Option<Instant>,
}

/// The counters of a metric by the value of its label, which is one of a few constants. Making a counter's key allocates;
/// on the way of an order nothing does twice.
#[derive(Debug)]
struct Named {
    metric: &'static str,
    label: &'static str,
    known: Vec<(&'static str, Counter)>,
}

impl Named {
    fn new(metric: &'static str, label: &'static str) -> Self {
        Self { metric, label, known: Vec::new() }
    }

    /// Counts one of `value`. Constants are told apart by where they are; one that is at two places is known twice.
    fn count(&mut self, session: &'static str, account: &SharedString, value: &'static str) {
        if let Some((_, counter)) = self.known.iter().find(|(known, _)| std::ptr::eq(*known, value)) {
            return counter.increment(1);
        }
        let Self { metric, label, .. } = *self;
        let counter = counter!(metric, "session" => session, "account" => account.clone(), label => value);
        counter.increment(1);
        self.known.push((value, counter));
    }
}

impl Observer {
    /// `capture` is how far the session's recording is.
    pub(crate) fn new(subject: Subject, now_ns: i64, capture: Option<Arc<Progress>>) -> Self {
        let Subject { session, broker_id, user_id, fronts, library } = subject;
        let label = label(session);
        let account = SharedString::from(Arc::<str>::from(user_id.as_str()));
        let state = SessionState::Connecting;
        let health = SessionHealth {
            session,
            broker_id,
            user_id,
            fronts,
            library,
            is_ready: false,
            is_usable: false,
            state: state.name().to_owned(),
            state_text: state.to_string(),
            state_since_ns: now_ns,
            trading_day: String::new(),
            logins: 0,
            disconnects: 0,
            last_disconnect: None,
            last_refusal: None,
            watchdogs: BTreeMap::new(),
            callbacks: 0,
            last_callback_ns: None,
            waiting: Waiting::default(),
            requests: BTreeMap::new(),
            step_max_ns: 0,
            capture: None,
        };
        let this = Self {
            vitals: Vitals { shared: Arc::new(Mutex::new(health)), capture, market_data: Arc::default() },
            session: label,
            state: gauge!(names::SESSION_STATE, "session" => label, "account" => account.clone()),
            step_time: histogram!(names::STEP_TIME, "session" => label, "account" => account.clone()),
            depths: ["callbacks", "commands", "queries", "requests"].map(|queue| {
                gauge!(names::QUEUE_DEPTH, "session" => label, "account" => account.clone(), "queue" => queue)
            }),
            callback_wait: histogram!(names::CALLBACK_WAIT, "session" => label, "account" => account.clone()),
            commands: counter!(names::COMMANDS, "session" => label, "account" => account.clone()),
            callbacks: Named::new(names::CALLBACKS, "callback"),
            events: Named::new(names::EVENTS, "event"),
            attempts: Named::new(names::REQUEST_ATTEMPTS, "request"),
            account,
            begun: None,
        };
        this.state.set(number(&state));
        this
    }

    pub(crate) fn vitals(&self) -> Vitals {
        self.vitals.clone()
    }

    /// Takes an input before its step, and what waits behind it.
    pub(crate) fn before<S: Observed>(&mut self, now: Now, input: &S::Input, waiting: Waiting) {
        let heard = S::heard(input);
        // Without the lock: a recorder of metrics may ask for the health.
        if self.note(now, &heard, waiting) {
            let Waiting { callbacks, commands, queries, requests } = waiting;
            let queues = [callbacks, commands, queries, requests];
            for (depth, waiting) in self.depths.iter().zip(queues) {
                depth.set(waiting as f64);
            }
        }
        match heard {
            Heard::Callback { name, received_ns, about } => {
                match about {
                    About::Disconnect { code, .. } => {
                        self.count(names::SESSION_DISCONNECTS, "reason", format!("{code:#x}"));
                    }
                    About::Refusal { code, .. } => {
                        self.count(names::SESSION_REFUSALS, "code", code.to_string());
                    }
                    About::Other => {}
                }
                self.callbacks.count(self.session, &self.account, name);
                if let Some(received_ns) = received_ns {
                    // A clock that was set back meanwhile makes no negative time.
                    self.callback_wait.record((now.unix_ns - received_ns).max(0) as f64 / 1e9);
                }
            }
            Heard::Command => self.commands.increment(1),
            Heard::NotTaken(reason) => self.count(names::REQUEST_REFUSED, "reason", reason),
            Heard::Other => {}
        }
        self.begun = Some(Instant::now());
    }

    /// Takes into the health what came in. Returns whether the depth of a queue changed.
    fn note(&self, now: Now, heard: &Heard, waiting: Waiting) -> bool {
        let mut health = self.vitals.lock();
        if let Heard::Callback { about, .. } = heard {
            health.callbacks += 1;
            health.last_callback_ns = Some(now.unix_ns);
            match about {
                About::Disconnect { text, .. } => {
                    health.disconnects += 1;
                    health.last_disconnect = Some(Happened { what: text.clone(), at_ns: now.unix_ns });
                }
                About::Refusal { text, .. } => {
                    health.last_refusal = Some(Happened { what: text.clone(), at_ns: now.unix_ns });
                }
                About::Other => {}
            }
        }
        std::mem::replace(&mut health.waiting, waiting) != waiting
    }

    /// Returns how long the step took that has just ended.
    pub(crate) fn took(&mut self) -> Option<Duration> {
        self.begun.take().map(|begun| begun.elapsed())
    }

    /// Takes what a step put out, and how long it [`took`](Self::took).
    pub(crate) fn after<S: Observed>(&mut self, now: Now, took: Option<Duration>, outputs: &[S::Output]) {
        if let Some(took) = took {
            self.step_time.record(took.as_secs_f64());
            let mut health = self.vitals.lock();
            health.step_max_ns = health.step_max_ns.max(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        }
        for output in outputs {
            match S::told(output) {
                Told::State(state) => self.take_state(now, state),
                Told::Event(event) => self.events.count(self.session, &self.account, event),
                Told::Watchdog(watchdog) => self.take_watchdog(watchdog),
                Told::Attempt(request) => self.attempts.count(self.session, &self.account, request),
                Told::Ended { request, outcome, waited, paced } => {
                    *self.vitals.lock().requests.entry(outcome.to_owned()).or_default() += 1;
                    let account = self.account.clone();
                    counter!(names::REQUESTS, "session" => self.session, "account" => account, "request" => request, "outcome" => outcome)
                        .increment(1);
                    self.time(names::REQUEST_TIME, request, waited);
                    self.time(names::REQUEST_PACING, request, paced);
                }
                Told::Other => {}
            }
        }
        self.take_capture();
    }

    /// Takes what only a market data session has: how many instruments are wanted, how many ticks came so far, and how
    /// many of them consumers were too slow for.
    pub(crate) fn take_market_data(&self, subscriptions: usize, ticks: u64, ticks_lost: u64) {
        let labels = [("session", SharedString::from(self.session)), ("account", self.account.clone())];
        let known = &self.vitals.market_data;
        if known.subscriptions.swap(subscriptions, Ordering::Relaxed) != subscriptions {
            gauge!(names::SUBSCRIPTIONS, &labels).set(subscriptions as f64);
        }
        if known.ticks.swap(ticks, Ordering::Relaxed) != ticks {
            counter!(names::TICKS, &labels).absolute(ticks);
        }
        if known.ticks_lost.swap(ticks_lost, Ordering::Relaxed) != ticks_lost {
            counter!(names::TICKS_LOST, &labels).absolute(ticks_lost);
        }
    }

    /// Returns where consumers of ticks measure.
    pub(crate) fn tick_latencies(&self) -> Latencies {
        let account = self.account.clone();
        Latencies::new(histogram!(names::TICK_LATENCY, "session" => self.session, "account" => account))
    }

    fn take_state(&self, now: Now, state: &SessionState) {
        self.state.set(number(state));
        let mut health = self.vitals.lock();
        if let SessionState::Ready(login) | SessionState::Recovering(login) = state {
            health.trading_day = login.trading_day.to_string();
        }
        let became_usable = state.is_usable() && !health.is_usable;
        health.logins += u64::from(became_usable);
        health.is_usable = state.is_usable();
        health.is_ready = state.is_ready();
        health.state = state.name().to_owned();
        health.state_text = state.to_string();
        health.state_since_ns = now.unix_ns;
        drop(health);
        let labels = [("session", SharedString::from(self.session)), ("account", self.account.clone())];
        if became_usable {
            counter!(names::SESSION_LOGINS, &labels).increment(1);
        }
        if matches!(state, SessionState::Faulted(_)) {
            counter!(names::SESSION_FAULTS, &labels).increment(1);
        }
    }

    fn take_watchdog(&self, watchdog: &'static str) {
        *self.vitals.lock().watchdogs.entry(watchdog.to_owned()).or_default() += 1;
        self.count(names::WATCHDOGS, "watchdog", watchdog);
    }

    fn take_capture(&self) {
        let Some(progress) = &self.vitals.capture else { return };
        let labels = [("session", SharedString::from(self.session)), ("account", self.account.clone())];
        let totals = progress.totals();
        counter!(names::CAPTURE_STEPS, &labels).absolute(totals.steps);
        counter!(names::CAPTURE_BYTES, &labels).absolute(progress.bytes.load(Ordering::Relaxed));
        for (what, lost) in [("steps", totals.steps_lost), ("ticks", totals.ticks_lost)] {
            counter!(names::CAPTURE_LOST, "session" => self.session, "account" => self.account.clone(), "what" => what)
                .absolute(lost);
        }
    }

    fn count(&self, metric: &'static str, label: &'static str, value: impl Into<SharedString>) {
        let value = value.into();
        counter!(metric, "session" => self.session, "account" => self.account.clone(), label => value)
            .increment(1);
    }

    fn time(&self, metric: &'static str, request: &'static str, time: Duration) {
        histogram!(metric, "session" => self.session, "account" => self.account.clone(), "request" => request)
            .record(time.as_secs_f64());
    }
}

pub(super) fn label(session: SessionKind) -> &'static str {
    match session {
        SessionKind::Md => "md",
        SessionKind::Td => "td",
    }
}

/// Returns the number of a state as [`names::SESSION_STATE`] says.
fn number(state: &SessionState) -> f64 {
    match state {
        SessionState::Closed => 0.0,
        SessionState::Faulted(_) => 1.0,
        SessionState::Reconnecting(_) => 2.0,
        SessionState::Connecting => 3.0,
        SessionState::Authenticating(_) => 4.0,
        SessionState::LoggingIn(_) => 5.0,
        SessionState::Confirming(_) => 6.0,
        SessionState::Recovering(_) => 7.0,
        SessionState::Ready(_) => 8.0,
    }
}

#[cfg(test)]
mod tests;
