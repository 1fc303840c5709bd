//! `volume-limited`: no more than what the market really traded, behind those who stood there before.
//!
//! An arriving order takes the quoted volume that its limit accepts. What rests stands behind the volume quoted at its
//! price when it came: its estimated queue position. A tick's trade at that price first serves those ahead, then the
//! order; a trade at a worse price for the other side, or a quote of the other side at the limit, means that nobody is
//! ahead any more. The position never grows: it shrinks with trades, and when less is quoted than was thought to be
//! ahead. All fills of a tick together are at most what it traded; clients do not meet each other.

use crate::matching::book::{Book, Side};
use crate::matching::queue::Queue;
use crate::matching::{Fill, Taker, TickTrade};

pub(super) fn available(quotes: &Book, side: Side, limit: i64) -> i64 {
    quotes.within(side.other(), limit)
}

pub(super) fn take(quotes: &mut Book, taker: &Taker, limit: i64, fills: &mut Vec<Fill>) {
    let (side, other) = (taker.side, taker.side.other());
    let mut left = taker.volume;
    while let Some(level) = quotes.best(other).filter(|level| left > 0 && side.accepts(limit, level.price)) {
        let volume = quotes.take_best(other, left);
        if volume == 0 {
            continue; // An empty level is gone now.
        }
        left -= volume;
        fills.push(Fill { order: taker.order, price: level.price, volume, counter: None });
    }
}

/// Returns how many lots of the crowd stand before a new order.
pub(super) fn ahead(quotes: &Book, side: Side, price: i64) -> i64 {
    quotes.side(side).iter().find(|level| level.price == price).map_or(0, |level| i64::from(level.volume))
}

pub(super) fn on_tick(queue: &mut Queue, quotes: &Book, traded: Option<TickTrade>, fills: &mut Vec<Fill>) {
    let mut pool = traded.map_or(0, |trade| trade.volume.max(0));
    for side in [Side::Buy, Side::Sell] {
        let opposite = quotes.best(side.other()).map(|level| level.price);
        let trade = traded.filter(|trade| trade.meets(side));
        // Lots of the crowd at the trade's price that this tick served.
        let mut served = 0;
        let mut next = queue.first(side);
        while let Some(slot) = next {
            next = queue.next(slot);
            let resting = queue.at(slot);
            let (order, limit, wanted) = (resting.order, resting.price, resting.volume);
            let crossed = opposite.is_some_and(|price| side.accepts(limit, price));
            let through = trade.is_some_and(|trade| side.is_ahead(limit, trade.price));
            let at_trade = trade.is_some_and(|trade| limit == trade.price);
            let mut ahead = if crossed || through { 0 } else { resting.ahead };
            if at_trade && !crossed {
                let passed = (ahead - served).clamp(0, i64::from(pool));
                served += passed;
                pool -= passed as i32;
                ahead = (ahead - served).max(0);
            }
            queue.set_ahead(slot, ahead.min(still_quoted(quotes, side, limit, ahead)));
            let reached = trade.is_some() && (crossed || through || at_trade);
            if reached && ahead == 0 && pool > 0 {
                let volume = queue.fill(slot, wanted.min(pool));
                pool -= volume;
                fills.push(Fill { order, price: limit, volume, counter: None });
            }
        }
    }
}

/// Returns the volume quoted at a price; beyond the quoted depth nothing is known and `otherwise` holds.
fn still_quoted(quotes: &Book, side: Side, price: i64, otherwise: i64) -> i64 {
    let levels = quotes.side(side);
    match levels.iter().find(|level| !side.is_ahead(level.price, price)) {
        Some(level) if level.price == price => i64::from(level.volume),
        Some(_) => 0,
        None => otherwise,
    }
}
