//! Prices as whole numbers, so that what they cost is exact.

use ctp_market::{Money, Rate};

/// The units of a price in 1 CNY.
const UNITS: i128 = 100_000_000;

/// The units of a price in the smallest money, 1/10,000 CNY.
const PER_MONEY: i128 = UNITS / 10_000;

/// A price per unit of quotation in 10⁻⁸ CNY: binary noise of a double is gone, every tick is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Price(i64);

impl Price {
    /// Returns the price of a record; `None` for CTP's "no value", what is no number, or what nothing costs.
    pub(super) fn of(value: f64) -> Option<Self> {
        let value = ctp_types::price(value)?;
        (value.abs() < 1e10).then(|| Self((value * UNITS as f64).round() as i64))
    }

    pub(super) fn to_f64(self) -> f64 {
        self.0 as f64 / UNITS as f64
    }

    /// Returns the price of that many lots, before the multiplier.
    pub(super) fn lots(self, volume: i32) -> Points {
        Points(i128::from(self.0) * i128::from(volume))
    }
}

/// Prices times lots: money, but for the multiplier. A sum of any number of them is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Points(i128);

impl Points {
    /// Returns the money, rounded half away from zero. Saturates at the ends of the range.
    pub(super) fn times(self, multiplier: i32) -> Money {
        money(rounded(self.0.saturating_mul(i128::from(multiplier)), PER_MONEY))
    }

    /// Returns the points that an amount of money is, with this multiplier.
    pub(super) fn of_money(value: f64, multiplier: i32) -> Option<Self> {
        let value = ctp_types::price(value).filter(|_| multiplier > 0)?;
        let units = (value * 10_000.0).round() as i128 * PER_MONEY;
        Some(Self(rounded(units, i128::from(multiplier))))
    }
}

impl std::ops::Add for Points {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::ops::Sub for Points {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::ops::AddAssign for Points {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::ops::SubAssign for Points {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

/// What is paid for an amount of money and a number of lots: a part of the one, and something for each of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Charge {
    pub(super) by_money: Rate,
    pub(super) by_volume: Money,
}

impl Charge {
    /// Returns the charge of two fields of a record, `None` if one has no value.
    pub(super) fn of(by_money: f64, by_volume: f64) -> Option<Self> {
        Some(Self { by_money: Rate::from_f64(ctp_types::price(by_money)?), by_volume: money_of(by_volume)? })
    }

    pub(super) fn on(self, amount: Money, volume: i32) -> Money {
        amount.times(self.by_money) + self.by_volume.lots(volume)
    }
}

/// Returns the money of a record's field; `None` for CTP's "no value" and what is no number.
pub(super) fn money_of(value: f64) -> Option<Money> {
    ctp_types::price(value).map(|value| Money((value * 10_000.0).round() as i64))
}

fn rounded(value: i128, by: i128) -> i128 {
    (value + by / 2 * value.signum()) / by
}

fn money(value: i128) -> Money {
    Money(i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_of_doubles_is_gone() {
        let price = Price::of(5_535.000_000_000_001).unwrap();
        assert_eq!(price.lots(3).times(10), Money::from_yuan(166_050));
        assert_eq!(Price::of(3_900.2).unwrap().lots(1).times(300), Money::from_yuan(1_170_060));
        // A price finer than the money is rounded once, when it becomes money.
        assert_eq!(Price::of(0.000_05).unwrap().lots(3).times(1), Money(2));
        assert_eq!(Price::of(-0.000_05).unwrap().lots(3).times(1), Money(-2));
    }

    #[test]
    fn no_value_is_no_price() {
        for value in [f64::MAX, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e10] {
            assert_eq!(Price::of(value), None, "{value}");
        }
        assert_eq!(money_of(f64::MAX), None);
        assert_eq!(Points::of_money(f64::NAN, 10), None);
        assert_eq!(Points::of_money(35_220.0, 10), Some(Price::of(3_522.0).unwrap().lots(1)));
        assert_eq!(Points::of_money(35_220.0, 0), None);
    }

    #[test]
    fn money_ends_where_its_numbers_end() {
        let most = Price::of(9e9).unwrap().lots(i32::MAX);
        assert_eq!(most.times(i32::MAX), Money(i64::MAX));
        assert_eq!((Points::default() - most).times(i32::MAX), Money(i64::MIN));
        assert_eq!(Price::of(9_999_999_999.0).unwrap().lots(1).times(1), Money(99_999_999_990_000));
        assert_eq!(Price::of(-1e10), None);
    }

    #[test]
    fn halves_go_away_from_zero_and_less_than_a_half_does_not() {
        let rounds = |value, by| rounded(value, by);
        assert_eq!([rounds(14, 10), rounds(15, 10), rounds(16, 10)], [1, 2, 2]);
        assert_eq!([rounds(-14, 10), rounds(-15, 10), rounds(-16, 10)], [-1, -2, -2]);
        assert_eq!([rounds(0, 10), rounds(7, 3), rounds(8, 3)], [0, 2, 3]);
        assert_eq!(money_of(0.000_05), Some(Money(1)));
        assert_eq!(Points::of_money(0.5, 1), Some(Price::of(0.5).unwrap().lots(1)));
    }

    #[test]
    fn a_charge_is_a_part_of_the_money_and_something_per_lot() {
        let charge = Charge::of(0.0001, 1.5).unwrap();
        assert_eq!(charge.on(Money::from_yuan(105_240), 3), Money(105_240 + 45_000));
        assert_eq!(Charge::of(f64::MAX, 0.0), None);
    }
}
