//! From the receipt of a tick to its consumer, measured where it is consumed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hdrhistogram::Histogram;

use crate::health::Latency;

/// One of so many ticks is measured: reading the clock costs more than passing a tick on.
const EVERY: u64 = 64;
/// Longer times count as this.
const MAX_NS: u64 = 3_600_000_000_000;

/// What all consumers of a session measure together.
#[derive(Clone, Debug)]
pub(crate) struct Latencies {
    shared: Arc<Mutex<Histogram<u64>>>,
    metric: metrics::Histogram,
}

impl Latencies {
    pub(crate) fn new(metric: metrics::Histogram) -> Self {
        // Two digits: 1 % is less than the clock's own noise. The bounds are constants that fit each other.
        let histogram =
            Histogram::new_with_bounds(1, MAX_NS, 2).unwrap_or_else(|_| unreachable!("constant bounds"));
        Self { shared: Arc::new(Mutex::new(histogram)), metric }
    }

    /// Returns a consumer's part.
    pub(crate) fn meter(&self) -> Meter {
        Meter { latencies: self.clone(), seen: 0 }
    }

    pub(crate) fn summary(&self) -> Latency {
        let histogram = self.lock();
        Latency {
            samples: histogram.len(),
            p50_ns: histogram.value_at_quantile(0.5),
            p99_ns: histogram.value_at_quantile(0.99),
            max_ns: histogram.max(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Histogram<u64>> {
        // No user code runs under the lock, so a poisoned one is whole.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A consumer's part of [`Latencies`].
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    latencies: Latencies,
    seen: u64,
}

impl Meter {
    /// Takes a tick that the consumer has now. The first, and then one of 64, is measured; a clock that was set back
    /// meanwhile makes no sample.
    #[inline]
    pub(crate) fn take(&mut self, received_ns: i64, now_ns: impl FnOnce() -> i64) {
        let measure = self.seen.is_multiple_of(EVERY);
        self.seen += 1;
        if measure {
            self.measure(now_ns() - received_ns);
        }
    }

    #[cold]
    fn measure(&self, latency_ns: i64) {
        let Ok(latency_ns) = u64::try_from(latency_ns) else { return };
        self.latencies.lock().saturating_record(latency_ns);
        self.latencies.metric.record(latency_ns as f64 / 1e9);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_64_is_measured_by_each_consumer() {
        let latencies = Latencies::new(metrics::Histogram::noop());
        let mut meters = [latencies.meter(), latencies.meter()];
        for meter in &mut meters {
            for _ in 0..65 {
                meter.take(1_000, || 3_000);
            }
        }
        meters[0].latencies.lock().saturating_record(u64::MAX);
        let mut set_back = latencies.meter();
        set_back.take(1_000, || 0);
        let summary = latencies.summary();
        assert_eq!(summary.samples, 5);
        assert!((1_990..=2_010).contains(&summary.p50_ns), "{summary:?}");
        assert!(summary.max_ns >= MAX_NS);
        assert_eq!(Latencies::new(metrics::Histogram::noop()).summary(), Latency::default());
    }
}
