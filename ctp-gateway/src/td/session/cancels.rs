//! Cancelling orders.

use std::sync::Arc;
use std::time::Instant;

use ctp_types::{ActionFlag, InputOrderActionField, OrderActionField, RecordBox, TraderRequest};

use crate::error::{Denial, Error, Rule, SendRefusal, ServerError, UnknownCause};
use crate::td::event::TdEvent;
use crate::td::io::Output;
use crate::td::orders::cancels::CancelReply;
use crate::td::orders::order::{Order, OrderId};
use crate::td::session::TdSession;

const ACTION: &str = "ReqOrderAction";

impl TdSession {
    /// Cancels an order by the best names known; a cancel that is under way is joined.
    pub(super) fn handle_cancel(&mut self, now: Instant, logins: u64, id: OrderId, reply: CancelReply) {
        if reply.is_closed() {
            return;
        }
        let Err(reply) = self.cancels.join(id, reply) else { return };
        match self.prepare_cancel(now, logins, id) {
            Err(error) => {
                self.note_denial(&error);
                drop(reply.send(Err(error)));
            }
            Ok((record, request_id)) => self.send_cancel(now, id, record, request_id, Some(reply)),
        }
    }

    /// Sends a cancel for whom waits for it, perhaps nobody.
    pub(super) fn send_cancel(
        &mut self,
        now: Instant,
        id: OrderId,
        record: RecordBox,
        request_id: i32,
        reply: Option<CancelReply>,
    ) {
        self.cancels.begin(id, request_id, self.last_action_ref, now + self.order_timeout, reply);
        self.outputs.push(Output::Send { request: TraderRequest::ReqOrderAction, record, request_id });
    }

    pub(super) fn prepare_cancel(
        &mut self,
        now: Instant,
        logins: u64,
        id: OrderId,
    ) -> Result<(RecordBox, i32), Error> {
        let Some(order) = self.book.get(id) else {
            let fix = "it is not of this session or trading day; take the id from an order of orders()";
            return Err(Denial::new(Rule::OrderUnknown, format!("order {}", id.0), fix).into());
        };
        if order.phase.is_over() {
            let value = format!("order {} is over: {}", id.0, order.status_text());
            return Err(Denial::new(Rule::OrderIsOver, value, "there is nothing left to cancel").into());
        }
        self.check_login(TraderRequest::ReqOrderAction, logins)?;
        let mut record = InputOrderActionField {
            broker_id: self.account.broker_id,
            investor_id: self.account.investor_id,
            user_id: self.account.user_id,
            instrument_id: order.instrument_id,
            exchange_id: order.keys.exchange_id,
            action_flag: ActionFlag::DELETE,
            ..InputOrderActionField::default()
        };
        // The exchange's number is never reassigned; before there is one, the session's names must do.
        if order.keys.order_sys_id.is_empty() {
            record.front_id = order.keys.front_id;
            record.session_id = order.keys.session_id;
            record.order_ref = order.keys.order_ref;
        } else {
            record.order_sys_id = order.keys.order_sys_id;
        }
        let action_ref = self.last_action_ref.checked_add(1).unwrap_or(1);
        record.order_action_ref = action_ref;
        record.request_id = self.ids.next();
        let boxed = RecordBox::new(&record);
        self.count_action(now, TraderRequest::ReqOrderAction, &boxed)?;
        self.last_action_ref = action_ref;
        Ok((boxed, record.request_id))
    }

    pub(super) fn cancel_sent(&mut self, now: Instant, request_id: i32, result: &Result<(), SendRefusal>) {
        let course = self.wishes.take_given(request_id);
        if let Err(refusal) = result
            && let Some(id) = self.cancels.order_of(request_id)
        {
            self.sweep_refused(id);
            if let Some(course) = course.filter(|course| course.goes_on(refusal)) {
                return self.wish_again(now, id, course);
            }
            let reason = refusal.clone();
            self.cancels.end(id, || Err(Error::NotSent { request: ACTION, reason: reason.clone() }));
        }
    }

    /// Ends a cancel whose order is over, however it came to that.
    pub(super) fn settle_cancel(&mut self, order: &Arc<Order>) {
        if order.phase.is_over() {
            self.cancels.end(order.id, || Ok(Arc::clone(order)));
        }
    }

    pub(super) fn fail_cancels(&mut self, cause: &UnknownCause) {
        self.cancels.end_all(|| Err(Error::Unknown { request: ACTION, cause: cause.clone() }));
    }

    pub(super) fn give_up_cancels(&mut self, now: Instant, cause: &UnknownCause) {
        while let Some(id) = self.cancels.pop_overdue(now) {
            self.cancels.lose(id);
            self.cancels.end(id, || Err(Error::Unknown { request: ACTION, cause: cause.clone() }));
            self.assurance.recovery.look_for_orders(now);
        }
    }

    /// Takes a refusal that only the requester hears.
    pub(super) fn refuse_own_action(
        &mut self,
        action: Option<&InputOrderActionField>,
        request_id: i32,
        error: ServerError,
    ) {
        let by_record = action.map_or(request_id, |action| action.request_id);
        let id = self.cancels.order_of(request_id).or_else(|| self.cancels.order_of(by_record));
        match id {
            Some(id) => self.refuse_cancel(id, error),
            None => {
                let key = action.map(|action| (action.request_id, action.order_action_ref));
                if key.is_some_and(|(request_id, action_ref)| self.cancels.was_told(request_id, action_ref)) {
                    return;
                }
                self.events.push(TdEvent::Error { error, request_id });
            }
        }
    }

    /// Takes a refusal that all sessions of the account hear.
    pub(super) fn refuse_action(&mut self, action: &OrderActionField, error: ServerError) {
        let (request_id, action_ref) = (action.request_id, action.order_action_ref);
        if self.cancels.was_told(request_id, action_ref) {
            return;
        }
        match self.cancels.order_of_action(request_id, action_ref) {
            Some(id) => self.refuse_cancel(id, error),
            None => {
                self.cancels.tell_refusal_of(request_id, action_ref);
                let order = self.book.order_of_action(action).cloned();
                self.events.push(TdEvent::CancelRejected { order, error });
            }
        }
    }

    /// Takes an `OnRspError` that names an order or a cancel. Returns whether it did.
    pub(super) fn refuse_by_request(&mut self, request_id: i32, error: &ServerError) -> bool {
        if let Some(id) = self.cancels.order_of(request_id) {
            self.refuse_cancel(id, error.clone());
            return true;
        }
        let known = self.book.was_sent_as(request_id);
        if known {
            let arrival = self.arrival();
            self.book.refuse(None, request_id, error.clone(), arrival, &mut self.events);
        }
        known
    }

    fn refuse_cancel(&mut self, id: OrderId, error: ServerError) {
        self.sweep_refused(id);
        self.cancels.tell_refusal(id);
        self.events.push(TdEvent::CancelRejected { order: self.book.get(id).cloned(), error: error.clone() });
        self.cancels.end(id, || Err(Error::Rejected { request: ACTION, error: error.clone() }));
    }
}
