//! Quotes, declarations, combinations: how they are sent, and who is told.

use std::time::{Duration, Instant};

use ctp_types::{ActionFlag, ParkedOrderField, RecordBox, Text, TraderRequest, Value};
use tokio::sync::oneshot;

use crate::error::{Denial, Error, Rule, SendRefusal, ServerError, UnknownCause};
use crate::maps::HashMap;
use crate::td::classes;
use crate::td::instructions::desk::{CancelReply, Entered, InstructionDesk, put};
use crate::td::instructions::kind::{Heard, text};
use crate::td::instructions::{InstructionId, InstructionKind, sized};
use crate::td::io::{Output, SpiEvent};
use crate::td::new_order::form;
use crate::td::orders::OrderId;
use crate::td::orders::Placed;
use crate::td::session::TdSession;
use crate::td::session::actions::other_record;

/// What the handle of an instruction is made of.
#[derive(Debug)]
pub(crate) struct InstructionPlaced {
    pub(crate) instruction: Entered,
    /// The orders of a quote, the ask first.
    pub(crate) orders: Vec<Placed>,
}

/// Who waits for an instruction to be handed to the library.
pub(crate) type InstructionReply = oneshot::Sender<Result<InstructionPlaced, Error>>;

/// The instructions of a session.
pub(super) struct Instructions {
    pub(super) desk: InstructionDesk,
    /// Instructions between the decision to send and the library's word, by request number.
    entering: HashMap<i32, (InstructionReply, InstructionPlaced)>,
    /// The orders of quotes.
    derived: HashMap<InstructionId, Vec<OrderId>>,
}

impl Instructions {
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            desk: InstructionDesk::new(timeout),
            entering: HashMap::default(),
            derived: HashMap::default(),
        }
    }
}

impl TdSession {
    /// Sends an instruction, if it belongs to the present login and passes the checks.
    pub(super) fn handle_instruction(
        &mut self,
        now: Instant,
        logins: u64,
        request: TraderRequest,
        mut record: RecordBox,
        reply: InstructionReply,
    ) {
        if reply.is_closed() {
            return;
        }
        let numbered =
            self.admit(now, logins, request, &mut record).and_then(|()| self.number(request, &mut record));
        let kind = match (numbered, InstructionKind::of(request)) {
            (Ok(()), Some(kind)) => kind,
            // A caller that went away meanwhile is no failure.
            (Err(error), _) => return drop(reply.send(Err(error))),
            (Ok(()), None) => {
                let denial = other_record(request, &record, "an instruction");
                return drop(reply.send(Err(denial.into())));
            }
        };
        let request_id = self.ids.next();
        put(&mut record, "RequestID", Value::Int(request_id));
        let session = (self.login.front_id, self.login.session_id);
        put(&mut record, "FrontID", Value::Int(session.0));
        put(&mut record, "SessionID", Value::Int(session.1));
        let instruction = self.instructions.desk.enter(now, kind, &record, request_id, session);
        let id = instruction.borrow().id;
        let booked = classes::orders_of(request, &record);
        // The counter refuses the quote, not its orders: no answer has a number of theirs.
        let (ids, orders): (Vec<_>, Vec<_>) = booked.iter().map(|order| self.book_order(order, None)).unzip();
        if !ids.is_empty() {
            self.instructions.derived.insert(id, ids);
        }
        let placed = InstructionPlaced { instruction, orders };
        self.instructions.entering.insert(request_id, (reply, placed));
        self.outputs.push(Output::Send { request, record, request_id });
    }

    /// Completes the record of an action that is no order, and checks what it would put into the market.
    ///
    /// # Errors
    ///
    /// Returns what cannot be sent.
    pub(super) fn complete_other(
        &mut self,
        request: TraderRequest,
        record: &mut RecordBox,
    ) -> Result<(), Denial> {
        if !std::ptr::eq(request.record(), record.descriptor()) {
            return Err(other_record(request, record, &request.record().name));
        }
        check_action_flag(request, record)?;
        self.names.fill(record);
        self.fill_exchange(record)?;
        let parked = request == TraderRequest::ReqParkedOrderInsert;
        let orders = classes::orders_of(request, record);
        for (index, order) in orders.iter().enumerate() {
            let mut order = *order;
            self.check_order(&mut order, &orders[..index])?;
            form::complete(&mut order)?;
            if let Some(parked) = record.get_mut::<ParkedOrderField>().filter(|_| parked) {
                // A market order lasts as its exchange has it.
                parked.time_condition = order.time_condition;
                parked.volume_condition = order.volume_condition;
            }
        }
        match InstructionKind::of(request) {
            Some(_) if text(record.as_ref(), "ExchangeID").is_none_or(<[u8]>::is_empty) => {
                let id = text(record.as_ref(), "InstrumentID").map(ctp_types::decode).unwrap_or_default();
                let fix = "name it as the exchange, or query instruments() first";
                Err(Denial::new(Rule::Exchange, format!("the exchange of {id} is unknown"), fix))
            }
            _ => Ok(()),
        }
    }

    /// Gives an instruction its references, all of the one counter of orders: §7 wants a quote's ask below its bid.
    pub(super) fn number_instruction(
        &mut self,
        request: TraderRequest,
        record: &mut RecordBox,
    ) -> Result<(), Error> {
        let Some(kind) = InstructionKind::of(request) else { return Ok(()) };
        let fields: &[&str] = match kind {
            InstructionKind::Quote => &["QuoteRef", "AskOrderRef", "BidOrderRef"],
            _ => &[kind.reference_field()],
        };
        for name in fields {
            let reference = self.reference(sized(record.as_ref(), name))?;
            put(record, name, Value::Text(reference.as_bytes()));
        }
        Ok(())
    }

    /// Withdraws an instruction by the best names known; a withdrawal that is under way is joined.
    pub(super) fn handle_instruction_cancel(
        &mut self,
        now: Instant,
        logins: u64,
        id: InstructionId,
        reply: CancelReply,
    ) {
        if reply.is_closed() {
            return;
        }
        let Some(reply) = self.instructions.desk.join_cancel(id, reply) else { return };
        let prepared = self.instructions.desk.prepare_cancel(id).map_err(Error::from);
        let action =
            self.instructions.desk.get(id).and_then(|state| Some((state.kind, state.kind.action()?)));
        let (mut record, (kind, request)) = match (prepared, action) {
            (Ok(record), Some(action)) => (record, action),
            (Err(error), _) => return drop(reply.send(Err(error))),
            // The desk denies what has no withdrawal.
            (Ok(_), None) => return,
        };
        if let Err(error) = self.admit(now, logins, request, &mut record) {
            return drop(reply.send(Err(error)));
        }
        self.last_action_ref = self.last_action_ref.checked_add(1).unwrap_or(1);
        put(&mut record, kind.action_ref_field(), Value::Int(self.last_action_ref));
        let request_id = self.ids.next();
        put(&mut record, "RequestID", Value::Int(request_id));
        self.instructions.desk.cancel(now, id, request_id, reply);
        self.outputs.push(Output::Send { request, record, request_id });
    }

    /// Handles what the library said when it was given an instruction or a withdrawal.
    pub(super) fn instruction_sent(
        &mut self,
        now: Instant,
        request_id: i32,
        result: &Result<(), SendRefusal>,
    ) {
        self.instructions.desk.handle_sent(request_id, result);
        let Some((reply, placed)) = self.instructions.entering.remove(&request_id) else { return };
        let (id, request) = {
            let state = placed.instruction.borrow();
            (state.id, state.kind.insert().name())
        };
        let answer = match result {
            Ok(()) => {
                for order in self.instructions.derived.get(&id).cloned().unwrap_or_default() {
                    self.await_answer(now, order);
                }
                Ok(placed)
            }
            Err(reason) => {
                for order in self.instructions.derived.remove(&id).unwrap_or_default() {
                    self.forget_unsent(order);
                }
                Err(Error::NotSent { request, reason: reason.clone() })
            }
        };
        // A caller that went away still finds it in the events.
        let _ = reply.send(answer);
    }

    /// Takes a callback that is about instructions. Returns whether it was one.
    pub(super) fn hear_instruction(&mut self, event: &SpiEvent) -> bool {
        let Some((kind, heard)) = InstructionKind::heard(event.callback) else { return false };
        let record = event.record.as_ref().map(RecordBox::as_ref);
        match heard {
            Heard::Push => {
                if let Some(record) = record {
                    let own = (self.login.front_id, self.login.session_id);
                    let desk = &mut self.instructions.desk;
                    desk.apply(kind, record, event.received_ns, own, &mut self.events);
                }
            }
            // An answer without an error only says that it was heard.
            Heard::Refused if event.is_answer() && event.check().is_ok() => {}
            Heard::Refused => {
                let error = event.refusal();
                let desk = &mut self.instructions.desk;
                let refused = desk.refuse(kind, event.number, record, &error, &mut self.events);
                self.reject_derived(refused, &error);
            }
            Heard::CancelRefused if event.is_answer() && event.check().is_ok() => {}
            Heard::CancelRefused => {
                let error = event.refusal();
                self.instructions.desk.refuse_cancel(event.number, record, &error, &mut self.events);
            }
        }
        true
    }

    /// Takes an `OnRspError` that names an instruction or a withdrawal. Returns whether it did.
    pub(super) fn refuse_instruction_by_request(&mut self, request_id: i32, error: &ServerError) -> bool {
        let desk = &mut self.instructions.desk;
        let (taken, refused) = desk.refuse_by_request(request_id, error, &mut self.events);
        self.reject_derived(refused, error);
        taken
    }

    /// Takes what a query of instructions brought.
    pub(super) fn take_instructions(&mut self, request: TraderRequest, rows: &[RecordBox], received_ns: i64) {
        let Some(kind) = InstructionKind::of_query(request) else { return };
        for row in rows {
            let own = (self.login.front_id, self.login.session_id);
            self.instructions.desk.apply(kind, row.as_ref(), received_ns, own, &mut self.events);
        }
    }

    /// Nothing comes any more on this link, or in this session.
    pub(super) fn lose_instructions(&mut self, cause: &UnknownCause) {
        self.instructions.desk.mark_unknown(cause, &mut self.events);
    }

    /// Ends what the library was not asked about before the session ended.
    pub(super) fn fail_entering(&mut self, now: Instant, reason: &SendRefusal) {
        let mut waiting: Vec<i32> = self.instructions.entering.keys().copied().collect();
        waiting.sort_unstable();
        for request_id in waiting {
            self.instruction_sent(now, request_id, &Err(reason.clone()));
        }
    }

    /// A quote that was refused has no orders either.
    fn reject_derived(&mut self, refused: Option<InstructionId>, error: &ServerError) {
        let orders = refused.and_then(|id| self.instructions.derived.remove(&id)).unwrap_or_default();
        for order in orders {
            let arrival = self.arrival();
            self.book.reject(order, error.clone(), arrival, &mut self.events);
        }
    }

    /// Fills the exchange in where the instrument is known; another one than its own is denied.
    fn fill_exchange(&self, record: &mut RecordBox) -> Result<(), Denial> {
        let view = record.as_ref();
        let (Some(id), Some(exchange)) = (text(view, "InstrumentID"), text(view, "ExchangeID")) else {
            return Ok(());
        };
        let id: Text<81> = Text::from_bytes(id).unwrap_or_default();
        let Some(known) = self.risk.exchange_of(&id) else {
            return Ok(());
        };
        if exchange.is_empty() {
            put(record, "ExchangeID", Value::Text(known.as_bytes()));
        } else if exchange != known.as_bytes() {
            let value = format!("exchange {} of {id}", ctp_types::decode(exchange));
            return Err(Denial::new(Rule::Exchange, value, format!("it trades at {known}")));
        }
        Ok(())
    }
}

/// Denies what is no cancel and goes by a cancel's name: an order that was changed would have passed no rule.
fn check_action_flag(request: TraderRequest, record: &RecordBox) -> Result<(), Denial> {
    let view = record.as_ref();
    let flag = view.descriptor().field("ActionFlag").map(|field| view.field(field));
    match flag {
        Some(Value::Char(flag)) if flag != 0 && flag != ActionFlag::DELETE.as_char() => {
            let value = format!("{} with ActionFlag `{}`", request.name(), char::from(flag));
            let fix = "CTP changes no order: cancel it (ActionFlag::DELETE) and place another";
            Err(Denial::new(Rule::OrderKind, value, fix))
        }
        _ => Ok(()),
    }
}
