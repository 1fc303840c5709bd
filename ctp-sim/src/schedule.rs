//! What is to happen later, in the order of time and, at one time, of entry.

use std::collections::{BTreeMap, VecDeque};

use crate::interface::Timestamp;

/// Tasks waiting for their time.
#[derive(Clone, Debug)]
pub(crate) struct Schedule<T> {
    tasks: BTreeMap<(Timestamp, u64), T>,
    /// Tasks that are due already, in order: without delays every task is one.
    ready: VecDeque<(Timestamp, u64, T)>,
    entries: u64,
    /// Until when tasks are being taken.
    due: Timestamp,
}

impl<T> Schedule<T> {
    pub(crate) fn new() -> Self {
        Self { tasks: BTreeMap::new(), ready: VecDeque::new(), entries: 0, due: Timestamp(i64::MIN) }
    }

    /// Adds a task for `at`; tasks of one time keep the order in which they were added.
    pub(crate) fn add(&mut self, at: Timestamp, task: T) {
        let entry = self.entries;
        self.entries += 1;
        if at <= self.due && self.ready.back().is_none_or(|(last, ..)| *last <= at) {
            self.ready.push_back((at, entry, task));
        } else {
            self.tasks.insert((at, entry), task);
        }
    }

    /// Removes every task that `keep` says no to.
    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.tasks.retain(|_, task| keep(task));
    }

    /// Returns when the first task is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let waiting = self.tasks.first_key_value().map(|((at, _), _)| *at);
        let ready = self.ready.front().map(|(at, ..)| *at);
        [waiting, ready].into_iter().flatten().min()
    }

    /// Removes and returns the first task due at or before `now`, with its time.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<(Timestamp, T)> {
        self.due = now;
        let ready = self.ready.front().map(|(at, entry, _)| (*at, *entry));
        let waiting = self.tasks.first_key_value().map(|(key, _)| *key);
        if let Some(ready) = ready.filter(|ready| ready.0 <= now && waiting.is_none_or(|key| *ready < key)) {
            return self.ready.pop_front().map(|(_, _, task)| (ready.0, task));
        }
        let entry = self.tasks.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), task) = entry.remove_entry();
        Some((at, task))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_come_by_time_then_by_entry() {
        let mut schedule = Schedule::new();
        for (at, task) in [(3, 'd'), (1, 'a'), (2, 'b'), (2, 'c')] {
            schedule.add(Timestamp(at), task);
        }
        assert_eq!(schedule.next(), Some(Timestamp(1)));
        let mut due = String::new();
        while let Some((_, task)) = schedule.take_due(Timestamp(2)) {
            due.push(task);
        }
        assert_eq!(due, "abc");
        assert_eq!(schedule.next(), Some(Timestamp(3)));
    }

    #[test]
    fn tasks_added_while_others_are_taken_keep_the_order() {
        let mut schedule = Schedule::new();
        for (at, task) in [(5, 'b'), (5, 'c'), (9, 'g')] {
            schedule.add(Timestamp(at), task);
        }
        assert_eq!(schedule.take_due(Timestamp(9)), Some((Timestamp(5), 'b')));
        // Due already, some of them earlier than others that were added before.
        for (at, task) in [(5, 'd'), (7, 'f'), (6, 'e'), (10, 'h'), (9, 'i')] {
            schedule.add(Timestamp(at), task);
        }
        let mut due = String::new();
        while let Some((_, task)) = schedule.take_due(Timestamp(9)) {
            due.push(task);
        }
        assert_eq!(due, "cdefgi");
        assert_eq!(schedule.next(), Some(Timestamp(10)));
        assert_eq!(schedule.take_due(Timestamp(10)), Some((Timestamp(10), 'h')));
    }
}
