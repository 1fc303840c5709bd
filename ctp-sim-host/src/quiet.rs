//! Virtual time by hand: letting it pass exactly, and knowing that everything due has been delivered.
//!
//! With a [`ManualClock`] nothing happens unless somebody moves the clock. [`Simulator::pass`] moves it from one event to
//! the next, and lets a barrier go through every client's queue, also of those behind a connection: when it returns, every
//! callback due has returned, too. No sleeps, no races.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use ctp_sim::Timestamp;

use crate::address::FrontAddress;
use crate::clock::ManualClock;
use crate::engine::Event;
use crate::instance::Inner;
use crate::simulator::Simulator;

/// Moments of the exchange between two barriers: bounds what waits for a client.
const MOMENTS_MAX: usize = 64;

/// Barriers at the same instant after which something is taken to go round in circles.
const ROUNDS_MAX: usize = 10_000;

/// Every initialised instance of the process with the exchanges that it was pointed at.
static STARTED: Mutex<Vec<(Vec<String>, Weak<Inner>)>> = Mutex::new(Vec::new());

/// Why time could not pass to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuietError {
    /// A client does not return from a callback.
    #[error("a client of exchange {exchange:?} has not returned from a callback for {waited:?}")]
    Busy {
        /// The exchange's name.
        exchange: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// Clients and exchange answer each other without end at one instant.
    #[error("exchange {exchange:?} does not come to rest at {at} ns: clients and exchange answer each other")]
    Endless {
        /// The exchange's name.
        exchange: String,
        /// The instant, in nanoseconds since the Unix epoch.
        at: i64,
    },
}

/// Notes an instance that starts connecting.
pub(crate) fn note_start(inner: &Arc<Inner>, addresses: &[String]) {
    let names = addresses.iter().filter_map(|address| match address.parse() {
        Ok(FrontAddress::Simulator(address)) => Some(address.name),
        _ => None,
    });
    let mut started = crate::lock(&STARTED);
    started.retain(|(_, inner)| inner.strong_count() > 0);
    started.push((names.collect(), Arc::downgrade(inner)));
}

/// Returns the living instances of an exchange.
fn instances(exchange: &str) -> Vec<Arc<Inner>> {
    let started = crate::lock(&STARTED);
    let of_this = started.iter().filter(|(names, _)| names.iter().any(|name| name == exchange));
    of_this.filter_map(|(_, inner)| inner.upgrade()).collect()
}

impl Simulator {
    /// Waits until every client of the exchange has been handed everything that waits for it, has returned from its
    /// callbacks, and is connected or waits for the exchange's time to pass.
    ///
    /// # Errors
    ///
    /// Returns an error when that takes longer than `patience` of real time.
    pub fn barrier(&self, patience: Duration) -> Result<(), QuietError> {
        // Nothing is ever sent: each instance drops its end when it comes to the barrier, or when it ends.
        let (passed, wait) = mpsc::channel::<()>();
        for inner in instances(self.name()) {
            // A closed channel is an instance that has ended.
            drop(inner.events.send(Event::Barrier(passed.clone())));
        }
        // Those of clients behind a connection.
        self.barriers(&passed);
        drop(passed);
        match wait.recv_timeout(patience) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Ok(()),
            Err(RecvTimeoutError::Timeout) => {
                Err(QuietError::Busy { exchange: self.name().to_owned(), waited: patience })
            }
        }
    }

    /// Lets time pass until `until` on the clock that the exchange was started with, and everything due be delivered.
    ///
    /// The clock stands still at each connection that ends and at `until`; a time that has passed
    /// already only delivers what is due.
    ///
    /// # Errors
    ///
    /// Returns an error when a client does not return from a callback for `patience` of real time, or the exchange does
    /// not come to rest at an instant.
    pub fn pass(&self, clock: &ManualClock, until: Timestamp, patience: Duration) -> Result<(), QuietError> {
        self.barrier(patience)?;
        let mut rounds = 0;
        loop {
            let now = self.now();
            let reached = self.run(until.max(now), MOMENTS_MAX);
            clock.set(self.on_clock(reached));
            self.barrier(patience)?;
            let is_due = |at: Timestamp| at <= until.max(now);
            if reached >= until && !self.next_deadline().is_some_and(is_due) {
                return Ok(());
            }
            rounds = if reached > now { 0 } else { rounds + 1 };
            if rounds > ROUNDS_MAX {
                return Err(QuietError::Endless { exchange: self.name().to_owned(), at: reached.0 });
            }
        }
    }
}
