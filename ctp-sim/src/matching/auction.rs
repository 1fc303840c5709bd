//! The opening auction: one price for all.
//!
//! The price with the largest volume; of several the one that leaves the smallest imbalance; of those the one nearest to
//! the previous settlement; of two equally near the higher one. All trade at it, by price, then clients before the crowd,
//! then by time. What is left goes on resting.

use crate::matching::book::{Book, Side};
use crate::matching::queue::Queue;
use crate::matching::{Auction, Fill};

/// Finds the auction's price without trading.
pub(super) fn price(queue: &Queue, quotes: &Book, settlement: i64) -> Option<Auction> {
    let bids = ladder(queue, quotes, Side::Buy);
    let asks = ladder(queue, quotes, Side::Sell);
    let (best_bid, best_ask) = (bids.first()?.0, asks.first()?.0);
    if best_bid < best_ask {
        return None;
    }
    let mut limits: Vec<i64> = bids.iter().chain(&asks).map(|(price, _)| *price).collect();
    limits.retain(|price| (best_ask..=best_bid).contains(price));
    limits.sort_unstable();
    limits.dedup();
    // Between two limits volume and imbalance are constant: there only the nearest price to the settlement counts.
    let between = limits.windows(2).filter(|pair| pair[1] - pair[0] > 1);
    let between: Vec<i64> = between.map(|pair| settlement.clamp(pair[0] + 1, pair[1] - 1)).collect();
    let judged = limits.iter().chain(&between).map(|price| {
        let bought: i64 = bids.iter().take_while(|(bid, _)| bid >= price).map(|(_, volume)| volume).sum();
        let sold: i64 = asks.iter().take_while(|(ask, _)| ask <= price).map(|(_, volume)| volume).sum();
        (bought.min(sold), bought.abs_diff(sold), price.abs_diff(settlement), *price)
    });
    let (volume, _, _, price) = judged.max_by_key(|(volume, imbalance, distance, price)| {
        (*volume, std::cmp::Reverse(*imbalance), std::cmp::Reverse(*distance), *price)
    })?;
    Some(Auction { price, volume })
}

/// Trades everything that the auction's price allows.
pub(super) fn cross(
    queue: &mut Queue,
    quotes: &mut Book,
    settlement: i64,
    fills: &mut Vec<Fill>,
) -> Option<Auction> {
    let auction = price(queue, quotes, settlement)?;
    let mut left = auction.volume;
    while left > 0 {
        let (buyer, bought) = front(queue, quotes, Side::Buy)?;
        let (seller, sold) = front(queue, quotes, Side::Sell)?;
        let volume = bought.min(sold).min(i32::try_from(left).unwrap_or(i32::MAX));
        for (side, order) in [(Side::Buy, buyer), (Side::Sell, seller)] {
            match (order, queue.first(side)) {
                (Some(_), Some(slot)) => queue.fill(slot, volume),
                _ => quotes.take_best(side, volume),
            };
        }
        left -= i64::from(volume);
        if volume == 0 {
            continue;
        }
        let (order, counter) = match (buyer, seller) {
            (Some(buyer), seller) => (buyer, seller),
            (None, Some(seller)) => (seller, None),
            (None, None) => continue,
        };
        fills.push(Fill { order, price: auction.price, volume, counter });
    }
    Some(auction)
}

/// Returns who is first on a side, `None` for the crowd, and how many lots.
fn front(queue: &Queue, quotes: &Book, side: Side) -> Option<(Option<usize>, i32)> {
    let client = queue.first(side).map(|slot| queue.at(slot));
    match (client, quotes.best(side)) {
        (Some(client), level) if !level.is_some_and(|level| side.is_ahead(level.price, client.price)) => {
            Some((Some(client.order), client.volume))
        }
        (_, Some(level)) => Some((None, level.volume)),
        (_, None) => None,
    }
}

/// Returns clients' and crowd's volume at each price of a side, best first.
fn ladder(queue: &Queue, quotes: &Book, side: Side) -> Vec<(i64, i64)> {
    let crowd = quotes.side(side).iter().map(|level| (level.price, i64::from(level.volume)));
    let mut levels: Vec<(i64, i64)> =
        queue.levels(side).chain(crowd).filter(|(_, volume)| *volume > 0).collect();
    levels.sort_by_key(|(price, _)| if side == Side::Buy { !price } else { *price });
    levels
}
