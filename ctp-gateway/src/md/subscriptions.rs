//! The subscriptions: what is wanted, what of it the front has, and what is to be asked again.
//!
//! A state machine without clock, thread or socket. What is wanted is remembered before the first connection and
//! over broken links. It is sent in paced batches, because fronts cut sessions that ask for too much at once, and
//! looked after one by one: a subscription counts once it was answered or once the instrument ticked. Fronts leave
//! answers out (that does no harm) and lose subscriptions (that does), and nobody can tell which: so what stays
//! silent is asked again, a few times, and told. Ticks and requests for quotes have a machine each; requests for quotes
//! may never come, so of them only the answer counts.
//!
//! What is subscribed again on the link on which it was unsubscribed has a past there: neither a tick nor an answer says of
//! which subscription it is, and a late one of the first would prove the second, which may be lost. So it is asked once
//! more when nothing of the first can come any more.

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
/// How late a message can be: a library that receives nothing for so long gives its link up, and what that carried is gone.
const LATEST: Duration = Duration::from_secs(120);

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
    /// From when on nothing can come of the subscription that was ended before it on this link: what came until then
    /// proved nothing.
    past_over: Option<Instant>,
    /// When its silence is judged; a look that was planned for an earlier subscription of it says nothing.
    silent_at: Option<Instant>,
    /// How often it was sent on this link and taken by the library, as far as that is known.
    taken: u32,
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
    /// When the past of which subscriptions is over.
    pasts: BTreeMap<Instant, Vec<Id>>,
    /// When which subscriptions were ended on this link.
    ended: BTreeMap<Id, Instant>,
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
            pasts: BTreeMap::new(),
            ended: BTreeMap::new(),
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
        let (look, past) = (self.looks.keys().next(), self.pasts.keys().next());
        [batch, look.copied(), past.copied()].into_iter().flatten().min()
    }

    /// Returns whether the front has everything that is wanted, as far as it lets one know.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_up
            && self
                .entries
                .values()
                .all(|entry| matches!(entry.phase, Phase::Verified | Phase::Refused | Phase::GivenUp))
    }

    /// Takes it that something was sent once more besides, to hear whether the front lives.
    pub(crate) fn sent_besides(&mut self, id: &Id) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.taken += 1;
        }
    }

    /// Returns what is wanted.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &Id> {
        self.entries.keys()
    }

    pub(crate) fn subscribe(&mut self, now: Instant, ids: Vec<Id>) {
        for id in ids {
            if let btree_map::Entry::Vacant(place) = self.entries.entry(id) {
                let phase = Phase::Queued { tries: 0 };
                let past_over = self.ended.remove(&id).map(|ended| ended + LATEST).filter(|over| *over > now);
                place.insert(Entry {
                    phase,
                    last: None,
                    has_ticked: false,
                    tick_due: None,
                    was_told: false,
                    was_doubted: false,
                    past_over,
                    silent_at: None,
                    taken: 0,
                });
                self.queue.push_back(id);
                if let Some(over) = past_over {
                    self.pasts.entry(over).or_default().push(id);
                }
            }
        }
        self.pump(now);
    }

    /// Forgets instruments and returns those that the front has to be told of.
    pub(crate) fn unsubscribe(&mut self, now: Instant, ids: Vec<Id>) -> Vec<Id> {
        let mut told = Vec::new();
        let mut known = BTreeSet::new();
        for id in ids {
            let Some(entry) = self.entries.remove(&id) else { continue };
            known.insert(id);
            if self.is_up && entry.taken > 0 {
                self.ended.insert(id, now);
                if entry.phase != Phase::Refused {
                    told.push(id);
                }
            } else if let Some(over) = entry.past_over {
                // It goes without a trace; what was before it does not.
                self.ended.insert(id, over - LATEST);
            }
        }
        self.queue.retain(|id| !known.contains(id));
        told
    }

    /// Handles the login: the front forgot everything with the link, and what it sent meanwhile is lost.
    pub(crate) fn link_up(&mut self, now: Instant) {
        self.is_up = true;
        self.looks.clear();
        self.pasts.clear();
        self.ended.clear();
        self.queue = self.entries.keys().copied().collect();
        for (id, entry) in &mut self.entries {
            if let Some(last) = entry.last.filter(|_| entry.has_ticked) {
                self.moves.push(Move::Event(MdEvent::Gap(Gap { instrument_id: *id, last })));
            }
            entry.phase = Phase::Queued { tries: 0 };
            entry.has_ticked = false;
            entry.tick_due = None;
            entry.was_doubted = false;
            entry.past_over = None;
            entry.taken = 0;
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
        self.pasts.clear();
        self.queue.clear();
    }

    /// Handles what the library said when it was given a batch: what it did not take is sent again.
    pub(crate) fn handle_sent(&mut self, now: Instant, ids: &[Id], result: Result<(), SendRefusal>) {
        let Err(refusal) = result else { return };
        for id in ids.iter().rev() {
            let Some(entry) = self.entries.get_mut(id) else { continue };
            entry.taken = entry.taken.saturating_sub(1);
            if let Phase::Sent { tries } = entry.phase {
                entry.phase = Phase::Queued { tries: tries - 1 };
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
        let due = take_due(&mut self.looks, now);
        self.look_at(now, due);
        self.ask_anew(now);
        self.pump(now);
    }

    /// Asks once more for what may have been proved by its past alone. What is not proved yet is asked for anyway.
    fn ask_anew(&mut self, now: Instant) {
        for id in take_due(&mut self.pasts, now) {
            // It may have been ended since, and have another past.
            if let Some(entry) = self.entries.get_mut(&id)
                && entry.past_over.take_if(|over| *over <= now).is_some()
                && entry.phase == Phase::Verified
            {
                entry.phase = Phase::Queued { tries: 0 };
                self.queue.push_back(id);
            }
        }
    }

    /// Looks at subscriptions whose time is up.
    fn look_at(&mut self, now: Instant, due: BTreeSet<Id>) {
        // By number of tries: each gets an event of its own.
        let mut silent: BTreeMap<u32, Vec<Id>> = BTreeMap::new();
        for id in due {
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            match entry.phase {
                Phase::Sent { .. } | Phase::GivenUp if entry.silent_at.is_none_or(|due| due > now) => {}
                Phase::Sent { tries } => {
                    silent.entry(tries).or_default().push(id);
                    if tries < TRIES {
                        entry.phase = Phase::Queued { tries };
                        self.queue.push_back(id);
                    } else {
                        entry.phase = Phase::GivenUp;
                        entry.silent_at = Some(now + SLOW_RETRY);
                        self.looks.entry(now + SLOW_RETRY).or_default().push(id);
                    }
                }
                Phase::GivenUp => {
                    self.queue.push_back(id);
                    entry.silent_at = Some(now + SLOW_RETRY);
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
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            match entry.phase {
                Phase::Queued { tries } => {
                    entry.phase = Phase::Sent { tries: tries + 1 };
                    longest = longest.max(tries);
                }
                Phase::GivenUp => {}
                _ => continue,
            }
            entry.taken += 1;
            ids.push(id);
        }
        if ids.is_empty() {
            return;
        }
        // Small requests may follow at once; only full batches are paced.
        self.next_batch = (ids.len() == self.batch).then(|| now + BATCH_PAUSE);
        let due = now + PATIENCE * 2_u32.pow(longest);
        for id in &ids {
            // What was given up has its look already.
            if let Some(entry) = self.entries.get_mut(id)
                && entry.phase != Phase::GivenUp
            {
                entry.silent_at = Some(due);
                self.looks.entry(due).or_default().push(*id);
            }
        }
        self.moves.push(Move::Subscribe(ids));
    }
}

/// Takes what is due.
fn take_due(planned: &mut BTreeMap<Instant, Vec<Id>>, now: Instant) -> BTreeSet<Id> {
    let later = planned.split_off(&(now + Duration::from_nanos(1)));
    std::mem::replace(planned, later).into_values().flatten().collect()
}

#[cfg(test)]
mod tests;
