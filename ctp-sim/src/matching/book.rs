//! The simulated side of an order book: the levels that other people's orders make.

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

    /// Takes at most `volume` from the best level of a side; returns what was taken.
    pub(crate) fn take_best(&mut self, side: Side, volume: i32) -> i32 {
        let levels = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        let Some(best) = levels.first_mut() else {
            return 0;
        };
        let taken = best.volume.min(volume).max(0);
        best.volume -= taken;
        if best.volume == 0 {
            levels.remove(0);
        }
        taken
    }

    /// Returns this book with other orders' volume added, cut to `depth` levels a side.
    pub(crate) fn merged(&self, orders: impl Iterator<Item = (Side, Level)>, depth: usize) -> Self {
        let mut book = self.clone();
        for (side, level) in orders {
            let levels = match side {
                Side::Buy => &mut book.bids,
                Side::Sell => &mut book.asks,
            };
            match levels.iter().position(|other| !side.is_ahead(other.price, level.price)) {
                Some(at) if levels[at].price == level.price => {
                    levels[at].volume = levels[at].volume.saturating_add(level.volume);
                }
                Some(at) => levels.insert(at, level),
                None => levels.push(level),
            }
        }
        book.bids.truncate(depth);
        book.asks.truncate(depth);
        book
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
    fn client_orders_show_in_the_book() {
        let book = Book { bids: levels(&[(99, 3), (97, 5)]), asks: levels(&[(101, 1)]) };
        let orders = [(Side::Buy, 100, 2), (Side::Buy, 97, 1), (Side::Buy, 90, 7), (Side::Sell, 102, 4)];
        let orders = orders.map(|(side, price, volume)| (side, Level { price, volume }));
        let merged = book.merged(orders.into_iter(), 3);
        assert_eq!(merged.bids, levels(&[(100, 2), (99, 3), (97, 6)]));
        assert_eq!(merged.asks, levels(&[(101, 1), (102, 4)]));
    }
}
