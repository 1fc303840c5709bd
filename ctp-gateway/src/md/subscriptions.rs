//! The subscriptions: what is wanted, what of it the front has, and what is to be asked again.
//!
//! A state machine without clock, thread or socket. What is wanted is remembered before the first connection and
//! over broken links. It is sent in paced batches, because fronts cut sessions that ask for too much at once, and
//! looked after one by one: a subscription counts once it was answered or once the instrument ticked. Fronts leave
//! answers out (that does no harm) and lose subscriptions (that does), and nobody can tell which: so what stays
//! silent is asked again, a few times, and told. Ticks and requests for quotes have a machine each; requests for quotes
//! may never come, so of them only the answer counts.

use std::collections::{BTreeMap, BTreeSet, VecDeque, btree_map};
use std::time::{Duration, Instant};

use crate::error::{SendRefusal, ServerError};
use crate::md::event::{Gap, MdEvent, QuoteSubscription};
use crate::md::io::{Feed, Id, Seen};
use crate::md::spelling;

/// How many instruments one call subscribes at first, and the least number it comes down to on a front that cuts the
/// link while it answers.
const BATCH: usize = 500;
const SMALLEST_BATCH: usize = 50;
/// How long the next call waits after a full batch.
const BATCH_PAUSE: Duration = Duration::from_secs(1);
/// How long a subscription may stay without answer and tick; each time it is asked again twice as long.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a subscription is sent before it is given up as silent, and how often it is still sent after that: a front
/// that answered nothing for a while may be well again.
const TRIES: u32 = 3;
const SLOW_RETRY: Duration = Duration::from_secs(60);
/// How long after the answer the front's last snapshot may take; it is sent at any time of day.
const SNAPSHOT_PATIENCE: Duration = Duration::from_secs(10);

/// What the owner has to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Move {
    /// Subscribe and give the library's word to [`Subscriptions::handle_sent`].
    Subscribe(Vec<Id>),
    /// Publish the event.
    Event(MdEvent),
}

/// How far one subscription is on this link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It waits for its batch; so many tries were made.
    Queued { tries: u32 },
    /// It was sent.
    Sent { tries: u32 },
    /// The front answered, or the instrument ticked.
    Verified,
    /// The front refused it; it is asked again on the next link.
    Refused,
    /// Silent after all tries; it is asked again slowly, and nobody waits for it.
    GivenUp,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    phase: Phase,
    /// The last tick, of any link.
    last: Option<Seen>,
    has_ticked: bool,
    /// From when on it is told that nothing came after the answer.
    tick_due: Option<Instant>,
    was_told: bool,
    /// Whether it was asked again on this link because nothing came after the answer.
    was_doubted: bool,
}

#[derive(Debug)]
pub(crate) struct Subscriptions {
    feed: Feed,
    entries: BTreeMap<Id, Entry>,
    /// Whether the session is logged in.
    is_up: bool,
    queue: VecDeque<Id>,
    batch: usize,
    next_batch: Option<Instant>,
    /// When which subscriptions are looked at again.
    looks: BTreeMap<Instant, Vec<Id>>,
    moves: Vec<Move>,
}

impl Subscriptions {
    pub(crate) fn new(feed: Feed) -> Self {
        Self {
            feed,
            entries: BTreeMap::new(),
            is_up: false,
            queue: VecDeque::new(),
            batch: BATCH,
            next_batch: None,
            looks: BTreeMap::new(),
            moves: Vec::new(),
        }
    }

    /// Returns what is to be done, in this order.
    pub(crate) fn moves(&mut self) -> Vec<Move> {
        std::mem::take(&mut self.moves)
    }

    /// Returns when [`handle_time`](Self::handle_time) has to be called.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let batch = self.next_batch.filter(|_| self.is_up && !self.queue.is_empty());
        let look = self.looks.keys().next().copied();
        [batch, look].into_iter().flatten().min()
    }

    /// Returns whether the front has everything that is wanted, as far as it lets one know.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_up
            && self
                .entries
                .values()
                .all(|entry| matches!(entry.phase, Phase::Verified | Phase::Refused | Phase::GivenUp))
    }

    /// Returns what is wanted.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &Id> {
        self.entries.keys()
    }

    pub(crate) fn subscribe(&mut self, now: Instant, ids: Vec<Id>) {
        for id in ids {
            if let btree_map::Entry::Vacant(place) = self.entries.entry(id) {
                let phase = Phase::Queued { tries: 0 };
                place.insert(Entry {
                    phase,
                    last: None,
                    has_ticked: false,
                    tick_due: None,
                    was_told: false,
                    was_doubted: false,
                });
                self.queue.push_back(id);
            }
        }
        self.pump(now);
    }

    /// Forgets instruments and returns those that the front has to be told of.
    pub(crate) fn unsubscribe(&mut self, ids: Vec<Id>) -> Vec<Id> {
        let mut told = Vec::new();
        let mut known = BTreeSet::new();
        for id in ids {
            let Some(entry) = self.entries.remove(&id) else { continue };
            known.insert(id);
            if self.is_up && !matches!(entry.phase, Phase::Queued { tries: 0 } | Phase::Refused) {
                told.push(id);
            }
        }
        self.queue.retain(|id| !known.contains(id));
        told
    }

    /// Handles the login: the front forgot everything with the link, and what it sent meanwhile is lost.
    pub(crate) fn link_up(&mut self, now: Instant) {
        self.is_up = true;
        self.looks.clear();
        self.queue = self.entries.keys().copied().collect();
        for (id, entry) in &mut self.entries {
            if let Some(last) = entry.last.filter(|_| entry.has_ticked) {
                self.moves.push(Move::Event(MdEvent::Gap(Gap { instrument_id: *id, last })));
            }
            entry.phase = Phase::Queued { tries: 0 };
            entry.has_ticked = false;
            entry.tick_due = None;
            entry.was_doubted = false;
        }
        self.next_batch = None;
        self.pump(now);
    }

    /// Handles the end of the link.
    pub(crate) fn link_down(&mut self) {
        let is_unanswered = |entry: &Entry| matches!(entry.phase, Phase::Sent { tries: 1 });
        if self.is_up && self.entries.values().any(is_unanswered) {
            // Some fronts cut whoever asks for more at once than they like.
            self.batch = (self.batch / 2).max(SMALLEST_BATCH);
        }
        self.is_up = false;
        self.looks.clear();
        self.queue.clear();
    }

    /// Handles what the library said when it was given a batch: what it did not take is sent again.
    pub(crate) fn handle_sent(&mut self, now: Instant, ids: &[Id], result: Result<(), SendRefusal>) {
        let Err(refusal) = result else { return };
        for id in ids.iter().rev() {
            if let Some(Entry { phase: phase @ Phase::Sent { .. }, .. }) = self.entries.get_mut(id) {
                let Phase::Sent { tries } = *phase else { continue };
                *phase = Phase::Queued { tries: tries - 1 };
                self.queue.push_front(*id);
            }
        }
        self.next_batch = Some(now + BATCH_PAUSE);
        self.moves.push(Move::Event(MdEvent::NotSent(refusal)));
    }

    /// Handles the front's answer to one instrument of a batch.
    pub(crate) fn handle_answer(&mut self, now: Instant, id: Id, result: Result<(), ServerError>) {
        let entry = self.entries.get_mut(&id).filter(|_| self.is_up);
        match result {
            Ok(()) => {
                self.moves.push(Move::Event(match self.feed {
                    Feed::Ticks => MdEvent::Subscribed(id),
                    Feed::QuoteRequests => MdEvent::QuoteRequests(QuoteSubscription::Subscribed(id)),
                }));
                let Some(entry) = entry else { return };
                entry.phase = Phase::Verified;
                if self.feed == Feed::Ticks && !entry.has_ticked && entry.tick_due.is_none() {
                    let due = now + SNAPSHOT_PATIENCE;
                    entry.tick_due = Some(due);
                    self.looks.entry(due).or_default().push(id);
                }
            }
            Err(error) => {
                let instrument_id = id;
                self.moves.push(Move::Event(match self.feed {
                    Feed::Ticks => MdEvent::Refused { instrument_id, error },
                    Feed::QuoteRequests => {
                        MdEvent::QuoteRequests(QuoteSubscription::Refused { instrument_id, error })
                    }
                }));
                if let Some(entry) = entry {
                    entry.phase = Phase::Refused;
                }
            }
        }
    }

    /// Handles the front's answer to the end of a subscription.
    pub(crate) fn handle_ended(&mut self, id: Id) {
        self.moves.push(Move::Event(match self.feed {
            Feed::Ticks => MdEvent::Unsubscribed(id),
            Feed::QuoteRequests => MdEvent::QuoteRequests(QuoteSubscription::Unsubscribed(id)),
        }));
    }

    /// Handles the last tick of an instrument since this was said last.
    pub(crate) fn handle_ticked(&mut self, seen: Seen) {
        if let Some(entry) = self.entries.get_mut(&seen.instrument_id) {
            entry.last = Some(seen);
            entry.has_ticked = true;
        }
        self.handle_heard(seen.instrument_id);
    }

    /// Handles what only a subscription brings.
    pub(crate) fn handle_heard(&mut self, id: Id) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        // What came before an earlier unsubscription proves nothing about what was not sent yet.
        if self.is_up && !matches!(entry.phase, Phase::Queued { tries: 0 }) {
            entry.phase = Phase::Verified;
        }
    }

    pub(crate) fn handle_time(&mut self, now: Instant) {
        let later = self.looks.split_off(&(now + Duration::from_nanos(1)));
        let due = std::mem::replace(&mut self.looks, later);
        self.look_at(now, due.into_values().flatten().collect());
        self.pump(now);
    }

    /// Looks at subscriptions whose time is up.
    fn look_at(&mut self, now: Instant, due: BTreeSet<Id>) {
        // By number of tries: each gets an event of its own.
        let mut silent: BTreeMap<u32, Vec<Id>> = BTreeMap::new();
        for id in due {
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            match entry.phase {
                Phase::Sent { tries } => {
                    silent.entry(tries).or_default().push(id);
                    if tries < TRIES {
                        entry.phase = Phase::Queued { tries };
                        self.queue.push_back(id);
                    } else {
                        entry.phase = Phase::GivenUp;
                        self.looks.entry(now + SLOW_RETRY).or_default().push(id);
                    }
                }
                Phase::GivenUp => {
                    self.queue.push_back(id);
                    self.looks.entry(now + SLOW_RETRY).or_default().push(id);
                }
                Phase::Verified
                    if !entry.has_ticked
                        && !entry.was_doubted
                        && entry.tick_due.is_some_and(|due| due <= now) =>
                {
                    if !std::mem::replace(&mut entry.was_told, true) {
                        let meant = spelling::meant(&id);
                        self.moves.push(Move::Event(MdEvent::NeverTicked { instrument_id: id, meant }));
                    }
                    // Perhaps the answer was a late one, to a subscription that was ended since, and this one was lost.
                    entry.was_doubted = true;
                    entry.phase = Phase::Queued { tries: 0 };
                    self.queue.push_back(id);
                }
                _ => {}
            }
        }
        for (tries, instrument_ids) in silent {
            let again = tries < TRIES;
            self.moves.push(Move::Event(match self.feed {
                Feed::Ticks => MdEvent::Unanswered { instrument_ids, tries, again },
                Feed::QuoteRequests => {
                    MdEvent::QuoteRequests(QuoteSubscription::Unanswered { instrument_ids, tries, again })
                }
            }));
        }
    }

    /// Sends the next batch if it is due.
    fn pump(&mut self, now: Instant) {
        if !self.is_up || self.next_batch.is_some_and(|due| due > now) {
            return;
        }
        let mut ids = Vec::new();
        let mut longest = 0;
        while ids.len() < self.batch
            && let Some(id) = self.queue.pop_front()
        {
            // What was answered meanwhile needs no second try.
            match self.entries.get_mut(&id).map(|entry| &mut entry.phase) {
                Some(phase @ Phase::Queued { .. }) => {
                    let Phase::Queued { tries } = *phase else { continue };
                    *phase = Phase::Sent { tries: tries + 1 };
                    longest = longest.max(tries);
                    ids.push(id);
                }
                Some(Phase::GivenUp) => ids.push(id),
                _ => {}
            }
        }
        if ids.is_empty() {
            return;
        }
        // Small requests may follow at once; only full batches are paced.
        self.next_batch = (ids.len() == self.batch).then(|| now + BATCH_PAUSE);
        self.looks.entry(now + PATIENCE * 2_u32.pow(longest)).or_default().extend(&ids);
        self.moves.push(Move::Subscribe(ids));
    }
}

#[cfg(test)]
mod tests;
