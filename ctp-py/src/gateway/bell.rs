//! What is rung when something has come, by threads that know nothing of Python.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::time::Duration;

use pyo3::prelude::*;

use super::post::Queue;

/// Counts how often it was rung, and wakes whoever waits for the next time. No Python code runs under its lock, and
/// nobody waits for the interpreter under it.
#[derive(Default)]
pub(crate) struct Bell {
    state: Mutex<State>,
    rung: Condvar,
}

#[derive(Default)]
struct State {
    times: u64,
    next_seat: u64,
    waiting: Vec<Waiting>,
}

/// A task of an event loop that waits.
struct Waiting {
    seat: u64,
    queue: Arc<Queue>,
    future: Py<PyAny>,
}

impl Bell {
    /// Returns how often it was rung. Who reads this, then looks, finds nothing and waits for another number misses
    /// nothing.
    pub(crate) fn times(&self) -> u64 {
        self.lock().times
    }

    pub(crate) fn ring(&self) {
        let mut state = self.lock();
        state.times += 1;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.rung.notify_all();
        for waiting in waiting {
            waiting.queue.post(waiting.future);
        }
    }

    /// Has `future` resolved in its loop when the bell is rung next, and returns a seat to [leave](Self::leave).
    ///
    /// # Errors
    ///
    /// Returns the future if the bell was rung since it had been rung `times` times.
    pub(super) fn sit_down(
        &self,
        times: u64,
        queue: &Arc<Queue>,
        future: Py<PyAny>,
    ) -> Result<u64, Py<PyAny>> {
        let mut state = self.lock();
        if state.times != times {
            return Err(future);
        }
        let seat = state.next_seat;
        state.next_seat += 1;
        state.waiting.push(Waiting { seat, queue: Arc::clone(queue), future });
        Ok(seat)
    }

    /// Gives a seat up.
    pub(super) fn leave(&self, seat: u64) {
        let mut state = self.lock();
        let left = state.waiting.iter().position(|waiting| waiting.seat == seat);
        let left = left.map(|index| state.waiting.swap_remove(index));
        drop(state);
        // Its end may run Python code.
        drop(left);
    }

    /// Waits on this thread until the bell has been rung more than `times` times, at most so long.
    pub(crate) fn wait(&self, times: u64, patience: Duration) {
        let waited = self.rung.wait_timeout_while(self.lock(), patience, |state| state.times == times);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}
