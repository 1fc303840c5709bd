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

    pub(super) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.entries.retain(|_, entry| keep(entry));
    }
}
