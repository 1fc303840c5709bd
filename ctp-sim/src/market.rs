//! One instrument's market: reference prices, the simulated crowd, the day's statistics.

pub(crate) mod instrument;
pub(crate) mod listing;
pub(crate) mod pricing;
pub(crate) mod snapshot;
pub(crate) mod subscription;

use ctp_market::Money;

use crate::config::Config;
use crate::interface::Timestamp;
use crate::market::instrument::Instrument;
use crate::matching::book::{Book, Level, Side};
use crate::matching::{Matcher, TickTrade};
use crate::random::Random;

/// An instrument that trades, with everything that the exchange knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Market {
    pub(crate) instrument: Instrument,
    /// Reference prices of the day in ticks.
    pub(crate) reference: Reference,
    /// What traded today.
    pub(crate) stats: Stats,
    /// The crowd's book.
    pub(crate) book: Book,
    /// The clients' resting orders.
    pub(crate) matcher: Matcher,
    /// When something last changed, in exchange time.
    pub(crate) updated: Timestamp,
    random: Random,
    /// Chance of a change per tick, in percent.
    activity: i64,
    has_crowd: bool,
    /// The crowd's opinion of the price: the best bid it would make.
    fair: i64,
    /// Milliseconds by which the exchange's stamp lies behind the tick, where it has real ones.
    stamp_lag_ms: i64,
}

/// Prices fixed before the day, in ticks, and the open interest.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) settlement: i64,
    pub(crate) close: i64,
    pub(crate) upper: i64,
    pub(crate) lower: i64,
    pub(crate) open_interest: i64,
    /// Of an option, in 1/10,000.
    pub(crate) delta: i32,
}

/// Statistics of the trading day. Prices are `None` until the first trade.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stats {
    pub(crate) last: Option<i64>,
    pub(crate) open: Option<i64>,
    pub(crate) high: Option<i64>,
    pub(crate) low: Option<i64>,
    pub(crate) volume: i32,
    pub(crate) turnover: Money,
    pub(crate) open_interest: i64,
}

/// Levels that the crowd keeps on each side.
const DEPTH: i64 = 5;
/// Chance of a change per tick by position in the listing; later contracts have the last one.
const ACTIVITY_PERCENT: [i64; 7] = [70, 97, 90, 70, 50, 40, 25];

impl Market {
    /// Opens the market of an instrument, the `position`th of its product's listing.
    pub(crate) fn open(
        instrument: Instrument,
        reference: Reference,
        position: usize,
        mut random: Random,
        config: &Config,
    ) -> Self {
        let stamp_lag_ms = random.between(1, 499);
        let stats = Stats { open_interest: reference.open_interest, ..Stats::default() };
        Self {
            instrument,
            fair: reference.close.clamp(reference.lower, reference.upper),
            reference,
            stats,
            book: Book::default(),
            matcher: Matcher::new(config.matching),
            updated: config.start,
            random,
            activity: ACTIVITY_PERCENT[position.min(ACTIVITY_PERCENT.len() - 1)],
            has_crowd: false,
            stamp_lag_ms,
        }
    }

    /// Opens the market to the crowd: it quotes and, but for the quietest contracts, has traded in the opening auction.
    pub(crate) fn let_crowd_in(&mut self) {
        self.has_crowd = true;
        self.quote();
        if self.activity > ACTIVITY_PERCENT[ACTIVITY_PERCENT.len() - 1] {
            self.open_auction();
        }
    }

    /// Lets the crowd act once. Returns whether anything changed and the crowd's trade.
    pub(crate) fn tick(&mut self, now: Timestamp) -> (bool, Option<TickTrade>) {
        if !self.has_crowd || !self.random.chance(self.activity) {
            return (false, None);
        }
        self.move_fair();
        let trade = self.crowd_trade();
        self.quote();
        self.stamp(now);
        (true, trade)
    }

    /// Notes when the market changed, as its exchange tells it.
    pub(crate) fn stamp(&mut self, now: Timestamp) {
        let is_real = self.instrument.rules.milliseconds == ctp_market::Milliseconds::Real;
        self.updated = if is_real { Timestamp(now.0 - self.stamp_lag_ms * 1_000_000) } else { now };
    }

    /// Counts a trade into the day's statistics.
    pub(crate) fn count_trade(&mut self, price: i64, volume: i32, open_interest: i64) {
        let stats = &mut self.stats;
        stats.last = Some(price);
        stats.open.get_or_insert(price);
        stats.high = Some(stats.high.map_or(price, |high| high.max(price)));
        stats.low = Some(stats.low.map_or(price, |low| low.min(price)));
        stats.volume = stats.volume.saturating_add(volume);
        stats.turnover += self.instrument.lot_value(price).lots(volume);
        stats.open_interest = (stats.open_interest + open_interest).max(0);
    }

    /// Returns the price that positions are marked at: the last one, before the first trade the settlement price.
    pub(crate) fn mark(&self) -> i64 {
        self.stats.last.unwrap_or(self.reference.settlement)
    }

    /// Returns the value of one lot at a price in ticks.
    pub(crate) const fn lot_value(&self, price: i64) -> Money {
        self.instrument.lot_value(price)
    }

    /// Returns a price in ticks as CTP's double.
    pub(crate) fn price(&self, ticks: i64) -> f64 {
        self.instrument.price(ticks)
    }

    fn open_auction(&mut self) {
        let price = self.fair;
        let volume = self.lots();
        self.count_trade(price, volume, 0);
    }

    /// Moves the crowd's opinion by a few ticks, drawn back to the settlement price near the limits.
    fn move_fair(&mut self) {
        let step = match self.random.between(1, 100) {
            1..=45 => 0,
            46..=70 => 1,
            71..=95 => -1,
            96 | 97 => 2,
            98 | 99 => -2,
            _ => self.random.between(-4, 4),
        };
        let away = self.fair - self.reference.settlement;
        let range = (self.reference.upper - self.reference.settlement).max(1);
        // The further out, the more likely a step back: at the limit in every second case.
        let pull = if self.random.between(0, 2 * range) < away.abs() { -away.signum() } else { 0 };
        self.fair = (self.fair + step + pull).clamp(self.reference.lower, self.reference.upper);
    }

    /// Trades some of the crowd's volume at its best bid or ask.
    fn crowd_trade(&mut self) -> Option<TickTrade> {
        if !self.random.chance(80) {
            return None;
        }
        let passive = if self.random.chance(50) { Side::Buy } else { Side::Sell };
        let best = self.book.best(passive)?;
        let volume = self.lots().min(best.volume.max(1));
        let open_interest = self.random.between(-i64::from(volume), i64::from(volume)) / 2;
        self.count_trade(best.price, volume, open_interest);
        Some(TickTrade { price: best.price, volume, passive: Some(passive) })
    }

    /// Makes a new book around the opinion, inside the limits: at a limit one side is empty.
    fn quote(&mut self) {
        let spread = if self.random.chance(80) { 1 } else { 2 };
        let bids = (0..DEPTH).map(|depth| self.fair - depth).filter(|price| *price >= self.reference.lower);
        let bids: Vec<i64> = bids.collect();
        let asks =
            (0..DEPTH).map(|depth| self.fair + spread + depth).filter(|price| *price <= self.reference.upper);
        let asks: Vec<i64> = asks.collect();
        let mut level = |price| Level { price, volume: self.lots() };
        let bids = bids.into_iter().map(&mut level).collect();
        let asks = asks.into_iter().map(&mut level).collect();
        self.book = Book { bids, asks };
    }

    fn lots(&mut self) -> i32 {
        // Mostly small, sometimes large.
        let high = if self.random.chance(20) { self.activity * 5 } else { self.activity / 2 };
        self.random.between(1, high.max(1)) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use ctp_market::{Date, ReferenceData};
    use proptest::prelude::*;

    pub(crate) fn market(product: &str, seed: u64) -> Market {
        let data = ReferenceData::builtin().expect("the embedded data");
        let mut config = Config::starting_at(Timestamp(0));
        (config.products, config.seed) = (vec![product.to_owned()], seed);
        let on = Date::constant(2026, 11, 23);
        let mut market = listing::list(&config, &data, on, &|_| None).expect("markets").remove(1);
        market.let_crowd_in();
        market
    }

    #[test]
    fn statistics_follow_the_trades() {
        let mut market = market("rb", 1);
        market.stats = Stats::default();
        for (price, volume) in [(3200, 3), (3210, 1), (3190, 2)] {
            market.count_trade(price, volume, 1);
        }
        let stats = &market.stats;
        assert_eq!(
            (stats.open, stats.high, stats.low, stats.last),
            (Some(3200), Some(3210), Some(3190), Some(3190))
        );
        assert_eq!((stats.volume, stats.open_interest), (6, 3));
        assert_eq!(stats.turnover, Money::from_yuan((3200 * 3 + 3210 + 3190 * 2) * 10));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_market_stays_plausible(seed in any::<u64>(), product in prop::sample::select(vec!["rb", "IF", "TS", "lc", "sc"])) {
            let mut market = market(product, seed);
            let mut volume = market.stats.volume;
            for second in 0..500 {
                market.tick(Timestamp(second * 500_000_000));
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
