//! Placing and cancelling orders.

use std::sync::Arc;
use std::time::Instant;

use ctp_types::{
    ActionFlag, InputOrderActionField, InputOrderField, OrderActionField, RecordBox, TraderRequest,
};
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::{Denial, Error, Rule, SendRefusal, ServerError, UnknownCause};
use crate::td::event::TdEvent;
use crate::td::io::Output;
use crate::td::orders::order::{Order, OrderId, OrderPhase};
use crate::td::session::TdSession;

const INSERT: &str = "ReqOrderInsert";
const ACTION: &str = "ReqOrderAction";

/// The reply to a placed order: what its handle is made of.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) order: watch::Receiver<Arc<Order>>,
    /// Unbounded: an order's events are few and must not be lost.
    pub(crate) events: mpsc::UnboundedReceiver<TdEvent>,
}

/// The session's end of an order's handle.
#[derive(Debug)]
pub(super) struct HandleSide {
    order: watch::Sender<Arc<Order>>,
    events: mpsc::UnboundedSender<TdEvent>,
}

impl HandleSide {
    pub(super) fn tell(&self, order: Arc<Order>, event: TdEvent) {
        // The event first: whoever is woken by the order finds it. A dropped handle is no failure.
        let _ = self.events.send(event);
        self.order.send_replace(order);
    }
}

/// An order whose sending the library has not commented yet.
pub(super) struct Placing {
    id: OrderId,
    /// Who waits; nobody for a raw order, whose caller waits for the request.
    reply: Option<(oneshot::Sender<Result<Placed, Error>>, Placed)>,
}

/// A cancel that was sent.
pub(super) struct Cancelling {
    pub(super) request_id: i32,
    action_ref: i32,
    pub(super) deadline: Instant,
    waiters: Vec<oneshot::Sender<Result<Arc<Order>, Error>>>,
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
            let (id, placed) = self.book_order(&*order, Some(request_id));
            self.placing.insert(request_id, Placing { id, reply: Some((reply, placed)) });
        }
        self.outputs.push(Output::Send { request, record, request_id });
    }

    /// Takes an own order that is about to be sent into the book. `request_id` is the number by which the counter
    /// answers it, if it does so by `OnRspOrderInsert`.
    pub(super) fn book_order(
        &mut self,
        record: &InputOrderField,
        request_id: Option<i32>,
    ) -> (OrderId, Placed) {
        let (front_id, session_id) = (self.login.front_id, self.login.session_id);
        let order = self.book.place(record, request_id, front_id, session_id);
        self.ledger.order(&order);
        let (order_tx, order_rx) = watch::channel(Arc::clone(&order));
        let (event_tx, event_rx) = mpsc::unbounded_channel();
        self.handles.insert(order.id, HandleSide { order: order_tx, events: event_tx });
        (order.id, Placed { order: order_rx, events: event_rx })
    }

    /// Takes an order into the book whose caller waits for the request alone.
    pub(super) fn book_raw_order(&mut self, record: &RecordBox, request_id: i32) {
        if let Some(record) = record.get::<InputOrderField>() {
            let (id, _) = self.book_order(record, Some(request_id));
            self.placing.insert(request_id, Placing { id, reply: None });
        }
    }

    pub(super) fn order_sent(&mut self, now: Instant, request_id: i32, result: &Result<(), SendRefusal>) {
        let Some(placing) = self.placing.remove(&request_id) else { return };
        match result {
            Ok(()) => self.await_answer(now, placing.id),
            Err(_) => self.forget_unsent(placing.id),
        }
        if let Some((reply, placed)) = placing.reply {
            let not_sent = |reason: &SendRefusal| Error::NotSent { request: INSERT, reason: reason.clone() };
            // A caller that went away still finds the order in the events.
            let _ = reply.send(result.as_ref().map(|()| placed).map_err(not_sent));
        }
    }

    /// Waits for the answer to an order that the library took.
    pub(super) fn await_answer(&mut self, now: Instant, id: OrderId) {
        self.unanswered.push((now + self.order_timeout, id));
    }

    /// Ends what the library was not asked about before the session ended.
    pub(super) fn fail_placing(&mut self, reason: &SendRefusal) {
        for (_, placing) in std::mem::take(&mut self.placing) {
            self.forget_unsent(placing.id);
            if let Some((reply, _)) = placing.reply {
                let _ = reply.send(Err(Error::NotSent { request: INSERT, reason: reason.clone() }));
            }
        }
    }

    /// Forgets an order that the library did not take.
    pub(super) fn forget_unsent(&mut self, id: OrderId) {
        self.book.remove_unsent(id);
        self.ledger.forget(id);
        self.handles.remove(&id);
        self.unanswered.retain(|(_, unanswered)| *unanswered != id);
    }

    /// Cancels an order by the best names known; a cancel that is under way is joined.
    pub(super) fn handle_cancel(
        &mut self,
        now: Instant,
        logins: u64,
        id: OrderId,
        reply: oneshot::Sender<Result<Arc<Order>, Error>>,
    ) {
        if reply.is_closed() {
            return;
        }
        if let Some(cancelling) = self.cancels.get_mut(&id) {
            return cancelling.waiters.push(reply);
        }
        match self.prepare_cancel(logins, id) {
            Err(error) => drop(reply.send(Err(error))),
            Ok((record, request_id)) => {
                let deadline = now + self.order_timeout;
                let cancelling = Cancelling {
                    request_id,
                    action_ref: self.last_action_ref,
                    deadline,
                    waiters: vec![reply],
                };
                self.cancels.insert(id, cancelling);
                self.outputs.push(Output::Send {
                    request: TraderRequest::ReqOrderAction,
                    record,
                    request_id,
                });
            }
        }
    }

    fn prepare_cancel(&mut self, logins: u64, id: OrderId) -> Result<(RecordBox, i32), Error> {
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
        self.last_action_ref = self.last_action_ref.checked_add(1).unwrap_or(1);
        record.order_action_ref = self.last_action_ref;
        record.request_id = self.ids.next();
        Ok((RecordBox::new(&record), record.request_id))
    }

    pub(super) fn cancel_sent(&mut self, request_id: i32, result: &Result<(), SendRefusal>) {
        if let Err(refusal) = result
            && let Some(id) = self.cancel_of(request_id)
        {
            let reason = refusal.clone();
            self.end_cancel(id, || Err(Error::NotSent { request: ACTION, reason: reason.clone() }));
        }
    }

    /// Ends a cancel whose order is over, however it came to that.
    pub(super) fn settle_cancel(&mut self, order: &Arc<Order>) {
        if order.phase.is_over() {
            self.end_cancel(order.id, || Ok(Arc::clone(order)));
        }
    }

    pub(super) fn fail_cancels(&mut self, cause: &UnknownCause) {
        let ids: Vec<OrderId> = self.cancels.keys().copied().collect();
        for id in ids {
            self.end_cancel(id, || Err(Error::Unknown { request: ACTION, cause: cause.clone() }));
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
        let id = self.cancel_of(request_id).or_else(|| self.cancel_of(by_record));
        match id {
            Some(id) => self.refuse_cancel(id, error),
            None => {
                let key = action.map(|action| (action.request_id, action.order_action_ref));
                if key.is_some_and(|key| self.refused_actions.contains(&key)) {
                    return;
                }
                self.events.push(TdEvent::Error { error, request_id });
            }
        }
    }

    /// Takes a refusal that all sessions of the account hear.
    pub(super) fn refuse_action(&mut self, action: &OrderActionField, error: ServerError) {
        let key = (action.request_id, action.order_action_ref);
        if self.refused_actions.contains(&key) {
            return;
        }
        let own = self.cancel_of(action.request_id).filter(|id| {
            self.cancels.get(id).is_some_and(|cancel| cancel.action_ref == action.order_action_ref)
        });
        match own {
            Some(id) => self.refuse_cancel(id, error),
            None => {
                self.refused_actions.insert(key);
                let order = self.book.order_of_action(action).cloned();
                self.events.push(TdEvent::CancelRejected { order, error });
            }
        }
    }

    /// Takes an `OnRspError` that names an order or a cancel. Returns whether it did.
    pub(super) fn refuse_by_request(&mut self, request_id: i32, error: &ServerError) -> bool {
        if let Some(id) = self.cancel_of(request_id) {
            self.refuse_cancel(id, error.clone());
            return true;
        }
        let known = self.book.was_sent_as(request_id);
        if known {
            self.book.refuse(None, request_id, error.clone(), &mut self.events);
        }
        known
    }

    /// Gives up waiting for answers that are overdue.
    pub(super) fn give_up_orders(&mut self, now: Instant) {
        let cause = UnknownCause::NoAnswer(self.order_timeout);
        let (due, waiting) =
            std::mem::take(&mut self.unanswered).into_iter().partition(|(until, _)| *until <= now);
        self.unanswered = waiting;
        let due: Vec<(Instant, OrderId)> = due;
        for (_, id) in due {
            if self.book.mark_unknown(id, cause.clone(), &mut self.events) {
                self.assurance.recovery.look_for_orders(now);
            }
        }
        let overdue: Vec<OrderId> =
            self.cancels.iter().filter(|(_, cancel)| cancel.deadline <= now).map(|(id, _)| *id).collect();
        for id in overdue {
            self.end_cancel(id, || Err(Error::Unknown { request: ACTION, cause: cause.clone() }));
        }
        let book = &self.book;
        self.unanswered.retain(|(_, id)| book.get(*id).is_some_and(|order| order.phase == OrderPhase::Sent));
    }

    fn refuse_cancel(&mut self, id: OrderId, error: ServerError) {
        if let Some(cancelling) = self.cancels.get(&id) {
            self.refused_actions.insert((cancelling.request_id, cancelling.action_ref));
        }
        self.events.push(TdEvent::CancelRejected { order: self.book.get(id).cloned(), error: error.clone() });
        self.end_cancel(id, || Err(Error::Rejected { request: ACTION, error: error.clone() }));
    }

    fn end_cancel(&mut self, id: OrderId, outcome: impl Fn() -> Result<Arc<Order>, Error>) {
        if let Some(cancelling) = self.cancels.remove(&id) {
            for waiter in cancelling.waiters {
                // A caller that went away is no failure.
                let _ = waiter.send(outcome());
            }
        }
    }

    fn cancel_of(&self, request_id: i32) -> Option<OrderId> {
        self.cancels.iter().find(|(_, cancel)| cancel.request_id == request_id).map(|(id, _)| *id)
    }
}
