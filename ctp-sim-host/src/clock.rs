//! Clocks that drive an exchange.

mod variable;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ctp_sim::Timestamp;

use crate::address::SPEED_MAX;

pub use variable::VirtualClock;

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

    /// Returns how the clock runs.
    fn pace(&self) -> Pace;

    /// Stops the clock, or lets it go on. Whoever waits by it has to be woken.
    ///
    /// # Errors
    ///
    /// Returns an error of a clock that cannot be stopped.
    fn set_paused(&self, _paused: bool) -> Result<(), PaceError> {
        Err(PaceError::ByHand)
    }

    /// Changes how fast the clock runs. Whoever waits by it has to be woken.
    ///
    /// # Errors
    ///
    /// Returns an error of a clock that has one speed only, or of a speed that cannot be.
    fn set_speed(&self, _speed: f64) -> Result<(), PaceError> {
        Err(PaceError::NoSpeed(self.pace()))
    }
}

/// How a clock runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As the machine's.
    Real {
        /// Whether it is stopped.
        paused: bool,
    },
    /// So many seconds per second.
    Times {
        /// Seconds per second.
        speed: f64,
        /// Whether it is stopped.
        paused: bool,
    },
    /// From event to event, as fast as possible.
    Max {
        /// Whether it is stopped.
        paused: bool,
    },
    /// Only when it is moved.
    Manual,
}

impl Pace {
    /// Returns whether the clock is stopped; one that is moved by hand never is.
    pub fn is_paused(self) -> bool {
        matches!(
            self,
            Self::Real { paused: true } | Self::Times { paused: true, .. } | Self::Max { paused: true }
        )
    }
}

/// Names the clock as settings do: `real`, `virtual`, `max` or `manual`.
impl std::fmt::Display for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Real { .. } => "real",
            Self::Times { .. } => "virtual",
            Self::Max { .. } => "max",
            Self::Manual => "manual",
        })
    }
}

/// Why a clock does not do what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PaceError {
    /// It is moved by hand, so it stands anyway.
    #[error("the clock is moved by hand: it stands until advance or until")]
    ByHand,
    /// It has one speed only.
    #[error("the clock is {0} and has one speed: start the exchange with clock=virtual")]
    NoSpeed(Pace),
    /// A speed that cannot be.
    #[error("speed {0} cannot be: write a number above 0, at most {SPEED_MAX}")]
    Speed(f64),
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
    /// What it shows while it is stopped; `i64::MIN` while it runs.
    stopped: AtomicI64,
}

/// A real clock that runs.
const RUNNING: i64 = i64::MIN;

impl RealClock {
    /// Returns a clock that shows the machine's time.
    pub fn new() -> Self {
        let offset = AtomicI64::new(system_now().0);
        Self { origin: Instant::now(), offset, stopped: AtomicI64::new(RUNNING) }
    }
}

impl Default for RealClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        let stopped = self.stopped.load(Ordering::SeqCst);
        if stopped != RUNNING {
            return Timestamp(stopped);
        }
        let elapsed = i64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let offset = self.offset.load(Ordering::Relaxed);
        let followed = follow(offset, elapsed, system_now().0);
        if followed != offset {
            self.offset.fetch_max(followed, Ordering::Relaxed);
        }
        Timestamp(followed.saturating_add(elapsed))
    }

    fn wall(&self, duration: Duration) -> Duration {
        standing(self.pace(), duration).unwrap_or(duration)
    }

    fn jumps(&self) -> bool {
        true
    }

    fn pace(&self) -> Pace {
        Pace::Real { paused: self.stopped.load(Ordering::SeqCst) != RUNNING }
    }

    /// A real clock that was stopped shows the machine's time again, as after the machine slept.
    fn set_paused(&self, paused: bool) -> Result<(), PaceError> {
        let shows = if paused { self.now().0 } else { RUNNING };
        self.stopped.store(shows, Ordering::SeqCst);
        Ok(())
    }
}

/// Returns how long a duration lasts by a clock that is stopped; `None` of one that runs.
fn standing(pace: Pace, duration: Duration) -> Option<Duration> {
    match duration {
        Duration::ZERO => Some(Duration::ZERO),
        _ => pace.is_paused().then_some(Duration::MAX),
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
/// So no time passes for a client between a callback and what it sends from inside it. The clock stands until the first
/// client connects, and when all are released.
#[derive(Debug)]
pub struct EventClock {
    now: AtomicI64,
    paused: AtomicBool,
}

impl EventClock {
    /// Returns a clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { now: AtomicI64::new(start.0), paused: AtomicBool::new(false) }
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

    /// Nobody waits by the machine's clock, unless this one is stopped.
    fn wall(&self, duration: Duration) -> Duration {
        standing(self.pace(), duration).unwrap_or(Duration::ZERO)
    }

    fn hurries(&self) -> bool {
        !self.paused.load(Ordering::SeqCst)
    }

    fn pace(&self) -> Pace {
        Pace::Max { paused: self.paused.load(Ordering::SeqCst) }
    }

    fn set_paused(&self, paused: bool) -> Result<(), PaceError> {
        self.paused.store(paused, Ordering::SeqCst);
        Ok(())
    }

    fn hurry(&self, deadline: Timestamp) {
        self.now.fetch_max(deadline.0, Ordering::SeqCst);
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

    fn pace(&self) -> Pace {
        Pace::Manual
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

    fn pace(&self) -> Pace {
        (**self).pace()
    }

    fn set_paused(&self, paused: bool) -> Result<(), PaceError> {
        (**self).set_paused(paused)
    }

    fn set_speed(&self, speed: f64) -> Result<(), PaceError> {
        (**self).set_speed(speed)
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
    fn a_stopped_clock_stands_and_goes_on() {
        let second = Duration::from_secs(1);
        let clocks: [Box<dyn Clock>; 3] = [
            Box::new(RealClock::new()),
            Box::new(EventClock::new(Timestamp(5))),
            Box::new(VirtualClock::new(Timestamp(5), 1_000.0)),
        ];
        for clock in clocks {
            clock.set_paused(true).expect("it can be stopped");
            clock.set_paused(true).expect("twice");
            let stands = clock.now();
            std::thread::sleep(Duration::from_millis(2));
            assert_eq!((clock.now(), clock.wall(second)), (stands, Duration::MAX), "{}", clock.pace());
            assert_eq!(clock.wall(Duration::ZERO), Duration::ZERO);
            assert!(clock.pace().is_paused() && !clock.hurries());
            clock.set_paused(false).expect("it goes on");
            assert!(clock.now() >= stands && clock.wall(second) <= second && !clock.pace().is_paused());
        }
        let clock = VirtualClock::new(Timestamp(5), 1.0);
        clock.set_paused(true).expect("it can be stopped");
        let stands = clock.now();
        clock.set_speed(60.0).expect("a speed");
        assert_eq!((clock.now(), clock.pace()), (stands, Pace::Times { speed: 60.0, paused: true }));
        clock.set_paused(false).expect("it goes on");
        assert_eq!(clock.wall(Duration::from_secs(60)), second);
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY, SPEED_MAX * 2.0] {
            assert!(clock.set_speed(wrong).is_err(), "{wrong}");
        }
        assert_eq!(RealClock::new().set_speed(2.0), Err(PaceError::NoSpeed(Pace::Real { paused: false })));
        assert_eq!(ManualClock::new(Timestamp(5)).set_paused(true), Err(PaceError::ByHand));
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
