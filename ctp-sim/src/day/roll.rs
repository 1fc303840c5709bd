//! The beginning of a trading day: instruments, money, tables (§6.6).

use std::collections::{BTreeMap, BTreeSet};

use ctp_market::Date;
use ctp_types::Text;

use crate::config::{Config, ConfigError};
use crate::exchange::{Counters, Exchange, Task};
use crate::market::instrument::{Class, MarketIndex};
use crate::market::listing::{self, Before};
use crate::market::{Market, Reference};
use crate::matching::Matcher;
use crate::money::account::Account;
use crate::random::Random;

/// The place in a product's listing that kept instruments count as.
const LAST_POSITION: usize = 6;
/// What the seed grows by each day.
const SEED_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Exchange {
    /// Begins `day` after the trading day was settled. Orders, trades and streams of the old day are gone, ids start anew.
    pub(super) fn begin_day(&mut self, day: Date) {
        if self.relist(day).is_err() {
            // The reference data have no list for that day: the old one stays, and with it the day.
            return;
        }
        self.trading_day = day;
        self.days.prices.clear();
        self.schedule.retain(Task::outlives_day);
        self.orders.clear();
        self.end_instructions();
        self.trades.clear();
        self.fills.clear();
        self.desk.begin_day(self.trading_day());
        self.counters = Counters::default();
        self.clear_streams();
        self.arrange_cadence();
        if self.begin_hours().is_err() {
            // Only a day outside the calendar has no hours, and such a day has no list either.
            self.announce_products();
        }
        self.carry_accounts_over();
    }

    /// Brings the list of markets to `day`. A market keeps its place as long as the exchange lives.
    fn relist(&mut self, day: Date) -> Result<(), ConfigError> {
        let before: BTreeMap<Text<81>, Before> =
            self.market_by_id.iter().map(|(id, market)| (*id, self.before(*market))).collect();
        let listed =
            listing::list(&self.config_of_day(), &self.reference, day, &|id| before.get(id).copied())?;
        // New places of the markets in `listed`, which count from 0.
        let mut places = Vec::with_capacity(listed.len());
        let mut next = self.markets.len();
        for market in &listed {
            match self.market_by_id.get(&market.instrument.id) {
                Some(place) => places.push(*place),
                None => {
                    places.push(next);
                    next += 1;
                }
            }
        }
        let kept = self.kept(&listed, &places, day);
        self.market_by_id.clear();
        for market in &mut self.markets {
            market.listed = false;
            market.matcher = Matcher::new(self.config.matching);
        }
        for (mut market, place) in listed.into_iter().zip(&places) {
            market.instrument.class = moved(market.instrument.class, &places);
            market.updated = self.now;
            self.market_by_id.insert(market.instrument.id, *place);
            if *place < self.markets.len() {
                self.markets[*place] = market;
            } else {
                self.markets.push(market);
            }
        }
        for (place, market) in kept {
            self.market_by_id.insert(market.instrument.id, place);
            self.markets[place] = market;
        }
        Ok(())
    }

    /// Returns the instruments that the day's list leaves out although they have not expired, such as options whose
    /// strikes are far from the price by now; they stay listed.
    fn kept(&self, listed: &[Market], places: &[MarketIndex], day: Date) -> Vec<(MarketIndex, Market)> {
        let named: BTreeSet<Text<81>> = listed.iter().map(|market| market.instrument.id).collect();
        // Options on one future are priced by the same market.
        let mut pricing: BTreeMap<Text<31>, MarketIndex> = BTreeMap::new();
        for market in listed {
            if let Class::Option { underlying, underlying_id, .. } = market.instrument.class {
                pricing.insert(underlying_id, places[underlying]);
            }
        }
        let rest = self.market_by_id.iter().filter(|(id, _)| !named.contains(*id));
        let kept = rest.filter(|(_, place)| self.markets[**place].instrument.last_day >= day);
        let reopened = kept.map(|(_, place)| {
            let mut market = self.reopened(*place);
            if let Class::Option { underlying, underlying_id, .. } = &mut market.instrument.class {
                *underlying = pricing.get(underlying_id).copied().unwrap_or(*underlying);
            }
            (*place, market)
        });
        reopened.collect()
    }

    /// Returns a market as it begins a new day, with limits as wide as before.
    fn reopened(&self, place: MarketIndex) -> Market {
        let old = &self.markets[place];
        let Before { settlement, close, open_interest } = self.before(place);
        let range = old.reference.upper - old.reference.settlement;
        let lower = settlement - range;
        let lower = if old.instrument.is_combination() { lower } else { lower.max(1) };
        let (upper, delta) = (settlement + range, old.reference.delta);
        let reference = Reference { settlement, close, upper, lower, open_interest, delta };
        let config = self.config_of_day();
        let random = Random::new(config.seed, &old.instrument.id.to_str());
        let mut market = Market::open(old.instrument.clone(), reference, LAST_POSITION, random, &config);
        market.updated = self.now;
        market.crowd.present = old.crowd.present;
        market.crowd.model = old.crowd.model;
        market
    }

    /// Returns the settings with the seed of the day: each day has prices of its own.
    fn config_of_day(&self) -> Config {
        let seed = self.config.seed.wrapping_add((u64::from(self.days.number) + 1).wrapping_mul(SEED_STEP));
        Config { seed, ..self.config.clone() }
    }

    fn before(&self, market: MarketIndex) -> Before {
        let stats = &self.markets[market].stats;
        let settlement = self.settlement_of(market);
        Before { settlement, close: stats.last.unwrap_or(settlement), open_interest: stats.open_interest }
    }

    /// §6.6: the balance becomes PreBalance, what is left of the positions is old.
    fn carry_accounts_over(&mut self) {
        let before: Vec<(Text<13>, Account)> = self.accounts.take_all();
        self.set_terms();
        for (investor, old) in before {
            let funds = old.funds.next_day(old.value().balance);
            self.accounts
                .restart(&investor, Account { funds, ..Account::new(funds.pre_balance, old.params) });
            for (key, holding) in &old.holdings {
                let is_listed = self.market_by_id.contains_key(&self.markets[key.0].instrument.id);
                if holding.volume() > 0 && is_listed {
                    let terms = self.accounts.terms(&investor, key.0);
                    self.accounts.put(&investor, *key, holding.next_day(&terms));
                }
            }
        }
    }
}

/// Returns a class whose markets are numbered as the exchange's list has them.
fn moved(class: Class, places: &[MarketIndex]) -> Class {
    match class {
        Class::Future => Class::Future,
        Class::Option { right, strike, underlying, underlying_id } => {
            Class::Option { right, strike, underlying: places[underlying], underlying_id }
        }
        Class::Combination { legs } => Class::Combination { legs: legs.map(|leg| places[leg]) },
    }
}
