//! The trader: places, closes and cancels, goes away, and knows how each of its calls ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ctp_sim::Exchange;
use ctp_types::{
    InputOrderField, OffsetFlag, RecordBox, Text, TimeCondition, TraderRequest, VolumeCondition,
};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::chance::Chance;
use super::clock::At;
use super::judge::Judge;
use super::log::Log;
use super::plan::{Plan, Trading};
use super::tally::Tally;
use super::venue;
use crate::config::Timeouts;
use crate::error::Error;
use crate::td::io::{ActReply, Command};
use crate::td::orders::Placed;
use crate::td::{NewOrder, Order, OrderId};

/// How much longer than promised a call may take before it counts as lost.
const MARGIN: Duration = Duration::from_secs(2);
/// The trader's calls are numbered from here: those of the other user from 1.
const FIRST_NUMBER: u64 = 1 << 32;

#[derive(Debug)]
enum Reply {
    Place { memo: Text<13>, answer: oneshot::Receiver<Result<Placed, Error>> },
    Cancel(oneshot::Receiver<Result<Arc<Order>, Error>>),
}

#[derive(Debug)]
pub(super) struct Trader {
    chance: Chance,
    timeouts: Timeouts,
    gap: Duration,
    orders: u64,
    calls: u64,
    waiting: BTreeMap<u64, Reply>,
    /// What handles are made of: some are kept, others dropped.
    handles: Vec<Placed>,
}

impl Trader {
    pub(super) fn new(plan: &Plan, trading: &Trading, timeouts: Timeouts) -> Self {
        Self {
            chance: Chance::new(plan.seed, "trader"),
            timeouts,
            gap: trading.gap,
            orders: 0,
            calls: FIRST_NUMBER,
            waiting: BTreeMap::new(),
            handles: Vec::new(),
        }
    }

    pub(super) fn pause(&mut self) -> Duration {
        self.chance.about(self.gap)
    }

    /// Returns what the trader does next. `logins` binds it to the login that the trader sees.
    pub(super) fn next(
        &mut self,
        now: At,
        exchange: &Exchange,
        logins: u64,
        judge: &mut Judge,
    ) -> Vec<Command> {
        match self.chance.below(100) {
            0..60 => Vec::from_iter(self.place(now, exchange, logins, judge)),
            60..66 => {
                let count = self.chance.below(5) + 2;
                (0..count).filter_map(|_| self.place(now, exchange, logins, judge)).collect()
            }
            66..92 => Vec::from_iter(self.cancel(now, logins, judge)),
            92..96 => {
                self.handles.clear();
                Vec::new()
            }
            _ => {
                self.go_away(judge);
                Vec::new()
            }
        }
    }

    fn place(&mut self, now: At, exchange: &Exchange, logins: u64, judge: &mut Judge) -> Option<Command> {
        let record = venue::random_order(&mut self.chance, exchange)?;
        self.orders += 1;
        let memo: Text<13> = Text::new(&format!("t{}", self.orders)).expect("a short text");
        let order = new_order(&record).memo(memo.to_str());
        let (reply, answer) = oneshot::channel();
        judge.effects.wished("ReqOrderInsert");
        judge.orders.wished(memo);
        self.wait(Reply::Place { memo, answer }, "ReqOrderInsert", now.after(MARGIN), judge);
        let record = RecordBox::new(&order.record().expect("texts that fit"));
        let (request, reply) = (TraderRequest::ReqOrderInsert, ActReply::Order(reply));
        Some(Command::Act { logins, request, record, reply })
    }

    /// Cancels an order that the session knows, mostly one that may still trade, whoever placed it.
    fn cancel(&mut self, now: At, logins: u64, judge: &mut Judge) -> Option<Command> {
        let all = self.chance.happens(100);
        let known: Vec<OrderId> = judge.orders.known(|order| all || !order.phase.is_over());
        if known.is_empty() {
            return None;
        }
        let id = self.chance.pick(&known);
        let (reply, answer) = oneshot::channel();
        judge.effects.wished("ReqOrderAction");
        self.wait(Reply::Cancel(answer), "ReqOrderAction", now.after(self.timeouts.order + MARGIN), judge);
        Some(Command::Cancel { logins, id, reply })
    }

    /// A caller drops its future.
    fn go_away(&mut self, judge: &mut Judge) {
        let numbers: Vec<u64> = self.waiting.keys().copied().collect();
        if !numbers.is_empty() {
            let number = self.chance.pick(&numbers);
            self.waiting.remove(&number);
            judge.requests.dropped(number);
        }
    }

    fn wait(&mut self, reply: Reply, what: &str, until: At, judge: &mut Judge) {
        self.calls += 1;
        self.waiting.insert(self.calls, reply);
        judge.requests.asked(self.calls, what.to_owned(), until);
    }

    /// Its process died: nobody waits any more.
    pub(super) fn die(&mut self, judge: &mut Judge) {
        self.handles.clear();
        for number in std::mem::take(&mut self.waiting).into_keys() {
            judge.requests.dropped(number);
        }
    }

    /// Looks which calls have ended.
    pub(super) fn poll(&mut self, now: At, log: &mut Log, judge: &mut Judge, tally: &mut Tally) {
        let numbers: Vec<u64> = self.waiting.keys().copied().collect();
        for number in numbers {
            let Some(reply) = self.waiting.get_mut(&number) else { continue };
            let end = match reply {
                Reply::Place { memo, answer } => read(answer).map(|end| {
                    end.map(|end| {
                        judge.find(now, judge.orders.ended(*memo, &end));
                        end.map(|placed| {
                            let what = format!("order {} {memo}", placed.order().id.0);
                            self.handles.push(placed);
                            what
                        })
                    })
                }),
                Reply::Cancel(answer) => read(answer).map(|end| {
                    end.map(|end| end.map(|order| format!("order {} is {:?}", order.id.0, order.phase)))
                }),
            };
            let is_place = matches!(reply, Reply::Place { .. });
            let end = match end {
                Ok(None) => continue,
                Ok(Some(end)) => end,
                Err(()) => {
                    judge.find(now, Err(judge.requests.lost(number)));
                    continue;
                }
            };
            self.waiting.remove(&number);
            let what = judge.requests.ended(number).map(drop);
            judge.find(now, what);
            tally.count(kind(is_place, &end));
            match end {
                Ok(what) => log.line(now, format_args!("trader: {what}")),
                Err(error) => log.line(now, format_args!("trader: {error}")),
            }
        }
    }
}

fn read<T>(answer: &mut oneshot::Receiver<T>) -> Result<Option<T>, ()> {
    match answer.try_recv() {
        Ok(end) => Ok(Some(end)),
        Err(TryRecvError::Empty) => Ok(None),
        Err(TryRecvError::Closed) => Err(()),
    }
}

fn kind<T>(is_place: bool, end: &Result<T, Error>) -> &'static str {
    match (is_place, end) {
        (true, Ok(_)) => "trader: placed",
        (true, Err(Error::NotSent { .. })) => "trader: order not sent",
        (true, Err(Error::Denied { .. })) => "trader: order denied",
        (true, Err(_)) => "trader: order failed",
        (false, Ok(_)) => "trader: cancelled",
        (false, Err(Error::Rejected { .. })) => "trader: cancel refused",
        (false, Err(Error::Unknown { .. })) => "trader: cancel unknown",
        (false, Err(_)) => "trader: cancel not sent",
    }
}

fn new_order(record: &InputOrderField) -> NewOrder {
    let offset = OffsetFlag::from_char(record.comb_offset_flag.raw()[0]);
    let order = NewOrder::limit(
        record.instrument_id.to_str(),
        record.direction,
        offset,
        record.volume_total_original,
        record.limit_price,
    )
    .exchange(record.exchange_id.to_str());
    match (record.time_condition, record.volume_condition) {
        (TimeCondition::IOC, VolumeCondition::CV) => order.fill_or_kill(),
        (TimeCondition::IOC, _) => order.fill_and_kill(),
        _ => order,
    }
}
