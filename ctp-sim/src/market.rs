//! One instrument's market: reference prices, the simulated crowd, the day's statistics.

pub(crate) mod cadence;
pub(crate) mod hours;
pub(crate) mod instrument;
pub(crate) mod listing;
pub(crate) mod phase;
pub(crate) mod pricing;
pub(crate) mod process;
pub mod replay;
pub(crate) mod snapshot;
pub(crate) mod subscription;
pub(crate) mod tick;

use ctp_market::{Money, Phase};

use crate::config::Config;
use crate::interface::{SessionId, Timestamp};
use crate::market::cadence::SLOTS;
use crate::market::instrument::{Class, Instrument};
use crate::market::process::Crowd;
use crate::matching::Matcher;
use crate::matching::book::Book;
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
    pub(crate) phase: Phase,
    /// Whether it is listed on the trading day; an expired one keeps its place only.
    pub(crate) listed: bool,
    /// `ClosePrice` and `SettlementPrice` in ticks, once they are known.
    pub(crate) close: Option<i64>,
    pub(crate) settlement: Option<i64>,
    pub(crate) crowd: Crowd,
    /// Volume and turnover of the last tick from outside.
    fed: (i32, Money),
    /// The settlement price that the outside told, in ticks.
    told_settlement: Option<i64>,
    /// Which part of the interval between two snapshots its own come in.
    pub(crate) slot: usize,
    /// Milliseconds by which the exchange's stamp lies behind the tick, where it has real ones.
    stamp_lag_ms: i64,
    /// Sessions that its ticks go to, and those that its requests for a quote go to.
    pub(crate) subscribers: [Vec<SessionId>; 2],
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

impl Reference {
    /// Returns the price nearest to `price` inside the limits. Where a feed has crossed them, the upper one counts.
    pub(crate) fn inside(&self, price: i64) -> i64 {
        price.max(self.lower).min(self.upper)
    }
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
    /// Of an option, in 1/10,000.
    pub(crate) delta: i32,
}

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
        let slot = random.between(0, SLOTS as i64 - 1) as usize;
        let stats =
            Stats { open_interest: reference.open_interest, delta: reference.delta, ..Stats::default() };
        let fair = reference.inside(reference.close);
        Self {
            instrument,
            reference,
            stats,
            book: Book::default(),
            matcher: Matcher::new(config.matching),
            updated: config.start,
            phase: Phase::Closed,
            listed: true,
            close: None,
            settlement: None,
            crowd: Crowd::new(random, position, fair),
            fed: (0, Money::ZERO),
            told_settlement: None,
            slot,
            stamp_lag_ms,
            subscribers: [Vec::new(), Vec::new()],
        }
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
        stats.open_interest = (stats.open_interest.saturating_add(open_interest)).max(0);
    }

    /// Returns whether orders and cancels are taken.
    pub(crate) fn takes_orders(&self) -> bool {
        matches!(self.phase, Phase::Auction | Phase::Continuous)
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

    /// Returns the average price of what traded, rounded to the tick; without a trade the settlement price before.
    pub(crate) fn average(&self) -> i64 {
        let lots = i128::from(self.stats.volume) * i128::from(self.lot_value(1).0);
        if lots == 0 {
            return self.reference.settlement;
        }
        let turnover = i128::from(self.stats.turnover.0);
        i64::try_from((turnover + lots / 2).div_euclid(lots)).unwrap_or(self.reference.settlement)
    }

    /// Returns the day's settlement price: the one that a feed told, or the average of what traded, of an option that
    /// did not trade its value.
    pub(crate) fn settlement_price(&self) -> i64 {
        if let Some(told) = self.told_settlement {
            return told;
        }
        match self.instrument.class {
            Class::Option { .. } if self.stats.volume == 0 => self.crowd.opinion(),
            _ => self.average(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use ctp_market::{Date, ReferenceData};

    pub(crate) fn market(product: &str, seed: u64) -> Market {
        let data = ReferenceData::builtin().expect("the embedded data");
        let mut config = Config::starting_at(Timestamp(0));
        (config.products, config.seed) = (vec![product.to_owned()], seed);
        let on = Date::constant(2026, 11, 23);
        let mut market = listing::list(&config, &data, on, &|_| None).expect("markets").remove(1);
        market.crowd.present = true;
        market.open_to_crowd();
        market.trade_at_open();
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
}
