//! An investor's account: money and positions (§6.1).

use std::collections::BTreeMap;

use ctp_market::Money;
use ctp_types::TradingAccountField;

use crate::interface::Timestamp;
use crate::money::holding::{Effect, Execution, Frozen, Holding, Terms};

/// Which position: instrument (index into the markets), long or short, hedge flag.
pub(crate) type HoldingKey = (usize, bool, u8);

/// An investor's money and positions of the day.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) pre_balance: Money,
    pub(crate) commission: Money,
    pub(crate) close_profit: Money,
    pub(crate) frozen_margin: Money,
    pub(crate) frozen_commission: Money,
    pub(crate) holdings: BTreeMap<HoldingKey, Holding>,
    /// When the settlement statement was confirmed today.
    pub(crate) confirmed: Option<Timestamp>,
}

/// What an account's money comes to at the present prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Valuation {
    pub(crate) margin: Money,
    pub(crate) position_profit: Money,
    pub(crate) balance: Money,
    pub(crate) available: Money,
}

/// What valuation asks about an instrument: its terms, the price to mark at, and the group (product) in which only the
/// larger side is charged, if its exchange does that.
pub(crate) struct Marking<'a> {
    pub(crate) terms: Terms,
    pub(crate) mark: i64,
    pub(crate) one_sided_group: Option<&'a str>,
}

impl Account {
    pub(crate) fn new(pre_balance: Money) -> Self {
        Self {
            pre_balance,
            commission: Money::ZERO,
            close_profit: Money::ZERO,
            frozen_margin: Money::ZERO,
            frozen_commission: Money::ZERO,
            holdings: BTreeMap::new(),
            confirmed: None,
        }
    }

    /// Returns the position of a key, made when it is not there.
    pub(crate) fn holding_mut(&mut self, key: HoldingKey) -> &mut Holding {
        self.holdings.entry(key).or_insert_with(|| Holding::new(key.1))
    }

    /// Holds back what a working order needs.
    pub(crate) fn freeze(&mut self, key: HoldingKey, terms: &Terms, effect: Effect, frozen: Frozen) {
        let row = self.holding_mut(key).row_of(terms, effect);
        row.used = true;
        if effect == Effect::Open {
            row.opening.add(frozen)
        } else {
            row.closing.add(frozen)
        }
        self.frozen_margin += frozen.margin;
        self.frozen_commission += frozen.commission;
    }

    /// Gives back what an order held.
    pub(crate) fn release(&mut self, key: HoldingKey, terms: &Terms, effect: Effect, frozen: Frozen) {
        let row = self.holding_mut(key).row_of(terms, effect);
        if effect == Effect::Open {
            row.opening.remove(frozen)
        } else {
            row.closing.remove(frozen)
        }
        self.frozen_margin -= frozen.margin;
        self.frozen_commission -= frozen.commission;
    }

    /// Books a trade.
    pub(crate) fn book(&mut self, key: HoldingKey, terms: &Terms, effect: Effect, execution: &Execution) {
        let holding = self.holding_mut(key);
        let booking = match effect {
            Effect::Open => holding.open(terms, execution),
            _ => holding.close(terms, effect, execution.volume, execution.price),
        };
        self.commission += booking.commission;
        self.close_profit += booking.close_profit_by_date;
    }

    /// Values the account; `marking` answers for each instrument held.
    pub(crate) fn value<'a>(&self, marking: impl Fn(usize) -> Marking<'a>) -> Valuation {
        let mut margin = Money::ZERO;
        let mut position_profit = Money::ZERO;
        let mut groups: BTreeMap<&str, (Money, Money)> = BTreeMap::new();
        for ((instrument, long, _), holding) in &self.holdings {
            let Marking { terms, mark, one_sided_group } = marking(*instrument);
            position_profit += holding.position_profit(&terms, mark);
            let charged = holding.margin(&terms);
            match one_sided_group {
                Some(group) => {
                    let (long_side, short_side) = groups.entry(group).or_default();
                    *(if *long { long_side } else { short_side }) += charged;
                }
                None => margin += charged,
            }
        }
        margin += groups.values().map(|(long, short)| *long.max(short)).sum();
        let balance = self.pre_balance + self.close_profit + position_profit - self.commission;
        let available = balance - margin - self.frozen_margin - self.frozen_commission;
        Valuation { margin, position_profit, balance, available }
    }

    /// Returns the margin of the lots carried in, as it was before the day's first trade.
    pub(crate) fn pre_margin(&self, terms: impl Fn(usize) -> Terms) -> Money {
        let carried = self.holdings.iter().map(|((instrument, ..), holding)| {
            let terms = terms(*instrument);
            terms.margin_of(terms.pre_settlement, holding.yesterday_volume)
        });
        carried.sum()
    }
}

/// Returns the account's record.
pub(crate) fn trading_account(
    account: &Account,
    valuation: Valuation,
    pre_margin: Money,
) -> TradingAccountField {
    let floor = |money: Money| money.max(Money::ZERO);
    // Profits of the day are not paid out (§6.1).
    let gains = floor(account.close_profit) + floor(valuation.position_profit);
    TradingAccountField {
        pre_balance: account.pre_balance.to_f64(),
        pre_deposit: account.pre_balance.to_f64(),
        pre_margin: pre_margin.to_f64(),
        frozen_margin: account.frozen_margin.to_f64(),
        frozen_commission: account.frozen_commission.to_f64(),
        curr_margin: valuation.margin.to_f64(),
        exchange_margin: valuation.margin.to_f64(),
        commission: account.commission.to_f64(),
        close_profit: account.close_profit.to_f64(),
        position_profit: valuation.position_profit.to_f64(),
        balance: valuation.balance.to_f64(),
        available: valuation.available.to_f64(),
        withdraw_quota: floor(valuation.available - gains).to_f64(),
        settlement_id: 1,
        ..TradingAccountField::default()
    }
}

#[cfg(test)]
mod tests;
