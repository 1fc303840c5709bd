//! What happened how often: a simulation in which something never happens proves nothing about it.

use std::collections::BTreeMap;

/// Counts of what happened, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<&'static str, u64>,
}

/// What must happen at least once in the seeds of `cargo test`.
pub(super) const EXPECTED: &[&str] = &[
    "answer lost",
    "cancel: over",
    "cancel: not sent",
    "effect: answered",
    "effect: not sent",
    "effect: rejected",
    "effect: sent",
    "effect: unknown",
    "fresh object",
    "link broken",
    "login refused",
    "login",
    "md: gap",
    "md: subscription not taken",
    "md: subscription unanswered",
    "message doubled",
    "message late",
    "order: not sent",
    "order: sent",
    "query: answered",
    "query: not sent",
    "query: rejected",
    "query: timed out",
    "request lost",
    "request not taken",
    "td: order unknown",
    "trading day",
    "went away",
];

/// What must happen at least once in the trading seeds of `cargo test`.
pub(super) const EXPECTED_OF_ORDERS: &[&str] = &[
    "books judged",
    "cut after sending",
    "died before the library had an order",
    "died when the library had an order",
    "gate opened and judged",
    "journal cut",
    "journal whole",
    "kill switch",
    "killed",
    "link broken",
    "market: filled",
    "market: order ended",
    "market: part filled",
    "not journaled",
    "placed before its step",
    "push reordered",
    "stranger acts",
    "td: order unknown",
    "trader: cancel refused",
    "trader: cancel unknown",
    "trader: cancelled",
    "trader: order not sent",
    "trader: placed",
    "trading day",
];

impl Tally {
    pub(super) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (what, count) in &other.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }

    /// Returns what is expected and never happened.
    pub(super) fn missing(&self, expected: &[&'static str]) -> Vec<&'static str> {
        expected.iter().copied().filter(|what| !self.counts.contains_key(what)).collect()
    }
}

/// Shown as a line each.
impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.counts.iter().try_for_each(|(what, count)| writeln!(f, "{count:>9} {what}"))
    }
}
