//! Runs that trade: what befalls orders, the journal and the process.

use std::time::Duration;

use super::{Chance, Millis as _, Mishap, Plan};
use crate::config::{Reconcile, Recovery, Resume};

/// What a trading run has besides.
#[derive(Clone, Debug)]
pub(in super::super) struct Trading {
    /// The mean time between two acts of the trader.
    pub(in super::super) gap: Duration,
    /// The mean time between two acts of the market.
    pub(in super::super) market_gap: Duration,
    /// What of the private stream comes again after a login.
    pub(in super::super) resume: Resume,
    /// What is made sure of after a login, what a difference leads to, and how often it is looked for; zero for never.
    pub(in super::super) recovery: Recovery,
    pub(in super::super) reconcile: Reconcile,
    pub(in super::super) reconcile_every: Duration,
    /// Whether the kill switch is on at the end.
    pub(in super::super) ends_killed: bool,
    /// Other sessions that trade the same account.
    pub(in super::super) strangers: u64,
    /// How often, of 1,000, a push of the private stream does not come.
    pub(in super::super) push_lost: u32,
    /// How often, of 1,000, a push of the private stream comes before those that were sent before it.
    pub(in super::super) reordered: u32,
}

/// How a trading run picks its resume type.
const RESUMES: &[Resume] = &[
    Resume::Restart,
    Resume::Restart,
    Resume::Resume,
    Resume::Quick,
    Resume::FromSequence(1),
    Resume::FromSequence(20),
];

/// Mishaps that only a trading run has.
const MISHAPS: [(Mishap, u32); 6] = [
    (Mishap::Kill, 800),
    (Mishap::Kill, 600),
    (Mishap::Refusals, 400),
    (Mishap::CutSent, 500),
    (Mishap::KillSwitch, 250),
    (Mishap::DiskFull, 100),
];

impl Plan {
    /// Returns the plan of a run that trades.
    pub(in super::super) fn of_trading_seed(seed: u64) -> Self {
        let mut plan = Self::of_seed(seed);
        let mut chance = Chance::new(seed, "trading");
        let calm = plan.mishaps.is_empty();
        // A session that stopped for good shows nothing of its orders.
        plan.mishaps.retain(|mishap| *mishap != Mishap::RefusedForGood);
        let more = MISHAPS.iter().filter(|(_, per_mille)| !calm && chance.happens(*per_mille));
        plan.mishaps.extend(more.map(|(kind, _)| *kind));
        plan.wrong_password = false;
        plan.many_instruments = false;
        plan.active = chance.millis(20_000, 200_000);
        plan.mishap_gap = chance.millis(3_000, 60_000);
        plan.user_gap = chance.millis(2_000, 20_000);
        plan.crowd = chance.happens(300);
        plan.trading = Some(Trading {
            gap: chance.millis(100, 4_000),
            market_gap: chance.millis(200, 4_000),
            resume: chance.pick(RESUMES),
            recovery: chance.pick(&[Recovery::Full, Recovery::Full, Recovery::Full, Recovery::Orders]),
            reconcile: chance.pick(&[Reconcile::Strict, Reconcile::Strict, Reconcile::AdoptCounter]),
            reconcile_every: chance.pick(&[0, 0, 20_000, 60_000]).map_millis(),
            ends_killed: chance.happens(120),
            strangers: chance.pick(&[0, 0, 1, 2]),
            push_lost: if calm { 0 } else { chance.pick(&[0, 0, 0, 10, 50]) },
            reordered: if calm { 0 } else { chance.pick(&[0, 0, 20, 100]) },
        });
        plan
    }
}
