//! Cancels under way, found by their order and by their request.

use std::collections::BTreeSet;
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
    /// Orders whose cancel was not answered, until it is seen what became of them.
    lost: BTreeSet<OrderId>,
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

    /// Takes a cancel out that is not under way after all, and returns who waits for it.
    pub(crate) fn take(&mut self, id: OrderId) -> Vec<CancelReply> {
        let Some(Cancelling { request_id, waiters, .. }) = self.by_order.remove(&id) else {
            return Vec::new();
        };
        self.by_request.remove(&request_id);
        waiters
    }

    /// Ends a cancel, and tells everybody who waits. Callers that went away are no failure.
    pub(crate) fn end(&mut self, id: OrderId, outcome: impl Fn() -> Result<Arc<Order>, Error>) {
        for waiter in self.take(id) {
            let _ = waiter.send(outcome());
        }
    }

    /// Notes that the cancel of an order was not answered.
    pub(crate) fn lose(&mut self, id: OrderId) {
        self.lost.insert(id);
    }

    /// Takes the orders whose cancel was not answered.
    pub(crate) fn take_lost(&mut self) -> BTreeSet<OrderId> {
        std::mem::take(&mut self.lost)
    }

    /// Ends all cancels, with their link.
    pub(crate) fn end_all(&mut self, outcome: impl Fn() -> Result<Arc<Order>, Error>) {
        self.lost.clear();
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
        self.lost.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::td::fixtures::{FRONT, SESSION, input};
    use crate::td::orders::order::Origin;

    const ONE: OrderId = OrderId(1);
    const TWO: OrderId = OrderId(2);

    fn order(id: OrderId) -> Arc<Order> {
        Arc::new(Order::own(id, Origin::Own, &input("1", 5), FRONT, SESSION))
    }

    #[test]
    fn who_joins_a_cancel_hears_of_its_end_and_who_comes_after_it_does_not() {
        let (mut cancels, now) = (Cancels::default(), Instant::now());
        let (reply, mut first) = oneshot::channel();
        let reply = cancels.join(ONE, reply).expect_err("there is none");
        cancels.begin(ONE, 7, 70, now, Some(reply));
        let (reply, mut second) = oneshot::channel();
        cancels.join(ONE, reply).expect("there is one");
        cancels.begin(TWO, 8, 70, now, None);
        assert!([ONE, TWO].iter().all(|id| cancels.contains(*id)) && !cancels.contains(OrderId(3)));
        assert!(first.try_recv().is_err());
        cancels.end(ONE, || Ok(order(ONE)));
        for waiter in [&mut first, &mut second] {
            assert_eq!(waiter.try_recv().unwrap().unwrap().id, ONE);
        }
        assert!(!cancels.contains(ONE) && cancels.contains(TWO));
        let (reply, _third) = oneshot::channel();
        assert!(cancels.join(ONE, reply).is_err());
        let (reply, mut fourth) = oneshot::channel();
        cancels.join(TWO, reply).expect("there is one");
        cancels.end_all(|| Ok(order(TWO)));
        assert_eq!(fourth.try_recv().unwrap().unwrap().id, TWO);
        assert!(!cancels.contains(TWO));
    }

    #[test]
    fn lost_cancels_are_taken_once_and_go_with_their_link_and_day() {
        let mut cancels = Cancels::default();
        let lose = |cancels: &mut Cancels| [TWO, ONE, TWO].into_iter().for_each(|id| cancels.lose(id));
        lose(&mut cancels);
        assert_eq!(cancels.take_lost().into_iter().collect::<Vec<_>>(), [ONE, TWO]);
        assert!(cancels.take_lost().is_empty());
        lose(&mut cancels);
        cancels.end_all(|| Ok(order(ONE)));
        assert!(cancels.take_lost().is_empty());
        lose(&mut cancels);
        cancels.begin_trading_day();
        assert!(cancels.take_lost().is_empty());
    }

    #[test]
    fn an_answer_is_of_the_cancel_with_its_numbers() {
        let (mut cancels, now) = (Cancels::default(), Instant::now());
        cancels.begin(ONE, 7, 70, now, None);
        cancels.begin(TWO, 8, 80, now, None);
        assert_eq!([7, 8, 9].map(|request| cancels.order_of(request)), [Some(ONE), Some(TWO), None]);
        for (request_id, action_ref, found) in
            [(7, 70, Some(ONE)), (8, 80, Some(TWO)), (7, 80, None), (8, 70, None), (9, 70, None)]
        {
            assert_eq!(cancels.order_of_action(request_id, action_ref), found);
        }
        cancels.end(ONE, || Ok(order(ONE)));
        assert_eq!((cancels.order_of(7), cancels.order_of_action(7, 70)), (None, None));
    }

    #[test]
    fn a_refusal_is_told_once_a_day() {
        let mut cancels = Cancels::default();
        cancels.begin(ONE, 7, 70, Instant::now(), None);
        assert!(!cancels.was_told(7, 70));
        cancels.tell_refusal(ONE);
        cancels.tell_refusal(TWO);
        assert!(cancels.was_told(7, 70) && !cancels.was_told(7, 71) && !cancels.was_told(8, 70));
        assert!(!cancels.tell_refusal_of(7, 70) && cancels.tell_refusal_of(8, 70));
        assert!(!cancels.tell_refusal_of(8, 70) && cancels.was_told(8, 70));
        cancels.begin_trading_day();
        assert!(!cancels.was_told(7, 70) && cancels.tell_refusal_of(8, 70));
    }

    #[test]
    fn a_cancel_is_overdue_once_and_one_that_is_over_never() {
        let (mut cancels, now) = (Cancels::default(), Instant::now());
        let at = |second| now + Duration::from_secs(second);
        assert_eq!(cancels.next_deadline(), None);
        cancels.begin(ONE, 7, 70, at(5), None);
        cancels.begin(TWO, 8, 80, at(6), None);
        cancels.begin(OrderId(3), 9, 90, at(7), None);
        assert_eq!((cancels.next_deadline(), cancels.pop_overdue(at(4))), (Some(at(5)), None));
        cancels.end(ONE, || Ok(order(ONE)));
        cancels.settle();
        assert_eq!(cancels.next_deadline(), Some(at(6)));
        cancels.end(TWO, || Ok(order(TWO)));
        assert_eq!(cancels.pop_overdue(at(6)), None);
        assert_eq!((cancels.pop_overdue(at(7)), cancels.pop_overdue(at(7))), (Some(OrderId(3)), None));
    }
}
