//! What the ledger would like to be told by the counter.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ctp_types::{HedgeFlag, Text};

use super::Ledger;
use super::contract::Contract;
use super::terms::{Kind, Side};
use super::working::{Leg, Working};

/// How long what a query did not bring is left alone before it is asked for again; each time twice as long.
const PAUSE_FIRST: Duration = Duration::from_secs(30);
/// How long at most.
const PAUSE_MAX: Duration = Duration::from_secs(3_600);

/// Something to be asked of the counter, once, and again while nothing brings it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Want {
    /// C: `ReqQryBrokerTradingParams`.
    Params,
    /// C: `ReqQryInstrument`.
    Instrument(Text<81>),
    /// C: `ReqQryInstrumentMarginRate`.
    MarginRate(Text<81>, HedgeFlag),
    /// C: `ReqQryInstrumentCommissionRate`.
    CommissionRate(Text<81>),
    /// C: `ReqQryOptionInstrCommRate`.
    OptionCommission(Text<81>),
    /// C: `ReqQryOptionInstrTradeCost`.
    OptionCost(Text<81>, HedgeFlag),
}

/// What was asked for, and whether more may be needed.
#[derive(Debug, Default)]
pub(super) struct Wants {
    asked: BTreeSet<Want>,
    is_stale: bool,
    /// When what was asked for and not brought is asked for again.
    again_at: Option<Instant>,
    /// How often that was so since the login.
    rounds: u32,
}

impl Wants {
    /// Notes that something may be needed that was not before.
    pub(super) fn note(&mut self) {
        self.is_stale = true;
    }

    /// Plans to ask again for what was not brought, unless that is planned already.
    fn plan(&mut self, now: Instant) {
        if self.again_at.is_none() {
            let pause = PAUSE_FIRST.saturating_mul(2_u32.saturating_pow(self.rounds)).min(PAUSE_MAX);
            self.again_at = now.checked_add(pause);
            self.rounds = self.rounds.saturating_add(1);
        }
    }
}

impl Ledger {
    /// Returns the next thing that is wanted of the counter and was not asked for lately. While nothing changes it costs
    /// nothing.
    ///
    /// What was asked for and is still missing may be on its way, or was lost, or refused: it is asked for again after a
    /// pause, as nothing else would ever bring it on a link that stands.
    pub(crate) fn next_want(&mut self, now: Instant) -> Option<Want> {
        if !self.wants.is_stale {
            return None;
        }
        let needed = self.needed();
        let next = needed.iter().copied().find(|want| !self.wants.asked.contains(want));
        match next {
            Some(want) => drop(self.wants.asked.insert(want)),
            None => {
                self.wants.is_stale = false;
                match needed.is_empty() {
                    true => self.wants.again_at = None,
                    false => self.wants.plan(now),
                }
            }
        }
        next
    }

    /// Returns when something that was not brought is wanted again.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.wants.again_at
    }

    /// Wants again, at its time, what was not brought.
    pub(crate) fn handle_deadline(&mut self, now: Instant) {
        if self.wants.again_at.is_some_and(|at| at <= now) {
            self.wants.again_at = None;
            self.wants.asked.clear();
            self.wants.is_stale = true;
        }
    }

    /// Asks again for what earlier queries did not bring, after a login.
    pub(crate) fn want_again(&mut self) {
        self.wants = Wants { is_stale: true, ..Wants::default() };
    }

    /// Returns what is needed for the lots and orders of now.
    fn needed(&self) -> Vec<Want> {
        if self.contracts.is_empty() {
            return Vec::new();
        }
        let mut needed = Vec::new();
        if self.params.is_none() {
            needed.push(Want::Params);
        }
        let opening = self.working.values().flat_map(Working::legs);
        let opening: BTreeSet<_> = opening.map(|leg| (leg.instrument_id, leg.side, leg.hedge)).collect();
        for contract in self.contracts.values() {
            let id = contract.instrument_id;
            if !contract.terms.is_some_and(|terms| terms.is_from_counter) {
                needed.push(Want::Instrument(id));
            }
            let orders = opening.range((id, Side::Long, HedgeFlag::default())..);
            let orders = orders.take_while(|order| order.0 == id).map(|order| (order.1, order.2));
            let held =
                contract.sides.iter().filter(|side| side.volume() > 0).map(|side| (side.side, side.hedge));
            let mut is_used = false;
            for (side, hedge) in orders.chain(held) {
                is_used = true;
                needed.extend(charge_of(contract, side, hedge));
            }
            let traded = contract.sides.iter().any(|side| side.commission(None, None).is_none());
            if is_used || traded {
                needed.extend(self.commission_for(contract));
            }
        }
        needed
    }

    /// Notes what an order makes the ledger need: an instrument that was known for long may be traded for the first time.
    pub(super) fn note_for(&mut self, working: &Working) {
        let lacks = |leg: &Leg| {
            self.contracts.get(&leg.instrument_id).is_some_and(|contract| {
                charge_of(contract, leg.side, leg.hedge).is_some() || self.commission_for(contract).is_some()
            })
        };
        if working.legs().any(lacks) {
            self.wants.note();
        }
    }

    /// Returns what is to be asked so that trades of a contract can be charged.
    fn commission_for(&self, contract: &Contract) -> Option<Want> {
        let id = contract.instrument_id;
        if self.commission_of(contract).is_some() {
            return None;
        }
        match contract.terms?.kind {
            Kind::Future => Some(Want::CommissionRate(id)),
            Kind::Option(_) => Some(Want::OptionCommission(id)),
            Kind::Combination => None,
        }
    }
}

/// Returns what is to be asked so that lots of a contract can be backed. What it is comes first.
fn charge_of(contract: &Contract, side: Side, hedge: HedgeFlag) -> Option<Want> {
    let id = contract.instrument_id;
    match contract.terms?.kind {
        Kind::Future if contract.margin_charge(side, hedge).is_none() => Some(Want::MarginRate(id, hedge)),
        Kind::Option(_) if side == Side::Short && contract.option_cost(hedge).is_none() => {
            Some(Want::OptionCost(id, hedge))
        }
        _ => None,
    }
}
