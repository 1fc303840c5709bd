//! Positions and the profit of the day as the ledger has them.

use std::collections::BTreeSet;

use ctp_market::Money;

use super::Ledger;
use super::amount::Price;
use super::contract::Contract;
use super::side::SideBook;
use super::terms::Side;
use super::view::{DayProfit, PositionKey, PositionNow, Unknown};

/// Profits of a side, marked to market or since the lots were opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Profits {
    pub(super) close: Option<Money>,
    pub(super) close_by_trade: Option<Money>,
    pub(super) held: Option<Money>,
    pub(super) held_by_trade: Option<Money>,
}

impl Ledger {
    /// Returns every position of the day by name, also those that are flat by now.
    pub(crate) fn positions(&self) -> Vec<PositionNow> {
        let contracts = self.contracts.values();
        contracts
            .flat_map(|contract| {
                let mut books: Vec<&SideBook> =
                    contract.sides.iter().filter(|book| book.is_used() || book.frozen.total() != 0).collect();
                books.sort_by_key(|book| (book.side, book.hedge));
                books.into_iter().map(|book| self.view(contract, book)).collect::<Vec<_>>()
            })
            .collect()
    }

    /// Returns one position, flat ones of the day included.
    pub(crate) fn position(&self, key: &PositionKey) -> Option<PositionNow> {
        let contract = self.contracts.get(&key.instrument_id)?;
        let book = contract.find(Side::of_row(key.direction)?, key.hedge_flag)?;
        Some(self.view(contract, book))
    }

    fn view(&self, contract: &Contract, book: &SideBook) -> PositionNow {
        let mut unknown = BTreeSet::new();
        if !self.has_baseline {
            unknown.insert(Unknown::Baseline);
        }
        let commission = self.commission_of_side(contract, book, &mut unknown);
        let margin = self.margin_of(contract, book, &mut unknown);
        let profits = profits(contract, book, contract.last, &mut unknown);
        let (cost, open_cost) = costs(contract, book, &mut unknown);
        let price = contract.last.filter(|_| book.volume() > 0).map(Price::to_f64);
        PositionNow {
            key: PositionKey::new(contract.instrument_id, book.side.direction(), book.hedge),
            exchange_id: contract.exchange_id,
            volume: book.volume(),
            volume_today: book.today().left,
            volume_at_start: book.at_start,
            frozen: book.frozen.total(),
            closable: contract.closable(book),
            open_volume: book.open_volume(),
            close_volume: book.close_volume(),
            missing: book.missing(),
            cost,
            open_cost,
            margin,
            commission,
            close_profit: profits.close,
            close_profit_by_trade: profits.close_by_trade,
            profit: profits.held,
            profit_by_trade: profits.held_by_trade,
            price,
            unknown: unknown.into_iter().collect(),
        }
    }

    pub(super) fn commission_of_side(
        &self,
        contract: &Contract,
        book: &SideBook,
        unknown: &mut BTreeSet<Unknown>,
    ) -> Option<Money> {
        let rates = self.commission_of(contract);
        let commission = book.commission(rates.as_ref(), contract.multiplier());
        if commission.is_none() {
            unknown.insert(match rates {
                None => Unknown::CommissionRate(contract.instrument_id),
                Some(_) => Unknown::Terms(contract.instrument_id),
            });
        }
        commission
    }

    /// Returns the profit of the day. It costs no more with more lots or orders.
    pub(crate) fn day_profit(&self) -> DayProfit {
        let mut unknown = BTreeSet::new();
        let mut sum = DayProfit::default();
        for contract in self.contracts.values() {
            for book in &contract.sides {
                let profits = profits(contract, book, contract.last, &mut unknown);
                sum.closed += profits.close.unwrap_or_default();
                sum.held += profits.held.unwrap_or_default();
                sum.commission += self.commission_of_side(contract, book, &mut unknown).unwrap_or_default();
                sum.options += option_profit(contract, book, &mut unknown).unwrap_or_default();
            }
        }
        sum.is_complete = self.has_baseline && unknown.is_empty() && self.unreadable.is_empty();
        sum
    }
}

/// Returns the profits of a side at a price. Options have none: their premium is cash (§6.1).
pub(super) fn profits(
    contract: &Contract,
    book: &SideBook,
    price: Option<Price>,
    unknown: &mut BTreeSet<Unknown>,
) -> Profits {
    let id = contract.instrument_id;
    let (older, today) = (book.yesterday(), book.today());
    let Some(terms) = contract.terms else {
        if book.is_used() {
            unknown.insert(Unknown::Terms(id));
        }
        let none = (!book.is_used()).then_some(Money::ZERO);
        return Profits { close: none, close_by_trade: none, held: none, held_by_trade: none };
    };
    if terms.is_option() {
        let zero = Some(Money::ZERO);
        return Profits { close: zero, close_by_trade: zero, held: zero, held_by_trade: zero };
    }
    let money = |points: super::amount::Points| {
        let money = points.times(terms.multiplier);
        if book.side.sign() < 0 { -money } else { money }
    };
    let settlement = |volume: i32, unknown: &mut BTreeSet<Unknown>| match contract.pre_settlement {
        _ if volume == 0 => Some(Default::default()),
        Some(price) => Some(price.lots(volume)),
        None => {
            unknown.insert(Unknown::PreSettlement(id));
            None
        }
    };
    let unpriced = older.is_unpriced && older.left + older.closed > 0;
    if unpriced {
        unknown.insert(Unknown::OpenPrices(id));
    }
    let by_trade = |points| (!unpriced).then(|| money(points));
    let closed_today = today.close_points - today.closed_open_points;
    let close = settlement(older.closed, unknown).map(|cost| money(older.close_points - cost + closed_today));
    let close_by_trade = by_trade(older.close_points - older.closed_open_points + closed_today);
    let price = if book.volume() == 0 { Some(Price::default()) } else { price };
    if price.is_none() {
        unknown.insert(Unknown::Price(id));
    }
    let worth = price.map(|price| price.lots(book.volume()));
    let cost = settlement(older.left, unknown);
    let held = worth.zip(cost).map(|(worth, cost)| money(worth - cost - today.left_points));
    let held_by_trade = worth.and_then(|worth| by_trade(worth - older.left_points - today.left_points));
    Profits { close, close_by_trade, held, held_by_trade }
}

/// Returns what the lots of a side cost, marked to market and when they were opened.
pub(super) fn costs(
    contract: &Contract,
    book: &SideBook,
    unknown: &mut BTreeSet<Unknown>,
) -> (Option<Money>, Option<Money>) {
    let (older, today) = (book.yesterday(), book.today());
    if book.volume() == 0 {
        return (Some(Money::ZERO), Some(Money::ZERO));
    }
    let Some(multiplier) = contract.multiplier() else {
        unknown.insert(Unknown::Terms(contract.instrument_id));
        return (None, None);
    };
    let settled = if older.left == 0 { Some(Default::default()) } else { contract.pre_settlement };
    let cost = settled.map(|price| (price.lots(older.left) + today.left_points).times(multiplier));
    if cost.is_none() {
        unknown.insert(Unknown::PreSettlement(contract.instrument_id));
    }
    let unpriced = older.is_unpriced && older.left > 0;
    (cost, (!unpriced).then(|| (older.left_points + today.left_points).times(multiplier)))
}

/// Returns the premium received less the premium paid for a side of an option; zero for anything else.
pub(super) fn premium(contract: &Contract, book: &SideBook) -> Money {
    let Some(terms) = contract.terms.filter(|terms| terms.is_option()) else { return Money::ZERO };
    let received = (book.close_points() - book.open_points()).times(terms.multiplier);
    if book.side.sign() < 0 { -received } else { received }
}

/// Returns what a side of an option is worth at a price; zero for anything else.
pub(super) fn option_value(
    contract: &Contract,
    book: &SideBook,
    price: Option<Price>,
    volume: i32,
    unknown: &mut BTreeSet<Unknown>,
) -> Option<Money> {
    let Some(terms) = contract.terms.filter(|terms| terms.is_option() && volume != 0) else {
        return Some(Money::ZERO);
    };
    let Some(price) = price else {
        unknown.insert(Unknown::Price(contract.instrument_id));
        return None;
    };
    let worth = price.lots(volume).times(terms.multiplier);
    Some(if book.side.sign() < 0 { -worth } else { worth })
}

fn option_profit(contract: &Contract, book: &SideBook, unknown: &mut BTreeSet<Unknown>) -> Option<Money> {
    let now = option_value(contract, book, contract.last, book.volume(), unknown)?;
    let then = option_value(contract, book, contract.pre_settlement, book.at_start, unknown)?;
    Some(premium(contract, book) + now - then)
}
