//! The levels that other people's orders make, and the two sides of everything.

/// Which side of a trade or book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Buy,
    Sell,
}

impl Side {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// Returns whether an order of this side at `limit` accepts `price`.
    pub(crate) const fn accepts(self, limit: i64, price: i64) -> bool {
        match self {
            Self::Buy => price <= limit,
            Self::Sell => price >= limit,
        }
    }

    /// Returns whether `price` is better for the other side than `than`: a higher bid, a lower ask.
    pub(crate) const fn is_ahead(self, price: i64, than: i64) -> bool {
        match self {
            Self::Buy => price > than,
            Self::Sell => price < than,
        }
    }
}

/// Volume waiting at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    /// In ticks.
    pub(crate) price: i64,
    /// In lots; positive in a displayed book.
    pub(crate) volume: i32,
}

/// Both sides, best level first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Book {
    pub(crate) bids: Vec<Level>,
    pub(crate) asks: Vec<Level>,
}

impl Book {
    pub(crate) fn side(&self, side: Side) -> &[Level] {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    /// Returns the best level of a side.
    pub(crate) fn best(&self, side: Side) -> Option<Level> {
        self.side(side).first().copied()
    }

    pub(crate) fn side_mut(&mut self, side: Side) -> &mut Vec<Level> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    /// Replaces a side by quotes, best first. It ends before a level without volume, or that is no worse than the one
    /// before it.
    pub(crate) fn quote(&mut self, side: Side, levels: impl Iterator<Item = Level>) {
        let kept = self.side_mut(side);
        kept.clear();
        for level in levels {
            if level.volume <= 0 || kept.last().is_some_and(|best| !side.is_ahead(best.price, level.price)) {
                break;
            }
            kept.push(level);
        }
    }

    /// Takes at most `volume` from the best level of a side; returns what was taken.
    pub(crate) fn take_best(&mut self, side: Side, volume: i32) -> i32 {
        let levels = self.side_mut(side);
        let Some(best) = levels.first_mut() else {
            return 0;
        };
        let taken = best.volume.min(volume).max(0);
        best.volume -= taken;
        if best.volume <= 0 {
            levels.remove(0);
        }
        taken
    }

    /// Returns how many lots of a side trade with an order of the other side at `limit`.
    pub(crate) fn within(&self, side: Side, limit: i64) -> i64 {
        let levels = self.side(side).iter().take_while(|level| side.other().accepts(limit, level.price));
        levels.map(|level| i64::from(level.volume)).sum()
    }
}

/// Appends the first `depth` levels of quotes and orders together, both best first, to `merged`.
pub(crate) fn merge(
    side: Side,
    quotes: &[Level],
    orders: impl Iterator<Item = Level>,
    depth: usize,
    merged: &mut Vec<Level>,
) {
    let mut quotes = quotes.iter().copied().peekable();
    let mut orders = orders.peekable();
    while merged.len() < depth {
        let level = match (quotes.peek(), orders.peek()) {
            (Some(quote), Some(order)) if quote.price == order.price => {
                let volume = quote.volume.saturating_add(order.volume);
                let level = Level { price: quote.price, volume };
                quotes.next();
                orders.next();
                level
            }
            (Some(quote), Some(order)) if side.is_ahead(order.price, quote.price) => {
                let level = *order;
                orders.next();
                level
            }
            (Some(quote), _) => {
                let level = *quote;
                quotes.next();
                level
            }
            (None, Some(order)) => {
                let level = *order;
                orders.next();
                level
            }
            (None, None) => return,
        };
        merged.push(level);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(levels: &[(i64, i32)]) -> Vec<Level> {
        levels.iter().map(|&(price, volume)| Level { price, volume }).collect()
    }

    #[test]
    fn taking_is_limited_by_the_level() {
        let mut book = Book { bids: Vec::new(), asks: levels(&[(100, 3), (101, 5)]) };
        assert_eq!(book.take_best(Side::Sell, 2), 2);
        assert_eq!(book.take_best(Side::Sell, 2), 1);
        assert_eq!(book.asks, levels(&[(101, 5)]));
        assert_eq!(book.take_best(Side::Buy, 1), 0);
    }

    #[test]
    fn orders_show_among_the_quotes() {
        let show = |side, quotes: &[(i64, i32)], orders: &[(i64, i32)]| {
            let mut merged = Vec::new();
            merge(side, &levels(quotes), levels(orders).into_iter(), 3, &mut merged);
            merged
        };
        let bids = show(Side::Buy, &[(99, 3), (97, 5)], &[(100, 2), (97, 1), (90, 7)]);
        assert_eq!(bids, levels(&[(100, 2), (99, 3), (97, 6)]));
        assert_eq!(show(Side::Sell, &[(101, 1)], &[(102, 4)]), levels(&[(101, 1), (102, 4)]));
        assert_eq!(show(Side::Sell, &[], &[(102, 4)]), levels(&[(102, 4)]));
    }

    #[test]
    fn quotes_end_where_they_make_no_sense() {
        let mut book = Book::default();
        for (side, quoted, kept) in [
            (Side::Buy, &[(100, 1), (99, 2), (99, 3)][..], 2),
            (Side::Buy, &[(100, 1), (101, 2)], 1),
            (Side::Sell, &[(100, 1), (101, 0), (102, 1)], 1),
            (Side::Sell, &[(100, -1)], 0),
        ] {
            book.quote(side, levels(quoted).into_iter());
            assert_eq!(book.side(side), &levels(quoted)[..kept]);
        }
    }

    #[test]
    fn lots_within_a_limit() {
        let book = Book { bids: levels(&[(99, 3), (97, 5)]), asks: levels(&[(101, 1), (102, 4)]) };
        assert_eq!(book.within(Side::Sell, 101), 1);
        assert_eq!(book.within(Side::Sell, 100), 0);
        assert_eq!(book.within(Side::Buy, 97), 8);
    }
}
