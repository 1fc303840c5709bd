//! The kill switch, and the cancelling of everything that works.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::time::{Duration, Instant};

use crate::maps::HashMap;
use crate::td::orders::order::OrderId;

/// How often the cancel of one order is sent after refusals.
const TRIES: u32 = 5;
/// How long the next one waits: an order that the exchange does not know yet is known soon.
const PAUSE: Duration = Duration::from_secs(1);

/// A kill switch that is on: no order passes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Killed {
    /// Why, in the words of who threw it.
    pub reason: String,
    /// Since when, in nanoseconds since the Unix epoch.
    pub since_ns: i64,
}

/// The orders that are still to be cancelled, one after the other.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    queue: VecDeque<OrderId>,
    /// Orders whose cancel was refused, until when they wait.
    later: VecDeque<(Instant, OrderId)>,
    /// How often each order's cancel was handed out; 0: it is in the queue for the first time.
    tries: HashMap<OrderId, u32>,
}

impl Sweep {
    /// Takes an order that is to be cancelled, once.
    pub(super) fn add(&mut self, id: OrderId) {
        if let Entry::Vacant(tries) = self.tries.entry(id) {
            tries.insert(0);
            self.queue.push_back(id);
        }
    }

    /// Returns the next order. It is not returned again unless its cancel is refused.
    pub(super) fn next(&mut self, now: Instant) -> Option<OrderId> {
        while let Some((_, id)) = self.later.pop_front_if(|(from, _)| *from <= now) {
            self.queue.push_back(id);
        }
        while let Some(id) = self.queue.pop_front() {
            if let Some(tries) = self.tries.get_mut(&id) {
                *tries += 1;
                return Some(id);
            }
        }
        None
    }

    /// Takes it that an order's cancel was refused. Returns whether it is tried again.
    pub(super) fn refused(&mut self, id: OrderId, now: Instant) -> bool {
        let again = self.tries.get(&id).is_some_and(|tries| (1..TRIES).contains(tries));
        if again {
            self.later.push_back((now + PAUSE, id));
        }
        again
    }

    /// Forgets an order that is over.
    pub(super) fn remove(&mut self, id: OrderId) {
        self.tries.remove(&id);
        // Others that are over go when they come to the front, so that many ends cost no more than few.
        while self.queue.pop_front_if(|queued| !self.tries.contains_key(queued)).is_some() {}
        while self.later.pop_front_if(|(_, waiting)| !self.tries.contains_key(waiting)).is_some() {}
    }

    pub(super) fn is_known(&self, id: OrderId) -> bool {
        self.tries.contains_key(&id)
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Returns when the next order comes back into the queue.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.later.front().map(|(from, _)| *from)
    }

    /// Returns how many orders are not known to be over.
    pub(super) fn left(&self) -> usize {
        self.tries.len()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_order_comes_once_and_again_only_after_a_refusal() {
        let (start, id) = (Instant::now(), OrderId(7));
        let mut sweep = Sweep::default();
        for order in [id, OrderId(8), id] {
            sweep.add(order);
        }
        assert_eq!(
            (sweep.next(start), sweep.next(start), sweep.next(start)),
            (Some(id), Some(OrderId(8)), None)
        );
        assert_eq!(sweep.left(), 2);
        assert!(sweep.refused(id, start));
        assert_eq!(sweep.next(start), None);
        assert_eq!(sweep.next_deadline(), Some(start + PAUSE));
        assert_eq!(sweep.next(start + PAUSE), Some(id));
        for round in 2..TRIES {
            let now = start + PAUSE * round;
            assert!(sweep.refused(id, now));
            assert_eq!(sweep.next(now + PAUSE), Some(id));
        }
        assert!(!sweep.refused(id, start), "it was tried often enough");
        sweep.remove(id);
        sweep.remove(OrderId(8));
        assert_eq!((sweep.left(), sweep.is_waiting(), sweep.next_deadline()), (0, false, None));
    }
}
