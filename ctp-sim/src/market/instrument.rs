//! What does not change about an instrument during its life.

use std::sync::Arc;

use ctp_market::{
    Contract, Date, Exchange as Venue, ExchangeRules, Fees, Money, OptionContract, OptionRight, OptionTerms,
    Product, Rate, TickSize,
};
use ctp_types::Text;

use crate::config::ConfigError;
use crate::text::text;

/// Where a market stands in the exchange's list; it stays there as long as the exchange lives.
pub(crate) type MarketIndex = usize;

/// A future, an option or a combination.
#[derive(Clone, Debug)]
pub(crate) struct Instrument {
    /// `InstrumentID`.
    pub(crate) id: Text<81>,
    /// `ProductID`: `m`, `m_o`, `SRC`; of a combination the products of its legs, `y&p`.
    pub(crate) product_id: Text<81>,
    /// The product of the future, of the future below the option, or of the first leg.
    pub(crate) product: Arc<Product>,
    pub(crate) exchange: Venue,
    pub(crate) rules: Arc<ExchangeRules>,
    pub(crate) class: Class,
    /// `InstrumentName`.
    pub(crate) name: Text<21>,
    /// The first day of its delivery month.
    pub(crate) delivery: Date,
    /// Its last trading day (`ExpireDate`).
    pub(crate) last_day: Date,
    pub(crate) multiplier: i32,
    pub(crate) tick: TickSize,
    pub(crate) largest_limit_order: i32,
    pub(crate) largest_market_order: i32,
    /// Margin as a fraction of the amount; of an option the one of its future.
    pub(crate) margin: Rate,
    pub(crate) fees: Fees,
    /// Whether only the larger side of the product is charged margin (大边).
    pub(crate) one_sided: bool,
}

/// What an instrument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Future,
    Option {
        right: OptionRight,
        /// Per unit of the price.
        strike: Money,
        /// The future it is priced by. An index option's month without a future has the next one.
        underlying: MarketIndex,
        /// `UnderlyingInstrID`, listed or not.
        underlying_id: Text<31>,
    },
    /// The right to trade both legs at once: buying it buys the first and sells the second.
    Combination {
        legs: [MarketIndex; 2],
    },
}

impl Instrument {
    pub(crate) fn future(
        contract: &Contract,
        product: &Arc<Product>,
        rules: &Arc<ExchangeRules>,
    ) -> Result<Self, ConfigError> {
        let id = id(&contract.id)?;
        let digits = contract.id.get(product.id.len()..).unwrap_or_default();
        Ok(Self {
            id,
            product_id: text(&product.id),
            product: Arc::clone(product),
            exchange: product.exchange,
            rules: Arc::clone(rules),
            class: Class::Future,
            name: text(&format!("{}{digits}", product.name)),
            delivery: contract.delivery,
            last_day: contract.last_day,
            multiplier: product.multiplier,
            tick: product.tick,
            largest_limit_order: product.largest_limit_order,
            largest_market_order: product.largest_market_order,
            margin: product.margin,
            fees: product.fees,
            one_sided: product.one_sided_margin,
        })
    }

    /// Makes an option on `future`, which it is priced by.
    pub(crate) fn option(
        contract: &OptionContract,
        terms: &OptionTerms,
        future: &Self,
        underlying: MarketIndex,
    ) -> Result<Self, ConfigError> {
        let id = id(&contract.id)?;
        let digits = contract.id.get(terms.root.len()..).unwrap_or_default();
        Ok(Self {
            id,
            product_id: text(&contract.product),
            class: Class::Option {
                right: contract.right,
                strike: contract.strike,
                underlying,
                underlying_id: text(&contract.underlying),
            },
            name: text(&format!("{}{digits}", future.product.name)),
            delivery: contract.delivery,
            last_day: contract.last_day,
            multiplier: terms.multiplier,
            tick: terms.tick,
            largest_limit_order: terms.largest_limit_order,
            largest_market_order: terms.largest_limit_order,
            fees: terms.fees,
            one_sided: false,
            ..future.clone()
        })
    }

    /// Makes the combination of two futures of one exchange, tick and multiplier (§4.7).
    pub(crate) fn combination(kind: &str, legs: [(MarketIndex, &Self); 2]) -> Result<Self, ConfigError> {
        let [(first_index, first), (second_index, second)] = legs;
        let id = id(&format!("{kind} {}&{}", first.id, second.id))?;
        Ok(Self {
            id,
            product_id: text(&format!("{}&{}", first.product.id, second.product.id)),
            class: Class::Combination { legs: [first_index, second_index] },
            name: text(&id.to_str()),
            delivery: first.delivery,
            last_day: first.last_day.min(second.last_day),
            one_sided: false,
            ..first.clone()
        })
    }

    /// Returns the value of one lot at a price in ticks.
    pub(crate) const fn lot_value(&self, price: i64) -> Money {
        self.tick.amount(price, self.multiplier)
    }

    /// Returns a price in ticks as CTP's double.
    pub(crate) fn price(&self, ticks: i64) -> f64 {
        self.tick.price(ticks)
    }

    /// Returns whether its price may be zero or negative.
    pub(crate) const fn is_combination(&self) -> bool {
        matches!(self.class, Class::Combination { .. })
    }
}

fn id(value: &str) -> Result<Text<81>, ConfigError> {
    Text::new(value).map_err(|_| ConfigError::Text { setting: "instrument id", value: value.to_owned() })
}
