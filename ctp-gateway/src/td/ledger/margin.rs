//! What the lots need of margin (§6.2).

use std::collections::{BTreeMap, BTreeSet};

use ctp_market::Money;
use ctp_types::{HedgeFlag, MarginPriceType, OptionRoyaltyPriceType, Text};

use super::Ledger;
use super::amount::{Charge, Price};
use super::contract::Contract;
use super::side::SideBook;
use super::terms::{Kind, OptionTerms, Side};
use super::view::Unknown;

impl Ledger {
    /// Returns the margin of a side before one-sided margin is looked at, and says what is not known or not exact.
    pub(super) fn margin_of(
        &self,
        contract: &Contract,
        book: &SideBook,
        unknown: &mut BTreeSet<Unknown>,
    ) -> Option<Money> {
        if book.volume() == 0 {
            return Some(Money::ZERO);
        }
        let id = contract.instrument_id;
        let Some(terms) = contract.terms else {
            unknown.insert(Unknown::Terms(id));
            return None;
        };
        if book.has_combined() {
            // The exchange's discount for combinations is not known.
            unknown.insert(Unknown::Combination(id));
        }
        match terms.kind {
            Kind::Combination => Some(Money::ZERO),
            Kind::Option(_) if book.side == Side::Long => Some(Money::ZERO),
            Kind::Option(option) => {
                unknown.insert(Unknown::OptionMargin(id));
                self.option_margin(contract, &option, terms.multiplier, book)
            }
            Kind::Future => self.future_margin(contract, terms.multiplier, book, unknown),
        }
    }

    fn future_margin(
        &self,
        contract: &Contract,
        multiplier: i32,
        book: &SideBook,
        unknown: &mut BTreeSet<Unknown>,
    ) -> Option<Money> {
        let id = contract.instrument_id;
        let Some(charge) = contract.margin_charge(book.side, book.hedge) else {
            unknown.insert(Unknown::MarginRate(id));
            return None;
        };
        let settled = |volume: i32, unknown: &mut BTreeSet<Unknown>| match contract.pre_settlement {
            _ if volume == 0 => Some(Money::ZERO),
            Some(price) => Some(price.lots(volume).times(multiplier)),
            None => {
                unknown.insert(Unknown::PreSettlement(id));
                None
            }
        };
        let (older, today) = (book.yesterday(), book.today());
        let older_amount = settled(older.left, unknown);
        let today_amount = match self.params.map(|params| params.margin_price) {
            _ if today.left == 0 => Some(Money::ZERO),
            Some(MarginPriceType::PRE_SETTLEMENT_PRICE) => settled(today.left, unknown),
            Some(MarginPriceType::OPEN_PRICE) => Some(today.left_points.times(multiplier)),
            Some(_) => {
                unknown.insert(Unknown::MarginPrice(id));
                Some(today.left_points.times(multiplier))
            }
            None => {
                unknown.insert(Unknown::Params);
                Some(today.left_points.times(multiplier))
            }
        };
        let margin = |amount: Option<Money>, volume| amount.map(|amount| charge.on(amount, volume));
        Some(margin(older_amount, older.left)? + margin(today_amount, today.left)?)
    }

    /// The exchanges' formula for short options: premium, and of the future's margin what is not out of the money, at least
    /// half of it. The second part is the counter's, where it has said so.
    fn option_margin(
        &self,
        contract: &Contract,
        option: &OptionTerms,
        multiplier: i32,
        book: &SideBook,
    ) -> Option<Money> {
        let last = || contract.last.max(contract.pre_settlement);
        let (older, today) = (book.yesterday(), book.today());
        let open = older.left_points + today.left_points;
        let premium = match self.params.map(|params| params.royalty) {
            Some(OptionRoyaltyPriceType::OPEN_PRICE) => open,
            Some(OptionRoyaltyPriceType::MAX_PRE_SETTLEMENT_PRICE) => last()?.lots(book.volume()),
            _ => contract.pre_settlement?.lots(book.volume()),
        };
        let per_lot = self.option_lot(contract, option, multiplier, book.hedge)?;
        Some(premium.times(multiplier) + per_lot.lots(book.volume()))
    }

    /// Returns what a short lot of an option needs besides its premium.
    pub(super) fn option_lot(
        &self,
        contract: &Contract,
        option: &OptionTerms,
        multiplier: i32,
        hedge: HedgeFlag,
    ) -> Option<Money> {
        let by_formula = || option_part(option, self.future_of(option, hedge)?, multiplier);
        contract.option_cost(hedge).or_else(by_formula)
    }

    /// Returns the settlement price of an option's future and what its margin is, if the ledger knows them.
    fn future_of(&self, option: &OptionTerms, hedge: HedgeFlag) -> Option<(Price, Charge)> {
        let future = self.contracts.get(&option.underlying)?;
        let side = if option.is_call { Side::Short } else { Side::Long };
        Some((future.pre_settlement?, future.margin_charge(side, hedge)?))
    }

    /// Returns the margin of all positions, one-sided where the exchange says so.
    pub(super) fn total_margin(&self, unknown: &mut BTreeSet<Unknown>) -> Option<Money> {
        let mut sum = Some(Money::ZERO);
        // Long and short margin of what is charged together.
        let mut groups: BTreeMap<(Text<81>, HedgeFlag), [Money; 2]> = BTreeMap::new();
        for contract in self.contracts.values() {
            for book in &contract.sides {
                let margin = self.margin_of(contract, book, unknown);
                let one_sided = contract.terms.filter(|terms| terms.one_sided && terms.kind == Kind::Future);
                match (margin, one_sided) {
                    (None, _) => sum = None,
                    (Some(margin), None) => sum = sum.map(|sum| sum + margin),
                    (Some(margin), Some(terms)) => {
                        // CFFEX counts every purpose, which has a trading code of its own, by itself.
                        let hedge =
                            if terms.exchange_id == "CFFEX" { book.hedge } else { HedgeFlag::default() };
                        groups.entry((terms.product, hedge)).or_default()[book.side as usize] += margin;
                    }
                }
            }
        }
        let larger = groups.values().map(|[long, short]| *long.max(short)).sum::<Money>();
        sum.map(|sum| sum + larger)
    }
}

/// What a lot of a short option needs besides its premium, by the exchanges' formula.
fn option_part(option: &OptionTerms, (price, charge): (Price, Charge), multiplier: i32) -> Option<Money> {
    let future = charge.on(price.lots(1).times(multiplier), 1);
    let strike = option.strike?;
    let (low, high) = if option.is_call { (price, strike) } else { (strike, price) };
    let out_of_the_money = (high.lots(1) - low.lots(1)).times(multiplier).max(Money::ZERO);
    Some((future - half(out_of_the_money)).max(half(future)))
}

fn half(money: Money) -> Money {
    Money((money.0 + money.0.signum()) / 2)
}
