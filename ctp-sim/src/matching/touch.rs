//! `touch`: in full as soon as the market touches the limit.
//!
//! An arriving order that accepts the opposite best price is filled completely at that price. A resting order is filled
//! completely at its own limit when a tick's last or opposite best price reaches it. Nothing is used up, and clients do
//! not meet each other.

use crate::matching::book::{Book, Side};
use crate::matching::queue::Queue;
use crate::matching::{Fill, TickTrade};

pub(super) use crate::matching::simnow::take;

pub(super) fn on_tick(queue: &mut Queue, quotes: &Book, traded: Option<TickTrade>, fills: &mut Vec<Fill>) {
    for side in [Side::Buy, Side::Sell] {
        let opposite = quotes.best(side.other()).map(|level| level.price);
        let last = traded.map(|trade| trade.price);
        while let Some(slot) = queue.first(side) {
            let (order, limit, volume) = (queue.at(slot).order, queue.at(slot).price, queue.at(slot).volume);
            let touched = [opposite, last].into_iter().flatten().any(|price| side.accepts(limit, price));
            if !touched {
                break;
            }
            queue.fill(slot, volume);
            fills.push(Fill { order, price: limit, volume, counter: None });
        }
    }
}
