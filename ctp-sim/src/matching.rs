//! Who trades with whom, at which price: in whole ticks, without records, money or time.
//!
//! A [`Matcher`] holds the clients' resting orders of one market and answers arrivals, ticks and auctions with fills. The
//! crowd's quotes come in with each call, and what is taken from them is gone. How it matches is a [`MatchingModel`]; each
//! model's rule stands at the head of its file and in `docs/matching.md`.

mod auction;
pub(crate) mod book;
mod price_time;
mod queue;
mod simnow;
mod touch;
mod volume_limited;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use crate::matching::book::{Book, Level, Side};
use crate::matching::queue::Queue;

/// An order's place in the exchange's list.
pub(crate) type OrderIndex = usize;

/// How orders are matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MatchingModel {
    /// `book`: price and time among the clients, and against the crowd's levels.
    #[default]
    Book,
    /// `simnow`: in full at the opposite best price of the tick.
    SimNow,
    /// `touch`: in full as soon as a tick's last or opposite price touches the limit.
    Touch,
    /// `volume-limited`: no more than the tick traded, behind an estimated queue.
    VolumeLimited,
}

impl MatchingModel {
    /// Every model.
    pub const ALL: [Self; 4] = [Self::Book, Self::SimNow, Self::Touch, Self::VolumeLimited];

    /// Returns the model's name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Book => "book",
            Self::SimNow => "simnow",
            Self::Touch => "touch",
            Self::VolumeLimited => "volume-limited",
        }
    }
}

impl fmt::Display for MatchingModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A matching model that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("matching model {name:?} is not known; known are: book simnow touch volume-limited")]
pub struct UnknownModel {
    /// The name asked for.
    pub name: String,
}

impl FromStr for MatchingModel {
    type Err = UnknownModel;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let model = Self::ALL.into_iter().find(|model| model.name() == name);
        model.ok_or_else(|| UnknownModel { name: name.to_owned() })
    }
}

/// How long an order may rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    Day,
    /// Fill at least `minimum` now or nothing; kill the rest.
    FillAndKill {
        minimum: i32,
    },
    FillOrKill,
}

/// An order that arrives in continuous trading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taker {
    pub(crate) order: OrderIndex,
    pub(crate) side: Side,
    /// The worst price in ticks; of a market order the daily limit.
    pub(crate) limit: i64,
    /// How many of the other side's prices it may reach: 1 for a best-price order, 5 for a five-level one, `None` for all.
    /// What is left of such an order rests at the worst price it traded at, and is killed if it did not trade.
    pub(crate) levels: Option<usize>,
    pub(crate) volume: i32,
    pub(crate) lasting: Lasting,
}

/// What became of an arriving order, besides its fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) filled: i32,
    /// The price at which the rest waits; `None` when nothing is left or the rest is killed.
    pub(crate) rests_at: Option<i64>,
}

/// An order in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resting {
    pub(crate) order: OrderIndex,
    pub(crate) side: Side,
    pub(crate) price: i64,
    pub(crate) volume: i32,
    /// Lots of the crowd that are estimated to stand before it (`volume-limited`).
    ahead: i64,
}

/// A match of an order: with another client's order, or with the crowd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fill {
    pub(crate) order: OrderIndex,
    pub(crate) price: i64,
    pub(crate) volume: i32,
    /// The resting order on the other side; it is filled by this, too. `None` is the crowd.
    pub(crate) counter: Option<OrderIndex>,
}

/// What others traded in a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TickTrade {
    /// The last price, in ticks.
    pub(crate) price: i64,
    pub(crate) volume: i32,
    /// Whose orders waited; `None` where the source does not tell, then both sides share the volume, bids first.
    pub(crate) passive: Option<Side>,
}

impl TickTrade {
    /// Returns whether resting orders of a side take part.
    fn meets(&self, side: Side) -> bool {
        self.passive.is_none_or(|passive| passive == side)
    }
}

/// The result of an opening auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Auction {
    pub(crate) price: i64,
    /// All lots that traded, also those of the crowd with itself.
    pub(crate) volume: i64,
}

/// The clients' resting orders of one market, and the rule by which they trade.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    model: MatchingModel,
    queue: Queue,
}

impl Matcher {
    pub(crate) fn new(model: MatchingModel) -> Self {
        Self { model, queue: Queue::new() }
    }

    /// Returns whether no order rests.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Returns how many orders rest.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Returns a resting order's lots left; `None` when it does not rest here.
    pub(crate) fn resting(&self, order: OrderIndex) -> Option<i32> {
        self.queue.get(order).map(|resting| resting.volume)
    }

    /// Matches an arriving order and lets what may rest, rest; appends its fills to `fills` in the order in which they
    /// happen. A kill condition that cannot be met matches nothing.
    pub(crate) fn arrive(&mut self, taker: Taker, quotes: &mut Book, fills: &mut Vec<Fill>) -> Arrival {
        let before = fills.len();
        let limit = match taker.levels {
            None => Some(taker.limit),
            Some(levels) => self.reach(&taker, levels, quotes),
        };
        if let Some(limit) = limit.filter(|limit| self.can_fill_enough(&taker, *limit, quotes)) {
            let queue = &mut self.queue;
            match self.model {
                MatchingModel::Book => price_time::take(queue, quotes, &taker, limit, fills),
                MatchingModel::SimNow => simnow::take(quotes, &taker, limit, fills),
                MatchingModel::Touch => touch::take(quotes, &taker, limit, fills),
                MatchingModel::VolumeLimited => volume_limited::take(quotes, &taker, limit, fills),
            }
        }
        let filled = fills[before..].iter().map(|fill| fill.volume).sum();
        let left = taker.volume - filled;
        let price = match taker.levels {
            None => Some(taker.limit),
            Some(_) => fills[before..].last().map(|fill| fill.price),
        };
        let rests_at = price.filter(|_| left > 0 && taker.lasting == Lasting::Day);
        if let Some(price) = rests_at {
            self.rest(taker.order, taker.side, price, left, quotes);
        }
        Arrival { filled, rests_at }
    }

    /// Takes an order that arrives in an auction: it rests, or is killed.
    pub(crate) fn gather(&mut self, taker: &Taker, quotes: &Book) -> Arrival {
        let rests = taker.lasting == Lasting::Day && taker.levels.is_none();
        if rests {
            self.rest(taker.order, taker.side, taker.limit, taker.volume, quotes);
        }
        Arrival { filled: 0, rests_at: rests.then_some(taker.limit) }
    }

    /// Lets an order rest without matching it, as during an auction.
    pub(crate) fn rest(&mut self, order: OrderIndex, side: Side, price: i64, volume: i32, quotes: &Book) {
        let ahead = match self.model {
            MatchingModel::VolumeLimited => volume_limited::ahead(quotes, side, price),
            _ => 0,
        };
        self.queue.push(Resting { order, side, price, volume, ahead });
    }

    /// Takes an order out; returns whether it rested.
    pub(crate) fn remove(&mut self, order: OrderIndex) -> bool {
        self.queue.remove(order).is_some()
    }

    /// Lets resting orders meet new quotes and what was traded with them; appends their fills to `fills`.
    pub(crate) fn on_tick(&mut self, quotes: &mut Book, traded: Option<TickTrade>, fills: &mut Vec<Fill>) {
        if self.queue.is_empty() {
            return;
        }
        let queue = &mut self.queue;
        match self.model {
            MatchingModel::Book => price_time::on_tick(queue, quotes, traded, fills),
            MatchingModel::SimNow => simnow::on_tick(queue, quotes, fills),
            MatchingModel::Touch => touch::on_tick(queue, quotes, traded, fills),
            MatchingModel::VolumeLimited => volume_limited::on_tick(queue, quotes, traded, fills),
        }
    }

    /// Ends an auction: everything that its price allows trades at it. `None` when no orders cross.
    ///
    /// The model does not matter. Of a fill between clients `order` bought and `counter` sold; both had rested.
    pub(crate) fn cross_auction(
        &mut self,
        settlement: i64,
        quotes: &mut Book,
        fills: &mut Vec<Fill>,
    ) -> Option<Auction> {
        auction::cross(&mut self.queue, quotes, settlement, fills)
    }

    /// Writes the book as others see it into `shown`, at most `depth` levels a side: the quotes with, in the model `book`,
    /// the clients' orders in them.
    pub(crate) fn display(&self, quotes: &Book, depth: usize, shown: &mut Book) {
        for side in [Side::Buy, Side::Sell] {
            let levels = shown.side_mut(side);
            levels.clear();
            if self.model == MatchingModel::Book && !self.queue.is_empty() {
                let orders = self.queue.levels(side).map(|(price, volume)| queue::level(price, volume));
                book::merge(side, quotes.side(side), orders, depth, levels);
            } else {
                levels.extend(quotes.side(side).iter().take(depth));
            }
        }
    }

    /// Returns the worst price that an order limited to a number of the other side's levels may trade at.
    fn reach(&self, taker: &Taker, levels: usize, quotes: &Book) -> Option<i64> {
        let mut shown = Book::default();
        self.display(quotes, levels, &mut shown);
        let reached = shown.side(taker.side.other()).iter().map(|level: &Level| level.price);
        reached.take_while(|price| taker.side.accepts(taker.limit, *price)).last()
    }

    /// Returns whether what must be filled at once can be.
    fn can_fill_enough(&self, taker: &Taker, limit: i64, quotes: &Book) -> bool {
        let minimum = match taker.lasting {
            Lasting::Day => return true,
            Lasting::FillAndKill { minimum } => i64::from(minimum),
            Lasting::FillOrKill => i64::from(taker.volume),
        };
        if minimum <= 1 {
            return true;
        }
        let available = match self.model {
            MatchingModel::Book => price_time::available(&self.queue, quotes, taker.side, limit),
            MatchingModel::SimNow | MatchingModel::Touch => simnow::available(quotes, taker.side, limit),
            MatchingModel::VolumeLimited => volume_limited::available(quotes, taker.side, limit),
        };
        available >= minimum
    }
}
