//! All instructions of the trading day, found by any of their names. A pure state machine: what is sent and what comes
//! goes in, events come out. Records may be repeated, late or replayed; each change is reported once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ctp_types::{ActionFlag, RecordBox, RecordRef, Text, Value};
use tokio::sync::{oneshot, watch};

use crate::error::{Denial, Error, Rule, SendRefusal, ServerError, UnknownCause};
use crate::maps::HashMap;
use crate::td::event::TdEvent;
use crate::td::instructions::instruction::{Instruction, InstructionId, InstructionPhase, session_of, sized};
use crate::td::instructions::kind::{InstructionKind, integer};
use crate::td::orders::Origin;

/// The reply to a sent instruction: what its handle is made of.
pub(crate) type Entered = watch::Receiver<Arc<Instruction>>;
/// Who waits for a withdrawal.
pub(crate) type CancelReply = oneshot::Sender<Result<Arc<Instruction>, Error>>;

/// A name of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Session(InstructionKind, i32, i32, Text<13>),
    Exchange(InstructionKind, Text<9>, Text<21>),
}

/// An instruction and who waits for it.
#[derive(Debug)]
struct Entry {
    state: Arc<Instruction>,
    /// The other end of its handle; `None` for those of others.
    handle: Option<watch::Sender<Arc<Instruction>>>,
    cancel: Option<Cancelling>,
}

#[derive(Debug)]
struct Cancelling {
    request_id: i32,
    waiters: Vec<CancelReply>,
}

/// The machine.
#[derive(Debug)]
pub(crate) struct InstructionDesk {
    timeout: Duration,
    entries: BTreeMap<InstructionId, Entry>,
    keys: HashMap<Key, InstructionId>,
    /// Own instructions and withdrawals by the number they were sent under.
    requests: HashMap<i32, InstructionId>,
    cancels: HashMap<i32, InstructionId>,
    /// Until when an answer to a request is awaited.
    deadlines: BTreeSet<(Instant, i32)>,
    last_id: u64,
}

impl InstructionDesk {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            entries: BTreeMap::new(),
            keys: HashMap::default(),
            requests: HashMap::default(),
            cancels: HashMap::default(),
            deadlines: BTreeSet::new(),
            last_id: 0,
        }
    }

    /// Returns an instruction as it stands.
    pub(crate) fn get(&self, id: InstructionId) -> Option<&Arc<Instruction>> {
        self.entries.get(&id).map(|entry| &entry.state)
    }

    /// Adds an own instruction that is about to be sent, and returns what its handle is made of.
    pub(crate) fn enter(
        &mut self,
        now: Instant,
        kind: InstructionKind,
        record: &RecordBox,
        request_id: i32,
        session: (i32, i32),
    ) -> Entered {
        let id = self.next_id();
        let state = Arc::new(Instruction::new(id, kind, Origin::Own, record.as_ref(), session));
        let (handle, entered) = watch::channel(Arc::clone(&state));
        self.keys.insert(Key::Session(kind, session.0, session.1, state.keys.reference), id);
        self.requests.insert(request_id, id);
        self.deadlines.insert((now + self.timeout, request_id));
        self.entries.insert(id, Entry { state, handle: Some(handle), cancel: None });
        entered
    }

    /// Handles what the library said when it was given an instruction or a withdrawal. What it did not take does not
    /// exist.
    pub(crate) fn handle_sent(&mut self, request_id: i32, result: &Result<(), SendRefusal>) {
        let Err(refusal) = result else { return };
        if let Some(id) = self.requests.remove(&request_id) {
            self.deadlines.retain(|(_, waiting)| *waiting != request_id);
            if let Some(entry) = self.entries.remove(&id) {
                let keys = &entry.state.keys;
                let key = Key::Session(entry.state.kind, keys.front_id, keys.session_id, keys.reference);
                self.keys.remove(&key);
            }
        }
        if let Some(id) = self.cancels.get(&request_id).copied() {
            let request = self.action_name(id);
            let reason = refusal.clone();
            self.end_cancel(id, || Err(Error::NotSent { request, reason: reason.clone() }));
        }
    }

    /// Takes a record that was pushed or queried. What is not known and of the `own` session was sent raw, or by the
    /// counter for it.
    pub(crate) fn apply(
        &mut self,
        kind: InstructionKind,
        record: RecordRef<'_>,
        received_ns: i64,
        own: (i32, i32),
        events: &mut Vec<TdEvent>,
    ) {
        let session = session_of(record).unwrap_or_default();
        let (id, is_new) = match self.find(kind, record) {
            Some(id) => (id, false),
            None => {
                let id = self.next_id();
                let origin = if session == own { Origin::Own } else { Origin::Foreign };
                let state = Arc::new(Instruction::new(id, kind, origin, record, session));
                self.entries.insert(id, Entry { state, handle: None, cancel: None });
                (id, true)
            }
        };
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let changed = Arc::make_mut(&mut entry.state).merge(record, received_ns) || is_new;
        let keys = entry.state.keys.clone();
        if !keys.reference.is_empty() {
            let key = Key::Session(kind, keys.front_id, keys.session_id, keys.reference);
            self.keys.entry(key).or_insert(id);
        }
        if !keys.sys_id.is_empty() {
            self.keys.entry(Key::Exchange(kind, keys.exchange_id, keys.sys_id)).or_insert(id);
        }
        if changed {
            self.tell(id, events);
        }
    }

    /// Takes a refusal by the counter, of which there are two: to the sender, and to all sessions. Returns the
    /// instruction if it is an own one that had no answer yet.
    pub(crate) fn refuse(
        &mut self,
        kind: InstructionKind,
        request_id: i32,
        record: Option<RecordRef<'_>>,
        error: &ServerError,
        events: &mut Vec<TdEvent>,
    ) -> Option<InstructionId> {
        let id = self.refused(kind, request_id, record)?;
        let entry = self.entries.get_mut(&id)?;
        if !matches!(entry.state.phase, InstructionPhase::Sent | InstructionPhase::Unknown) {
            return None;
        }
        let state = Arc::make_mut(&mut entry.state);
        state.phase = InstructionPhase::Rejected;
        state.refusal = Some(error.clone());
        state.unknown_cause = None;
        self.tell(id, events);
        Some(id)
    }

    /// Returns the record that withdraws an instruction, without the account and the numbers of the request; `None` if
    /// a withdrawal is under way already, which the caller joins.
    pub(crate) fn prepare_cancel(&self, id: InstructionId) -> Result<RecordBox, Denial> {
        let Some(entry) = self.entries.get(&id) else {
            let fix = "it is not of this session or trading day; take the id from an event";
            return Err(Denial::new(Rule::OrderUnknown, format!("instruction {}", id.0), fix));
        };
        let state = &entry.state;
        let Some(action) = state.kind.action() else {
            let fix = "send Combination::undo, 30 seconds after it at the earliest";
            return Err(Denial::new(Rule::OrderKind, "a combination is not withdrawn", fix));
        };
        if state.phase.is_over() {
            let value = format!("instruction {} is over: {:?}", id.0, state.phase);
            return Err(Denial::new(Rule::OrderIsOver, value, "there is nothing left to withdraw"));
        }
        let mut record = RecordBox::zeroed(action.record());
        let keys = &state.keys;
        put(&mut record, "InstrumentID", Value::Text(state.instrument_id.as_bytes()));
        put(&mut record, "ExchangeID", Value::Text(keys.exchange_id.as_bytes()));
        put(&mut record, "ActionFlag", Value::Char(ActionFlag::DELETE.as_char()));
        // The exchange's number is never reassigned; before there is one, the session's names must do.
        if keys.sys_id.is_empty() {
            put(&mut record, "FrontID", Value::Int(keys.front_id));
            put(&mut record, "SessionID", Value::Int(keys.session_id));
            put(&mut record, state.kind.reference_field(), Value::Text(keys.reference.as_bytes()));
        } else {
            put(&mut record, state.kind.sys_id_field(), Value::Text(keys.sys_id.as_bytes()));
        }
        Ok(record)
    }

    /// Joins a withdrawal that is under way. Returns the reply if there is none.
    pub(crate) fn join_cancel(&mut self, id: InstructionId, reply: CancelReply) -> Option<CancelReply> {
        match self.entries.get_mut(&id).and_then(|entry| entry.cancel.as_mut()) {
            Some(cancel) => {
                cancel.waiters.push(reply);
                None
            }
            None => Some(reply),
        }
    }

    /// Notes that a withdrawal is about to be sent.
    pub(crate) fn cancel(&mut self, now: Instant, id: InstructionId, request_id: i32, reply: CancelReply) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.cancel = Some(Cancelling { request_id, waiters: vec![reply] });
            self.cancels.insert(request_id, id);
            self.deadlines.insert((now + self.timeout, request_id));
        }
    }

    /// Takes a refusal of a withdrawal. Returns whether it was one of this session that waits.
    pub(crate) fn refuse_cancel(
        &mut self,
        request_id: i32,
        record: Option<RecordRef<'_>>,
        error: &ServerError,
        events: &mut Vec<TdEvent>,
    ) -> bool {
        let by_record = record.and_then(|record| integer(record, "RequestID")).unwrap_or_default();
        let own = [request_id, by_record].into_iter().find_map(|number| self.cancels.get(&number));
        let Some(id) = own.copied() else { return false };
        let request = self.action_name(id);
        let instruction = self.get(id).cloned();
        events.push(TdEvent::InstructionCancelRejected { instruction, error: error.clone() });
        self.end_cancel(id, || Err(Error::Rejected { request, error: error.clone() }));
        true
    }

    /// Takes an `OnRspError`. Returns whether it named a request of this desk, and the instruction that it ended.
    pub(crate) fn refuse_by_request(
        &mut self,
        request_id: i32,
        error: &ServerError,
        events: &mut Vec<TdEvent>,
    ) -> (bool, Option<InstructionId>) {
        if let Some(id) = self.requests.get(&request_id).copied() {
            let kind = self.get(id).map(|state| state.kind);
            let refused = kind.and_then(|kind| self.refuse(kind, request_id, None, error, events));
            return (true, refused);
        }
        (self.refuse_cancel(request_id, None, error, events), None)
    }

    /// Nothing comes any more on this link: what has no answer is unknown.
    pub(crate) fn mark_unknown(&mut self, cause: &UnknownCause, events: &mut Vec<TdEvent>) {
        self.deadlines.clear();
        let waiting: Vec<InstructionId> = self.entries.keys().copied().collect();
        for id in waiting {
            self.end_cancel_unknown(id, cause);
            self.give_up(id, cause, events);
        }
    }

    /// Gives up waiting for answers that are overdue.
    pub(crate) fn handle_deadline(&mut self, now: Instant, events: &mut Vec<TdEvent>) {
        let cause = UnknownCause::NoAnswer(self.timeout);
        while let Some((until, request_id)) = self.deadlines.first().copied()
            && until <= now
        {
            self.deadlines.pop_first();
            if let Some(id) = self.requests.get(&request_id).copied() {
                self.give_up(id, &cause, events);
            }
            if let Some(id) = self.cancels.get(&request_id).copied() {
                self.end_cancel_unknown(id, &cause);
            }
        }
    }

    /// Returns when [`Self::handle_deadline`] has to be called.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(until, _)| *until)
    }

    /// Forgets everything at the start of a new trading day.
    pub(crate) fn begin_trading_day(&mut self, events: &mut Vec<TdEvent>) {
        self.mark_unknown(&UnknownCause::NewTradingDay, events);
        *self = Self { last_id: self.last_id, ..Self::new(self.timeout) };
    }

    fn next_id(&mut self) -> InstructionId {
        self.last_id += 1;
        InstructionId(self.last_id)
    }

    /// Finds the instruction of a record: by the exchange's number, which is never reassigned, before the session's.
    fn find(&self, kind: InstructionKind, record: RecordRef<'_>) -> Option<InstructionId> {
        let sys_id: Text<21> = sized(record, kind.sys_id_field());
        if !sys_id.is_empty()
            && let Some(id) = self.keys.get(&Key::Exchange(kind, sized(record, "ExchangeID"), sys_id))
        {
            return Some(*id);
        }
        let reference: Text<13> = sized(record, kind.reference_field());
        let (front_id, session_id) = session_of(record)?;
        if reference.is_empty() {
            return None;
        }
        self.keys.get(&Key::Session(kind, front_id, session_id, reference)).copied()
    }

    /// Finds the own instruction that a refusal is about. A refusal to all sessions carries the record that was sent,
    /// whose numbers another session may have used too: its terms tell.
    fn refused(
        &self,
        kind: InstructionKind,
        request_id: i32,
        record: Option<RecordRef<'_>>,
    ) -> Option<InstructionId> {
        let numbers = [Some(request_id), record.and_then(|record| integer(record, "RequestID"))];
        let by_number = numbers.into_iter().flatten().find_map(|number| self.requests.get(&number));
        let id = match (by_number, record) {
            (Some(id), _) => *id,
            // Combinations carry no number, but their session.
            (None, Some(record)) => self.find(kind, record)?,
            (None, None) => return None,
        };
        let state = self.get(id)?;
        let same = record.is_none_or(|record| {
            sized::<13>(record, kind.reference_field()) == state.keys.reference
                && sized::<81>(record, "InstrumentID") == state.instrument_id
        });
        (same && state.kind == kind && state.origin == Origin::Own).then_some(id)
    }

    fn give_up(&mut self, id: InstructionId, cause: &UnknownCause, events: &mut Vec<TdEvent>) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        if entry.state.phase == InstructionPhase::Sent {
            let state = Arc::make_mut(&mut entry.state);
            state.phase = InstructionPhase::Unknown;
            state.unknown_cause = Some(cause.clone());
            self.tell(id, events);
        }
    }

    /// Tells handle and subscribers how an instruction stands, and who waits for its end.
    fn tell(&mut self, id: InstructionId, events: &mut Vec<TdEvent>) {
        let Some(entry) = self.entries.get(&id) else { return };
        let state = Arc::clone(&entry.state);
        if let Some(handle) = &entry.handle {
            handle.send_replace(Arc::clone(&state));
        }
        events.push(TdEvent::Instruction(Arc::clone(&state)));
        if state.phase.is_over() {
            self.end_cancel(id, || Ok(Arc::clone(&state)));
        }
    }

    fn end_cancel_unknown(&mut self, id: InstructionId, cause: &UnknownCause) {
        let request = self.action_name(id);
        self.end_cancel(id, || Err(Error::Unknown { request, cause: cause.clone() }));
    }

    fn end_cancel(&mut self, id: InstructionId, outcome: impl Fn() -> Result<Arc<Instruction>, Error>) {
        let Some(cancel) = self.entries.get_mut(&id).and_then(|entry| entry.cancel.take()) else { return };
        self.cancels.remove(&cancel.request_id);
        for waiter in cancel.waiters {
            // A caller that went away is no failure.
            let _ = waiter.send(outcome());
        }
    }

    fn action_name(&self, id: InstructionId) -> &'static str {
        let action = self.get(id).and_then(|state| state.kind.action());
        action.map_or("ReqCombActionInsert", |action| action.name())
    }
}

/// Puts a value into a field that the record has; the texts fit, they came out of fields of the same name.
pub(crate) fn put(record: &mut RecordBox, name: &str, value: Value<'_>) {
    if let Some(field) = record.descriptor().field(name) {
        let _ = record.set(field, value);
    }
}

#[cfg(test)]
mod tests;
