//! What the trading day began with, as the counter's rows tell it.
//!
//! The lots of the start are `YdPosition`, which does not change in the day, and one by one the details that were opened
//! before today with what was closed of them put back. The trades of the day come on top, so that what follows can be
//! compared with what the counter says stands now.

use std::collections::{BTreeMap, BTreeSet};

use ctp_market::Money;
use ctp_types::{Direction, HedgeFlag, InvestorPositionDetailField, InvestorPositionField, Text};

use super::Ledger;
use super::account::Funds;
use super::amount::{Charge, Points, Price, money_of};
use super::rows::Rows;
use super::side::{Lot, Part};
use super::terms::{Side, legs};
use super::view::{PositionKey, Unknown};

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
        let mut lots = lots_at_start(rows, self.trading_day);
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
        let today = self.trading_day;
        for contract in self.contracts.values_mut() {
            let multiplier = contract.multiplier();
            let id = contract.instrument_id;
            let rows_of = |side: Side, hedge| {
                positions.iter().filter(move |row| name_of(row) == Some((id, side, hedge)))
            };
            let mut names: BTreeSet<(Side, HedgeFlag)> =
                contract.sides.iter().map(|book| (book.side, book.hedge)).collect();
            names.extend(
                positions.iter().filter_map(name_of).filter(|name| name.0 == id).map(|name| (name.1, name.2)),
            );
            for (side, hedge) in names {
                let mut parts = [Part::default(), Part::default()];
                for detail in
                    details.iter().filter(|detail| name_of_detail(detail) == Some((id, side, hedge)))
                {
                    let Some(price) = Price::of(detail.open_price) else { continue };
                    let part = &mut parts[usize::from(detail.open_date >= today)];
                    part.push(Lot { price, left: detail.volume.max(0), is_combined: is_combined(detail) });
                    part.closed += detail.close_volume;
                    part.closed_open_points += price.lots(detail.close_volume);
                    let amount =
                        multiplier.and_then(|multiplier| Points::of_money(detail.close_amount, multiplier));
                    part.close_points += amount.unwrap_or_default();
                }
                let sum = |field: fn(&InvestorPositionField) -> f64| {
                    rows_of(side, hedge).filter_map(|row| money_of(field(row))).sum::<Money>()
                };
                let opened = rows_of(side, hedge).map(|row| row.open_volume).sum();
                let at_start = rows_of(side, hedge).map(|row| row.yd_position).sum();
                let amount = sum(|row| row.open_amount).to_f64();
                let commission = sum(|row| row.commission);
                let [yesterday, mut today] = parts;
                today.opened = opened;
                today.open_points = multiplier
                    .and_then(|multiplier| Points::of_money(amount, multiplier))
                    .unwrap_or_default();
                contract.side(side, hedge).adopt(at_start, yesterday, today, commission);
            }
        }
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

/// Returns the lots that were held at the start, the oldest first.
fn lots_at_start(rows: &Rows, trading_day: Text<9>) -> BTreeMap<Name, Vec<Lot>> {
    let older = rows.details.iter().flatten().filter(|detail| detail.open_date < trading_day);
    let mut older: Vec<_> = older.collect();
    older.sort_by_key(|detail| detail.open_date);
    let mut lots: BTreeMap<Name, Vec<Lot>> = BTreeMap::new();
    for detail in older {
        let volume = detail.volume.saturating_add(detail.close_volume);
        if let (Some(name), Some(price), 1..) = (name_of_detail(detail), Price::of(detail.open_price), volume)
        {
            let lot = Lot { price, left: volume, is_combined: is_combined(detail) };
            lots.entry(name).or_default().push(lot);
        }
    }
    lots
}

/// Returns how many lots the details say were held at the start, by side.
pub(super) fn details_at_start(rows: &Rows, trading_day: Text<9>) -> BTreeMap<PositionKey, i32> {
    let lots = lots_at_start(rows, trading_day).into_iter();
    lots.map(|((id, side, hedge), lots)| {
        (PositionKey::new(id, side.direction(), hedge), lots.iter().map(|lot| lot.left).sum())
    })
    .collect()
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
