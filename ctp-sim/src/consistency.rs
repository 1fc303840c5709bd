//! What must hold between any two steps: for tests and soak runs, which ask after every step.

use std::collections::BTreeMap;

use ctp_market::Money;
use ctp_types::Text;

use crate::exchange::Exchange;
use crate::money::account::Account;
use crate::money::margin::Margin;
use crate::order::Phase;

/// Two parts of the exchange's state that contradict each other: a bug of the simulator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; please report it with the seed and the inputs")]
pub struct Inconsistency(String);

/// Returns from the function with an [`Inconsistency`] unless a condition holds.
macro_rules! hold {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(Inconsistency(format!($($message)+)));
        }
    };
}

impl Exchange {
    /// Compares everything that is kept in two places, and sums with their parts. Costs as much as there is state.
    ///
    /// # Errors
    ///
    /// Returns the first contradiction found.
    pub fn check_consistency(&self) -> Result<(), Inconsistency> {
        let working = self.check_orders()?;
        for market in &self.markets {
            let id = &market.instrument.id;
            let sides = [&market.book.bids, &market.book.asks];
            hold!(
                sides.into_iter().flatten().all(|level| level.volume > 0),
                "{id} quotes an empty level: {:?}",
                market.book
            );
            hold!(market.stats.volume >= 0, "{id} traded {} lots", market.stats.volume);
        }
        for (investor, account) in self.accounts.iter() {
            self.check_account(investor, account, working.get(investor).copied().unwrap_or_default())?;
        }
        Ok(())
    }

    /// Returns how many working orders each investor has.
    fn check_orders(&self) -> Result<BTreeMap<Text<13>, usize>, Inconsistency> {
        let mut working: BTreeMap<Text<13>, usize> = BTreeMap::new();
        let mut resting = 0;
        for (index, order) in self.orders.iter().enumerate() {
            let (traded, left) = (order.state.traded, order.left());
            hold!(traded >= 0 && left >= 0, "order {index} traded {traded} of {}", order.sent.volume);
            let queued = self.markets.get(order.market).and_then(|market| market.matcher.resting(index));
            match order.phase {
                // It waits at the exchange until its price is touched.
                Phase::Resting if self.desk.stops.of(order.market).contains(&index) => {
                    hold!(queued.is_none(), "stop order {index} waits and rests at once");
                }
                Phase::Resting => {
                    resting += 1;
                    hold!(
                        queued == Some(left),
                        "order {index} has {left} lots left, the matcher says {queued:?}"
                    );
                }
                _ => hold!(queued.is_none(), "order {index} is {:?} and rests", order.phase),
            }
            if order.phase != Phase::Final {
                *working.entry(order.investor).or_default() += 1;
            }
        }
        let queued: usize = self.markets.iter().map(|market| market.matcher.len()).sum();
        hold!(queued == resting, "{resting} orders rest, the matchers hold {queued}");
        Ok(working)
    }

    fn check_account(
        &self,
        investor: &Text<13>,
        account: &Account,
        working: usize,
    ) -> Result<(), Inconsistency> {
        let mut profit = Money::ZERO;
        let mut margin = Margin::default();
        for (key, holding) in &account.holdings {
            let of = || format!("{investor}'s position {key:?}");
            let terms = self.accounts.terms(investor, key.0);
            for today in [false, true] {
                let lots = holding.lots.iter().filter(|lot| lot.today == today);
                let (volume, charged) = lots.fold((0, Money::ZERO), |(volume, margin), lot| {
                    (volume + lot.volume, margin + lot.margin)
                });
                let left = holding.left(today);
                hold!(
                    volume == left.volume && charged == left.margin && volume >= 0,
                    "{}: lots of today {today}: {volume} with margin {charged}, kept are {left:?}",
                    of()
                );
            }
            for row in [&holding.today, &holding.history] {
                let held = [row.opening, row.closing];
                hold!(held.iter().all(|frozen| frozen.volume >= 0), "{}: {held:?} is frozen", of());
                hold!(
                    working > 0 || held.iter().all(|frozen| *frozen == Default::default()),
                    "{}: {held:?} is frozen without a working order",
                    of()
                );
            }
            let closing = holding.today.closing.volume + holding.history.closing.volume;
            hold!(
                closing <= holding.volume(),
                "{}: {} lots, and orders close {closing}",
                of(),
                holding.volume()
            );
            profit += holding.position_profit(&terms);
            margin.charge(*key, &terms, holding.margin());
        }
        hold!(
            profit == account.position_profit,
            "{investor}'s positions gain {profit}, kept is {}",
            account.position_profit
        );
        hold!(
            margin.charged() == account.margin.charged(),
            "{investor}'s positions need {}, kept is {}",
            margin.charged(),
            account.margin.charged()
        );
        let frozen = [account.margin.frozen(), account.frozen_commission, account.frozen_cash];
        hold!(
            working > 0 || frozen.iter().all(|amount| *amount == Money::ZERO),
            "{investor} has no working order, and {frozen:?} is frozen"
        );
        Ok(())
    }
}
