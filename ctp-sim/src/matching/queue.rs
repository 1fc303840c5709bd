//! The clients' resting orders of one market, by price, then by time of entry.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::matching::book::{Level, Side};
use crate::matching::{OrderIndex, Resting};

/// Marks the end of a chain.
const NONE: u32 = u32::MAX;

/// Orders in a slab, chained at each price; prices sorted with the best at the end, where most of the work is.
///
/// Entering and finding cost O(log prices); the best order, its fill and its removal O(1); nothing is allocated once the
/// slab has grown.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    /// Bids, then asks; in each the best price is last.
    sides: [Vec<Rung>; 2],
    nodes: Vec<Node>,
    /// The first unused node; they are chained by `next`.
    free: u32,
    /// Only ever looked up, never walked.
    places: HashMap<OrderIndex, u32, BuildHasherDefault<IndexHasher>>,
}

/// All orders at one price.
#[derive(Clone, Debug)]
struct Rung {
    price: i64,
    volume: i64,
    first: u32,
    last: u32,
}

#[derive(Clone, Debug)]
struct Node {
    resting: Resting,
    previous: u32,
    next: u32,
}

/// Where an order stands in the queue; good until the order leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(u32);

impl Queue {
    pub(crate) fn new() -> Self {
        Self { sides: [Vec::new(), Vec::new()], nodes: Vec::new(), free: NONE, places: HashMap::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns how many orders rest.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Adds an order behind those of its price. An order that rests already is left where it is.
    pub(crate) fn push(&mut self, resting: Resting) {
        if resting.volume <= 0 || self.places.contains_key(&resting.order) {
            return;
        }
        let (order, side, price, volume) = (resting.order, resting.side, resting.price, resting.volume);
        let slot = self.allocate(resting);
        self.places.insert(order, slot);
        let rungs = &mut self.sides[index(side)];
        match find(rungs, side, price) {
            Ok(at) => {
                let rung = &mut rungs[at];
                rung.volume += i64::from(volume);
                let last = std::mem::replace(&mut rung.last, slot);
                self.nodes[last as usize].next = slot;
                self.nodes[slot as usize].previous = last;
            }
            Err(at) => {
                rungs.insert(at, Rung { price, volume: i64::from(volume), first: slot, last: slot });
            }
        }
    }

    /// Takes an order out; returns what it was.
    pub(crate) fn remove(&mut self, order: OrderIndex) -> Option<Resting> {
        let slot = self.places.remove(&order)?;
        let Node { resting, previous, next } = self.nodes[slot as usize].clone();
        if previous != NONE {
            self.nodes[previous as usize].next = next;
        }
        if next != NONE {
            self.nodes[next as usize].previous = previous;
        }
        let rungs = &mut self.sides[index(resting.side)];
        if let Ok(at) = find(rungs, resting.side, resting.price) {
            let rung = &mut rungs[at];
            rung.volume -= i64::from(resting.volume);
            if previous == NONE {
                rung.first = next;
            }
            if next == NONE {
                rung.last = previous;
            }
            if rung.first == NONE {
                rungs.remove(at);
            }
        }
        self.nodes[slot as usize].next = self.free;
        self.free = slot;
        Some(resting)
    }

    /// Returns the order that is first in line on a side.
    pub(crate) fn first(&self, side: Side) -> Option<Slot> {
        self.sides[index(side)].last().map(|rung| Slot(rung.first))
    }

    /// Returns the order behind another: at its price, then at the next worse one.
    pub(crate) fn next(&self, slot: Slot) -> Option<Slot> {
        let node = self.nodes.get(slot.0 as usize)?;
        if node.next != NONE {
            return Some(Slot(node.next));
        }
        let rungs = &self.sides[index(node.resting.side)];
        let at = find(rungs, node.resting.side, node.resting.price).ok()?;
        Some(Slot(rungs[at.checked_sub(1)?].first))
    }

    pub(crate) fn at(&self, slot: Slot) -> &Resting {
        &self.nodes[slot.0 as usize].resting
    }

    /// Sets how much of the crowd is estimated to stand before an order.
    pub(crate) fn set_ahead(&mut self, slot: Slot, ahead: i64) {
        self.nodes[slot.0 as usize].resting.ahead = ahead.max(0);
    }

    /// Fills at most `volume` lots of an order and takes it out when nothing is left; returns what was filled.
    pub(crate) fn fill(&mut self, slot: Slot, volume: i32) -> i32 {
        let resting = &mut self.nodes[slot.0 as usize].resting;
        let filled = resting.volume.min(volume).max(0);
        let (order, side, price) = (resting.order, resting.side, resting.price);
        if filled == resting.volume {
            self.remove(order);
            return filled;
        }
        resting.volume -= filled;
        let rungs = &mut self.sides[index(side)];
        if let Ok(at) = find(rungs, side, price) {
            rungs[at].volume -= i64::from(filled);
        }
        filled
    }

    /// Returns the total at each price of a side, best first.
    pub(crate) fn levels(&self, side: Side) -> impl Iterator<Item = (i64, i64)> {
        self.sides[index(side)].iter().rev().map(|rung| (rung.price, rung.volume))
    }

    /// Returns the best price of a side.
    #[cfg(test)]
    pub(crate) fn best(&self, side: Side) -> Option<i64> {
        self.sides[index(side)].last().map(|rung| rung.price)
    }

    /// Returns how many lots of a side trade with the other side's orders at `limit`.
    pub(crate) fn within(&self, side: Side, limit: i64) -> i64 {
        let taker = side.other();
        self.levels(side)
            .take_while(|(price, _)| taker.accepts(limit, *price))
            .map(|(_, volume)| volume)
            .sum()
    }

    /// Returns an order's rest.
    pub(crate) fn get(&self, order: OrderIndex) -> Option<&Resting> {
        self.places.get(&order).map(|slot| &self.nodes[*slot as usize].resting)
    }

    fn allocate(&mut self, resting: Resting) -> u32 {
        let node = Node { resting, previous: NONE, next: NONE };
        if self.free == NONE {
            self.nodes.push(node);
            return (self.nodes.len() - 1) as u32;
        }
        let slot = self.free;
        let unused = &mut self.nodes[slot as usize];
        self.free = unused.next;
        *unused = node;
        slot
    }
}

/// Returns what a side's orders are worth as a displayed level.
pub(crate) fn level(price: i64, volume: i64) -> Level {
    Level { price, volume: i32::try_from(volume).unwrap_or(i32::MAX) }
}

const fn index(side: Side) -> usize {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

/// Finds a price, or where it belongs. The last rung is looked at first.
fn find(rungs: &[Rung], side: Side, price: i64) -> Result<usize, usize> {
    // `!` turns the order of prices round without an overflow.
    let rank = |price: i64| if side == Side::Buy { price } else { !price };
    match rungs.last() {
        None => Err(0),
        Some(best) if best.price == price => Ok(rungs.len() - 1),
        Some(best) if rank(best.price) < rank(price) => Err(rungs.len()),
        Some(_) => rungs.binary_search_by_key(&rank(price), |rung| rank(rung.price)),
    }
}

/// Spreads order numbers; the same on every machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IndexHasher(u64);

impl Hasher for IndexHasher {
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_usize(&mut self, number: usize) {
        self.0 = (self.0 ^ number as u64).wrapping_mul(0xf135_7aea_2e62_a9c5);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resting(order: OrderIndex, side: Side, price: i64, volume: i32) -> Resting {
        Resting { order, side, price, volume, ahead: 0 }
    }

    fn in_line(queue: &Queue, side: Side) -> Vec<(OrderIndex, i64, i32)> {
        let mut orders = Vec::new();
        let mut slot = queue.first(side);
        while let Some(at) = slot {
            let Resting { order, price, volume, .. } = *queue.at(at);
            orders.push((order, price, volume));
            slot = queue.next(at);
        }
        orders
    }

    #[test]
    fn orders_stand_by_price_then_by_entry() {
        let mut queue = Queue::new();
        for (order, price) in [(1, 100), (2, 101), (3, 100), (4, 99), (5, 101)] {
            queue.push(resting(order, Side::Buy, price, 1));
            queue.push(resting(order + 10, Side::Sell, price, 1));
        }
        let orders = |side| in_line(&queue, side).iter().map(|(order, ..)| *order).collect::<Vec<_>>();
        assert_eq!(orders(Side::Buy), [2, 5, 1, 3, 4]);
        assert_eq!(orders(Side::Sell), [14, 11, 13, 12, 15]);
        assert_eq!(queue.levels(Side::Buy).collect::<Vec<_>>(), [(101, 2), (100, 2), (99, 1)]);
        assert_eq!(queue.within(Side::Sell, 100), 3);
    }

    proptest! {
        #[test]
        fn it_is_a_sorted_list(acts in prop::collection::vec((0u8..4, any::<bool>(), 95i64..105, 1i32..9, 0usize..40), 1..200)) {
            let mut queue = Queue::new();
            let mut model: Vec<Resting> = Vec::new();
            for (number, (kind, buy, price, volume, pick)) in acts.into_iter().enumerate() {
                let side = if buy { Side::Buy } else { Side::Sell };
                match kind {
                    0 | 1 => {
                        queue.push(resting(number, side, price, volume));
                        model.push(resting(number, side, price, volume));
                    }
                    2 if !model.is_empty() => {
                        let gone = model.remove(pick % model.len());
                        prop_assert_eq!(queue.remove(gone.order), Some(gone.clone()));
                        prop_assert_eq!(queue.remove(gone.order), None);
                    }
                    3 => {
                        let Some(slot) = queue.first(side) else { continue };
                        let order = queue.at(slot).order;
                        let filled = queue.fill(slot, volume);
                        let at = model.iter().position(|resting| resting.order == order).expect("the order");
                        model[at].volume -= filled;
                        if model[at].volume == 0 {
                            model.remove(at);
                        }
                    }
                    _ => {}
                }
                for side in [Side::Buy, Side::Sell] {
                    let mut wanted: Vec<_> = model.iter().filter(|resting| resting.side == side).collect();
                    wanted.sort_by_key(|resting| if side == Side::Buy { -resting.price } else { resting.price });
                    let wanted: Vec<_> = wanted.iter().map(|resting| (resting.order, resting.price, resting.volume)).collect();
                    prop_assert_eq!(in_line(&queue, side), wanted);
                    let total: i64 = queue.levels(side).map(|(_, volume)| volume).sum();
                    prop_assert_eq!(total, model.iter().filter(|r| r.side == side).map(|r| i64::from(r.volume)).sum::<i64>());
                }
                prop_assert_eq!(queue.len(), model.len());
            }
        }
    }
}
