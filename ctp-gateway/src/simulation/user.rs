//! The user of both sessions: subscribes, asks, trades, goes away; knows what was wanted and what came of it.

mod ends;
mod wishes;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ctp_sim::Exchange;
use ctp_types::{RecordBox, Text};
use tokio::sync::oneshot;

use super::chance::Chance;
use super::clock::At;
use super::judge::Judge;
use super::listing::{self, Listing};
use super::log::Log;
use super::plan::Plan;
use super::tally::Tally;
use crate::config::Timeouts;
use crate::error::Error;
use crate::requests::submission::Reply as Brought;
use crate::td::orders::Placed;
use crate::td::{Order, OrderId};

pub(super) use self::wishes::Wish;

/// What a caller waits for.
#[derive(Debug)]
enum Reply {
    Query {
        answer: oneshot::Receiver<Result<Brought, Error>>,
        is_table: bool,
    },
    /// A request with an effect, and what becomes of it once the library took it.
    Effect(oneshot::Receiver<Result<Brought, Error>>),
    Outcome(oneshot::Receiver<Result<RecordBox, Error>>),
    Place(oneshot::Receiver<Result<Placed, Error>>),
    Cancel(oneshot::Receiver<Result<std::sync::Arc<Order>, Error>>),
}

#[derive(Debug)]
struct Waiting {
    reply: Reply,
    /// The request number under which the library was asked, once it was.
    request_id: Option<i32>,
}

#[derive(Debug)]
pub(super) struct User {
    chance: Chance,
    timeouts: Timeouts,
    gap: Duration,
    many_instruments: bool,
    /// Whether another user trades.
    leaves_trading: bool,
    /// What ticks are wanted of.
    wanted: BTreeSet<Text<81>>,
    /// What may go on ticking though it is not wanted: the request to end it got lost.
    may_go_on: BTreeSet<Text<81>>,
    waiting: BTreeMap<u64, Waiting>,
    last_number: u64,
    /// Orders that were sent, with what their handles are made of.
    orders: Vec<(OrderId, Placed)>,
    /// Queries whose rows the wire doubled.
    doubled: BTreeSet<i32>,
    /// The request that the session just gave to the library.
    just_sent: Option<i32>,
}

impl User {
    pub(super) fn new(plan: &Plan, timeouts: Timeouts) -> Self {
        Self {
            chance: Chance::new(plan.seed, "user"),
            timeouts,
            gap: plan.user_gap,
            many_instruments: plan.many_instruments,
            leaves_trading: plan.trading.is_some(),
            wanted: BTreeSet::new(),
            may_go_on: BTreeSet::new(),
            waiting: BTreeMap::new(),
            last_number: 0,
            orders: Vec::new(),
            doubled: BTreeSet::new(),
            just_sent: None,
        }
    }

    /// The process of the trading session died: nobody waits for it any more.
    pub(super) fn die(&mut self, judge: &mut Judge) {
        self.orders.clear();
        self.just_sent = None;
        for number in std::mem::take(&mut self.waiting).into_keys() {
            judge.requests.dropped(number);
        }
    }

    /// Returns whether anything is wanted that exists.
    pub(super) fn wants_listed(&self, listing: &Listing) -> bool {
        listing.ids.iter().any(|id| self.wanted.iter().any(|wanted| *wanted == id.as_str()))
    }

    pub(super) fn wants(&self, id: &Text<81>) -> bool {
        self.wanted.contains(id)
    }

    /// Returns how long the user does nothing.
    pub(super) fn pause(&mut self) -> Duration {
        self.chance.about(self.gap)
    }

    /// A request of no login left for the library.
    pub(super) fn sent(&mut self, request_id: i32) {
        self.just_sent = Some(request_id);
    }

    /// Remembers that rows of a query came twice: such an answer cannot be told from a wrong one.
    pub(super) fn rows_may_be_doubled(&mut self, request_id: i32) {
        self.doubled.insert(request_id);
    }

    /// A request to end subscriptions got lost: they are nobody's business any more.
    pub(super) fn may_go_on(&mut self, ids: Vec<Text<81>>) {
        self.may_go_on.extend(ids);
    }

    /// Looks which requests have ended.
    pub(super) fn poll(
        &mut self,
        now: At,
        listing: &Listing,
        log: &mut Log,
        judge: &mut Judge,
        tally: &mut Tally,
    ) {
        // One command at a time: what left just now, left for the newest request.
        if let Some(sent) = self.just_sent.take()
            && let Some(newest) = self.waiting.get_mut(&self.last_number)
        {
            newest.request_id.get_or_insert(sent);
        }
        let may_be_doubled = !self.doubled.is_empty();
        let numbers: Vec<u64> = self.waiting.keys().copied().collect();
        for number in numbers {
            let Some(waiting) = self.waiting.get_mut(&number) else { continue };
            let request_id = waiting.request_id;
            let end = match ends::look(&mut waiting.reply, listing, may_be_doubled) {
                Ok(None) => continue,
                Ok(Some(end)) => end,
                Err(problem) => {
                    let problem = match problem.as_str() {
                        "" => judge.requests.lost(number),
                        problem => format!("request {number}: {problem}"),
                    };
                    judge.find(now, Err(problem));
                    continue;
                }
            };
            self.waiting.remove(&number);
            if let Some(request_id) = request_id.filter(|_| end.is_not_sent) {
                judge.find(now, judge.effects.said_not_sent(request_id));
            }
            let what = judge.requests.ended(number);
            let name = what.as_deref().unwrap_or_default();
            log.line(now, format_args!("user: {number} {name} ended: {}", end.what));
            judge.find(now, what.map(drop));
            tally.count(end.tally);
            if let Some((id, placed)) = end.placed {
                self.orders.push((id, placed));
            }
            if let Some(outcome) = end.outcome {
                self.await_outcome(now, outcome, judge);
            }
        }
    }

    /// Returns whether the exchange sends ticks of exactly what is wanted.
    pub(super) fn has_what_it_wants(&self, exchange: &Exchange, listing: &Listing) -> bool {
        self.check_subscriptions(exchange, listing).is_ok()
    }

    pub(super) fn check_subscriptions(&self, exchange: &Exchange, listing: &Listing) -> Result<(), String> {
        let listed: BTreeSet<&str> = listing.ids.iter().map(String::as_str).collect();
        let wanted: BTreeSet<String> = self
            .wanted
            .iter()
            .map(|id| id.to_str().into_owned())
            .filter(|id| listed.contains(id.as_str()))
            .collect();
        let subscribed = listing::subscribed(exchange);
        let missing: Vec<_> = wanted.difference(&subscribed).collect();
        let may_go_on: BTreeSet<String> = self.may_go_on.iter().map(|id| id.to_str().into_owned()).collect();
        let unwanted: Vec<_> = subscribed.difference(&wanted).filter(|id| !may_go_on.contains(*id)).collect();
        if missing.is_empty() && unwanted.is_empty() {
            return Ok(());
        }
        Err(format!("subscriptions are wrong: missing {missing:?}, not wanted {unwanted:?}"))
    }
}
