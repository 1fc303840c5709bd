//! `book`: price and time among the clients, and against the crowd's levels.
//!
//! The best price first; at one price clients before the crowd. The crowd's volume is used up until it quotes again. When
//! the crowd moves, its new quotes meet the resting orders at the orders' prices, and so does what it traded on their
//! side.

use crate::matching::book::{Book, Side};
use crate::matching::queue::Queue;
use crate::matching::{Fill, Taker, TickTrade};

pub(super) fn available(queue: &Queue, quotes: &Book, side: Side, limit: i64) -> i64 {
    quotes.within(side.other(), limit) + queue.within(side.other(), limit)
}

pub(super) fn take(queue: &mut Queue, quotes: &mut Book, taker: &Taker, limit: i64, fills: &mut Vec<Fill>) {
    let (side, other) = (taker.side, taker.side.other());
    let mut left = taker.volume;
    while left > 0 {
        let level = quotes.best(other).filter(|level| side.accepts(limit, level.price));
        let maker = queue.first(other).filter(|slot| side.accepts(limit, queue.at(*slot).price));
        let (price, volume, counter) = match (level, maker) {
            (level, Some(slot))
                if !level.is_some_and(|level| other.is_ahead(level.price, queue.at(slot).price)) =>
            {
                let (order, price) = (queue.at(slot).order, queue.at(slot).price);
                (price, queue.fill(slot, left), Some(order))
            }
            (Some(level), _) => (level.price, quotes.take_best(other, left), None),
            (None, _) => break,
        };
        if volume == 0 {
            continue; // An empty level is gone now.
        }
        left -= volume;
        fills.push(Fill { order: taker.order, price, volume, counter });
    }
}

pub(super) fn on_tick(
    queue: &mut Queue,
    quotes: &mut Book,
    traded: Option<TickTrade>,
    fills: &mut Vec<Fill>,
) {
    let mut offered = traded.map_or(0, |trade| trade.volume.max(0));
    for side in [Side::Buy, Side::Sell] {
        let mut next = queue.first(side);
        while let Some(slot) = next {
            next = queue.next(slot);
            let resting = queue.at(slot);
            let (order, price, wanted) = (resting.order, resting.price, resting.volume);
            let mut volume = 0;
            while volume < wanted {
                if !quotes.best(side.other()).is_some_and(|level| side.accepts(price, level.price)) {
                    break;
                }
                volume += quotes.take_best(side.other(), wanted - volume);
            }
            if traded.is_some_and(|trade| trade.meets(side) && side.accepts(price, trade.price)) {
                let shared = offered.min(wanted - volume);
                offered -= shared;
                volume += shared;
            }
            if volume == 0 {
                break;
            }
            queue.fill(slot, volume);
            fills.push(Fill { order, price, volume, counter: None });
        }
    }
}
