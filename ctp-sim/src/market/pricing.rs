//! What an option is worth: Black's formula in arithmetic that gives the same bits on every machine.
//!
//! The processor's `+ − × ÷ √` are exact to the bit everywhere; a library's `exp` and `ln` are not. So those stand here.

use ctp_market::{Date, Exchange as Venue, Money, OptionRight, Product};

/// An option's price and delta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    /// Per unit of the price.
    pub(crate) price: Money,
    /// In 1/10,000.
    pub(crate) delta: i32,
}

/// Returns the share of a year until an option's last day ends.
pub(crate) fn years(on: Date, last_day: Date) -> f64 {
    let days = (last_day - on).get_days().max(0) + 1;
    f64::from(days) / 365.0
}

/// Returns a yearly volatility that suits the product's price limit.
pub(crate) fn volatility(product: &Product) -> f64 {
    // A limit of 6 % goes with some 20 % a year; index futures have wide limits and calm days.
    let share = if product.exchange == Venue::Cffex { 1.8 } else { 3.4 };
    (product.limit.to_f64() * share).max(0.05)
}

/// Returns Black's value of an option on a future, undiscounted.
pub(crate) fn black(right: OptionRight, forward: Money, strike: Money, years: f64, volatility: f64) -> Value {
    let (f, k) = (forward.to_f64(), strike.to_f64());
    if f <= 0.0 || k <= 0.0 {
        return Value { price: Money::ZERO, delta: 0 };
    }
    let deviation = volatility * years.sqrt();
    let distance = logarithm(f / k) / deviation;
    let [likely, certain] = [distance + deviation / 2.0, distance - deviation / 2.0].map(normal);
    let call = f * likely - k * certain;
    let (price, delta) = match right {
        OptionRight::Call => (call, likely),
        OptionRight::Put => (call - f + k, likely - 1.0),
    };
    Value { price: Money((price * 10_000.0).max(0.0) as i64), delta: (delta * 10_000.0).round() as i32 }
}

/// Returns the natural logarithm of a positive, finite number, good to 10⁻¹⁵.
fn logarithm(x: f64) -> f64 {
    const LN_2: f64 = std::f64::consts::LN_2;
    // x = m · 2^e with m between √½ and √2.
    let bits = x.to_bits();
    let mut exponent = (bits >> 52) as i32 - 1022;
    let mut mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3fe0_0000_0000_0000);
    if mantissa < std::f64::consts::FRAC_1_SQRT_2 {
        mantissa *= 2.0;
        exponent -= 1;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    // 2·(s + s³/3 + s⁵/5 + …); |s| ≤ 0.172, so eleven terms reach the last bit.
    let mut sum = 0.0;
    for n in (0..11).rev() {
        sum = sum * square + 1.0 / f64::from(2 * n + 1);
    }
    2.0 * s * sum + f64::from(exponent) * LN_2
}

/// Returns e to a power of at most 0, good to 10⁻¹⁵; 0 below −700.
fn exponential(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    // e^x = (e^(x/1024))^1024, the inner one by its series.
    let small = x / 1024.0;
    let mut sum = 1.0;
    for n in (1..12).rev() {
        sum = sum * small / f64::from(n) + 1.0;
    }
    for _ in 0..10 {
        sum *= sum;
    }
    sum
}

/// Returns the normal distribution function, good to 10⁻⁷ (Abramowitz and Stegun 26.2.17).
fn normal(x: f64) -> f64 {
    const ROOT_OF_TWO_PI: f64 = 2.506_628_274_631_000_5;
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let series = t
        * (0.319_381_530
            + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = exponential(-x * x / 2.0) / ROOT_OF_TWO_PI * series;
    if x < 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn own_functions_agree_with_the_library() {
        for x in [1e-9, 0.3, 0.5, 0.70, 0.71, 0.999, 1.0, 1.4, 1.5, 2.0, 1e12] {
            assert!((logarithm(x) - x.ln()).abs() < 1e-13, "{x}");
        }
        for x in [0.0, -1e-9, -0.5, -1.0, -20.0, -300.0] {
            assert!((exponential(x) / x.exp() - 1.0).abs() < 1e-11, "{x}");
        }
        assert!((normal(1.0) - 0.841_344_746).abs() < 1e-7 && (normal(-1.0) - 0.158_655_254).abs() < 1e-7);
    }

    #[test]
    fn a_known_value() {
        // F = 100, K = 100, one year, 20 %: 7.9656 for both.
        let value = |right| black(right, Money::from_yuan(100), Money::from_yuan(100), 1.0, 0.2);
        assert_eq!(value(OptionRight::Call), Value { price: Money(79_655), delta: 5398 });
        assert_eq!(value(OptionRight::Put), Value { price: Money(79_655), delta: -4602 });
    }

    proptest! {
        #[test]
        fn a_value_lies_between_its_bounds(
            forward in 1i64..1_000_000, strike in 1i64..1_000_000, days in 1u16..800, percent in 5u8..80
        ) {
            let (forward, strike) = (Money::from_yuan(forward), Money::from_yuan(strike));
            let value = |right| black(right, forward, strike, f64::from(days) / 365.0, f64::from(percent) / 100.0);
            let (call, put) = (value(OptionRight::Call), value(OptionRight::Put));
            prop_assert!((0..=10_000).contains(&call.delta) && (-10_000..=0).contains(&put.delta));
            let slack = 2 + (forward.0 + strike.0) / 1_000_000;
            prop_assert!(call.price.0 >= (forward.0 - strike.0).max(0) - slack && call.price <= forward);
            prop_assert!(put.price.0 >= (strike.0 - forward.0).max(0) - slack && put.price <= strike);
            prop_assert!((call.price.0 - put.price.0 - forward.0 + strike.0).abs() <= slack);
        }
    }
}
