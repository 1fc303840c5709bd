//! The smallest step of a price, and prices as whole numbers of it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::money::Money;

/// The smallest step of a price (最小变动价位) in 1/10,000 CNY; always positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TickSize(i64);

/// Why a number is not a price of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PriceError {
    /// NaN, infinite, or CTP's "no value" DBL_MAX.
    #[error("not a price: {0}")]
    NotAPrice(f64),
    /// Not a multiple of the tick.
    #[error("price {price} is not a multiple of the tick {tick}")]
    OffTick {
        /// The price.
        price: f64,
        /// The tick it misses.
        tick: f64,
    },
}

impl TickSize {
    /// Reads a positive decimal with at most four places, as `0.02`.
    pub fn parse(text: &str) -> Option<Self> {
        parse_decimal(text).filter(|units| *units > 0).map(Self)
    }

    /// Returns the tick in CNY.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 10_000.0
    }

    /// Returns `ticks` as a price in CNY: the double nearest to the decimal.
    pub fn price(self, ticks: i64) -> f64 {
        ticks.saturating_mul(self.0) as f64 / 10_000.0
    }

    /// Returns `price` in whole ticks. The binary noise of a double (5535.000000000001) is forgiven.
    ///
    /// # Errors
    ///
    /// [`PriceError::NotAPrice`] for NaN, infinities and anything beyond 10¹²; [`PriceError::OffTick`] for a price
    /// between two ticks.
    pub fn ticks(self, price: f64) -> Result<i64, PriceError> {
        let exact = self.quotient(price)?;
        let nearest = exact.round();
        if (exact - nearest).abs() > 1e-6 {
            return Err(PriceError::OffTick { price, tick: self.to_f64() });
        }
        Ok(nearest as i64)
    }

    /// Returns `price` in whole ticks, cut towards zero: 1500.9 is 1500 at a tick of 1.
    ///
    /// # Errors
    ///
    /// [`PriceError::NotAPrice`] as [`ticks`](Self::ticks).
    pub fn ticks_truncated(self, price: f64) -> Result<i64, PriceError> {
        self.ticks(price).or_else(|_| Ok(self.quotient(price)?.trunc() as i64))
    }

    /// Returns the value of `ticks` ticks of one lot with `multiplier`.
    pub const fn amount(self, ticks: i64, multiplier: i32) -> Money {
        Money(ticks.saturating_mul(self.0).saturating_mul(multiplier as i64))
    }

    fn quotient(self, price: f64) -> Result<f64, PriceError> {
        if price.is_finite() && price.abs() <= 1e12 {
            Ok(price * 10_000.0 / self.0 as f64)
        } else {
            Err(PriceError::NotAPrice(price))
        }
    }
}

impl fmt::Display for TickSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_f64().fmt(f)
    }
}

impl<'de> Deserialize<'de> for TickSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "not a tick: {text:?} (expected a positive decimal with at most four places)"
            ))
        })
    }
}

/// Reads a non-negative decimal with at most four places into 1/10,000.
pub(crate) fn parse_decimal(text: &str) -> Option<i64> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(places) || places.len() > 4 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let places: i64 = format!("{places:0<4}").parse().ok()?;
    whole.checked_mul(10_000)?.checked_add(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_go_to_ticks_and_back() {
        for (tick, price, ticks) in [
            ("1", 3510.0, 3510),
            ("0.2", 4000.2, 20_001),
            ("0.005", 108.515, 21_703),
            ("0.02", 780.06, 39_003),
        ] {
            let tick = TickSize::parse(tick).expect("a tick");
            assert_eq!(tick.ticks(price), Ok(ticks));
            assert_eq!(tick.price(ticks), price);
        }
    }

    #[test]
    fn noise_is_forgiven_and_a_price_between_ticks_is_not() {
        let tick = TickSize::parse("1").expect("a tick");
        assert_eq!(tick.ticks(5535.000000000001), Ok(5535));
        assert_eq!(tick.ticks(1500.9), Err(PriceError::OffTick { price: 1500.9, tick: 1.0 }));
        assert_eq!(tick.ticks_truncated(1500.9), Ok(1500));
    }

    #[test]
    fn what_is_no_number_is_no_price() {
        let tick = TickSize::parse("1").expect("a tick");
        for price in [f64::NAN, f64::INFINITY, f64::MAX, -f64::MAX] {
            assert!(matches!(tick.ticks(price), Err(PriceError::NotAPrice(_))));
            assert!(matches!(tick.ticks_truncated(price), Err(PriceError::NotAPrice(_))));
        }
    }

    #[test]
    fn odd_texts_are_no_ticks() {
        for text in ["", "0", "-1", "0.00001", "1.", ".5", "1e3", "１"] {
            assert_eq!(TickSize::parse(text), None, "{text}");
        }
    }
}
