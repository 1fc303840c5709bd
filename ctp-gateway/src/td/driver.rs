//! The session behind a lock: whoever has something for it, enters in a thread of its own choice.
//!
//! A command is stepped and carried out in its caller's thread, so nothing has to wake between an order and the library.
//! The library's callbacks never take the lock: they go through a channel to the task, which enters with them. The task
//! is woken only for what it has to do itself.
//!
//! A library that hangs in a call keeps the thread that called, and the session. Others who want this session are told
//! so, and nothing of other sessions waits for it: see [`lock`].

mod carry_out;
mod lock;
mod marks;
pub(crate) mod pen;

use std::any::Any;
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ctp_sys::TraderApi;
use ctp_sys::se::Trader;
use ctp_types::{
    InputOrderField, RecordBox, RecordRef, Text, TraderCallback, TraderRequest, UserSystemInfoField,
};
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tracing::Span;

use crate::capture::Recording;
use crate::clock::WallClock;
use crate::error::{Error, SendRefusal};
use crate::fanout::Fanout;
use crate::health::Waiting;
use crate::observe::{Observed, Observer, order_span, step_span};
use crate::requests::RawEvent;
use crate::session::Now;
use crate::shell::{ApiObject, Renewal, StateLog, at, instant, now};
use crate::state::{Fault, SessionState};
use crate::td::dials::Dials;
use crate::td::event::TdEvent;
use crate::td::io::{ActReply, Command, Input, Output};
use crate::td::ledger::Mark;
use crate::td::meter::Meter;
use crate::td::orders::Placed;
use crate::td::recorded::TdRecorded;
use crate::td::recovery::{GateReason, GateState};
use crate::td::risk::{KillFlag, Member};
use crate::td::session::TdSession;
pub(super) use pen::Pen;

use self::lock::{Held, Lock};
use self::marks::Marks;

thread_local! {
    /// Whether this thread is inside a session: a log subscriber or a metrics recorder that calls back would wait for
    /// itself.
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// What the clients and the task share.
pub(super) struct Shared {
    /// `None` once the session is over.
    driver: Lock<Option<Driver>>,
    /// Whether the session takes no commands any more: told without the lock, so that the task, which has to get in to
    /// close, does not wait behind those who come again and again.
    is_closing: AtomicBool,
    /// Whether the session was ended while another thread was inside.
    is_abandoned: AtomicBool,
    /// Prices that the session was not given yet. Whoever holds this lock does not wait for the other.
    marks: Mutex<Marks>,
    /// Whether there was ever a price.
    has_marks: AtomicBool,
    /// Wakes the task.
    wake: Notify,
    span: Span,
}

/// Why the session was not entered. Nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotEntered {
    /// The session is closed, or closing.
    Closed,
    /// The thread is inside a session already.
    Inside,
    /// Another thread is inside and does not come out: the library hangs in a call.
    Busy,
    /// The session broke down, now or earlier. What it was given now may have been done.
    Broken,
}

impl Shared {
    pub(super) fn new(driver: Driver, span: Span) -> Self {
        Self {
            driver: Lock::new(Some(driver)),
            is_closing: AtomicBool::new(false),
            is_abandoned: AtomicBool::new(false),
            marks: Mutex::default(),
            has_marks: AtomicBool::new(false),
            wake: Notify::new(),
            span,
        }
    }

    /// Gives the session a command of a client and carries out what follows from it, in this thread.
    ///
    /// # Errors
    ///
    /// Returns why the session was not entered.
    pub(super) fn command(&self, input: Input) -> Result<(), NotEntered> {
        self.enter(|driver| {
            if driver.course.is_closing {
                return Err(NotEntered::Closed);
            }
            driver.run(input)
        })
    }

    /// Gives the session what its task received. `waiting` callbacks wait behind it.
    ///
    /// # Errors
    ///
    /// As [`command`](Self::command), but it waits.
    pub(super) async fn report(&self, input: Input, waiting: usize) -> Result<(), NotEntered> {
        let report = |driver: &mut Driver| {
            driver.course.waiting_callbacks = waiting;
            driver.run(input)
        };
        self.enter_in_turn(report).await
    }

    /// Takes no commands from now on. The task is told apart from this.
    pub(super) fn begin_closing(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
    }

    /// Does something with the session's driver, unless the session is closing.
    ///
    /// # Errors
    ///
    /// As [`command`](Self::command).
    pub(super) fn enter<T>(
        &self,
        work: impl FnOnce(&mut Driver) -> Result<T, NotEntered>,
    ) -> Result<T, NotEntered> {
        if self.is_closing.load(Ordering::Relaxed) {
            return Err(NotEntered::Closed);
        }
        self.enter_anyway(work)
    }

    /// Does something with the session's driver as long as there is one.
    ///
    /// # Errors
    ///
    /// As [`command`](Self::command).
    pub(super) fn enter_anyway<T>(
        &self,
        work: impl FnOnce(&mut Driver) -> Result<T, NotEntered>,
    ) -> Result<T, NotEntered> {
        let _inside = Inside::new()?;
        let _span = self.span.enter();
        let held = self.driver.take_within(lock::PATIENCE).ok_or(NotEntered::Busy)?;
        self.work(held, work)
    }

    /// Does something with the session's driver, for the task: while another thread is inside, none stands still for it.
    ///
    /// # Errors
    ///
    /// As [`enter`](Self::enter), but it waits.
    pub(super) async fn enter_in_turn<T>(
        &self,
        work: impl FnOnce(&mut Driver) -> Result<T, NotEntered>,
    ) -> Result<T, NotEntered> {
        let mut work = Some(work);
        loop {
            if let Some(done) = self.try_enter(&mut work) {
                return done;
            }
            if tokio::time::timeout(lock::PATIENCE, self.driver.freed()).await.is_err() {
                tracing::error!(
                    waited = ?lock::PATIENCE,
                    "the library does not return from a call; the session stands still until it does"
                );
                self.driver.freed().await;
            }
        }
    }

    /// Does the work if nobody is inside.
    fn try_enter<T>(
        &self,
        work: &mut Option<impl FnOnce(&mut Driver) -> Result<T, NotEntered>>,
    ) -> Option<Result<T, NotEntered>> {
        let inside = Inside::new();
        let _span = self.span.enter();
        let held = self.driver.try_take()?;
        let work = work.take()?;
        Some(inside.and_then(|_inside| self.work(held, work)))
    }

    fn work<T>(
        &self,
        mut held: Held<'_, Option<Driver>>,
        work: impl FnOnce(&mut Driver) -> Result<T, NotEntered>,
    ) -> Result<T, NotEntered> {
        let driver = held.as_mut().ok_or(NotEntered::Closed)?;
        let done = work(driver);
        let wakes = driver.wants_task();
        let abandoned = self.is_abandoned.load(Ordering::Acquire).then(|| held.take());
        // What is left is dropped outside of the lock.
        drop(held);
        drop(abandoned);
        if wakes {
            self.wake.notify_one();
        }
        done
    }

    /// Takes a price. Now and then the session is given what came.
    pub(super) fn mark(&self, mark: Mark) {
        // The lock behind it says the rest.
        self.has_marks.store(true, Ordering::Relaxed);
        let is_due = self.marks().put(Instant::now(), mark);
        if is_due {
            self.give_marks();
        }
    }

    /// Gives the session the prices that it was not given yet.
    pub(super) fn give_marks(&self) {
        // A session that is over needs none.
        let _ = self.enter(|driver| {
            let ledger = driver.session.ledger();
            let taken = self.marks().take(Instant::now(), |id| ledger.follows(id));
            taken.into_iter().try_for_each(|mark| driver.run(Input::Mark(Box::new(mark))))
        });
    }

    /// Gives the session the price of an instrument that is about to be traded.
    pub(super) fn give_mark_of(&self, instrument_id: &Text<81>) {
        if !self.has_marks.load(Ordering::Relaxed) {
            return;
        }
        let taken = self.marks().take_of(Instant::now, instrument_id);
        if let Some(mark) = taken {
            // A session that is over needs none.
            let _ = self.enter(|driver| driver.run(Input::Mark(Box::new(mark))));
        }
    }

    /// Returns whether the session has ended.
    pub(super) fn is_over(&self) -> bool {
        // Whoever is inside works with it.
        self.driver.try_take().is_some_and(|driver| driver.is_none())
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the task has something to do.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Ends the session's life: nothing can enter any more. What is left is dropped where it may block.
    pub(super) fn end(&self) -> Option<Driver> {
        self.is_abandoned.store(true, Ordering::Release);
        // A thread that is inside takes it with it when it leaves.
        self.driver.try_take()?.take()
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// Marks a thread as being inside a session.
struct Inside;

impl Inside {
    fn new() -> Result<Self, NotEntered> {
        if IS_INSIDE.replace(true) { Err(NotEntered::Inside) } else { Ok(Self) }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        IS_INSIDE.set(false);
    }
}

/// A session with all that stands around its steps.
pub(super) struct Driver {
    pub(super) session: TdSession,
    pub(super) object: ApiObject<Trader>,
    /// Whether the private stream of a fresh object begins with the day, whatever is configured.
    pub(super) replays_day: Arc<AtomicBool>,
    /// Gets the library's word about a login, which is sent from a thread of its own.
    pub(super) sent: mpsc::UnboundedSender<Input>,
    pub(super) state: watch::Sender<SessionState>,
    pub(super) gate: watch::Sender<GateState>,
    pub(super) events: Fanout<TdEvent>,
    /// Callbacks as they come, for whoever wants them.
    pub(super) raw_events: Fanout<RawEvent<TraderCallback>>,
    /// How often the session became ready, for the clients to bind their commands to.
    pub(super) logins: Arc<AtomicU64>,
    /// What a relay tells before each login.
    pub(super) system_info: Option<Arc<UserSystemInfoField>>,
    pub(super) clock: WallClock,
    pub(super) recording: Recording<TdRecorded>,
    pub(super) pen: Pen,
    pub(super) state_log: StateLog,
    pub(super) observer: Observer,
    pub(super) meter: Meter,
    pub(super) dials: Dials,
    /// Where a fresh API object is made.
    pub(super) runtime: Handle,
    /// The kill switch, as those see it who do not wait for the session.
    pub(super) switch: Arc<KillFlag>,
    /// What other sessions of the account send counts here too.
    pub(super) member: Arc<Member>,
    /// What is to be done still.
    pub(super) outputs: VecDeque<Output>,
    /// What the library said to the request that it was given before everything else.
    pub(super) given: Option<(i32, Result<(), SendRefusal>)>,
    pub(super) course: Course,
}

/// Where a driver stands.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// How many callbacks wait for the task.
    waiting_callbacks: usize,
    /// Until when the task sleeps unless it is woken.
    sleeps_until: Option<Instant>,
    /// Whether the task has something to do that only it can.
    needs_task: bool,
    /// Whether the session takes no commands any more.
    is_closing: bool,
    /// Whether a step panicked: the session's state cannot be trusted any more.
    is_broken: bool,
}

impl Driver {
    /// Steps with an input and carries out what follows from it.
    ///
    /// # Errors
    ///
    /// Returns [`NotEntered::Broken`] if the session panicked, now or earlier.
    fn run(&mut self, input: Input) -> Result<(), NotEntered> {
        self.guarded(TdRecorded::name(&input), |this| {
            this.step(input);
            this.carry_out();
        })
    }

    /// Tells the session that its kill switch was thrown, unless it knows.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub(super) fn hear_switch(&mut self) -> Result<(), NotEntered> {
        self.switch.take().map_or(Ok(()), |reason| self.run(Input::Kill { reason }))
    }

    /// Places an order and carries out what follows from it. The library gets it as soon as it is judged and numbered; all
    /// that can wait comes after. Returns the answer: it is there, unless the session broke down meanwhile.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run), and [`NotEntered::Closed`].
    pub(super) fn place(
        &mut self,
        logins: u64,
        order: &InputOrderField,
    ) -> Result<oneshot::Receiver<Result<Placed, Error>>, NotEntered> {
        if self.course.is_closing {
            return Err(NotEntered::Closed);
        }
        let mut waiting = None;
        let placed = self.guarded("place", |this| {
            this.hear_of_switch();
            let mut order = *order;
            let begun = this.is_unobserved().then(|| this.begin_place(logins, &mut order));
            let (reply, answer) = oneshot::channel();
            waiting = Some(answer);
            let (request, record) = (TraderRequest::ReqOrderInsert, RecordBox::new(&order));
            let input =
                Input::Command(Command::Act { logins, request, record, reply: ActReply::Order(reply) });
            match begun {
                Some((begun, span)) => this.step_at(at(&this.clock, begun), input, &span, false),
                None => this.step_in_turn(input),
            }
            this.carry_out();
        });
        match (waiting, placed) {
            // What broke may have happened behind the answer.
            (Some(answer), _) => Ok(answer),
            (None, broken) => Err(broken.err().unwrap_or(NotEntered::Broken)),
        }
    }

    /// Returns whether nothing has to happen between the wish for an order and the library: nobody records what comes in
    /// as it comes, no other session of the account counts along, and nothing is to be done still.
    fn is_unobserved(&self) -> bool {
        !self.recording.is_on() && self.member.is_alone() && self.outputs.is_empty()
    }

    /// Has an order judged and numbered, and gives it to the library if it may leave. The rest of its step has to follow.
    fn begin_place(&mut self, logins: u64, order: &mut InputOrderField) -> (Instant, Span) {
        let span = order_span(&order.instrument_id);
        // The wall clock can be read later.
        let now = instant();
        let entered = span.enter();
        let number = self.session.begin_place(now, logins, order);
        drop(entered);
        if let Some(request_id) = number {
            let record = RecordRef::from_record(order);
            self.given = Some((request_id, self.give(TraderRequest::ReqOrderInsert, record, request_id)));
        }
        (now, span)
    }

    /// Does what may panic.
    fn guarded(&mut self, during: &'static str, work: impl FnOnce(&mut Self)) -> Result<(), NotEntered> {
        if self.course.is_broken {
            return Err(NotEntered::Broken);
        }
        let ran = catch_unwind(AssertUnwindSafe(|| work(self)));
        ran.map_err(|panic| self.break_down(during, panic.as_ref()))
    }

    /// Tells the session first that its kill switch was thrown, if it was.
    fn hear_of_switch(&mut self) {
        if let Some(reason) = self.switch.take() {
            self.step_in_turn(Input::Kill { reason });
        }
    }

    /// Steps with an input, after what must not come behind it: a kill switch that was thrown meanwhile, and what other
    /// sessions of the account have sent.
    fn step(&mut self, input: Input) {
        self.hear_of_switch();
        self.step_in_turn(input);
    }

    /// Steps while no other session of the account sends anything, and tells the others what this one does.
    fn step_in_turn(&mut self, input: Input) {
        let member = Arc::clone(&self.member);
        let Some(mut turn) = member.turn() else {
            let is_urgent = matches!(input, Input::Command(_));
            return self.step_once(input, is_urgent);
        };
        let news = turn.news();
        if !news.is_empty() {
            let now = now(&self.clock).instant;
            let age =
                |at: Instant| now.saturating_duration_since(at).as_nanos().try_into().unwrap_or(u64::MAX);
            let news = news.into_iter().map(|taken| (age(taken.at), taken.what, taken.instrument));
            self.step_once(Input::Elsewhere(news.collect()), false);
        }
        // The others wait for this step, and shall not wait for the library.
        self.step_once(input, false);
        turn.tell(self.session.taken().iter().cloned());
    }

    /// One step of the session. There is no other place where it steps. What is urgent goes to the library before anybody
    /// counts or records it.
    fn step_once(&mut self, input: Input, is_urgent: bool) {
        if let Input::Callback(event) = &input {
            self.pen.heard(event);
            if self.raw_events.is_wanted() {
                self.raw_events.send(event);
            }
        }
        // Under the lock, so that the session's time never goes back.
        let now = now(&self.clock);
        let span = step_span::<TdRecorded>(&input);
        self.step_at(now, input, &span, is_urgent);
    }

    /// One step at a time, or what is left of it.
    fn step_at(&mut self, now: Now, input: Input, span: &Span, is_urgent: bool) {
        let (queries, requests) = self.session.request_depths();
        let callbacks = self.course.waiting_callbacks;
        self.observer.before::<TdRecorded>(
            now,
            &input,
            Waiting { callbacks, commands: 0, queries, requests },
        );
        self.meter.hear(&input);
        // An order must not wait until it was counted: the step after the library has it does that.
        let is_command = matches!(input, Input::Command(_));
        let input = self.recording.before(input);
        let entered = span.enter();
        let outputs = self.session.step(now, input);
        drop(entered);
        self.switch.turned(self.session.is_killed());
        let took = self.observer.took();
        if is_urgent {
            self.hand_over(&outputs);
        }
        self.observer.after::<TdRecorded>(now, took, &outputs);
        self.meter.take(now.unix_ns, &outputs);
        self.dials.take(&outputs, self.session.denials());
        if !is_command {
            self.dials.show(&self.session.risk_snapshot(now.instant));
        }
        self.recording.after(now, &outputs);
        self.outputs.extend(outputs);
    }

    /// Ends a session whose step panicked. Nobody can say what it knows; the library is closed, the process lives.
    fn break_down(&mut self, during: &'static str, panic: &(dyn Any + Send)) -> NotEntered {
        let message = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        tracing::error!(during, message, "the session panicked; it stops");
        self.course.is_broken = true;
        self.course.needs_task = true;
        self.outputs.clear();
        let fault = Fault::Panicked { callback: during, message: message.into() };
        self.gate.send_replace(GateState::Closed(GateReason::NotReady.into()));
        self.state.send_replace(SessionState::Faulted(fault));
        NotEntered::Broken
    }

    /// Returns whether the task has to look at the session.
    fn wants_task(&mut self) -> bool {
        if std::mem::take(&mut self.course.needs_task) {
            return true;
        }
        let next = self.session.next_deadline();
        let is_earlier = match (next, self.course.sleeps_until) {
            (Some(next), Some(until)) => next < until,
            (next, _) => next.is_some(),
        };
        if is_earlier {
            // Once is enough.
            self.course.sleeps_until = next;
        }
        is_earlier
    }

    /// Returns until when the task may sleep, and remembers it.
    ///
    /// An earlier time for which it slept already is kept until it comes: an order that is answered at once does not
    /// move the timer twice.
    pub(super) fn sleep(&mut self) -> Option<Instant> {
        let now = now(&self.clock).instant;
        let kept = self.course.sleeps_until.filter(|until| *until > now);
        let next = self.session.next_deadline();
        self.course.sleeps_until = [kept, next].into_iter().flatten().min();
        self.course.sleeps_until
    }

    /// Steps if something is due.
    pub(super) fn look_at_time(&mut self) -> Result<(), NotEntered> {
        let is_due = self.session.next_deadline().is_some_and(|due| due <= now(&self.clock).instant);
        if is_due { self.run(Input::Time) } else { Ok(()) }
    }

    /// Writes the line of a state that was held back, if it has lasted.
    pub(super) fn settle_log(&mut self) {
        self.state_log.settle(now(&self.clock).instant);
    }

    /// Returns whether the session is over or broken.
    pub(super) fn is_over(&self) -> bool {
        self.course.is_broken || self.session.state().is_over()
    }

    /// Takes no commands from now on.
    pub(super) fn begin_closing(&mut self) {
        self.course.is_closing = true;
    }

    /// Takes over what became of a fresh API object. The old one is returned: dropping it may block.
    pub(super) fn renewed(
        &mut self,
        renewal: Option<Renewal<Trader>>,
    ) -> Result<Option<Arc<TraderApi>>, NotEntered> {
        let (old, result) = self.object.settle(renewal);
        self.run(Input::Renewed { result })?;
        Ok(old)
    }
}
