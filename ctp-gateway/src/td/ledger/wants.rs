//! What the ledger would like to be told by the counter.

use std::collections::BTreeSet;

use ctp_types::{HedgeFlag, Text};

use super::Ledger;
use super::terms::{Kind, Side};
use super::working::Working;

/// Something to be asked of the counter, once a day.
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
}

impl Wants {
    /// Notes that something may be needed that was not before.
    pub(super) fn note(&mut self) {
        self.is_stale = true;
    }
}

impl Ledger {
    /// Returns the next thing that is wanted of the counter and was not asked today. While nothing changes it costs nothing.
    pub(crate) fn next_want(&mut self) -> Option<Want> {
        if !self.wants.is_stale {
            return None;
        }
        let next = self.needed().into_iter().find(|want| !self.wants.asked.contains(want));
        match next {
            Some(want) => drop(self.wants.asked.insert(want)),
            None => self.wants.is_stale = false,
        }
        next
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
            let kind = contract.terms.map(|terms| terms.kind);
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
                match kind {
                    Some(Kind::Future) if contract.margin_charge(side, hedge).is_none() => {
                        needed.push(Want::MarginRate(id, hedge));
                    }
                    Some(Kind::Option(_)) if side == Side::Short && contract.option_cost(hedge).is_none() => {
                        needed.push(Want::OptionCost(id, hedge));
                    }
                    _ => {}
                }
            }
            let traded = contract.sides.iter().any(|side| side.commission(None, None).is_none());
            if (is_used || traded) && self.commission_of(contract).is_none() {
                match kind {
                    Some(Kind::Future) => needed.push(Want::CommissionRate(id)),
                    Some(Kind::Option(_)) => needed.push(Want::OptionCommission(id)),
                    // What it is comes first.
                    Some(Kind::Combination) | None => {}
                }
            }
        }
        needed
    }
}
