//! How long to wait before the next try: longer each time, never the same for two clients, short again after a calm
//! time.

use std::time::{Duration, Instant};

/// The least time between two logins, also when the front flaps.
pub(super) const LOGIN_INTERVAL_MIN: Duration = Duration::from_secs(1);
/// The longest pause between two starts of the handshake.
const START_PAUSE_MAX: Duration = Duration::from_secs(30);
/// How long a session must stay usable for its earlier failures to be forgotten.
const CALM: Duration = Duration::from_secs(30);
/// A refusal that lasts is asked about at this multiple of the configured pause at last.
const SLOWEST: u32 = 6;

#[derive(Debug)]
pub(super) struct Backoff {
    rng: fastrand::Rng,
    /// Starts of the handshake since the last calm time.
    starts: u32,
    /// Passing refusals in a row.
    refusals: u32,
    ready_since: Option<Instant>,
    /// No handshake starts before.
    start_at: Option<Instant>,
    /// No login is sent before.
    log_in_at: Option<Instant>,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            starts: 0,
            refusals: 0,
            ready_since: None,
            start_at: None,
            log_in_at: None,
        }
    }

    /// Returns the earliest moment for the first step on a new connection.
    pub(super) fn start_at(&self, now: Instant) -> Instant {
        self.start_at.max(self.log_in_at).map_or(now, |earliest| earliest.max(now))
    }

    /// Returns the earliest moment for a login.
    pub(super) fn log_in_at(&self, now: Instant) -> Instant {
        self.log_in_at.map_or(now, |earliest| earliest.max(now))
    }

    /// Notes that a handshake starts: 1 s, 1 s, 2 s, 4 s … until the next may.
    pub(super) fn started(&mut self, now: Instant) {
        let doublings = self.starts.saturating_sub(1).min(5);
        self.starts = self.starts.saturating_add(1);
        let pause = (LOGIN_INTERVAL_MIN * (1 << doublings)).min(START_PAUSE_MAX);
        self.start_at = Some(now + self.jittered(pause));
    }

    pub(super) fn logging_in(&mut self, now: Instant) {
        self.log_in_at = Some(now + LOGIN_INTERVAL_MIN);
    }

    pub(super) fn ready(&mut self, now: Instant) {
        self.ready_since = Some(now);
        self.refusals = 0;
    }

    /// Notes a broken link: after a calm time it is as if it were the first.
    pub(super) fn broken(&mut self, now: Instant) {
        if self.ready_since.take().is_some_and(|since| now.saturating_duration_since(since) >= CALM) {
            self.starts = 0;
            self.start_at = None;
        }
    }

    /// Notes a passing refusal and returns when the step is due again: half as late again each time.
    pub(super) fn refused(&mut self, now: Instant, pause: Duration) -> Instant {
        let pause = pause.max(LOGIN_INTERVAL_MIN);
        let grown = pause.mul_f64(1.5_f64.powi(i32::try_from(self.refusals.min(5)).unwrap_or(5)));
        self.refusals = self.refusals.saturating_add(1);
        let pause = self.jittered(grown.min(pause * SLOWEST));
        self.hold(now + pause)
    }

    /// Lets no login out before a moment.
    pub(super) fn hold(&mut self, until: Instant) -> Instant {
        self.log_in_at = Some(self.log_in_at.map_or(until, |earliest| earliest.max(until)));
        until
    }

    /// Returns the pause with up to a quarter more.
    fn jittered(&mut self, pause: Duration) -> Duration {
        pause.mul_f64(1.0 + 0.25 * self.rng.f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_differ_by_seed() {
        let now = Instant::now();
        let pauses = |seed| -> Vec<f64> {
            let mut backoff = Backoff::new(seed);
            (0..9)
                .map(|_| {
                    backoff.started(now);
                    (backoff.start_at(now) - now).as_secs_f64()
                })
                .collect()
        };
        for (pause, least) in pauses(1).into_iter().zip([1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]) {
            assert!((least..=least * 1.25).contains(&pause), "{pause} for {least}");
        }
        assert_eq!(pauses(1), pauses(1));
        assert_ne!(pauses(1), pauses(2));
    }

    #[test]
    fn a_calm_time_makes_it_the_first_again() {
        let now = Instant::now();
        let mut backoff = Backoff::new(0);
        for _ in 0..6 {
            backoff.started(now);
        }
        backoff.ready(now);
        backoff.broken(now + CALM / 2);
        assert!(backoff.start_at(now) > now);
        backoff.ready(now);
        backoff.broken(now + CALM);
        assert_eq!(backoff.start_at(now), now);
    }

    #[test]
    fn refusals_are_asked_about_ever_slower() {
        let now = Instant::now();
        let mut backoff = Backoff::new(7);
        let base = Duration::from_secs(10);
        let pauses: Vec<f64> = (0..8).map(|_| (backoff.refused(now, base) - now).as_secs_f64()).collect();
        assert!((10.0..=12.5).contains(&pauses[0]) && (60.0..=75.0).contains(&pauses[7]), "{pauses:?}");
        assert!(backoff.log_in_at(now) > now + base);
    }
}
