//! Positions and money: what the gateway's own books say against what the exchange has, to the lot and to half a fen.

use std::collections::BTreeMap;

use ctp_market::Money;
use ctp_sim::Exchange;
use ctp_types::{HedgeFlag, InvestorPositionField, PosiDirection, Text};

use super::super::venue;
use crate::td::ledger::{AccountNow, Ledger, Mark};

/// How far a figure of money may be off, in CNY.
const MONEY_MAX: f64 = 0.005;

/// What makes a position one of its own.
type Key = (Text<81>, PosiDirection, HedgeFlag);

/// Returns the prices that the exchange reckons the account's positions at.
pub(crate) fn marks(exchange: &Exchange) -> Vec<Mark> {
    let rows = venue::positions(exchange).into_iter();
    rows.map(|row| Mark {
        instrument_id: row.instrument_id,
        last: ctp_types::price(row.settlement_price),
        ..Mark::default()
    })
    .collect()
}

/// Compares the books with the exchange: positions and money. What orders freeze counts or not.
pub(crate) fn compare(ledger: &Ledger, exchange: &Exchange, counts_frozen: bool) -> Result<(), String> {
    compare_positions(ledger, exchange, counts_frozen)?;
    compare_money(&ledger.account(), exchange, counts_frozen)
}

/// Compares the books with the exchange: positions alone.
pub(crate) fn compare_positions(
    ledger: &Ledger,
    exchange: &Exchange,
    counts_frozen: bool,
) -> Result<(), String> {
    let mut rows: BTreeMap<Key, Vec<InvestorPositionField>> = BTreeMap::new();
    for row in venue::positions(exchange) {
        rows.entry((row.instrument_id, row.posi_direction, row.hedge_flag)).or_default().push(row);
    }
    let mut booked: BTreeMap<Key, _> = ledger
        .positions()
        .into_iter()
        .map(|now| ((now.key.instrument_id, now.key.direction, now.key.hedge_flag), now))
        .collect();
    for (key, rows) in rows {
        let sum = |of: fn(&InvestorPositionField) -> i32| rows.iter().map(of).sum::<i32>();
        let frozen = match key.1 {
            PosiDirection::LONG => sum(|row| row.short_frozen),
            _ => sum(|row| row.long_frozen),
        };
        let mut truth =
            [sum(|row| row.position), sum(|row| row.today_position), sum(|row| row.yd_position), frozen];
        let mut ours = booked
            .remove(&key)
            .map_or([0; 4], |now| [now.volume, now.volume_today, now.volume_at_start, now.frozen]);
        if !counts_frozen {
            (ours[3], truth[3]) = (0, 0);
        }
        if ours != truth {
            return Err(format!(
                "the position {} {:?}: (lots, of today, at the start, frozen) is {ours:?}, the exchange has {truth:?}",
                key.0, key.1
            ));
        }
    }
    match booked.values().find(|now| now.volume != 0 || counts_frozen && now.frozen != 0) {
        Some(now) => Err(format!("a position of {}, which the exchange has not", now.key)),
        None => Ok(()),
    }
}

fn compare_money(now: &AccountNow, exchange: &Exchange, counts_frozen: bool) -> Result<(), String> {
    let truth = exchange.look_at_account_record(super::super::plan::USER).ok_or("the account is gone")?;
    let figures = [
        ("balance", now.balance, truth.balance),
        ("margin", now.margin, truth.curr_margin),
        ("commission", now.commission, truth.commission),
        ("close profit", now.close_profit, truth.close_profit),
        ("position profit", now.position_profit, truth.position_profit),
    ];
    let frozen = [
        ("available", now.available, truth.available),
        ("frozen margin", now.frozen_margin, truth.frozen_margin),
        ("frozen commission", now.frozen_commission, truth.frozen_commission),
    ];
    for (name, ours, truth) in figures.into_iter().chain(frozen.into_iter().filter(|_| counts_frozen)) {
        let ours = ours.map(Money::to_f64);
        if ours.is_none_or(|ours| (ours - truth).abs() > MONEY_MAX) {
            return Err(format!(
                "{name}: the books say {ours:?}, the exchange has {truth:.4}; {:?}",
                now.unknown
            ));
        }
    }
    Ok(())
}
