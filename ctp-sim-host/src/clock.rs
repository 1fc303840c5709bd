//! Clocks that drive an exchange.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
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
    /// A clock that stands still until it is moved returns [`Duration::MAX`] for any duration but zero.
    fn wall(&self, duration: Duration) -> Duration;

    /// Returns whether the clock may jump over hours, as a machine's does when it slept. The exchange then goes on
    /// at the present instead of making up for every tick it missed.
    fn jumps(&self) -> bool {
        false
    }

    /// Returns whether the clock waits for nobody: [`hurry`](Self::hurry) then moves it.
    fn hurries(&self) -> bool {
        false
    }

    /// Moves a clock that waits for nobody to the exchange's next deadline.
    fn hurry(&self, _deadline: Timestamp) {}

    /// Returns the clock when it is one that is moved by hand.
    fn by_hand(&self) -> Option<&ManualClock> {
        None
    }
}

/// By how much the machine's clock must be ahead of the time that passed before the exchange follows it.
const JUMP_MIN: i64 = 500_000_000;

/// The machine's clock, which never goes back.
///
/// When the machine's clock is set forward, or the machine slept, the exchange follows at once. When it is set back, the
/// exchange's time just goes on.
#[derive(Debug)]
pub struct RealClock {
    origin: Instant,
    /// The exchange's time at `origin`.
    offset: AtomicI64,
}

impl RealClock {
    /// Returns a clock that shows the machine's time.
    pub fn new() -> Self {
        Self { origin: Instant::now(), offset: AtomicI64::new(system_now().0) }
    }
}

impl Default for RealClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let offset = self.offset.load(Ordering::Relaxed);
        let followed = follow(offset, elapsed, system_now().0);
        if followed != offset {
            self.offset.fetch_max(followed, Ordering::Relaxed);
        }
        Timestamp(followed.saturating_add(elapsed))
    }

    fn wall(&self, duration: Duration) -> Duration {
        duration
    }

    fn jumps(&self) -> bool {
        true
    }
}

/// Returns the new offset of a clock that shows `offset + elapsed` while the machine shows `system`.
fn follow(offset: i64, elapsed: i64, system: i64) -> i64 {
    let wanted = system.saturating_sub(elapsed);
    if wanted.saturating_sub(offset) > JUMP_MIN { wanted } else { offset }
}

/// A clock for running as fast as possible: it stands at the exchange's last deadline, and moves to the next one once
/// every callback has returned.
///
/// So no time passes for a client between a callback and what it sends from inside it. While nobody is connected
/// nothing is due, and the clock stands.
#[derive(Debug)]
pub struct EventClock {
    now: AtomicI64,
}

impl EventClock {
    /// Returns a clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { now: AtomicI64::new(start.0) }
    }

    /// Returns a clock that starts at the machine's time.
    pub fn from_now() -> Self {
        Self::new(system_now())
    }
}

impl Clock for EventClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    /// Nobody waits by the machine's clock.
    fn wall(&self, _duration: Duration) -> Duration {
        Duration::ZERO
    }

    fn hurries(&self) -> bool {
        true
    }

    fn hurry(&self, deadline: Timestamp) {
        self.now.fetch_max(deadline.0, Ordering::SeqCst);
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

    /// Moves the clock to a time; one that has passed already has no effect.
    pub fn set(&self, time: Timestamp) {
        let mut now = crate::lock(&self.now);
        *now = time.max(*now);
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

    fn by_hand(&self) -> Option<&ManualClock> {
        Some(self)
    }
}

impl<C: Clock> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn wall(&self, duration: Duration) -> Duration {
        (**self).wall(duration)
    }

    fn jumps(&self) -> bool {
        (**self).jumps()
    }

    fn hurries(&self) -> bool {
        (**self).hurries()
    }

    fn hurry(&self, deadline: Timestamp) {
        (**self).hurry(deadline);
    }

    fn by_hand(&self) -> Option<&ManualClock> {
        (**self).by_hand()
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
    fn the_machine_is_followed_forward_and_never_back() {
        let (second, hour) = (1_000_000_000, 3_600_000_000_000);
        assert_eq!(follow(10 * hour, second, 10 * hour + second), 10 * hour);
        assert_eq!(follow(10 * hour, second, 10 * hour + second + JUMP_MIN), 10 * hour, "jitter");
        assert_eq!(follow(10 * hour, second, 12 * hour + second), 12 * hour, "slept");
        assert_eq!(follow(10 * hour, second, 9 * hour + second), 10 * hour, "set back");
        let clock = RealClock::new();
        let first = clock.now();
        assert!(clock.now() >= first && (clock.now().0 - system_now().0).abs() < 5 * second);
    }

    #[test]
    fn event_time_goes_where_something_is_due() {
        let clock = EventClock::new(Timestamp(5));
        clock.hurry(Timestamp(9));
        clock.hurry(Timestamp(7));
        assert_eq!(clock.now(), Timestamp(9));
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
