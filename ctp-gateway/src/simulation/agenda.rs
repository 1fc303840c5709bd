//! What is going to happen, by time; at the same time in the order in which it was planned.

use std::collections::BTreeMap;

use super::clock::At;

#[derive(Debug)]
pub(super) struct Agenda<T> {
    entries: BTreeMap<(At, u64), T>,
    planned: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), planned: 0 }
    }
}

impl<T> Agenda<T> {
    pub(super) fn add(&mut self, at: At, entry: T) {
        self.planned += 1;
        self.entries.insert((at, self.planned), entry);
    }

    pub(super) fn next(&self) -> Option<At> {
        self.entries.keys().next().map(|(at, _)| *at)
    }

    /// Takes the first entry that is due.
    pub(super) fn take_due(&mut self, now: At) -> Option<T> {
        let first = self.entries.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }

    /// Takes out all entries that something is made of, in their order.
    pub(super) fn take_all<U>(&mut self, make: impl Fn(&T) -> Option<U>) -> Vec<U> {
        let mut made = Vec::new();
        self.entries.retain(|_, entry| match make(entry) {
            Some(one) => {
                made.push(one);
                false
            }
            None => true,
        });
        made
    }

    /// Returns whether anything is planned that a condition holds for.
    pub(super) fn any(&self, holds: impl Fn(&T) -> bool) -> bool {
        self.entries.values().any(holds)
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.entries.retain(|_, entry| keep(entry));
    }
}
