//! Money and rates as whole numbers, so that sums are exact.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// An amount of money in 1/10,000 CNY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub i64);

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Returns `yuan` CNY.
    pub const fn from_yuan(yuan: i64) -> Self {
        Self(yuan * 10_000)
    }

    /// Returns the amount in CNY as CTP's records carry it.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 10_000.0
    }

    /// Returns the amount times `rate`, rounded half away from zero. Saturates at the ends of the range.
    pub fn times(self, rate: Rate) -> Self {
        let product = i128::from(self.0) * i128::from(rate.0);
        let half = i128::from(Rate::ONE.0 / 2) * product.signum();
        let rounded = (product + half) / i128::from(Rate::ONE.0);
        Self(i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX }))
    }

    /// Returns the amount times a number of lots. Saturates at the ends of the range.
    pub const fn lots(self, volume: i32) -> Self {
        Self(self.0.saturating_mul(volume as i64))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:04}", units / 10_000, units % 10_000)
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// A fraction of an amount in units of 10⁻⁸ (0.01 % is 10,000).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub i64);

impl Rate {
    /// The whole amount.
    pub const ONE: Self = Self(100_000_000);

    /// Returns the rate nearest to `fraction`; NaN is zero, anything too large the largest rate.
    pub fn from_f64(fraction: f64) -> Self {
        Self((fraction * Self::ONE.0 as f64).round() as i64)
    }

    /// Returns the rate as CTP's records carry it.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Self::ONE.0 as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_is_rounded_half_away_from_zero() {
        assert_eq!(Money(5).times(Rate::from_f64(0.1)), Money(1));
        assert_eq!(Money(-5).times(Rate::from_f64(0.1)), Money(-1));
        assert_eq!(Money(4).times(Rate::from_f64(0.1)), Money(0));
        assert_eq!(Money::from_yuan(105_240).times(Rate::from_f64(0.0001)), Money(105_240));
    }

    #[test]
    fn large_amounts_do_not_overflow() {
        assert_eq!(Money(i64::MAX).times(Rate::from_f64(2.0)), Money(i64::MAX));
        assert_eq!(Money(i64::MIN).times(Rate::from_f64(2.0)), Money(i64::MIN));
        assert_eq!(Money(i64::MAX) + Money(1), Money(i64::MAX));
    }

    #[test]
    fn money_is_written_with_four_decimals() {
        assert_eq!(Money(-105_240).to_string(), "-10.5240");
        assert_eq!(Money::from_yuan(3).to_string(), "3.0000");
    }
}
