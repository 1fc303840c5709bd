//! The user of both sessions: subscribes, asks, trades, goes away; knows what was wanted and what came of it.

mod wishes;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ctp_sim::Exchange;
use ctp_types::Text;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{oneshot, watch};

use super::chance::Chance;
use super::clock::At;
use super::judge::Judge;
use super::listing::{self, Listing};
use super::log::Log;
use super::plan::Plan;
use crate::config::Timeouts;
use crate::error::{Error, SendRefusal};
use crate::requests::submission::Reply as Brought;
use crate::td::session::Placed;
use crate::td::{Order, OrderId};

pub(super) use self::wishes::Wish;

/// What a caller waits for.
#[derive(Debug)]
enum Reply {
    Query { answer: oneshot::Receiver<Result<Brought, Error>>, is_table: bool },
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
    /// What ticks are wanted of.
    wanted: BTreeSet<Text<81>>,
    /// What may go on ticking though it is not wanted: the request to end it got lost.
    may_go_on: BTreeSet<Text<81>>,
    waiting: BTreeMap<u64, Waiting>,
    last_number: u64,
    orders: Vec<(OrderId, watch::Receiver<std::sync::Arc<Order>>)>,
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
            wanted: BTreeSet::new(),
            may_go_on: BTreeSet::new(),
            waiting: BTreeMap::new(),
            last_number: 0,
            orders: Vec::new(),
            doubled: BTreeSet::new(),
            just_sent: None,
        }
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
    pub(super) fn poll(&mut self, now: At, listing: &Listing, log: &mut Log, judge: &mut Judge) {
        let sent = self.just_sent.take();
        let numbers: Vec<u64> = self.waiting.keys().copied().collect();
        for number in numbers {
            let Some(waiting) = self.waiting.get_mut(&number) else { continue };
            let ended = match &mut waiting.reply {
                Reply::Query { answer, is_table } => ended(answer.try_recv()).map(|end| {
                    end.and_then(|end| judge_answer(end, *is_table, listing, !self.doubled.is_empty()))
                }),
                Reply::Place(reply) => ended(reply.try_recv()).map(|end| {
                    end.map(|end| match end {
                        Ok(placed) => {
                            let id = placed.order.borrow().id;
                            self.orders.push((id, placed.order));
                            format!("order {}", id.0)
                        }
                        Err(error) => wrong(&error),
                    })
                }),
                Reply::Cancel(reply) => ended(reply.try_recv()).map(|end| {
                    end.map(|end| {
                        end.map_or_else(|error| wrong(&error), |order| format!("order {}", order.id.0))
                    })
                }),
            };
            match ended {
                None => {
                    // One command at a time: what left now, left for the newest request.
                    if number == self.last_number && waiting.request_id.is_none() {
                        waiting.request_id = sent;
                    }
                }
                Some(Ok(end)) => {
                    if end.starts_with("not sent")
                        && let Some(request_id) =
                            waiting.request_id.or(sent.filter(|_| number == self.last_number))
                    {
                        judge.find(now, judge.effects.said_not_sent(request_id));
                    }
                    let what = judge.requests.ended(number);
                    log.line(
                        now,
                        format_args!("user: {number} {} ended: {end}", what.as_deref().unwrap_or("")),
                    );
                    judge.find(now, what.map(drop));
                    self.waiting.remove(&number);
                }
                Some(Err(problem)) => {
                    let lost = judge.requests.lost(number);
                    let problem =
                        if problem.is_empty() { lost } else { format!("request {number}: {problem}") };
                    judge.find(now, Err(problem));
                    self.waiting.remove(&number);
                }
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

/// Reads a reply: nothing yet, its end, or that nobody will ever answer.
fn ended<T>(reply: Result<T, TryRecvError>) -> Option<Result<T, String>> {
    match reply {
        Ok(end) => Some(Ok(end)),
        Err(TryRecvError::Empty) => None,
        Err(TryRecvError::Closed) => Some(Err(String::new())),
    }
}

/// Judges the answer to a query: a table of instruments is whole or it is none.
fn judge_answer(
    answer: Result<Brought, Error>,
    is_table: bool,
    listing: &Listing,
    may_be_doubled: bool,
) -> Result<String, String> {
    match answer {
        Ok(Brought::Rows(rows)) if is_table => {
            let mut ids: Vec<String> = rows
                .instruments
                .iter()
                .map(|instrument| instrument.instrument_id.to_str().into_owned())
                .collect();
            if may_be_doubled {
                ids.sort_unstable();
                ids.dedup();
            }
            if listing.knows_table(&ids) {
                Ok(format!("{} instruments", ids.len()))
            } else {
                Err(format!("a table of {} instruments, which the exchange never had", ids.len()))
            }
        }
        Ok(_) => Ok("answered".to_owned()),
        Err(Error::NotSent { reason: SendRefusal::TooManyUnanswered | SendRefusal::TooFast, request }) => {
            Err(format!("{request} ended with the library's own limit"))
        }
        Err(error) => Ok(wrong(&error)),
    }
}

fn wrong(error: &Error) -> String {
    match error {
        Error::NotSent { reason, .. } => format!("not sent: {reason}"),
        error => error.to_string(),
    }
}
