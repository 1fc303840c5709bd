//! `simnow`: in full at the opposite best price of the tick.
//!
//! An order whose limit accepts the opposite best price is filled completely at that price, when it arrives or at the
//! first tick that offers it; how many lots are quoted there does not matter, nothing is used up, and clients do not
//! meet each other.

use crate::matching::book::{Book, Side};
use crate::matching::queue::Queue;
use crate::matching::{Fill, Taker};

pub(super) fn available(quotes: &Book, side: Side, limit: i64) -> i64 {
    let reached = quotes.best(side.other()).is_some_and(|level| side.accepts(limit, level.price));
    if reached { i64::MAX } else { 0 }
}

pub(super) fn take(quotes: &Book, taker: &Taker, limit: i64, fills: &mut Vec<Fill>) {
    let best = quotes.best(taker.side.other()).filter(|level| taker.side.accepts(limit, level.price));
    if let Some(level) = best {
        fills.push(Fill { order: taker.order, price: level.price, volume: taker.volume, counter: None });
    }
}

pub(super) fn on_tick(queue: &mut Queue, quotes: &Book, fills: &mut Vec<Fill>) {
    for side in [Side::Buy, Side::Sell] {
        let Some(best) = quotes.best(side.other()) else { continue };
        while let Some(slot) =
            queue.first(side).filter(|slot| side.accepts(queue.at(*slot).price, best.price))
        {
            let (order, volume) = (queue.at(slot).order, queue.at(slot).volume);
            queue.fill(slot, volume);
            fills.push(Fill { order, price: best.price, volume, counter: None });
        }
    }
}
