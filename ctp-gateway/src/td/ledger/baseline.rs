//! What the trading day began with, as the counter's rows tell it.
//!
//! The lots of the start are `YdPosition`, which does not change in the day, and one by one the details that were opened
//! before today with what was closed of them put back. The trades of the day come on top, so that what follows can be
//! compared with what the counter says stands now.
//!
//! Exchanges date the lots of an evening by the calendar or by the trading day (§5.6): a lot is of today when its date says
//! so, or when it was opened by a trade of today that bears its number and date.

use std::collections::{BTreeMap, BTreeSet};

use ctp_market::Money;
use ctp_types::{Direction, HedgeFlag, InvestorPositionDetailField, InvestorPositionField, Text};

use super::Ledger;
use super::account::Funds;
use super::amount::{Charge, Points, Price, money_of};
use super::contract::Contract;
use super::rows::Rows;
use super::side::{Lot, Part};
use super::terms::Side;
use super::view::{PositionKey, Unknown};
use crate::td::orders::legs::legs;

/// A side by name.
type Name = (Text<81>, Side, HedgeFlag);

impl Ledger {
    /// Takes the start of the day from the rows of positions, lots and money. Only the first rows of positions of a day count:
    /// later ones are compared, see [`Self::reconcile`]. The account's deposits and withdrawals are taken every time.
    pub(crate) fn baseline(&mut self, rows: &Rows) {
        self.learn(rows);
        let Some(positions) = rows.positions.as_ref().filter(|_| !self.has_baseline) else { return };
        self.has_baseline = true;
        self.version += 1;
        let mut lots = self.lots_at_start(rows);
        for (name, row) in rows_at_start(positions) {
            let found = lots.remove(&name).unwrap_or_default();
            let told: i32 = found.iter().map(|lot| lot.left).sum();
            // What the details do not tell one by one was opened at prices that nobody said.
            let is_unpriced = told != row.volume;
            let lots = if is_unpriced {
                let price = Price::of(row.pre_settlement).unwrap_or_default();
                vec![Lot { price, left: row.volume, is_combined: false }]
            } else {
                found
            };
            let contract = self.contract(name.0, row.exchange_id);
            let split = contract.split;
            contract.side(name.1, name.2).begin(lots, is_unpriced, split);
        }
    }

    /// Takes what the counter says stands now, whatever the ledger thinks: lots, what was opened and closed today, and
    /// commission. Trades that were counted stay counted, and do not count again.
    pub(crate) fn adopt(&mut self, rows: &Rows) {
        self.learn(rows);
        let (Some(positions), Some(details)) = (&rows.positions, &rows.details) else { return };
        self.has_baseline = true;
        self.version += 1;
        let mut parts = self.parts_now(details);
        let mut names: BTreeSet<Name> = positions.iter().filter_map(name_of).collect();
        for contract in self.contracts.values() {
            names.extend(contract.sides.iter().map(|book| (contract.instrument_id, book.side, book.hedge)));
        }
        for name in names {
            let rows = || positions.iter().filter(|row| name_of(row) == Some(name));
            let sum = |field: fn(&InvestorPositionField) -> f64| {
                rows().filter_map(|row| money_of(field(row))).sum::<Money>()
            };
            let at_start = rows().map(|row| row.yd_position).sum();
            let [yesterday, mut today] = parts.remove(&name).unwrap_or_default();
            today.opened = rows().map(|row| row.open_volume).sum();
            let opened = sum(|row| row.open_amount).to_f64();
            let commission = sum(|row| row.commission);
            let Some(contract) = self.contracts.get_mut(&name.0) else { continue };
            let multiplier = contract.multiplier().unwrap_or_default();
            today.open_points = Points::of_money(opened, multiplier).unwrap_or_default();
            contract.side(name.1, name.2).adopt(at_start, yesterday, today, commission);
        }
    }

    /// Returns older lots and today's as they stand, with what was closed of them.
    fn parts_now(&self, details: &[InvestorPositionDetailField]) -> BTreeMap<Name, [Part; 2]> {
        let mut sides: BTreeMap<Name, [Part; 2]> = BTreeMap::new();
        for (detail, is_today) in self.dated(details) {
            let (Some(name), Some(price)) = (name_of_detail(detail), Price::of(detail.open_price)) else {
                continue;
            };
            let multiplier = self.contracts.get(&name.0).and_then(Contract::multiplier).unwrap_or_default();
            let part = &mut sides.entry(name).or_default()[usize::from(is_today)];
            part.push(Lot { price, left: detail.volume.max(0), is_combined: is_combined(detail) });
            part.closed += detail.close_volume;
            part.closed_open_points += price.lots(detail.close_volume);
            part.close_points += Points::of_money(detail.close_amount, multiplier).unwrap_or_default();
        }
        sides
    }

    /// Takes what rows say besides lots: settlement prices, margin rates, deposits.
    fn learn(&mut self, rows: &Rows) {
        for row in rows.positions.iter().flatten() {
            let Some((id, side, hedge)) = name_of(row) else { continue };
            let contract = self.contract(id, row.exchange_id);
            if let Some(price) = Price::of(row.pre_settlement_price).filter(|price| *price > Price::default())
            {
                contract.pre_settlement = Some(price);
            }
            let last = Price::of(row.settlement_price).filter(|price| *price > Price::default());
            if !contract.is_marked {
                contract.last = last.or(contract.last);
            }
            // A row without lots may have no rate either.
            let charge = Charge::of(row.margin_rate_by_money, row.margin_rate_by_volume);
            if let Some(charge) = charge.filter(|charge| *charge != Charge::default()) {
                contract.set_margin(side, hedge, charge);
            }
        }
        if let Some(funds) = rows.account.as_ref().and_then(Funds::of) {
            self.funds = Some(funds);
        }
    }

    /// Returns the lots that were held at the start, the oldest first.
    fn lots_at_start(&self, rows: &Rows) -> BTreeMap<Name, Vec<Lot>> {
        let mut older = self.dated(rows.details.as_deref().unwrap_or_default());
        older.retain(|(_, is_today)| !is_today);
        older.sort_by_key(|(detail, _)| detail.open_date);
        let mut lots: BTreeMap<Name, Vec<Lot>> = BTreeMap::new();
        for (detail, _) in older {
            let volume = detail.volume.saturating_add(detail.close_volume);
            if let (Some(name), Some(price), 1..) =
                (name_of_detail(detail), Price::of(detail.open_price), volume)
            {
                let lot = Lot { price, left: volume, is_combined: is_combined(detail) };
                lots.entry(name).or_default().push(lot);
            }
        }
        lots
    }

    /// Returns how many lots the details say were held at the start, by side.
    pub(super) fn details_at_start(&self, rows: &Rows) -> BTreeMap<PositionKey, i32> {
        let sides = self.lots_at_start(rows).into_iter();
        sides
            .map(|((id, side, hedge), lots)| {
                let volume = lots.iter().map(|lot| lot.left).sum();
                (PositionKey::new(id, side.direction(), hedge), volume)
            })
            .collect()
    }

    /// Returns the details with whether each is of today. Every trade of today claims one of them: the last with its number
    /// and date, since numbers begin anew each trading day and lots of the same calendar day may have been there before.
    fn dated<'a>(
        &self,
        details: &'a [InvestorPositionDetailField],
    ) -> Vec<(&'a InvestorPositionDetailField, bool)> {
        let mut claims = self.opened.clone();
        let mut dated: Vec<_> = details
            .iter()
            .rev()
            .map(|detail| {
                let (id, number) = (detail.instrument_id, detail.trade_id);
                let lot = (detail.exchange_id, number, detail.direction, id, detail.open_date);
                let claimed = claims.remove(&lot);
                (detail, claimed || detail.open_date >= self.trading_day)
            })
            .collect();
        dated.reverse();
        dated
    }

    /// Returns what is not known of the start of the day.
    pub(super) fn unknown_at_start(&self) -> impl Iterator<Item = Unknown> {
        let missing = [(!self.has_baseline, Unknown::Baseline), (self.funds.is_none(), Unknown::Funds)];
        missing.into_iter().filter(|(is_missing, _)| *is_missing).map(|(_, unknown)| unknown)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct RowAtStart {
    volume: i32,
    exchange_id: Text<9>,
    pre_settlement: f64,
}

/// Returns the lots at the start of every side that has rows.
fn rows_at_start(rows: &[InvestorPositionField]) -> BTreeMap<Name, RowAtStart> {
    let mut sides: BTreeMap<Name, RowAtStart> = BTreeMap::new();
    for row in rows {
        let Some(name) = name_of(row) else { continue };
        let side = sides.entry(name).or_default();
        side.volume += row.yd_position.max(0);
        side.exchange_id = row.exchange_id;
        side.pre_settlement = row.pre_settlement_price;
    }
    sides
}

/// Returns the side that a row is of. Rows of combinations repeat the lots of their legs and are left out.
pub(super) fn name_of(row: &InvestorPositionField) -> Option<Name> {
    if legs(row.instrument_id).is_some() {
        return None;
    }
    Some((row.instrument_id, Side::of_row(row.posi_direction)?, row.hedge_flag))
}

fn name_of_detail(detail: &InvestorPositionDetailField) -> Option<Name> {
    let side = match detail.direction {
        Direction::BUY => Side::Long,
        Direction::SELL => Side::Short,
        _ => return None,
    };
    legs(detail.instrument_id).is_none().then_some((detail.instrument_id, side, detail.hedge_flag))
}

fn is_combined(detail: &InvestorPositionDetailField) -> bool {
    !detail.comb_instrument_id.is_empty()
}
