//! Counts that several sessions of one account share.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
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
/// configuration; each account (broker and investor) has its own within them, and a client that is alone pays nothing for
/// them. Clients in other processes are not counted.
///
/// ```
/// # use ctp_gateway::TdConfig;
/// let first = TdConfig::new(["sim://demo"], "9999", "1", "simulator");
/// let mut second = TdConfig::new(["sim://demo"], "9999", "1", "simulator");
/// second.instance = "b".to_owned();
/// second.counts = first.counts.clone();
/// ```
#[derive(Clone, Default)]
pub struct AccountCounts(Arc<Mutex<BTreeMap<Account, Weak<Shared>>>>);

/// Broker and investor.
type Account = (Text<11>, Text<13>);

/// The counts of one account.
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
    /// Makes a session one of those that share the counts of its account.
    pub(crate) fn join(&self, account: Account) -> Member {
        let mut accounts = self.accounts();
        accounts.retain(|_, shared| shared.strong_count() > 0);
        let shared = accounts.get(&account).and_then(Weak::upgrade).unwrap_or_else(|| {
            let shared = Arc::<Shared>::default();
            accounts.insert(account, Arc::downgrade(&shared));
            shared
        });
        drop(accounts);
        let mut log = shared.lock();
        let id = log.next_member;
        log.next_member += 1;
        let end = log.end();
        log.read.insert(id, end);
        shared.members.store(log.read.len(), Ordering::Release);
        drop(log);
        Member { shared, id }
    }

    fn accounts(&self) -> MutexGuard<'_, BTreeMap<Account, Weak<Shared>>> {
        // Nothing panics while the map is changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for AccountCounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members: usize = self.accounts().values().map(Weak::strong_count).sum();
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
    /// Returns whether no other session shares the counts.
    pub(crate) fn is_alone(&self) -> bool {
        self.shared.members.load(Ordering::Acquire) < 2
    }

    /// Begins a turn, unless the session is alone. No other member sends anything until it ends.
    ///
    /// A turn is one step of a session's state machine, so it takes no longer than a step. The log's lock is taken inside
    /// of the session's own and nothing else is locked inside of it.
    pub(crate) fn turn(&self) -> Option<Turn<'_>> {
        if self.is_alone() {
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

    fn account(investor: &str) -> Account {
        (Text::new("9999").unwrap(), Text::new(investor).unwrap())
    }

    fn taken(instrument: &str) -> Taken {
        Taken { at: Instant::now(), what: Counted::Order, instrument: Text::new(instrument).unwrap() }
    }

    #[test]
    fn each_hears_once_what_the_others_sent() {
        let counts = AccountCounts::default();
        let first = counts.join(account("1"));
        assert!(first.turn().is_none(), "alone");
        let second = counts.clone().join(account("1"));
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
        assert!(first.shared.lock().entries.is_empty(), "nobody needs it any more");
        drop(second);
        assert!(first.turn().is_none());
    }

    #[test]
    fn each_account_has_counts_of_its_own() {
        let counts = AccountCounts::default();
        let (first, other) = (counts.join(account("1")), counts.join(account("2")));
        assert!(first.turn().is_none() && other.turn().is_none());
        let second = counts.join(account("1"));
        assert!(first.turn().is_some() && other.turn().is_none());
        assert_eq!(format!("{counts:?}"), "AccountCounts { members: 3, .. }");
        drop((first, second, other));
        assert_eq!(format!("{counts:?}"), "AccountCounts { members: 0, .. }");
    }

    #[test]
    fn one_that_does_not_read_does_not_keep_others_from_it() {
        let counts = AccountCounts::default();
        let join = || counts.join(account("1"));
        let (first, second, third) = (join(), join(), join());
        for _ in 0..5 {
            first.turn().unwrap().tell([taken("a")].into_iter());
        }
        assert_eq!(second.turn().unwrap().news().len(), 5);
        assert_eq!(first.shared.lock().entries.len(), 5);
        drop(third);
        assert_eq!(first.turn().unwrap().news(), []);
        assert_eq!(first.shared.lock().entries.len(), 0);
    }
}
