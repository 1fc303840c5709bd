//! How long orders wait for their first answer.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::td::orders::order::OrderId;

/// Notices that the first answers to orders are late: a front queues what exceeds its flow limit without a word.
#[derive(Debug)]
pub(super) struct Acks {
    /// Zero: never.
    allowed: Duration,
    waiting: VecDeque<(Instant, OrderId)>,
    is_slow: bool,
    /// How many were late.
    pub(super) late: u64,
}

impl Acks {
    pub(super) fn new(allowed: Duration) -> Self {
        Self { allowed, waiting: VecDeque::new(), is_slow: false, late: 0 }
    }

    pub(super) fn sent(&mut self, now: Instant, id: OrderId) {
        if !self.allowed.is_zero() {
            self.waiting.push_back((now + self.allowed, id));
        }
    }

    /// Takes it that an order was answered; `is_open` tells which others are not.
    pub(super) fn answered(&mut self, waits: impl Fn(OrderId) -> bool) {
        while self.waiting.pop_front_if(|(_, id)| !waits(*id)).is_some() {
            // An answer in time ends the slowness.
            self.is_slow = false;
        }
    }

    /// Returns how many orders are late now, if that is news.
    pub(super) fn handle_deadline(&mut self, now: Instant, waits: impl Fn(OrderId) -> bool) -> Option<u64> {
        let before = self.late;
        while let Some((_, id)) = self.waiting.pop_front_if(|(until, _)| *until <= now) {
            self.late += u64::from(waits(id));
        }
        let late = self.late - before;
        let is_news = late > 0 && !self.is_slow;
        self.is_slow |= late > 0;
        is_news.then_some(late)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.waiting.front().map(|(until, _)| *until)
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slowness_is_told_once_until_an_answer_comes_in_time() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut acks = Acks::new(second);
        acks.sent(start, OrderId(1));
        acks.sent(start, OrderId(2));
        acks.answered(|id| id != OrderId(1));
        assert_eq!(acks.next_deadline(), Some(start + second));
        assert_eq!(acks.handle_deadline(start + second, |_| true), Some(1));
        acks.sent(start + second, OrderId(3));
        assert_eq!(acks.handle_deadline(start + 2 * second, |_| true), None, "still the same slowness");
        acks.sent(start + 2 * second, OrderId(4));
        acks.answered(|_| false);
        acks.sent(start + 3 * second, OrderId(5));
        assert_eq!(acks.handle_deadline(start + 4 * second, |_| true), Some(1));
        assert_eq!(acks.late, 3);
        assert_eq!(acks.next_deadline(), None);
    }

    #[test]
    fn zero_waits_for_ever() {
        let mut acks = Acks::new(Duration::ZERO);
        acks.sent(Instant::now(), OrderId(1));
        assert_eq!(acks.next_deadline(), None);
    }
}
