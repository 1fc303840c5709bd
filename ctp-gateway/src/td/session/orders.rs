//! Placing and cancelling orders.

use std::sync::Arc;
use std::time::Instant;

use ctp_types::{
    ActionFlag, InputOrderActionField, InputOrderField, OrderActionField, RecordBox, Text, TraderRequest,
};
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::{Denial, Error, Rule, SendRefusal, ServerError, UnknownCause};
use crate::td::event::TdEvent;
use crate::td::io::{ActReply, Output};
use crate::td::new_order::form;
use crate::td::orders::order::{Order, OrderId, OrderPhase};
use crate::td::session::TdSession;

const INSERT: &str = "ReqOrderInsert";
const ACTION: &str = "ReqOrderAction";
/// Some counters read the reference as a signed 32-bit number.
const ORDER_REF_MAX: i64 = i32::MAX as i64;

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
    reply: oneshot::Sender<Result<Placed, Error>>,
    placed: Placed,
}

/// A cancel that was sent.
pub(super) struct Cancelling {
    pub(super) request_id: i32,
    action_ref: i32,
    pub(super) deadline: Instant,
    waiters: Vec<oneshot::Sender<Result<Arc<Order>, Error>>>,
}

impl TdSession {
    /// Places an order, if it belongs to the present login and passes the checks.
    pub(super) fn handle_act(&mut self, now: Instant, logins: u64, record: RecordBox, reply: ActReply) {
        let ActReply::Order(reply) = reply;
        if reply.is_closed() {
            return;
        }
        match self.prepare(logins, record) {
            // A caller that went away meanwhile is no failure.
            Err(error) => drop(reply.send(Err(error))),
            Ok((order, record, request_id)) => {
                let (order_tx, order_rx) = watch::channel(Arc::clone(&order));
                let (event_tx, event_rx) = mpsc::unbounded_channel();
                self.handles.insert(order.id, HandleSide { order: order_tx, events: event_tx });
                let placed = Placed { order: order_rx, events: event_rx };
                self.placing.insert(request_id, Placing { id: order.id, reply, placed });
                self.unanswered.push((now + self.order_timeout, order.id));
                self.outputs.push(Output::Send {
                    request: TraderRequest::ReqOrderInsert,
                    record,
                    request_id,
                });
            }
        }
    }

    fn prepare(&mut self, logins: u64, mut boxed: RecordBox) -> Result<(Arc<Order>, RecordBox, i32), Error> {
        let Some(record) = boxed.get_mut::<InputOrderField>() else {
            let value = format!("{INSERT} with {}", boxed.descriptor().name);
            return Err(Denial::new(Rule::Record, value, "it takes InputOrderField").into());
        };
        self.instruments.check(record)?;
        form::complete(record)?;
        self.check_login(INSERT, logins)?;
        if self.last_order_ref >= ORDER_REF_MAX {
            let fix = "the counter takes no higher number; wait for the next trading day";
            return Err(
                Denial::new(Rule::OrderRef, format!("order reference {}", self.last_order_ref), fix).into()
            );
        }
        self.last_order_ref += 1;
        let request_id = self.ids.next();
        record.broker_id = self.account.broker_id;
        record.investor_id = self.account.investor_id;
        // Without it OnErrRtnOrderInsert is not delivered.
        record.user_id = self.account.user_id;
        record.order_ref = Text::new(&self.last_order_ref.to_string())
            .map_err(|error| Denial::new(Rule::OrderRef, "the order reference", error.to_string()))?;
        record.request_id = request_id;
        let order = self.book.place(record, self.login.front_id, self.login.session_id);
        Ok((order, boxed, request_id))
    }

    /// A command belongs to the login that its caller saw; after a reconnect the caller decides anew.
    fn check_login(&self, request: &'static str, logins: u64) -> Result<(), Error> {
        // An order waits until the outcome of earlier ones is known; a cancel does not.
        let may_be_sent = if request == INSERT { self.state.is_ready() } else { self.is_usable() };
        let reason = if !may_be_sent {
            SendRefusal::NotReady(self.state.clone())
        } else if logins != self.logins {
            SendRefusal::SessionChanged
        } else {
            return Ok(());
        };
        Err(Error::NotSent { request, reason })
    }

    pub(super) fn order_sent(&mut self, now: Instant, request_id: i32, result: &Result<(), SendRefusal>) {
        let Some(placing) = self.placing.remove(&request_id) else { return };
        let answer = match result {
            Ok(()) => {
                self.unanswered.retain(|(_, id)| *id != placing.id);
                self.unanswered.push((now + self.order_timeout, placing.id));
                Ok(placing.placed)
            }
            Err(refusal) => {
                self.forget_unsent(placing.id);
                Err(Error::NotSent { request: INSERT, reason: refusal.clone() })
            }
        };
        // A caller that went away still finds the order in the events.
        let _ = placing.reply.send(answer);
    }

    /// Ends what the library was not asked about before the session ended.
    pub(super) fn fail_placing(&mut self, reason: &SendRefusal) {
        for (_, placing) in std::mem::take(&mut self.placing) {
            self.forget_unsent(placing.id);
            let _ = placing.reply.send(Err(Error::NotSent { request: INSERT, reason: reason.clone() }));
        }
    }

    fn forget_unsent(&mut self, id: OrderId) {
        self.book.remove_unsent(id);
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
        self.check_login(ACTION, logins)?;
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
            self.book.mark_unknown(id, cause.clone(), &mut self.events);
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
