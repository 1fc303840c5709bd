//! An investor's account: money and positions (§6.1).

use std::collections::BTreeMap;

use ctp_market::Money;
use ctp_types::{Algorithm, IncludeCloseProfit};

use crate::interface::Timestamp;
use crate::money::holding::{Booking, Execution, Frozen, Holding};
use crate::money::margin::Margin;
use crate::money::params::TradingParams;
use crate::money::terms::{Effect, LotPrice, Terms};

/// Which position: instrument (index into the markets), long or short, hedge flag.
pub(crate) type HoldingKey = (usize, bool, u8);

/// An investor's money and positions of the day.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) funds: Funds,
    pub(crate) params: TradingParams,
    pub(crate) pre_margin: Money,
    pub(crate) commission: Money,
    pub(crate) close_profit: Money,
    /// Premium received, less premium paid.
    pub(crate) cash_in: Money,
    pub(crate) frozen_commission: Money,
    pub(crate) frozen_cash: Money,
    pub(crate) margin: Margin,
    /// The floating profit of all positions at the marks.
    pub(crate) position_profit: Money,
    pub(crate) holdings: BTreeMap<HoldingKey, Holding>,
    /// When the settlement statement was confirmed today.
    pub(crate) confirmed: Option<Timestamp>,
}

/// Money that comes and goes by other ways than trading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Funds {
    pub(crate) pre_balance: Money,
    pub(crate) pre_credit: Money,
    pub(crate) pre_mortgage: Money,
    /// A freeze of funds is negative; contains what was there before today.
    pub(crate) credit: Money,
    pub(crate) mortgage: Money,
    pub(crate) deposit: Money,
    pub(crate) withdraw: Money,
    pub(crate) delivery_margin: Money,
}

/// What an account's money comes to at the present prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Valuation {
    pub(crate) margin: Money,
    pub(crate) frozen_margin: Money,
    pub(crate) position_profit: Money,
    pub(crate) balance: Money,
    pub(crate) available: Money,
}

impl Account {
    pub(crate) fn new(pre_balance: Money, params: TradingParams) -> Self {
        Self {
            funds: Funds { pre_balance, ..Funds::default() },
            params,
            pre_margin: Money::ZERO,
            commission: Money::ZERO,
            close_profit: Money::ZERO,
            cash_in: Money::ZERO,
            frozen_commission: Money::ZERO,
            frozen_cash: Money::ZERO,
            margin: Margin::default(),
            position_profit: Money::ZERO,
            holdings: BTreeMap::new(),
            confirmed: None,
        }
    }

    /// Puts in a position held since before today; the margin of the day before grows with it.
    pub(crate) fn carry_in(&mut self, key: HoldingKey, terms: &Terms, carried: Holding) {
        self.change(key, terms, |holding| *holding = carried);
        self.pre_margin = self.margin.charged();
    }

    /// Returns the position of a key, made when it is not there.
    pub(crate) fn holding_mut(&mut self, key: HoldingKey) -> &mut Holding {
        self.holdings.entry(key).or_insert_with(|| Holding::new(key.1))
    }

    /// Holds back what a working order needs.
    pub(crate) fn freeze(&mut self, key: HoldingKey, terms: &Terms, effect: Effect, frozen: Frozen) {
        let row = self.holding_mut(key).row_of(terms, effect);
        if effect == Effect::Open {
            row.opening.add(frozen)
        } else {
            row.closing.add(frozen)
        }
        self.margin.freeze(key, terms, frozen.margin);
        self.frozen_commission += frozen.commission;
        self.frozen_cash += frozen.cash;
    }

    /// Lets the row that an accepted order works on appear.
    pub(crate) fn show_row(&mut self, key: HoldingKey, close_today: bool, effect: Effect) {
        self.holding_mut(key).row_mut(close_today, effect != Effect::CloseYesterday).used = true;
    }

    /// Gives back what an order held.
    pub(crate) fn release(&mut self, key: HoldingKey, terms: &Terms, effect: Effect, frozen: Frozen) {
        let row = self.holding_mut(key).row_of(terms, effect);
        if effect == Effect::Open {
            row.opening.remove(frozen)
        } else {
            row.closing.remove(frozen)
        }
        self.margin.freeze(key, terms, -frozen.margin);
        self.frozen_commission -= frozen.commission;
        self.frozen_cash -= frozen.cash;
    }

    /// Gives back what all orders hold.
    pub(crate) fn release_all(&mut self) {
        self.margin.release_all();
        self.frozen_commission = Money::ZERO;
        self.frozen_cash = Money::ZERO;
        for holding in self.holdings.values_mut() {
            holding.release_all();
        }
    }

    /// Books a trade. Returns by how much one tick up is now worth more.
    pub(crate) fn book(
        &mut self,
        key: HoldingKey,
        terms: &Terms,
        effect: Effect,
        execution: &Execution,
    ) -> Money {
        let before = self.holding_mut(key).per_tick(terms);
        let booking = self.change(key, terms, |holding| {
            let booking = match effect {
                Effect::Open => holding.open(terms, execution),
                _ => holding.close(terms, effect, execution.volume, execution.price),
            };
            if matches!(terms.margin_price, LotPrice::Market(_)) {
                holding.reprice(terms);
            }
            booking
        });
        let Booking { commission, close_profit_by_date, cash_in } = booking;
        self.commission += commission;
        self.close_profit += close_profit_by_date;
        self.cash_in += cash_in;
        self.holding_mut(key).per_tick(terms) - before
    }

    /// Counts the margin of a position anew.
    pub(crate) fn reprice(&mut self, key: HoldingKey, terms: &Terms) {
        self.change(key, terms, |holding| holding.reprice(terms));
    }

    /// Changes a position and carries the change into the sums.
    pub(crate) fn change<T>(
        &mut self,
        key: HoldingKey,
        terms: &Terms,
        change: impl FnOnce(&mut Holding) -> T,
    ) -> T {
        let holding = self.holdings.entry(key).or_insert_with(|| Holding::new(key.1));
        let (margin, profit) = (holding.margin(), holding.position_profit(terms));
        let result = change(holding);
        let (margin, profit) = (holding.margin() - margin, holding.position_profit(terms) - profit);
        self.margin.charge(key, terms, margin);
        self.position_profit += profit;
        result
    }

    /// Values the account.
    pub(crate) fn value(&self) -> Valuation {
        let funds = &self.funds;
        let margin = self.margin.charged();
        let frozen_margin = self.margin.frozen();
        let profit = self.position_profit;
        let balance = funds.fixed_equity() + self.close_profit + profit + self.cash_in - self.commission;
        let frozen = frozen_margin + self.frozen_commission + self.frozen_cash;
        let available =
            balance - self.not_admitted() - margin - frozen - funds.delivery_margin + funds.credit;
        Valuation { margin, frozen_margin, position_profit: profit, balance, available }
    }

    /// Returns how much an order lacks beyond what is available; more than zero is too much.
    pub(crate) fn missing(&self, key: HoldingKey, terms: &Terms, frozen: &Frozen) -> Money {
        let margin = self.margin.needed(key, terms, frozen.margin);
        margin + frozen.commission + frozen.cash - self.value().available
    }

    /// Returns how much of the profit in the balance the broker's parameters leave out of what is available (§6.1).
    fn not_admitted(&self) -> Money {
        let (gain, loss) = (positive(self.position_profit), -positive(-self.position_profit));
        let floating = match self.params.algorithm {
            Algorithm::ONLY_LOST => gain,
            Algorithm::ONLY_GAIN => loss,
            Algorithm::NONE => gain + loss,
            _ => Money::ZERO,
        };
        let closed = match self.params.avail_include_close_profit {
            IncludeCloseProfit::NOT_INCLUDE => positive(self.close_profit),
            _ => Money::ZERO,
        };
        floating + closed
    }

    /// Returns the profits of the day within what is available; they are not paid out.
    pub(crate) fn gains(&self) -> Money {
        let floating = match self.params.algorithm {
            Algorithm::ONLY_LOST | Algorithm::NONE => Money::ZERO,
            _ => positive(self.position_profit),
        };
        let closed = match self.params.avail_include_close_profit {
            IncludeCloseProfit::NOT_INCLUDE => Money::ZERO,
            _ => positive(self.close_profit),
        };
        floating + closed
    }
}

impl Funds {
    /// Returns the equity before anything was traded (static equity, §6.1).
    pub(crate) fn fixed_equity(&self) -> Money {
        self.pre_balance - self.pre_credit - self.pre_mortgage + self.mortgage + self.deposit - self.withdraw
    }

    /// Returns the funds of the next day for a settled balance.
    pub(crate) fn next_day(&self, balance: Money) -> Self {
        Self {
            // What is frozen or pledged stays so: the static equity of the next day is the balance.
            pre_balance: balance + self.credit,
            pre_credit: self.credit,
            pre_mortgage: self.mortgage,
            credit: self.credit,
            mortgage: self.mortgage,
            deposit: Money::ZERO,
            withdraw: Money::ZERO,
            delivery_margin: self.delivery_margin,
        }
    }
}

/// Returns what is above zero.
pub(crate) fn positive(money: Money) -> Money {
    money.max(Money::ZERO)
}

#[cfg(test)]
mod tests;
