//! What the exchange has: the truth, read from itself and never through the gateway; and orders that fit its markets.

use ctp_sim::Exchange;
use ctp_sim::look::InstrumentsWanted;
use ctp_types::{
    ContingentCondition, Direction, ForceCloseReason, InputOrderField, InvestorPositionField, OffsetFlag,
    OrderField, OrderPriceType, OrderStatus, PosiDirection, Text, TimeCondition, TradeField, VolumeCondition,
};

use super::chance::Chance;
use super::plan::USER;

/// Returns the orders of the account on the trading day.
pub(super) fn orders(exchange: &Exchange) -> Vec<OrderField> {
    let (count, _) = exchange.look_at_counts();
    let records = (0..count).filter_map(|place| exchange.look_at_order_record(place));
    records.filter(|record| record.investor_id == USER).collect()
}

/// Returns the account's orders that rest at the exchange.
pub(super) fn live_orders(exchange: &Exchange) -> Vec<OrderField> {
    let rests = |record: &OrderField| {
        matches!(record.order_status, OrderStatus::NO_TRADE_QUEUEING | OrderStatus::PART_TRADED_QUEUEING)
    };
    orders(exchange).into_iter().filter(rests).collect()
}

/// Returns the trades of the account on the trading day.
pub(super) fn trades(exchange: &Exchange) -> Vec<TradeField> {
    let (_, count) = exchange.look_at_counts();
    let records = (0..count).filter_map(|place| exchange.look_at_trade_record(place));
    records.filter(|record| record.investor_id == USER).collect()
}

/// Returns whether the account has such a trade; the newest are looked at first.
pub(super) fn has_trade(exchange: &Exchange, is_it: impl Fn(&TradeField) -> bool) -> bool {
    let (_, count) = exchange.look_at_counts();
    (0..count).rev().filter_map(|place| exchange.look_at_trade_record(place)).any(|record| is_it(&record))
}

/// Returns such an order of the account; the newest are looked at first.
pub(super) fn find_order(exchange: &Exchange, is_it: impl Fn(&OrderField) -> bool) -> Option<OrderField> {
    let (count, _) = exchange.look_at_counts();
    (0..count).rev().filter_map(|place| exchange.look_at_order_record(place)).find(is_it)
}

pub(super) fn positions(exchange: &Exchange) -> Vec<InvestorPositionField> {
    exchange.look_at_position_records(USER)
}

/// Returns a limit order that fits a market: to open, or to close what is held, now and then more than that; near
/// the market, on it or across it; now and then one that counter or exchange refuse. Account and reference are empty.
pub(super) fn random_order(chance: &mut Chance, exchange: &Exchange) -> Option<InputOrderField> {
    // Few instruments: positions grow, and orders of the account meet each other.
    let wanted = InstrumentsWanted { limit: Some(1_000), ..InstrumentsWanted::default() };
    let listed = exchange.look_at_instruments(&wanted).rows;
    let mut firsts: Vec<_> = Vec::new();
    for row in &listed {
        if firsts.iter().filter(|other: &&&ctp_sim::look::Instrument| other.product == row.product).count()
            < 2
        {
            firsts.push(row);
        }
    }
    let held: Vec<InvestorPositionField> =
        positions(exchange).into_iter().filter(|row| row.position > 0).collect();
    let (instrument, direction, offset, most) = if !held.is_empty() && chance.happens(450) {
        let row = &held[chance.below(held.len())];
        let instrument = listed.iter().find(|listed| row.instrument_id == listed.id.as_str())?;
        let direction =
            if row.posi_direction == PosiDirection::LONG { Direction::SELL } else { Direction::BUY };
        let is_today = row.today_position == row.position;
        let offset = match &*instrument.exchange {
            "SHFE" if is_today => OffsetFlag::CLOSE_TODAY,
            "SHFE" => chance.pick(&[OffsetFlag::CLOSE, OffsetFlag::CLOSE_YESTERDAY]),
            _ => OffsetFlag::CLOSE,
        };
        let more = if chance.happens(50) { 3 } else { 0 };
        (instrument, direction, offset, row.position + more)
    } else {
        let place = chance.below(firsts.len());
        (*firsts.get(place)?, chance.pick(&[Direction::BUY, Direction::SELL]), OffsetFlag::OPEN, 4)
    };
    let volume = 1 + i32::try_from(chance.below(usize::try_from(most.max(1)).unwrap_or(1))).unwrap_or(0);
    let market = exchange.look_at_book(&instrument.id)?;
    let middle = market.last.or(market.pre_settlement)?;
    let ticks = chance.pick(&[-8, -3, -1, 0, 0, 1, 3, 8]);
    let price = if chance.happens(20) { middle * 3.0 } else { middle + f64::from(ticks) * market.price_tick };
    let (time, fill) = match chance.below(10) {
        0 => (TimeCondition::IOC, VolumeCondition::AV),
        1 => (TimeCondition::IOC, VolumeCondition::CV),
        _ => (TimeCondition::GFD, VolumeCondition::AV),
    };
    Some(InputOrderField {
        instrument_id: text(&instrument.id),
        exchange_id: text(&instrument.exchange),
        direction,
        comb_offset_flag: flag(offset.as_char()),
        comb_hedge_flag: flag(b'1'),
        order_price_type: OrderPriceType::LIMIT_PRICE,
        limit_price: price,
        volume_total_original: volume,
        time_condition: time,
        volume_condition: fill,
        min_volume: 1,
        contingent_condition: ContingentCondition::IMMEDIATELY,
        force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
        ..InputOrderField::default()
    })
}

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).expect("a short text")
}

fn flag<const N: usize>(flag: u8) -> Text<N> {
    Text::from_bytes(&[flag]).expect("one byte")
}
