//! The seeded crowd: a plausible market out of chance.
//!
//! Futures walk by themselves, busiest after the start and before the end of a session; options follow their future by
//! Black's formula; combinations follow the quotes of their legs and never trade among the crowd.

use ctp_market::{Money, OptionRight};

use crate::market::instrument::Class;
use crate::market::{Market, pricing};
use crate::matching::TickTrade;
use crate::matching::book::{Level, Side};
use crate::random::Random;

/// Levels that the crowd keeps on each side of a future.
const DEPTH: i64 = 5;
/// Chance of a change per tick by position in the listing; later contracts have the last one.
const ACTIVITY_PERCENT: [i64; 7] = [70, 97, 90, 70, 50, 40, 25];
/// The pace of an ordinary moment, in percent.
pub(crate) const ORDINARY_PACE: i64 = 100;

/// The crowd of one market.
#[derive(Clone, Debug)]
pub(crate) struct Crowd {
    pub(crate) random: Random,
    /// Chance of a change per tick, in percent.
    activity: i64,
    /// Its opinion of the price, in ticks: of a future the best bid it would make.
    fair: i64,
    /// Whether it is there. Whoever feeds a market from outside sends it away.
    pub(crate) present: bool,
    /// How busy the moment is, in percent.
    pub(crate) pace: i64,
    /// Of an option: the share of a year it has left, and the volatility it is priced with.
    pub(crate) model: Option<(f64, f64)>,
}

impl Crowd {
    /// Makes the crowd of the `position`th contract of a product.
    pub(crate) fn new(random: Random, position: usize, fair: i64) -> Self {
        let activity = ACTIVITY_PERCENT[position.min(ACTIVITY_PERCENT.len() - 1)];
        Self { random, activity, fair, present: false, pace: ORDINARY_PACE, model: None }
    }

    /// Returns what it holds for the right price, in ticks.
    pub(crate) const fn opinion(&self) -> i64 {
        self.fair
    }

    /// Returns a number of lots: mostly small, sometimes large, more when the pace is high.
    fn lots(&mut self) -> i32 {
        let high = if self.random.chance(20) { self.activity * 5 } else { self.activity / 2 };
        (self.random.between(1, high.max(1)) * self.pace / ORDINARY_PACE).max(1) as i32
    }
}

/// Returns how busy a moment of a session is, in percent: some three times the ordinary pace at its start, twice at its
/// end, a little less than ordinary between.
pub(crate) const fn pace(minutes_open: i64, minutes_left: i64) -> i64 {
    65 + 1_600 / (minutes_open + 8) + 800 / (minutes_left + 8)
}

impl Market {
    /// Opens a continuous session to the crowd: it quotes.
    pub(crate) fn open_to_crowd(&mut self) {
        if self.crowd.present && matches!(self.instrument.class, Class::Future) {
            self.quote();
        }
    }

    /// Lets the crowd, but for that of the quietest contracts, have traded in an opening auction.
    pub(crate) fn trade_at_open(&mut self) {
        let is_quiet = self.crowd.activity <= ACTIVITY_PERCENT[ACTIVITY_PERCENT.len() - 1];
        if self.crowd.present && !is_quiet && matches!(self.instrument.class, Class::Future) {
            let volume = self.crowd.lots();
            self.count_trade(self.crowd.fair, volume, 0);
        }
    }

    /// Lets the crowd give its orders for an auction: they cross by a few ticks.
    pub(crate) fn gather(&mut self) {
        self.book.clear();
        if !self.crowd.present || !matches!(self.instrument.class, Class::Future) {
            return;
        }
        let (fair, reference) = (self.crowd.fair, &self.reference);
        let (lower, upper) = (reference.lower, reference.upper);
        for depth in 0..DEPTH {
            let (bid, ask) = (fair + 2 - depth, fair - 2 + depth);
            if (lower..=upper).contains(&bid) {
                self.book.bids.push(Level { price: bid, volume: self.crowd.lots() });
            }
            if (lower..=upper).contains(&ask) {
                self.book.asks.push(Level { price: ask, volume: self.crowd.lots() });
            }
        }
    }

    /// Lets the crowd of a future act once. Returns whether anything changed and the crowd's trade.
    pub(crate) fn move_future(&mut self) -> (bool, Option<TickTrade>) {
        let crowd = &mut self.crowd;
        if !crowd.random.chance((crowd.activity * crowd.pace / ORDINARY_PACE).min(97)) {
            return (false, None);
        }
        self.move_fair();
        let trade = self.crowd_trade();
        self.quote();
        (true, trade)
    }

    /// Lets the crowd of an option act once, with its future at `forward`.
    pub(crate) fn move_option(
        &mut self,
        right: OptionRight,
        strike: Money,
        forward: Money,
    ) -> (bool, Option<TickTrade>) {
        let Some((years, volatility)) = self.crowd.model else { return (false, None) };
        // Of thousands of options few change at a time.
        if !self.crowd.random.chance(12 * self.crowd.pace / ORDINARY_PACE) {
            return (false, None);
        }
        let value = pricing::black(right, forward, strike, years, volatility);
        self.stats.delta = value.delta;
        let fair = value.price.0 / self.instrument.tick.amount(1, 1).0;
        self.crowd.fair = self.reference.inside(fair);
        let trade = if self.crowd.random.chance(15) { self.crowd_trade() } else { None };
        let half = (fair / 80).max(1);
        let bid = (fair - half).min(self.reference.upper);
        let ask = (fair + half).max(self.reference.lower);
        self.book.clear();
        for depth in 0..i64::from(self.instrument.rules.depth_levels) {
            if bid - depth >= self.reference.lower {
                self.book.bids.push(Level { price: bid - depth, volume: self.crowd.lots() });
            }
            if ask + depth <= self.reference.upper {
                self.book.asks.push(Level { price: ask + depth, volume: self.crowd.lots() });
            }
        }
        (true, trade)
    }

    /// Quotes a combination by its legs' best bids and asks. Returns whether that changed anything.
    pub(crate) fn move_combination(&mut self, legs: [[Option<Level>; 2]; 2]) -> bool {
        let [[first_bid, first_ask], [second_bid, second_ask]] = legs;
        let level = |first: Option<Level>, second: Option<Level>| {
            let (first, second) = (first?, second?);
            Some(Level { price: first.price - second.price, volume: first.volume.min(second.volume) })
        };
        let (bid, ask) = (level(first_bid, second_ask), level(first_ask, second_bid));
        let changed = self.book.best(Side::Buy) != bid || self.book.best(Side::Sell) != ask;
        if changed {
            self.book.clear();
            self.book.bids.extend(bid);
            self.book.asks.extend(ask);
        }
        changed
    }

    /// Moves the crowd's opinion by a few ticks, drawn back to the settlement price near the limits.
    fn move_fair(&mut self) {
        let Crowd { random, fair, .. } = &mut self.crowd;
        let step = match random.between(1, 100) {
            1..=45 => 0,
            46..=70 => 1,
            71..=95 => -1,
            96 | 97 => 2,
            98 | 99 => -2,
            _ => random.between(-4, 4),
        };
        let away = *fair - self.reference.settlement;
        let range = (self.reference.upper - self.reference.settlement).max(1);
        // The further out, the more likely a step back: at the limit in every second case.
        let pull = if random.between(0, 2 * range) < away.abs() { -away.signum() } else { 0 };
        *fair = self.reference.inside(*fair + step + pull);
    }

    /// Trades some of the crowd's volume at its best bid or ask.
    fn crowd_trade(&mut self) -> Option<TickTrade> {
        if !self.crowd.random.chance(80) {
            return None;
        }
        let passive = if self.crowd.random.chance(50) { Side::Buy } else { Side::Sell };
        let best = self.book.best(passive)?;
        let volume = self.crowd.lots().min(best.volume.max(1));
        let open_interest = self.crowd.random.between(-i64::from(volume), i64::from(volume)) / 2;
        self.count_trade(best.price, volume, open_interest);
        Some(TickTrade { price: best.price, volume, passive: Some(passive) })
    }

    /// Makes a new book around the opinion, inside the limits: at a limit one side is empty.
    fn quote(&mut self) {
        let crowd = &mut self.crowd;
        let spread = if crowd.random.chance(80) { 1 } else { 2 };
        self.book.clear();
        for depth in 0..DEPTH {
            let (bid, ask) = (crowd.fair - depth, crowd.fair + spread + depth);
            if bid >= self.reference.lower {
                self.book.bids.push(Level { price: bid, volume: crowd.lots() });
            }
            if ask <= self.reference.upper {
                self.book.asks.push(Level { price: ask, volume: crowd.lots() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Reference;
    use crate::market::tests::market;
    use proptest::prelude::*;

    #[test]
    fn a_session_is_busiest_at_its_ends() {
        assert!(pace(0, 120) > 250 && pace(120, 0) > 150 && pace(60, 60) < 110);
        let mut busy = market("rb", 1);
        busy.crowd.pace = 300;
        let mut calm = market("rb", 1);
        calm.crowd.pace = 50;
        for _ in 0..1_000 {
            busy.move_future();
            calm.move_future();
        }
        assert!(busy.stats.volume > 3 * calm.stats.volume, "{} {}", busy.stats.volume, calm.stats.volume);
    }

    #[test]
    fn at_a_limit_one_side_is_empty() {
        let mut market = market("rb", 1);
        market.crowd.fair = market.reference.upper;
        market.quote();
        assert!(market.book.asks.is_empty() && market.book.bids.len() == 5);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_market_stays_plausible(seed in any::<u64>(), product in prop::sample::select(vec!["rb", "IF", "TS", "lc", "sc"])) {
            let mut market = market(product, seed);
            let mut volume = market.stats.volume;
            for _ in 0..500 {
                market.move_future();
                let Reference { upper, lower, .. } = market.reference;
                for side in [Side::Buy, Side::Sell] {
                    let levels = market.book.side(side);
                    prop_assert!(levels.iter().all(|level| level.volume > 0 && (lower..=upper).contains(&level.price)));
                    prop_assert!(levels.windows(2).all(|pair| side.is_ahead(pair[0].price, pair[1].price)));
                }
                if let (Some(bid), Some(ask)) = (market.book.best(Side::Buy), market.book.best(Side::Sell)) {
                    prop_assert!(bid.price < ask.price);
                }
                prop_assert!(market.book.best(Side::Buy).or(market.book.best(Side::Sell)).is_some());
                prop_assert!(market.stats.volume >= volume);
                volume = market.stats.volume;
                if let (Some(low), Some(last), Some(high)) = (market.stats.low, market.stats.last, market.stats.high) {
                    prop_assert!(low <= last && last <= high && lower <= low && high <= upper);
                }
            }
            prop_assert!(volume > 0);
        }
    }
}
