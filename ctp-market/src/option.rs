//! Options on futures.

use jiff::civil::Time;
use serde::Deserialize;

use crate::last_day::LastDay;
use crate::money::{Money, Rate};
use crate::product::{Fees, Listing};
use crate::tick::TickSize;

/// More strikes than any month has; a bound for odd prices.
const MOST_STRIKES: usize = 400;

/// The options on a product's futures (期权), for example `m_o` on `m`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OptionTerms {
    /// The id of the calls as CTP writes it (`ProductID`): `m_o`, `SRC`, `IO`.
    pub call_id: String,
    /// The id of the puts; the same but at CZCE.
    pub put_id: String,
    /// The letters of the instrument ids: `m`, `SR`, `IO`.
    pub root: String,
    /// The Chinese name.
    pub name: String,
    /// When they may be exercised.
    pub style: ExerciseStyle,
    /// Units of the price in one lot (`VolumeMultiple`).
    pub multiplier: i32,
    /// The smallest step of the price.
    pub tick: TickSize,
    /// The most lots in a limit order.
    pub largest_limit_order: i32,
    /// Which months have options.
    pub months: OptionMonths,
    /// When an option trades for the last time and expires.
    pub last_day: LastDay,
    /// The steps between strikes, for rising strikes.
    pub strike_steps: Vec<StrikeStep>,
    /// The position of the month, counted from 0, from which on the steps are doubled.
    pub sparse_from: Option<u8>,
    /// How many price limits of the future the strikes reach above and below its settlement price.
    pub coverage: Rate,
    /// When the auction before the close starts, where there is one.
    pub closing_auction: Option<Time>,
    /// The commission; a simulator default.
    pub fees: Fees,
}

/// When an option may be exercised (行权方式).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExerciseStyle {
    /// On any day up to its last (美式).
    American,
    /// On its last day (欧式).
    European,
}

/// Which months have options.
#[derive(Clone, Debug)]
pub enum OptionMonths {
    /// Those of so many of the nearest futures.
    Futures(u8),
    /// Months of their own.
    Own(Listing),
}

/// The step between strikes up to a strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrikeStep {
    /// The highest strike of this step; `None` for all higher ones.
    pub up_to: Option<Money>,
    /// The step.
    pub step: Money,
}

impl OptionTerms {
    /// Returns the strikes of the `position`th month around a settlement price: all from the last one at or below the
    /// covered range to the first one at or above it.
    pub(crate) fn strikes(&self, settlement: Money, limit: Rate, position: usize) -> Vec<Money> {
        let reach = settlement.times(limit).times(self.coverage);
        let (low, high) = (settlement - reach, settlement + reach);
        let is_sparse = self.sparse_from.is_some_and(|from| position >= usize::from(from));
        let mut strikes = Vec::new();
        // Where the steps before ended: itself a strike, but for the zero at the start.
        let mut from = 0;
        for StrikeStep { up_to, step } in &self.strike_steps {
            let step = if is_sparse { step.0 * 2 } else { step.0 };
            let end = up_to.map_or(i64::MAX, |up_to| up_to.0);
            let mut strike = (from / step + 1).max(low.0 / step).saturating_mul(step);
            if strikes.is_empty() && strike > low.0 && from > 0 {
                strikes.push(Money(from));
            }
            while strike <= end && strikes.len() < MOST_STRIKES {
                strikes.push(Money(strike));
                if strike >= high.0 {
                    return strikes;
                }
                strike = strike.saturating_add(step);
            }
            from = end;
        }
        strikes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::ReferenceData;

    fn strikes(product: &str, settlement: i64, limit: f64, position: usize) -> Vec<i64> {
        let data = ReferenceData::builtin().expect("the embedded data");
        let options = data.product(product).and_then(|product| product.options.as_ref()).expect("options");
        let strikes = options.strikes(Money::from_yuan(settlement), Rate::from_f64(limit), position);
        strikes.into_iter().map(|strike| strike.0 / 10_000).collect()
    }

    #[test]
    fn strikes_cover_the_range_over_a_change_of_step() {
        assert_eq!(strikes("IF", 5000, 0.02, 0), [4900, 4950, 5000, 5100]);
        // The lower end lies between the last strike of one step and the first of the next.
        assert_eq!(strikes("IF", 5090, 0.01, 0), [5000, 5100, 5200]);
        assert_eq!(strikes("IF", 5090, 0.01, 3), [5000, 5200]);
        assert_eq!(strikes("IF", 10, 0.1, 0), [25]);
    }

    #[test]
    fn odd_prices_give_few_strikes() {
        for settlement in [i64::MIN / 10_000, -5000, 0, i64::MAX / 10_000] {
            assert!(strikes("IF", settlement, 0.1, 0).len() <= MOST_STRIKES);
        }
    }
}
