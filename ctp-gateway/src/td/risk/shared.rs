//! Counts that several sessions of one account share.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ctp_types::Text;

use super::Counted;

/// An action that was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Taken {
    pub(crate) at: Instant,
    pub(crate) what: Counted,
    pub(crate) instrument: Text<81>,
}

/// Makes several trading clients of one account in one process count their orders and cancels together.
///
/// The limits of an account hold for what all of its clients send. Clones are the same counts, also in clones of a
/// configuration; a client that is alone pays nothing for them. Clients in other processes are not counted.
///
/// ```
/// # use ctp_gateway::TdConfig;
/// let first = TdConfig::new(["sim://demo"], "9999", "1", "simulator");
/// let mut second = TdConfig::new(["sim://demo"], "9999", "1", "simulator");
/// second.instance = "b".to_owned();
/// second.counts = first.counts.clone();
/// ```
#[derive(Clone, Default)]
pub struct AccountCounts(Arc<Shared>);

#[derive(Default)]
struct Shared {
    members: AtomicUsize,
    log: Mutex<Log>,
}

/// What was sent, in order, until every member has read it.
#[derive(Default)]
struct Log {
    next_member: u64,
    /// How many entries came before the first one that is kept.
    gone: u64,
    entries: VecDeque<(u64, Taken)>,
    /// Up to where each member has read.
    read: BTreeMap<u64, u64>,
}

impl Log {
    fn end(&self) -> u64 {
        self.gone + self.entries.len() as u64
    }

    fn forget(&mut self) {
        let needed = self.read.values().copied().min().unwrap_or_else(|| self.end());
        while self.gone < needed && self.entries.pop_front().is_some() {
            self.gone += 1;
        }
    }
}

impl AccountCounts {
    /// Makes a session one of those that share the counts.
    pub(crate) fn join(&self) -> Member {
        let mut log = self.0.lock();
        let id = log.next_member;
        log.next_member += 1;
        let end = log.end();
        log.read.insert(id, end);
        self.0.members.store(log.read.len(), Ordering::Release);
        drop(log);
        Member { shared: Arc::clone(&self.0), id }
    }
}

impl fmt::Debug for AccountCounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = self.0.members.load(Ordering::Relaxed);
        formatter.debug_struct("AccountCounts").field("members", &members).finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Log> {
        // Nothing panics between two entries of the log.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One session of those that share counts.
pub(crate) struct Member {
    shared: Arc<Shared>,
    id: u64,
}

impl Member {
    /// Begins a turn, unless the session is alone. No other member sends anything until it ends.
    ///
    /// A turn is one step of a session's state machine, so it takes no longer than a step. The log's lock is taken inside
    /// of the session's own and nothing else is locked inside of it.
    pub(crate) fn turn(&self) -> Option<Turn<'_>> {
        if self.shared.members.load(Ordering::Acquire) < 2 {
            return None;
        }
        Some(Turn { log: self.shared.lock(), id: self.id })
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut log = self.shared.lock();
        log.read.remove(&self.id);
        log.forget();
        self.shared.members.store(log.read.len(), Ordering::Release);
    }
}

/// A session's turn.
pub(crate) struct Turn<'a> {
    log: MutexGuard<'a, Log>,
    id: u64,
}

impl Turn<'_> {
    /// Returns what the others have sent since this session's last turn.
    pub(crate) fn news(&mut self) -> Vec<Taken> {
        let (log, id) = (&mut *self.log, self.id);
        let end = log.end();
        let from = log.read.insert(id, end).unwrap_or(end) - log.gone;
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(log.entries.len());
        let others = log.entries.range(from..).filter(|(by, _)| *by != id);
        let news = others.map(|(_, taken)| taken.clone()).collect();
        log.forget();
        news
    }

    /// Tells the others what this session sends.
    pub(crate) fn tell(&mut self, taken: impl Iterator<Item = Taken>) {
        let id = self.id;
        self.log.entries.extend(taken.map(|taken| (id, taken)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(instrument: &str) -> Taken {
        Taken { at: Instant::now(), what: Counted::Order, instrument: Text::new(instrument).unwrap() }
    }

    #[test]
    fn each_hears_once_what_the_others_sent() {
        let counts = AccountCounts::default();
        let first = counts.join();
        assert!(first.turn().is_none(), "alone");
        let second = counts.clone().join();
        let (one, two) = (taken("a"), taken("b"));
        let mut turn = first.turn().unwrap();
        assert_eq!(turn.news(), []);
        turn.tell([one.clone()].into_iter());
        drop(turn);
        let mut turn = second.turn().unwrap();
        assert_eq!(turn.news(), [one]);
        turn.tell([two.clone()].into_iter());
        drop(turn);
        assert_eq!(first.turn().unwrap().news(), [two]);
        assert_eq!(first.turn().unwrap().news(), []);
        assert_eq!(second.turn().unwrap().news(), []);
        assert!(counts.0.lock().entries.is_empty(), "nobody needs it any more");
        drop(second);
        assert!(first.turn().is_none());
    }

    #[test]
    fn one_that_does_not_read_does_not_keep_others_from_it() {
        let counts = AccountCounts::default();
        let (first, second, third) = (counts.join(), counts.join(), counts.join());
        for _ in 0..5 {
            first.turn().unwrap().tell([taken("a")].into_iter());
        }
        assert_eq!(second.turn().unwrap().news().len(), 5);
        assert_eq!(counts.0.lock().entries.len(), 5);
        drop(third);
        assert_eq!(first.turn().unwrap().news(), []);
        assert_eq!(counts.0.lock().entries.len(), 0);
    }
}
