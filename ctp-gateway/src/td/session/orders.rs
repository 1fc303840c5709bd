//! Placing orders.

use std::time::Instant;

use ctp_types::{InputOrderField, Record as _, RecordBox, TraderRequest};
use tokio::sync::oneshot;

use crate::error::{Error, SendRefusal, UnknownCause};
use crate::td::io::Output;
use crate::td::orders::order::OrderId;
use crate::td::orders::{Placed, cell};
use crate::td::risk::Counted;
use crate::td::session::TdSession;
use crate::td::session::actions::other_record;

const INSERT: &str = "ReqOrderInsert";

/// An order whose sending the library has not commented yet. It is booked when the library has taken it: nothing stands
/// between a wish and the library that can as well come after, and what was not sent never was.
pub(super) struct Placing {
    record: RecordBox,
    /// Who waits; nobody for a raw order, whose caller waits for the request.
    reply: Option<oneshot::Sender<Result<Placed, Error>>>,
}

/// What was said of an order before anything else of its step.
pub(super) struct Admission {
    /// The number of its request, or why it is not sent.
    result: Result<i32, Error>,
    /// Whether it is to be counted: it keeps to everything that is judged before.
    counts: bool,
}

impl TdSession {
    /// Begins the step of an order: judges it, completes it and gives it its numbers. Returns the number of its request
    /// if it may leave; whoever steps the session may give it to the library at once.
    ///
    /// All else can wait until then, and belongs to [`step`](Self::step), which has to follow with the same time and a
    /// command with the order as it is now. Without this, it does both.
    pub(crate) fn begin_place(
        &mut self,
        now: Instant,
        logins: u64,
        order: &mut InputOrderField,
    ) -> Option<i32> {
        self.begin(now);
        let admission = self.admit_order(now, logins, order);
        let request_id = admission.result.as_ref().ok().copied();
        self.admitted = Some(admission);
        request_id
    }

    /// Says whether an order may leave, and completes it.
    fn admit_order(&mut self, now: Instant, logins: u64, order: &mut InputOrderField) -> Admission {
        let request = TraderRequest::ReqOrderInsert;
        let judged = self.judge_order(logins, request, order);
        let judged = judged.and_then(|()| Ok(self.risk.check_pace(now, 1)?));
        let counts = judged.is_ok();
        let result = judged.and_then(|()| self.stop_dry_run(request, || RecordBox::new(order)));
        match result {
            Ok(()) => {
                order.order_ref = self.take_reference(order.order_ref);
                order.request_id = self.ids.next();
                Admission { result: Ok(order.request_id), counts }
            }
            Err(error) => {
                self.note_denial(&error);
                Admission { result: Err(error), counts }
            }
        }
    }

    /// Places an order, if it is admitted.
    pub(super) fn handle_place(
        &mut self,
        now: Instant,
        logins: u64,
        request: TraderRequest,
        mut record: RecordBox,
        reply: oneshot::Sender<Result<Placed, Error>>,
    ) {
        let admission = match (self.admitted.take(), record.get_mut::<InputOrderField>()) {
            (Some(admission), _) => admission,
            (None, _) if reply.is_closed() => return,
            (None, Some(order)) => self.admit_order(now, logins, order),
            (None, None) => {
                let error = other_record(request, &record, &InputOrderField::DESCRIPTOR.name).into();
                self.note_denial(&error);
                Admission { result: Err(error), counts: false }
            }
        };
        if admission.counts
            && let Some(order) = record.get::<InputOrderField>()
        {
            self.risk.take(now, Counted::Order, &order.instrument_id);
        }
        let request_id = match admission.result {
            Ok(request_id) => request_id,
            // A caller that went away meanwhile is no failure.
            Err(error) => return drop(reply.send(Err(error))),
        };
        self.placing.insert(request_id, Placing { record: record.clone(), reply: Some(reply) });
        self.outputs.push(Output::Send { request, record, request_id });
    }

    /// Returns the order that a record is of.
    #[cfg(test)]
    pub(crate) fn order_of(
        &self,
        record: &ctp_types::OrderField,
    ) -> Option<&std::sync::Arc<crate::td::Order>> {
        self.book.by_record(record)
    }

    /// Takes an own order that is sent into the book. `request_id` is the number by which the counter
    /// answers it, if it does so by `OnRspOrderInsert`.
    pub(super) fn book_order(
        &mut self,
        record: &InputOrderField,
        request_id: Option<i32>,
    ) -> (OrderId, Placed) {
        let (front_id, session_id) = (self.login.front_id, self.login.session_id);
        let order = self.book.place(record, request_id, front_id, session_id);
        self.ledger.order(&order);
        let id = order.id;
        self.risk.order_sent(id, record);
        let (side, placed) = cell(order);
        self.handles.insert(id, side);
        (id, placed)
    }

    /// Expects the library's word about an order whose caller waits for the request alone.
    pub(super) fn await_raw_order(&mut self, record: &RecordBox, request_id: i32) {
        self.placing.insert(request_id, Placing { record: record.clone(), reply: None });
    }

    pub(super) fn order_sent(&mut self, now: Instant, request_id: i32, result: &Result<(), SendRefusal>) {
        let Some(Placing { record, reply }) = self.placing.remove(&request_id) else { return };
        let placed = match (result, record.get::<InputOrderField>()) {
            (Ok(()), Some(record)) => {
                let (id, placed) = self.book_order(record, Some(request_id));
                self.await_answer(now, id);
                Ok(placed)
            }
            // Nothing else is ever placed.
            (Ok(()), None) => return,
            (Err(reason), _) => Err(Error::NotSent { request: INSERT, reason: reason.clone() }),
        };
        if let Some(reply) = reply {
            // A caller that went away still finds the order in the events.
            let _ = reply.send(placed);
        }
    }

    /// Waits for the answer to an order that the library took.
    pub(super) fn await_answer(&mut self, now: Instant, id: OrderId) {
        self.unanswered.push(now + self.order_timeout, id);
    }

    /// Ends what the library was not asked about before the session ended.
    pub(super) fn fail_placing(&mut self, reason: &SendRefusal) {
        for (_, placing) in std::mem::take(&mut self.placing) {
            if let Some(reply) = placing.reply {
                let _ = reply.send(Err(Error::NotSent { request: INSERT, reason: reason.clone() }));
            }
        }
    }

    /// Forgets an order of an instruction that the library did not take.
    pub(super) fn forget_unsent(&mut self, id: OrderId) {
        self.book.remove_unsent(id);
        self.ledger.forget(id);
        self.risk.order_not_sent(id);
        self.handles.remove(&id);
    }

    /// Gives up waiting for answers that are overdue.
    pub(super) fn give_up_orders(&mut self, now: Instant) {
        let cause = UnknownCause::NoAnswer(self.order_timeout);
        while let Some(id) = self.unanswered.pop_due(now) {
            if self.book.mark_unknown(id, cause.clone(), &mut self.events) {
                self.assurance.recovery.look_for_orders(now);
            }
        }
        self.give_up_cancels(now, &cause);
        self.look_for_news(now);
    }

    /// Forgets deadlines of what was answered. Called after every step.
    pub(super) fn settle_deadlines(&mut self, now: Instant) {
        let book = &self.book;
        self.unanswered.settle(|id| book.is_unanswered(id));
        self.cancels.settle();
        self.settle_news(now);
    }
}
