//! Until when answers are awaited: all for the same time, so the first to be asked is the first to be due.

use std::collections::VecDeque;
use std::time::Instant;

#[derive(Debug)]
pub(crate) struct Deadlines<K> {
    queue: VecDeque<(Instant, K)>,
}

impl<K> Default for Deadlines<K> {
    fn default() -> Self {
        Self { queue: VecDeque::new() }
    }
}

impl<K: Copy> Deadlines<K> {
    /// Adds what is due no sooner than all before it.
    pub(crate) fn push(&mut self, due: Instant, key: K) {
        let due = self.queue.back().map_or(due, |(last, _)| due.max(*last));
        self.queue.push_back((due, key));
    }

    /// Drops what nobody waits for any more, as far as it stands in front. Each is looked at until it is dropped, so the
    /// cost does not grow with their number.
    pub(crate) fn settle(&mut self, is_awaited: impl Fn(K) -> bool) {
        while self.queue.front().is_some_and(|(_, key)| !is_awaited(*key)) {
            self.queue.pop_front();
        }
    }

    /// Takes the next one that is due.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        let (due, key) = *self.queue.front()?;
        (due <= now).then(|| {
            self.queue.pop_front();
            key
        })
    }

    /// Returns when the first is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.queue.front().map(|(due, _)| *due)
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_first_that_is_awaited_is_next() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut deadlines = Deadlines::default();
        for second in [5, 6, 4, 8] {
            deadlines.push(at(second), second);
        }
        deadlines.settle(|key| key > 5);
        assert_eq!(deadlines.next(), Some(at(6)));
        assert_eq!(
            [deadlines.pop_due(at(5)), deadlines.pop_due(at(6)), deadlines.pop_due(at(6))],
            [None, Some(6), Some(4)]
        );
        deadlines.clear();
        assert_eq!(deadlines.next(), None);
    }
}
