//! Which instruments are listed on a day, and their prices of the day before.

use std::collections::BTreeMap;
use std::sync::Arc;

use ctp_market::{Date, Exchange as Venue, ExchangeRules, Product, ReferenceData};
use ctp_types::Text;

use crate::config::{Config, ConfigError};
use crate::market::instrument::{Class, Instrument, MarketIndex};
use crate::market::pricing;
use crate::market::{Market, Reference};
use crate::random::Random;

/// Inter-product spreads: the letters before the legs' ids, and the two products (§4.7).
const PAIRS: [(&str, &str, &str); 5] =
    [("SPC", "y", "p"), ("SPC", "l", "pp"), ("SPC", "c", "cs"), ("IPS", "SF", "SM"), ("IPS", "FG", "SA")];

/// Lists the markets of a day: all futures, then all options, then all combinations.
///
/// `before` answers for an instrument that traded the day before; one without an answer is new and gets prices of its
/// own from the seed.
pub(crate) fn list(
    config: &Config,
    reference: &ReferenceData,
    on: Date,
    before: &dyn Fn(&Text<81>) -> Option<Before>,
) -> Result<Vec<Market>, ConfigError> {
    check_products(config, reference)?;
    let products = reference.products().iter();
    let products: Vec<Arc<Product>> = products
        .filter(|product| config.products.is_empty() || config.products.contains(&product.id))
        .map(|product| Arc::new(product.clone()))
        .collect();
    let mut listing =
        Listing { config, reference, on, before, markets: Vec::new(), futures: BTreeMap::new() };
    let rules = Venue::ALL.map(|venue| Arc::new(reference.rules(venue).clone()));
    for product in &products {
        listing.futures(product, &rules[product.exchange as usize])?;
    }
    if config.options {
        for product in &products {
            listing.options(product)?;
        }
    }
    if config.combinations {
        for product in &products {
            listing.calendar_spreads(product)?;
        }
        for (kind, first, second) in PAIRS {
            listing.product_spreads(kind, first, second)?;
        }
    }
    Ok(listing.markets)
}

/// What an instrument ended the day before with, in ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    pub(crate) settlement: i64,
    pub(crate) close: i64,
    pub(crate) open_interest: i64,
}

struct Listing<'a> {
    config: &'a Config,
    reference: &'a ReferenceData,
    on: Date,
    before: &'a dyn Fn(&Text<81>) -> Option<Before>,
    markets: Vec<Market>,
    /// Each product's futures, nearest first.
    futures: BTreeMap<String, Vec<MarketIndex>>,
}

impl Listing<'_> {
    fn futures(&mut self, product: &Arc<Product>, rules: &Arc<ExchangeRules>) -> Result<(), ConfigError> {
        let mut indexes = Vec::new();
        for (position, contract) in self.reference.contracts_of(product, self.on)?.iter().enumerate() {
            let instrument = Instrument::future(contract, product, rules)?;
            let mut random = Random::new(self.config.seed, &contract.id);
            let before = (self.before)(&instrument.id).unwrap_or_else(|| {
                // A term structure of a quarter percent a contract and one percent of chance.
                let drift = product.price * position as i64 / 400
                    + random.between(-product.price, product.price) / 100;
                let settlement = (product.price + drift).max(20);
                let range = share(settlement, product.limit.0);
                let open_interest = random.between(20, 400) * 100 / (position as i64 + 1) * 10;
                Before {
                    settlement,
                    close: settlement + random.between(-range / 20, range / 20),
                    open_interest,
                }
            });
            let range = share(before.settlement, product.limit.0).max(2);
            let limits = ((before.settlement - range).max(1), before.settlement + range);
            indexes.push(self.markets.len());
            self.open(instrument, before, limits, 0, position, random);
        }
        self.futures.insert(product.id.clone(), indexes);
        Ok(())
    }

    fn options(&mut self, product: &Arc<Product>) -> Result<(), ConfigError> {
        let Some(terms) = &product.options else { return Ok(()) };
        let futures = self.futures.get(&product.id).cloned().unwrap_or_default();
        let markets = &self.markets;
        // The future of a month, or where there is none the next one; the last one for later months.
        let future_of = |id: &str| {
            let exact = futures.iter().find(|index| markets[**index].instrument.id == id);
            let later =
                || futures.iter().find(|index| markets[**index].instrument.id.as_bytes() > id.as_bytes());
            exact.or_else(later).or(futures.last()).copied()
        };
        let settlement =
            |id: &str| future_of(id).map_or(product.price, |index| markets[index].reference.settlement);
        let contracts = self.reference.options_of(product, self.on, settlement)?;
        let mut opened = Vec::with_capacity(contracts.len());
        let mut month = (String::new(), None);
        for contract in &contracts {
            if month.0 != contract.underlying {
                month = (contract.underlying.clone(), future_of(&contract.underlying));
            }
            let Some(underlying) = month.1 else { continue };
            opened.push((
                Instrument::option(contract, terms, &markets[underlying].instrument, underlying)?,
                underlying,
            ));
        }
        for (instrument, underlying) in opened {
            self.open_option(instrument, underlying);
        }
        Ok(())
    }

    fn open_option(&mut self, instrument: Instrument, underlying: MarketIndex) {
        let Class::Option { right, strike, .. } = instrument.class else { return };
        let future = &self.markets[underlying];
        let mut random = Random::new(self.config.seed, &instrument.id.to_str());
        let in_ticks = |money: i64| (money / instrument.tick.amount(1, 1).0).max(1);
        let forward = future.instrument.tick.amount(future.reference.settlement, 1);
        let years = pricing::years(self.on, instrument.last_day);
        let volatility = pricing::volatility(&instrument.product);
        let value = pricing::black(right, forward, strike, years, volatility);
        let before = (self.before)(&instrument.id).unwrap_or_else(|| {
            let settlement = in_ticks(value.price.0);
            Before { settlement, close: settlement, open_interest: random.between(0, 2000) }
        });
        // An option may move as far as its future (§4.7 has no row for it; the exchanges' rule).
        let range = future.instrument.tick.amount(future.reference.upper - future.reference.settlement, 1);
        let range = in_ticks(range.0);
        let limits = ((before.settlement - range).max(1), before.settlement + range);
        self.open(instrument, before, limits, value.delta, 6, random);
        if let Some(market) = self.markets.last_mut() {
            market.crowd.model = Some((years, volatility));
        }
    }

    /// `SP a2701&a2703` at DCE and `SPD TA701&TA703` at CZCE: each month with the next one.
    fn calendar_spreads(&mut self, product: &Arc<Product>) -> Result<(), ConfigError> {
        let kind = match product.exchange {
            Venue::Dce => "SP",
            Venue::Czce => "SPD",
            _ => return Ok(()),
        };
        let futures = self.futures.get(&product.id).cloned().unwrap_or_default();
        for pair in futures.windows(2) {
            self.open_combination(kind, [pair[0], pair[1]])?;
        }
        Ok(())
    }

    /// `SPC y2701&p2701`, `IPS FG701&SA701`: the months that both products have.
    fn product_spreads(&mut self, kind: &str, first: &str, second: &str) -> Result<(), ConfigError> {
        let futures = |product: &str| self.futures.get(product).cloned().unwrap_or_default();
        let (firsts, seconds) = (futures(first), futures(second));
        for first in firsts {
            let [delivery, ..] = [self.markets[first].instrument.delivery];
            let same = seconds.iter().find(|second| self.markets[**second].instrument.delivery == delivery);
            if let Some(second) = same.copied() {
                let [one, other] = [first, second].map(|leg| &self.markets[leg].instrument);
                if (one.tick, one.multiplier) == (other.tick, other.multiplier) {
                    self.open_combination(kind, [first, second])?;
                }
            }
        }
        Ok(())
    }

    fn open_combination(&mut self, kind: &str, legs: [MarketIndex; 2]) -> Result<(), ConfigError> {
        let [first, second] = legs.map(|leg| &self.markets[leg]);
        let instrument =
            Instrument::combination(kind, [(legs[0], &first.instrument), (legs[1], &second.instrument)])?;
        let [first, second] = [&first.reference, &second.reference];
        let before = Before {
            settlement: first.settlement - second.settlement,
            close: first.close - second.close,
            open_interest: 0,
        };
        let limits = (first.lower - second.upper, first.upper - second.lower);
        let random = Random::new(self.config.seed, &instrument.id.to_str());
        self.open(instrument, before, limits, 0, 6, random);
        Ok(())
    }

    fn open(
        &mut self,
        instrument: Instrument,
        before: Before,
        (lower, upper): (i64, i64),
        delta: i32,
        position: usize,
        random: Random,
    ) {
        let Before { settlement, close, open_interest } = before;
        // A feed may have settled at any price, also below zero.
        let (lower, upper) = (lower.min(upper), upper.max(lower));
        let reference = Reference { settlement, close, upper, lower, open_interest, delta };
        let mut market = Market::open(instrument, reference, position, random, self.config);
        market.crowd.present = self.config.crowd;
        self.markets.push(market);
    }
}

/// Returns a share of a price, in 10⁻⁸.
fn share(price: i64, rate: i64) -> i64 {
    (i128::from(price) * i128::from(rate) / 100_000_000) as i64
}

fn check_products(config: &Config, reference: &ReferenceData) -> Result<(), ConfigError> {
    for product in &config.products {
        if reference.product(product).is_none() {
            let known: Vec<&str> = reference.products().iter().map(|product| product.id.as_str()).collect();
            return Err(ConfigError::UnknownProduct { product: product.clone(), known: known.join(" ") });
        }
    }
    Ok(())
}
