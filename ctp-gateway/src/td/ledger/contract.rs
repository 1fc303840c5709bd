//! An instrument that the account has or had something of today.

use ctp_market::Money;
use ctp_types::{HedgeFlag, InstrumentMarginRateField, OptionInstrTradeCostField, Text};

use super::amount::{Charge, Price, money_of};
use super::side::{Effect, SideBook, effect};
use super::terms::{Commission, Side, Terms, is_split};
use super::view::Closable;
use super::working::Leg;

#[derive(Debug)]
pub(super) struct Contract {
    pub(super) instrument_id: Text<81>,
    pub(super) exchange_id: Text<9>,
    pub(super) terms: Option<Terms>,
    /// Whether lots of today and older ones are closed by different flags.
    pub(super) split: bool,
    pub(super) sides: Vec<SideBook>,
    pub(super) commission: Option<Commission>,
    /// Margin rates, by side and purpose.
    margin: Vec<(Side, HedgeFlag, Charge)>,
    /// What a short lot of an option needs besides its premium, by purpose.
    option_costs: Vec<(HedgeFlag, Money)>,
    pub(super) last: Option<Price>,
    /// Whether the last price came from market data, and not from a row or a trade.
    pub(super) is_marked: bool,
    pub(super) pre_settlement: Option<Price>,
}

impl Contract {
    pub(super) fn new(instrument_id: Text<81>, exchange_id: Text<9>) -> Self {
        let terms = Terms::guess(instrument_id, exchange_id);
        Self {
            instrument_id,
            exchange_id,
            terms,
            split: terms.map_or_else(|| is_split(exchange_id), |terms| terms.split),
            sides: Vec::new(),
            commission: None,
            margin: Vec::new(),
            option_costs: Vec::new(),
            last: None,
            is_marked: false,
            pre_settlement: None,
        }
    }

    pub(super) fn set_terms(&mut self, terms: Terms) {
        self.terms = Some(terms);
        if self.split != terms.split {
            self.split = terms.split;
            self.sides.iter_mut().for_each(|side| side.rebuild(terms.split));
        }
    }

    /// Returns the book of a side, which begins empty.
    pub(super) fn side(&mut self, side: Side, hedge: HedgeFlag) -> &mut SideBook {
        let found = self.sides.iter().position(|book| book.side == side && book.hedge == hedge);
        let index = found.unwrap_or_else(|| {
            self.sides.push(SideBook::new(side, hedge));
            self.sides.len() - 1
        });
        &mut self.sides[index]
    }

    /// Reserves the lots that a leg of a working order closes, or gives them back.
    pub(super) fn reserve(&mut self, leg: &Leg, sign: i32) {
        if let Effect::Closes(closes) = effect(leg.offset, self.split) {
            self.side(leg.side, leg.hedge).frozen.add(closes, sign * leg.volume);
        }
    }

    pub(super) fn find(&self, side: Side, hedge: HedgeFlag) -> Option<&SideBook> {
        self.sides.iter().find(|book| book.side == side && book.hedge == hedge)
    }

    pub(super) fn multiplier(&self) -> Option<i32> {
        self.terms.map(|terms| terms.multiplier)
    }

    pub(super) fn margin_charge(&self, side: Side, hedge: HedgeFlag) -> Option<Charge> {
        self.margin.iter().find(|rate| (rate.0, rate.1) == (side, hedge)).map(|rate| rate.2)
    }

    pub(super) fn set_margin(&mut self, side: Side, hedge: HedgeFlag, charge: Charge) {
        self.margin.retain(|rate| (rate.0, rate.1) != (side, hedge));
        self.margin.push((side, hedge, charge));
    }

    pub(super) fn learn_margin(&mut self, record: &InstrumentMarginRateField) {
        if record.is_relative != 0 {
            return;
        }
        let rates = [
            (Side::Long, record.long_margin_ratio_by_money, record.long_margin_ratio_by_volume),
            (Side::Short, record.short_margin_ratio_by_money, record.short_margin_ratio_by_volume),
        ];
        for (side, by_money, by_volume) in rates {
            if let Some(charge) = Charge::of(by_money, by_volume) {
                self.set_margin(side, record.hedge_flag, charge);
            }
        }
    }

    /// Returns what a short lot of an option needs besides its premium, as the counter says it.
    pub(super) fn option_cost(&self, hedge: HedgeFlag) -> Option<Money> {
        self.option_costs.iter().find(|cost| cost.0 == hedge).map(|cost| cost.1)
    }

    pub(super) fn learn_option_cost(&mut self, record: &OptionInstrTradeCostField) {
        if let (Some(fixed), Some(least)) = (money_of(record.fixed_margin), money_of(record.mini_margin)) {
            self.option_costs.retain(|cost| cost.0 != record.hedge_flag);
            self.option_costs.push((record.hedge_flag, fixed.max(least)));
        }
    }

    pub(super) fn closable(&self, side: &SideBook) -> Closable {
        let (today, yesterday, frozen) = (side.today().left, side.yesterday().left, side.frozen);
        let total = (today + yesterday - frozen.total()).max(0);
        if self.split {
            // What closes either kind, as forced closes do, takes the older lots first.
            let older = (yesterday - frozen.yesterday - frozen.any).max(0);
            let over = (frozen.yesterday + frozen.any - yesterday).max(0).min(frozen.any);
            let today = (today - frozen.today - over).max(0);
            return Closable { today, yesterday: older, total: today + older, is_split: true };
        }
        let older = (yesterday - frozen.total()).max(0);
        Closable { today: total - older.min(total), yesterday: older.min(total), total, is_split: false }
    }
}
