//! Clocks that drive an exchange.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ctp_sim::Timestamp;

/// Where an exchange's time comes from.
///
/// The driver thread asks for the time, and for how long to sleep until a deadline of the
/// exchange. Time that steps back is the driver's concern, not the clock's: it never hands the
/// exchange an earlier time than before.
pub trait Clock: Send + Sync + 'static {
    /// Returns the exchange's present time.
    fn now(&self) -> Timestamp;

    /// Returns how long an exchange's duration lasts on the machine.
    ///
    /// A clock that stands still until it is moved by hand returns [`Duration::MAX`] for any
    /// duration but zero.
    fn wall(&self, duration: Duration) -> Duration;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        system_now()
    }

    fn wall(&self, duration: Duration) -> Duration {
        duration
    }
}

/// A clock that starts at a given time and runs at a given speed.
#[derive(Clone, Copy, Debug)]
pub struct VirtualClock {
    start: Timestamp,
    origin: Instant,
    speed: f64,
}

impl VirtualClock {
    /// Returns a clock that shows `start` now and runs `speed` virtual seconds per second.
    ///
    /// # Panics
    ///
    /// Panics when `speed` is not a positive number.
    pub fn new(start: Timestamp, speed: f64) -> Self {
        assert!(speed > 0.0 && speed.is_finite(), "speed must be positive: {speed}");
        Self { start, origin: Instant::now(), speed }
    }

    /// Returns a clock that starts at the machine's time.
    ///
    /// # Panics
    ///
    /// Panics when `speed` is not a positive number.
    pub fn from_now(speed: f64) -> Self {
        Self::new(system_now(), speed)
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        let elapsed = self.origin.elapsed().as_secs_f64() * self.speed;
        // A float-to-integer `as` saturates.
        Timestamp(self.start.0.saturating_add((elapsed * 1e9) as i64))
    }

    fn wall(&self, duration: Duration) -> Duration {
        Duration::try_from_secs_f64(duration.as_secs_f64() / self.speed).unwrap_or(Duration::MAX)
    }
}

/// A clock that stands still until a test moves it.
///
/// After a move the exchange notices at its next input; [`Simulator::wake`](crate::Simulator::wake)
/// makes it notice at once.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<Timestamp>,
}

impl ManualClock {
    /// Returns a clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { now: Mutex::new(start) }
    }

    /// Moves the clock forward by `duration`.
    pub fn advance(&self, duration: Duration) {
        let nanoseconds = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        let mut now = crate::lock(&self.now);
        *now = Timestamp(now.0.saturating_add(nanoseconds));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *crate::lock(&self.now)
    }

    fn wall(&self, duration: Duration) -> Duration {
        match duration {
            Duration::ZERO => Duration::ZERO,
            _ => Duration::MAX,
        }
    }
}

impl<C: Clock> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn wall(&self, duration: Duration) -> Duration {
        (**self).wall(duration)
    }
}

/// Returns the machine's time: the one place where it enters the simulator.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn system_now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_runs_faster_than_the_wall() {
        let clock = VirtualClock::new(Timestamp(0), 1_000.0);
        assert_eq!(clock.wall(Duration::from_secs(1)), Duration::from_millis(1));
        let first = clock.now();
        std::thread::sleep(Duration::from_millis(2));
        assert!(clock.now().0 - first.0 >= 2_000_000_000);
    }

    #[test]
    fn manual_time_moves_only_by_hand() {
        let clock = ManualClock::new(Timestamp(5));
        assert_eq!(clock.now().0, 5);
        clock.advance(Duration::from_nanos(7));
        assert_eq!(clock.now().0, 12);
        assert_eq!(clock.wall(Duration::from_secs(1)), Duration::MAX);
    }
}
