//! Chance from the run's seed, in the words of a simulation.

use std::time::Duration;

use ctp_sim::Random;

#[derive(Clone, Debug)]
pub(super) struct Chance(Random);

impl Chance {
    /// Returns the source for one purpose: purposes do not disturb each other.
    pub(super) fn new(seed: u64, purpose: &str) -> Self {
        Self(Random::new(seed, purpose))
    }

    /// Returns true in `per_mille` of 1,000 cases.
    pub(super) fn happens(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.0.between(1, 1_000) <= i64::from(per_mille)
    }

    /// Returns a number below `end`; 0 when there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let last = i64::try_from(end).unwrap_or(i64::MAX) - 1;
        usize::try_from(self.0.between(0, last)).unwrap_or(0)
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Returns a duration between two numbers of microseconds, both included.
    pub(super) fn micros(&mut self, low: u64, high: u64) -> Duration {
        let [low, high] = [low, high].map(|micros| i64::try_from(micros).unwrap_or(i64::MAX));
        Duration::from_micros(u64::try_from(self.0.between(low, high)).unwrap_or(0))
    }

    pub(super) fn millis(&mut self, low: u64, high: u64) -> Duration {
        self.micros(low * 1_000, high * 1_000)
    }

    /// Returns a duration around `mean`: mostly less, now and then much more.
    pub(super) fn about(&mut self, mean: Duration) -> Duration {
        let micros = u64::try_from(mean.as_micros()).unwrap_or(u64::MAX);
        if self.happens(100) { self.micros(micros, micros * 5) } else { self.micros(0, micros * 3 / 2) }
    }
}
