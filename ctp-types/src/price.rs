//! DBL_MAX is "no value".

/// What CTP sends where it has no price: `DBL_MAX` (ctp-behaviour.md §4.2).
pub const NO_PRICE: f64 = f64::MAX;

/// Returns the price, or `None` where CTP has none: `DBL_MAX`, anything from 1e300 up, or not finite.
///
/// A price may be zero or negative: spreads legally are.
pub fn price(value: f64) -> Option<f64> {
    (value.is_finite() && value.abs() < 1e300).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_prices_pass() {
        assert_eq!(price(3500.0), Some(3500.0));
        assert_eq!(price(-12.5), Some(-12.5));
        for value in [NO_PRICE, -NO_PRICE, f64::NAN, f64::INFINITY] {
            assert_eq!(price(value), None);
        }
    }
}
