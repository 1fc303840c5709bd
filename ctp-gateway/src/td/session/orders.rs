//! Placing orders.

use std::time::Instant;

use ctp_types::{InputOrderField, RecordBox, TraderRequest};
use tokio::sync::oneshot;

use crate::error::{Error, SendRefusal, UnknownCause};
use crate::td::io::Output;
use crate::td::orders::order::OrderId;
use crate::td::orders::{Placed, cell};
use crate::td::session::TdSession;

const INSERT: &str = "ReqOrderInsert";

/// An order whose sending the library has not commented yet. It is booked when the library has taken it: nothing stands
/// between a wish and the library that can as well come after, and what was not sent never was.
pub(super) struct Placing {
    record: RecordBox,
    /// Who waits; nobody for a raw order, whose caller waits for the request.
    reply: Option<oneshot::Sender<Result<Placed, Error>>>,
}

impl TdSession {
    /// Places an order, if it is admitted.
    pub(super) fn handle_place(
        &mut self,
        now: Instant,
        logins: u64,
        request: TraderRequest,
        mut record: RecordBox,
        reply: oneshot::Sender<Result<Placed, Error>>,
    ) {
        if reply.is_closed() {
            return;
        }
        let numbered =
            self.admit(now, logins, request, &mut record).and_then(|()| self.number(request, &mut record));
        if let Err(error) = numbered {
            // A caller that went away meanwhile is no failure.
            return drop(reply.send(Err(error)));
        }
        let request_id = self.ids.next();
        if let Some(order) = record.get_mut::<InputOrderField>() {
            order.request_id = request_id;
        }
        self.placing.insert(request_id, Placing { record: record.clone(), reply: Some(reply) });
        self.outputs.push(Output::Send { request, record, request_id });
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
