//! Who sleeps, and who wakes whom.
//!
//! The library's thread looks at one flag per tick. Only when somebody sleeps it does more: it wakes the sleeper itself
//! if there is exactly one, and else the bus's own thread, which wakes all of them. It never waits for a lock: if a
//! reader is just sitting down, the bus's thread waits in its stead.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::task::Waker;
use std::thread::Thread;

use ctp_ring::Bell;

#[derive(Debug, Default)]
pub(super) struct Wake {
    /// Rung when anybody has dozed off since it was rung last.
    bell: Bell,
    seats: Mutex<Seats>,
    keeper: OnceLock<Thread>,
    /// Whether the keeper is to wake the sleepers.
    is_called: AtomicBool,
}

/// The readers that may sleep. The lock is held for a few instructions at a time, and no user code runs under it.
#[derive(Debug, Default)]
struct Seats {
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
    sleeping: usize,
    /// The seat that was taken for sleeping last.
    last: usize,
}

/// A reader's place among those that may sleep.
#[derive(Debug)]
pub(super) struct Seat(usize);

impl Wake {
    /// Wakes who sleeps; called after each published tick.
    #[inline]
    pub(super) fn published(&self) {
        if self.bell.ring() {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        let only = match self.seats.try_lock() {
            Ok(seats) if seats.sleeping == 0 => return,
            Ok(mut seats) => seats.take_only(),
            Err(TryLockError::Poisoned(mut seats)) => seats.get_mut().take_only(),
            Err(TryLockError::WouldBlock) => None,
        };
        match only {
            Some(waker) => waker.wake(),
            None => self.call_keeper(),
        }
    }

    /// Has the keeper look around.
    pub(super) fn call_keeper(&self) {
        self.is_called.store(true, Ordering::Release);
        if let Some(keeper) = self.keeper.get() {
            keeper.unpark();
        }
    }

    pub(super) fn set_keeper(&self, keeper: Thread) {
        // There is only one.
        let _ = self.keeper.set(keeper);
    }

    /// Does what the keeper was called for.
    pub(super) fn answer_call(&self) {
        if self.is_called.swap(false, Ordering::AcqRel) {
            self.wake_all();
        }
    }

    pub(super) fn wake_all(&self) {
        let sleepers: Vec<Waker> = {
            let mut seats = self.lock();
            seats.sleeping = 0;
            seats.wakers.iter_mut().filter_map(Option::take).collect()
        };
        sleepers.into_iter().for_each(Waker::wake);
    }

    pub(super) fn sit_down(&self) -> Seat {
        let mut seats = self.lock();
        let free = seats.free.pop();
        Seat(free.unwrap_or_else(|| {
            seats.wakers.push(None);
            seats.wakers.len() - 1
        }))
    }

    /// Says that a reader is about to sleep. It must look at the ring once more before it does.
    pub(super) fn doze(&self, seat: &Seat, waker: &Waker) {
        {
            let mut seats = self.lock();
            let place = &mut seats.wakers[seat.0];
            match place {
                Some(known) => known.clone_from(waker),
                None => {
                    *place = Some(waker.clone());
                    seats.sleeping += 1;
                }
            }
            seats.last = seat.0;
        }
        self.bell.doze();
    }

    /// Takes that back.
    pub(super) fn stay_awake(&self, seat: &Seat) {
        self.lock().take(seat.0);
    }

    pub(super) fn stand_up(&self, seat: &Seat) {
        let mut seats = self.lock();
        seats.take(seat.0);
        seats.free.push(seat.0);
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seats {
    fn take(&mut self, seat: usize) -> Option<Waker> {
        let waker = self.wakers[seat].take();
        self.sleeping -= usize::from(waker.is_some());
        waker
    }

    /// Returns the waker of the only sleeper.
    fn take_only(&mut self) -> Option<Waker> {
        if self.sleeping == 1 { self.take(self.last) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The library's thread does not wait for a reader that holds the lock; the keeper does.
    #[test]
    fn a_busy_lock_is_left_to_the_keeper() {
        let wake = Wake::default();
        let seat = wake.sit_down();
        wake.doze(&seat, Waker::noop());
        let lock = wake.lock();
        wake.published();
        assert!(wake.is_called.load(Ordering::SeqCst));
        drop(lock);
        wake.answer_call();
        assert_eq!(wake.lock().sleeping, 0);
        // Nobody has dozed off since: nothing happens.
        wake.published();
        assert!(!wake.is_called.load(Ordering::SeqCst));
    }
}
