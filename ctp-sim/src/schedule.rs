//! What is to happen later, in the order of time and, at one time, of entry.

use std::collections::BTreeMap;

use crate::interface::Timestamp;

/// Tasks waiting for their time.
#[derive(Clone, Debug)]
pub(crate) struct Schedule<T> {
    tasks: BTreeMap<(Timestamp, u64), T>,
    entries: u64,
}

impl<T> Schedule<T> {
    pub(crate) fn new() -> Self {
        Self { tasks: BTreeMap::new(), entries: 0 }
    }

    /// Adds a task for `at`; tasks of one time keep the order in which they were added.
    pub(crate) fn add(&mut self, at: Timestamp, task: T) {
        self.tasks.insert((at, self.entries), task);
        self.entries += 1;
    }

    /// Returns when the first task is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.tasks.first_key_value().map(|((at, _), _)| *at)
    }

    /// Removes and returns the first task due at or before `now`, with its time.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<(Timestamp, T)> {
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
}
