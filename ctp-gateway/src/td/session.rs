//! The trading session: one state machine for login, orders and queries, without clock, thread or socket.
//!
//! Everything comes in through [`TdSession::step`]; the task only turns channels and timers into inputs and carries
//! out the outputs.

mod actions;
mod answers;
mod callbacks;
mod cancels;
mod clearing;
mod credentials;
mod differences;
mod early;
mod instructions;
mod ledger;
mod link;
mod memory;
mod news;
mod orders;
mod recovery;
mod risk;
mod stream;
mod watch;

use std::sync::Arc;
use std::time::Instant;

use ctp_types::{Text, TraderRequest};

use crate::alert::Alert;
use crate::config::TdConfig;
use crate::error::{Error, Rule, SendRefusal, UnknownCause};
use crate::handshake::{Handshake, Move, Plan};
use crate::ids::RequestIds;
use crate::maps::HashMap;
use crate::requests::desk::RequestDesk;
use crate::session::Now;
use crate::session::watch::{Watch, alert};
use crate::state::{Fault, Login, SessionState};
use crate::td::account::{AccountNames, AccountTexts};
use crate::td::event::TdEvent;
use crate::td::io::{Command, Input, Output, Outputs};
use crate::td::ledger::Ledger;
use crate::td::orders::HandleSide;
use crate::td::orders::book::OrderBook;
use crate::td::orders::cancels::Cancels;
use crate::td::orders::deadlines::Deadlines;
use crate::td::orders::order::OrderId;
use crate::td::recovery::{GateReason, GateState};
use crate::td::risk::RiskGate;

pub(crate) use self::clearing::Clearing;
use self::credentials::Call;
pub(crate) use self::credentials::CallReply;
use self::early::Early;
pub(crate) use self::instructions::InstructionReply;
use self::instructions::Instructions;
use self::memory::Memory;
use self::orders::{Admission, Placing};
use self::recovery::Assurance;
use self::stream::Stream;

pub(crate) struct TdSession {
    account: AccountTexts,
    names: AccountNames,
    order_timeout: std::time::Duration,
    ids: RequestIds,
    handshake: Handshake,
    state: SessionState,
    login: Login,
    /// The front that answered, if the library tells.
    front: Text<101>,
    /// How often the session became ready; binds a command to the login it was meant for.
    logins: u64,
    memory: Memory,
    stream: Stream,
    /// Pushes that wait for the login.
    early: Early,
    last_order_ref: i64,
    last_action_ref: i32,
    book: OrderBook,
    ledger: Ledger,
    /// What orders must keep to.
    risk: RiskGate,
    requests: RequestDesk<TraderRequest>,
    watch: Watch,
    silence: std::time::Duration,
    /// What is made sure of before orders leave.
    assurance: Assurance,
    /// A call for a new password or a code.
    call: Option<Call>,
    /// When the callback of this step was received, in nanoseconds since the Unix epoch.
    received_ns: i64,
    instructions: Instructions,
    handles: HashMap<OrderId, HandleSide>,
    /// Orders between the decision to send and the library's word, by request number.
    placing: HashMap<i32, Placing>,
    /// What was said of the order whose step has begun.
    admitted: Option<Admission>,
    /// Orders that were sent, and until when their answer is awaited.
    unanswered: Deadlines<OrderId>,
    cancels: Cancels,
    /// Cancels that wait for the pace.
    wishes: clearing::Wishes,
    /// What this step denied.
    denials: Vec<Rule>,
    events: Vec<TdEvent>,
    outputs: Outputs,
}

impl TdSession {
    /// Returns a session for a checked configuration. `seed` makes its request numbers differ from other runs'.
    pub(crate) fn new(config: &TdConfig, account: AccountTexts, seed: u64) -> Self {
        let plan = Plan { authenticate: !config.app_id.is_empty(), confirm: config.confirm_settlement };
        Self {
            handshake: Handshake::new(plan, config.timeouts, seed),
            requests: RequestDesk::new(config.timeouts),
            watch: Watch::new(config.timeouts.silence, config.timeouts.query * 4),
            silence: config.timeouts.silence,
            assurance: Assurance::new(config),
            call: None,
            received_ns: 0,
            order_timeout: config.timeouts.order,
            names: AccountNames::new(&account),
            account,
            ids: RequestIds::new(seed),
            state: SessionState::Connecting,
            login: Login::default(),
            front: Text::default(),
            logins: 0,
            memory: Memory::default(),
            stream: Stream::new(config.private_resume),
            early: Early::default(),
            last_order_ref: 0,
            last_action_ref: 0,
            book: OrderBook::default(),
            ledger: Ledger::default(),
            instructions: Instructions::new(config.timeouts.order),
            risk: RiskGate::new(config.risk.clone()),
            handles: HashMap::default(),
            placing: HashMap::default(),
            admitted: None,
            unanswered: Deadlines::default(),
            cancels: Cancels::default(),
            wishes: clearing::Wishes::default(),
            denials: Vec::new(),
            events: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Returns how many queries wait for their turn, and how many other requests for their answer.
    pub(crate) fn request_depths(&self) -> (usize, usize) {
        self.requests.depths()
    }

    pub(crate) fn state(&self) -> &SessionState {
        &self.state
    }

    pub(crate) fn gate(&self) -> GateState {
        self.assurance.gate.state()
    }

    /// Returns the rules by which the last step denied something.
    pub(crate) fn denials(&self) -> &[Rule] {
        &self.denials
    }

    pub(crate) fn logins(&self) -> u64 {
        self.logins
    }

    /// Takes what happened and returns what is to be done, in this order.
    pub(crate) fn step(&mut self, now: Now, input: Input) -> Outputs {
        let instant = now.instant;
        // An order that was judged before has begun its step by that.
        if self.admitted.is_none() {
            self.begin(instant);
        }
        self.look(now, &input);
        match input {
            Input::Callback(event) => self.handle_callback(instant, &event),
            Input::Panicked { callback, message } => self.handle_panic(instant, callback, &message),
            Input::Sent { request_id, result } => self.handle_sent(instant, request_id, result),
            Input::FrontInfo { address, query_frequency, package_frequency } => {
                self.front = address;
                self.risk.set_front_frequency(package_frequency);
                self.requests.set_frequency(query_frequency);
            }
            Input::Elsewhere(actions) => self.handle_elsewhere(instant, actions),
            Input::Kill { reason } => self.handle_kill(now, reason),
            Input::Release => self.handle_release(now),
            Input::Renewed { result } => self.handle_renewed(instant, result),
            Input::Mark(mark) => self.handle_mark(&mark),
            Input::Command(command) => self.handle_command(instant, command),
            Input::Remembered(entry) => {
                self.remember_switch(&entry);
                self.memory.take(entry);
            }
            Input::JournalDamaged { place } => self.alert(alert(Alert::JournalDamaged { place })),
            Input::JournalFailed { reason } => {
                self.assurance.gate.close(GateReason::JournalFailed);
                self.alert(alert(Alert::JournalFailed { reason }));
            }
            Input::Time => self.handle_deadline(now),
            Input::Finish => self.finish(instant),
        }
        self.settle_call(instant);
        self.sweep(instant);
        self.clear(instant);
        self.publish();
        self.ask_for_books(instant);
        self.publish();
        self.mind_gate();
        self.settle_deadlines(instant);
        self.watch.end(instant, &self.state);
        self.end_risk_step();
        std::mem::take(&mut self.outputs)
    }

    /// Begins a step.
    fn begin(&mut self, now: Instant) {
        self.denials.clear();
        self.risk.begin_step(now);
    }

    /// Returns when [`Input::Time`] is due at the latest.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let (unanswered, cancels) = (self.unanswered.next(), self.cancels.next_deadline());
        let requests = self.requests.next_deadline(self.is_usable());
        let (handshake, watch) = (self.handshake.next_deadline(), self.watch.next_deadline());
        let (instructions, recovery) = (self.instructions.desk.next_deadline(), self.recovery_deadline());
        let (books, risk) = (self.book.next_deadline(), self.risk_deadline());
        let (wants, stream) = (self.ledger.next_deadline(), self.stream.next_deadline());
        let all = [
            instructions,
            recovery,
            handshake,
            watch,
            books,
            unanswered,
            cancels,
            requests,
            risk,
            wants,
            stream,
        ];
        all.into_iter().flatten().min()
    }

    fn handle_deadline(&mut self, now: Now) {
        self.judge_silence(now);
        let now = now.instant;
        self.judge_stream(now);
        let mut moves = Vec::new();
        self.handshake.handle_deadline(now, &mut self.ids, &mut moves);
        self.carry_out(now, moves);
        self.book.handle_deadline(now, &mut self.events);
        self.give_up_orders(now);
        self.instructions.desk.handle_deadline(now, &mut self.events);
        self.ledger.handle_deadline(now);
        self.judge_answers(now);
        self.requests.handle_deadline(now);
        self.pump(now);
    }

    /// Handles what the library said when it was given a request.
    fn handle_sent(&mut self, now: Instant, request_id: i32, result: Result<(), SendRefusal>) {
        let mut moves = Vec::new();
        self.risk.handle_sent(now, request_id);
        self.handshake.handle_sent(now, request_id, &result, &mut moves);
        self.carry_out(now, moves);
        self.order_sent(now, request_id, &result);
        self.instruction_sent(now, request_id, &result);
        self.cancel_sent(now, request_id, &result);
        self.requests.handle_sent(now, request_id, result);
        self.pump(now);
    }

    fn handle_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::CancelInstruction { logins, id, reply } => {
                self.handle_instruction_cancel(now, logins, id, reply);
            }
            Command::Act { logins, request, record, reply } => {
                self.handle_act(now, logins, request, record, reply);
            }
            Command::Cancel { logins, id, reply } => self.handle_cancel(now, logins, id, reply),
            Command::CancelAll { logins, instrument, reply } => {
                self.handle_cancel_all(logins, instrument, reply);
            }
            Command::Request { logins, submission } => self.handle_request(now, logins, submission),
            Command::ChangePassword { new, reply } => self.handle_change_password(now, new, reply),
            Command::RequestSmsCode { mobile, reply } => self.handle_request_sms_code(now, &mobile, reply),
            Command::LogInWithSmsCode { code, reply } => self.handle_sms_code(now, &code, reply),
            Command::Reconcile { reply } => self.handle_reconcile(now, reply),
            Command::AcceptDifferences { reply } => self.handle_accept(now, reply),
            Command::Learn { trading_day, records, reply } => {
                let instruments = self.learn(trading_day, &records);
                // A caller that went away is no failure.
                let _ = reply.send(Ok(instruments));
            }
        }
    }

    /// Handles a panic in a callback: the session stops for good.
    fn handle_panic(&mut self, now: Instant, callback: &'static str, message: &str) {
        let mut moves = Vec::new();
        self.handshake.stop(Fault::Panicked { callback, message: message.into() }, &mut moves);
        self.carry_out(now, moves);
    }

    /// Ends the session: whoever waits is told, and the last events go out.
    fn finish(&mut self, now: Instant) {
        let fault = match &self.state {
            // A fault that a call would have led out of ends with the session.
            SessionState::Faulted(fault) if fault.is_final() => Some(fault.clone()),
            _ => None,
        };
        let reason = SendRefusal::NotReady(SessionState::Closed);
        self.requests.fail_all(now, || fault.clone().map_or(Error::Closed, Error::Faulted), &reason);
        self.settle_requests(now);
        self.fail_placing(&reason);
        self.fail_entering(now, &reason);
        self.fail_cancels(&UnknownCause::SessionEnded);
        self.fail_clearing(&reason);
        self.lose_instructions(&UnknownCause::SessionEnded);
        self.book.mark_all_unknown(&UnknownCause::SessionEnded, &mut self.events);
        self.book.flush_waiting(&mut self.events);
        self.publish();
        self.handles.clear();
        if fault.is_none() {
            self.set_state(SessionState::Closed);
        }
    }

    /// Returns whether requests may be made.
    fn is_usable(&self) -> bool {
        self.handshake.is_ready()
    }

    fn carry_out(&mut self, now: Instant, moves: Vec<Move>) {
        for step in moves {
            match step {
                Move::Send(step, request_id) => {
                    let (request, record) = self.account.step(step);
                    self.outputs.push(Output::Send { request, record, request_id });
                }
                Move::State(state) => self.set_state(state),
                Move::Renew => self.renew(now),
                Move::Done(_) => {
                    self.logins += 1;
                    self.resume_sweep();
                    self.outputs.push(Output::ReadFrontInfo);
                    let state = self.usable_state(now);
                    self.set_state(state);
                }
            }
        }
    }

    fn set_state(&mut self, state: SessionState) {
        if self.state != state {
            self.state = state.clone();
            self.outputs.push(Output::State(state));
        }
    }

    /// Sends what may be sent now and publishes what happened.
    fn pump(&mut self, now: Instant) {
        self.publish();
        if self.is_usable() {
            self.ask_for_recovery(now);
            self.requests.poll(now, &mut self.ids);
        }
        self.settle_requests(now);
        // What queries brought may have made events.
        self.publish();
    }

    /// Hands the events to the handles of their orders and to the subscribers.
    fn publish(&mut self) {
        self.keep_books();
        for event in std::mem::take(&mut self.events) {
            if let Some(order) = event.order() {
                self.risk.order_changed(order);
                self.settle_cancel(order);
                self.expect_news(order);
                let over = self.handles.get(&order.id).is_some_and(|side| {
                    side.tell(Arc::clone(order), event.clone());
                    order.is_complete()
                });
                if over {
                    self.handles.remove(&order.id);
                }
            }
            self.outputs.push(Output::Event(event));
        }
    }
}

#[cfg(test)]
mod tests;
