//! `DBL_MAX` is "no value".

/// What CTP sends where it has no price: `DBL_MAX`.
pub const NO_PRICE: f64 = f64::MAX;

/// Returns the price, or `None` where CTP has none: `DBL_MAX`, anything from 1e300 up, or not finite.
///
/// A price may be zero or negative: spreads legally are.
#[must_use]
pub fn price(value: f64) -> Option<f64> {
    (value.is_finite() && value.abs() < 1e300).then_some(value)
}
