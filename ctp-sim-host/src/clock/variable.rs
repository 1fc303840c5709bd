//! The virtual clock, whose speed can change.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use ctp_sim::Timestamp;

use super::{Clock, Pace, PaceError, standing, system_now};
use crate::address::SPEED_MAX;

/// A clock that starts at a given time and runs at a given speed, which can be changed while it runs.
#[derive(Debug)]
pub struct VirtualClock {
    stretch: Mutex<Stretch>,
}

/// Time since the speed last changed.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    start: Timestamp,
    origin: Instant,
    speed: f64,
    paused: bool,
}

impl Stretch {
    fn now(&self) -> Timestamp {
        if self.paused {
            return self.start;
        }
        let elapsed = self.origin.elapsed().as_secs_f64() * self.speed;
        // A float-to-integer `as` saturates.
        Timestamp(self.start.0.saturating_add((elapsed * 1e9) as i64))
    }

    /// Begins a new stretch at the present time.
    fn turn(&mut self) {
        self.start = self.now();
        self.origin = Instant::now();
    }
}

impl VirtualClock {
    /// Returns a clock that shows `start` now and runs `speed` virtual seconds per second.
    ///
    /// # Panics
    ///
    /// Panics when `speed` is not a positive number.
    pub fn new(start: Timestamp, speed: f64) -> Self {
        assert!(speed > 0.0 && speed.is_finite(), "speed must be positive: {speed}");
        Self { stretch: Mutex::new(Stretch { start, origin: Instant::now(), speed, paused: false }) }
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
        crate::lock(&self.stretch).now()
    }

    fn wall(&self, duration: Duration) -> Duration {
        let speed = crate::lock(&self.stretch).speed;
        standing(self.pace(), duration).unwrap_or_else(|| {
            Duration::try_from_secs_f64(duration.as_secs_f64() / speed).unwrap_or(Duration::MAX)
        })
    }

    fn pace(&self) -> Pace {
        let stretch = crate::lock(&self.stretch);
        Pace::Times { speed: stretch.speed, paused: stretch.paused }
    }

    fn set_paused(&self, paused: bool) -> Result<(), PaceError> {
        let mut stretch = crate::lock(&self.stretch);
        stretch.turn();
        stretch.paused = paused;
        Ok(())
    }

    fn set_speed(&self, speed: f64) -> Result<(), PaceError> {
        if !(speed > 0.0 && speed <= SPEED_MAX) {
            return Err(PaceError::Speed(speed));
        }
        let mut stretch = crate::lock(&self.stretch);
        stretch.turn();
        stretch.speed = speed;
        Ok(())
    }
}
