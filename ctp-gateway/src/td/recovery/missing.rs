//! Orders that a broken link left without an answer: when it is proved that the counter does not have them.
//!
//! An order that is under way when the link breaks may still reach the counter some time later. That it does not exist
//! is proved by complete queries of the day's orders, made after a later login and long enough after the break, which do
//! not show it: two of them, as one more query costs a second and a wrong proof costs a position.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::td::orders::order::OrderId;

/// How many complete queries have to miss an order.
pub(super) const PROOFS: u32 = 2;

/// An order of an earlier login without an answer.
#[derive(Debug)]
struct Absent {
    /// From when on a query that does not show it proves something.
    provable: Instant,
    missed: u32,
}

#[derive(Debug)]
pub(super) struct Missing {
    /// How long after the break an order may still reach the counter.
    transit: Duration,
    orders: BTreeMap<OrderId, Absent>,
}

impl Missing {
    pub(super) fn new(transit: Duration) -> Self {
        Self { transit, orders: BTreeMap::new() }
    }

    /// Notes the orders that the login which just ended left without an answer.
    pub(super) fn lose(&mut self, now: Instant, unknown: impl IntoIterator<Item = OrderId>) {
        for id in unknown {
            let provable = now + self.transit;
            self.orders.entry(id).or_insert(Absent { provable, missed: 0 });
        }
    }

    /// Takes a complete query of orders that was asked at a time. `unknown` are the orders that it left without an
    /// answer. Returns those that are proved not to exist.
    pub(super) fn look(&mut self, asked: Instant, unknown: &[OrderId]) -> Vec<OrderId> {
        let mut proved = Vec::new();
        self.orders.retain(|id, absent| {
            if !unknown.contains(id) {
                return false;
            }
            absent.missed += u32::from(asked >= absent.provable);
            let is_proved = absent.missed >= PROOFS;
            if is_proved {
                proved.push(*id);
            }
            !is_proved
        });
        proved
    }

    /// Returns from when on another query would prove something, if an order still waits for it.
    pub(super) fn open(&self) -> Option<Instant> {
        self.orders.values().map(|absent| absent.provable).max()
    }

    pub(super) fn clear(&mut self) {
        self.orders.clear();
    }
}
