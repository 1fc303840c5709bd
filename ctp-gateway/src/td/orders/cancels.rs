//! Cancels under way, found by their order and by their request.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::error::Error;
use crate::maps::{HashMap, HashSet};
use crate::td::orders::deadlines::Deadlines;
use crate::td::orders::order::{Order, OrderId};

/// Who waits for a cancel.
pub(crate) type CancelReply = oneshot::Sender<Result<Arc<Order>, Error>>;

/// A cancel that was sent.
#[derive(Debug)]
struct Cancelling {
    request_id: i32,
    action_ref: i32,
    waiters: Vec<CancelReply>,
}

/// The cancels of one session, one per order at most.
#[derive(Debug, Default)]
pub(crate) struct Cancels {
    by_order: HashMap<OrderId, Cancelling>,
    by_request: HashMap<i32, OrderId>,
    deadlines: Deadlines<i32>,
    /// Refusals that were told already: request number and action reference.
    told: HashSet<(i32, i32)>,
}

impl Cancels {
    /// Adds who waits to a cancel of the order that is under way.
    ///
    /// # Errors
    ///
    /// Gives the waiter back if there is none.
    pub(crate) fn join(&mut self, id: OrderId, reply: CancelReply) -> Result<(), CancelReply> {
        match self.by_order.get_mut(&id) {
            Some(cancelling) => {
                cancelling.waiters.push(reply);
                Ok(())
            }
            None => Err(reply),
        }
    }

    /// Begins a cancel. It is given up at `due`.
    pub(crate) fn begin(
        &mut self,
        id: OrderId,
        request_id: i32,
        action_ref: i32,
        due: Instant,
        reply: Option<CancelReply>,
    ) {
        let waiters = reply.into_iter().collect();
        self.by_order.insert(id, Cancelling { request_id, action_ref, waiters });
        self.by_request.insert(request_id, id);
        self.deadlines.push(due, request_id);
    }

    /// Returns whether a cancel of the order is under way.
    pub(crate) fn contains(&self, id: OrderId) -> bool {
        self.by_order.contains_key(&id)
    }

    /// Returns the order that a request cancels.
    pub(crate) fn order_of(&self, request_id: i32) -> Option<OrderId> {
        self.by_request.get(&request_id).copied()
    }

    /// Returns the order that an action cancels.
    pub(crate) fn order_of_action(&self, request_id: i32, action_ref: i32) -> Option<OrderId> {
        let id = self.order_of(request_id)?;
        self.by_order.get(&id).is_some_and(|cancelling| cancelling.action_ref == action_ref).then_some(id)
    }

    /// Notes the refusal of an order's cancel as told.
    pub(crate) fn tell_refusal(&mut self, id: OrderId) {
        if let Some(cancelling) = self.by_order.get(&id) {
            self.told.insert((cancelling.request_id, cancelling.action_ref));
        }
    }

    /// Notes a refusal as told. Returns whether it was not yet.
    pub(crate) fn tell_refusal_of(&mut self, request_id: i32, action_ref: i32) -> bool {
        self.told.insert((request_id, action_ref))
    }

    /// Returns whether a refusal was told.
    pub(crate) fn was_told(&self, request_id: i32, action_ref: i32) -> bool {
        self.told.contains(&(request_id, action_ref))
    }

    /// Ends a cancel, and tells everybody who waits. Callers that went away are no failure.
    pub(crate) fn end(&mut self, id: OrderId, outcome: impl Fn() -> Result<Arc<Order>, Error>) {
        if let Some(cancelling) = self.by_order.remove(&id) {
            self.by_request.remove(&cancelling.request_id);
            for waiter in cancelling.waiters {
                let _ = waiter.send(outcome());
            }
        }
    }

    /// Ends all cancels.
    pub(crate) fn end_all(&mut self, outcome: impl Fn() -> Result<Arc<Order>, Error>) {
        let ids: Vec<OrderId> = self.by_order.keys().copied().collect();
        ids.into_iter().for_each(|id| self.end(id, &outcome));
    }

    /// Takes the next order whose cancel is overdue.
    pub(crate) fn pop_overdue(&mut self, now: Instant) -> Option<OrderId> {
        loop {
            let request_id = self.deadlines.pop_due(now)?;
            if let Some(id) = self.order_of(request_id) {
                return Some(id);
            }
        }
    }

    /// Forgets the deadlines of cancels that are over. Called after every step.
    pub(crate) fn settle(&mut self) {
        let by_request = &self.by_request;
        self.deadlines.settle(|request_id| by_request.contains_key(&request_id));
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Forgets what was told: a new trading day.
    pub(crate) fn begin_trading_day(&mut self) {
        self.told.clear();
    }
}
