//! Orders of which more must be heard soon.

use std::time::Instant;

use crate::td::orders::deadlines::Deadlines;
use crate::td::orders::order::{Order, OrderId, OrderPhase};
use crate::td::session::TdSession;

/// Orders whose next record must come soon: when it is lost, nothing else would show it.
#[derive(Default)]
pub(super) struct News {
    /// Until when it is waited for.
    incomplete: Deadlines<OrderId>,
    /// Those that this step told of.
    told: Vec<OrderId>,
}

impl News {
    /// Returns when an order is to be looked for.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.incomplete.next()
    }

    /// Forgets them with their link: the recovery looks for all orders.
    pub(super) fn clear(&mut self) {
        self.incomplete.clear();
        self.told.clear();
    }
}

impl TdSession {
    /// Notes an order that was told of.
    pub(super) fn expect_news(&mut self, order: &Order) {
        if is_incomplete(order) {
            self.assurance.news.told.push(order.id);
        }
    }

    /// Asks for the orders and trades if one stands for long where none stays.
    pub(super) fn look_for_news(&mut self, now: Instant) {
        while let Some(id) = self.assurance.news.incomplete.pop_due(now) {
            if self.book.get(id).is_some_and(|order| is_incomplete(order)) {
                self.assurance.recovery.look_for_orders(now);
            }
        }
    }

    /// Waits for the news of orders that were told of in this step, and forgets those that are where they may stay.
    pub(super) fn settle_news(&mut self, now: Instant) {
        let (news, book) = (&mut self.assurance.news, &self.book);
        for id in news.told.drain(..) {
            news.incomplete.push(now + self.order_timeout, id);
        }
        news.incomplete.settle(|id| book.get(id).is_some_and(|order| is_incomplete(order)));
    }
}

/// Returns whether an order must be heard of again: the exchange has not answered, or a trade is missing, or the record
/// of one.
fn is_incomplete(order: &Order) -> bool {
    order.phase == OrderPhase::Acknowledged || order.volume_filled != order.volume_traded
}
