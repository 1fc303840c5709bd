//! The money of the account (§6.1).

use std::collections::BTreeSet;

use ctp_market::Money;
use ctp_types::TradingAccountField;

use super::Ledger;
use super::amount::{Price, money_of};
use super::contract::Contract;
use super::positions::{option_value, premium, profits};
use super::terms::{Kind, Params, Side};
use super::view::{AccountNow, Unknown};
use super::working::{Leg, Working};

/// What of the account's money does not come from trades: the counter tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Funds {
    /// 静态权益.
    pub(super) static_equity: Money,
    pub(super) credit: Money,
    pub(super) delivery_margin: Money,
}

impl Funds {
    pub(super) fn of(row: &TradingAccountField) -> Option<Self> {
        let pre = money_of(row.pre_balance)? - money_of(row.pre_credit)? - money_of(row.pre_mortgage)?;
        Some(Self {
            static_equity: pre + money_of(row.mortgage)? + money_of(row.deposit)? - money_of(row.withdraw)?,
            credit: money_of(row.credit)?,
            delivery_margin: money_of(row.delivery_margin)?,
        })
    }
}

/// What working orders freeze.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Frozen {
    pub(super) margin: Option<Money>,
    pub(super) commission: Option<Money>,
    pub(super) cash: Option<Money>,
}

/// The price that an order's frozen margin is reckoned at: brokers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrozenPrice {
    Order,
    PreSettlement,
}

impl Ledger {
    /// Returns the money of the account at the present prices.
    pub(crate) fn account(&self) -> AccountNow {
        let mut unknown: BTreeSet<Unknown> = self.unreadable.iter().copied().map(Unknown::Trade).collect();
        if !self.has_baseline {
            unknown.insert(Unknown::Baseline);
        }
        if self.funds.is_none() {
            unknown.insert(Unknown::Funds);
        }
        if self.params.is_none() {
            unknown.insert(Unknown::Params);
        }
        let [commission, close_profit, position_profit, option_value] = self.sums(&mut unknown);
        let cash_in = self.cash_in(&mut unknown);
        let margin = self.total_margin(&mut unknown);
        let frozen = self.frozen(FrozenPrice::Order, &mut unknown);
        let balance =
            || Some(self.funds?.static_equity + close_profit? + position_profit? + cash_in? - commission?);
        let balance = balance();
        let available = || {
            let funds = self.funds?;
            let bound = margin? + frozen.margin? + frozen.commission? + frozen.cash? + funds.delivery_margin;
            let kept = kept_back(self.params, close_profit?, position_profit?);
            Some(balance? - bound + funds.credit - kept)
        };
        AccountNow {
            static_equity: self.funds.map(|funds| funds.static_equity),
            balance,
            available: available(),
            margin,
            frozen_margin: frozen.margin,
            frozen_commission: frozen.commission,
            frozen_cash: frozen.cash,
            cash_in,
            commission,
            close_profit,
            position_profit,
            option_value,
            unknown: unknown.into_iter().collect(),
        }
    }

    /// Returns commission, profit of closed lots, profit of lots held and the options' value.
    pub(super) fn sums(&self, unknown: &mut BTreeSet<Unknown>) -> [Option<Money>; 4] {
        let mut sums = [Some(Money::ZERO); 4];
        for (contract, book) in self.books() {
            let profits = profits(contract, book, contract.last, unknown);
            let parts = [
                self.commission_of_side(contract, book, unknown),
                profits.close,
                profits.held,
                option_value(contract, book, contract.last, book.volume(), unknown),
            ];
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum = sum.zip(part).map(|(sum, part)| sum + part);
            }
        }
        sums
    }

    /// Returns the premium received less the premium paid.
    pub(super) fn cash_in(&self, unknown: &mut BTreeSet<Unknown>) -> Option<Money> {
        let mut sum = Some(Money::ZERO);
        for (contract, book) in self.books() {
            if contract.terms.is_none() && book.is_used() {
                // It may be an option.
                unknown.insert(Unknown::Terms(contract.instrument_id));
                sum = None;
            }
            sum = sum.map(|sum| sum + premium(contract, book));
        }
        sum
    }

    /// Returns what the working orders freeze.
    pub(super) fn frozen(&self, price: FrozenPrice, unknown: &mut BTreeSet<Unknown>) -> Frozen {
        let mut sum =
            Frozen { margin: Some(Money::ZERO), commission: Some(Money::ZERO), cash: Some(Money::ZERO) };
        for working in self.working.values() {
            for leg in working.legs() {
                let part = self.frozen_by(working, leg, price, unknown);
                sum.margin = sum.margin.zip(part.margin).map(|(sum, part)| sum + part);
                sum.commission = sum.commission.zip(part.commission).map(|(sum, part)| sum + part);
                sum.cash = sum.cash.zip(part.cash).map(|(sum, part)| sum + part);
            }
        }
        sum
    }

    fn frozen_by(
        &self,
        working: &Working,
        leg: &Leg,
        basis: FrozenPrice,
        unknown: &mut BTreeSet<Unknown>,
    ) -> Frozen {
        let id = leg.instrument_id;
        let zero = Some(Money::ZERO);
        let mut part = Frozen { margin: zero, commission: None, cash: zero };
        let Some((contract, terms)) =
            self.contracts.get(&id).and_then(|contract| Some((contract, contract.terms?)))
        else {
            unknown.insert(Unknown::Terms(id));
            return Frozen::default();
        };
        if working.is_combination() {
            // Both legs at their settlement prices: what the spread adds is the counter's affair.
            unknown.insert(Unknown::Combination(id));
        }
        let limit = working.price.filter(|_| !working.is_combination());
        let order = limit.filter(|price| *price > Price::default()).or_else(|| {
            if !working.is_combination() {
                unknown.insert(Unknown::MarketOrder(id));
            }
            contract.pre_settlement
        });
        let amount = |price: Option<Price>| price.map(|price| price.lots(leg.volume).times(terms.multiplier));
        let opens = leg.opens();
        let rates = self.commission_of(contract);
        if rates.is_none() {
            unknown.insert(Unknown::CommissionRate(id));
        }
        part.commission = rates.zip(amount(order)).map(|(rates, amount)| {
            let charge = if opens { rates.open } else { rates.close };
            charge.on(amount, leg.volume)
        });
        if let Kind::Option(option) = terms.kind {
            // A purchase pays its premium, to open or to close; a short opening needs margin by the exchange's formula.
            if opens == (leg.side == Side::Long) {
                part.cash = amount(order);
            } else if opens {
                unknown.insert(Unknown::OptionMargin(id));
                let lot = self.option_lot(contract, &option, terms.multiplier, leg.hedge);
                part.margin = amount(order).zip(lot).map(|(premium, lot)| premium + lot.lots(leg.volume));
            }
        } else if opens {
            let price = match basis {
                FrozenPrice::Order => order,
                FrozenPrice::PreSettlement => contract.pre_settlement,
            };
            let charge = contract.margin_charge(leg.side, leg.hedge);
            if charge.is_none() {
                unknown.insert(Unknown::MarginRate(id));
            }
            part.margin = charge.zip(amount(price)).map(|(charge, amount)| charge.on(amount, leg.volume));
        }
        part
    }

    pub(super) fn books(&self) -> impl Iterator<Item = (&Contract, &super::side::SideBook)> {
        self.contracts.values().flat_map(|contract| contract.sides.iter().map(move |book| (contract, book)))
    }
}

/// Returns what of the day's profit the broker does not count as available; less than zero for losses that do not count.
pub(super) fn kept_back(params: Option<Params>, close_profit: Money, position_profit: Money) -> Money {
    let Some(params) = params else { return Money::ZERO };
    let gain = position_profit.max(Money::ZERO);
    let loss = position_profit - gain;
    let floating = match params.algorithm {
        b'2' => gain,
        b'3' => loss,
        b'4' => position_profit,
        _ => Money::ZERO,
    };
    let closed = if params.includes_close_profit { Money::ZERO } else { close_profit.max(Money::ZERO) };
    floating + closed
}
