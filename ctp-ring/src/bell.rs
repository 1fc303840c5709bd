//! Whether somebody sleeps.

use crate::barrier::Barrier;
use crate::sync::{AtomicU64, Ordering};

/// Tells a writer's owner whether sleepers must be woken: a look at one word per value while nobody sleeps.
///
/// A sleeper first puts down how it is woken, then calls [`doze`](Self::doze), **then looks at the ring once more**, and
/// sleeps only if there is nothing. The writer's owner publishes, **then** calls [`ring`](Self::ring), and if that says
/// so wakes whoever put himself down. So either the last look finds the value or the bell finds the sleeper; if the
/// look does, the next `ring` may wake for nothing. How one sleeps and wakes (a task's waker, a parked thread) is the
/// owner's, and so is the list of sleepers, behind a lock.
///
/// Falling asleep pays for both sides: `doze` has the system put a fence into every running thread of the process
/// (`membarrier`: some tenths of a microsecond, a few microseconds when other threads are running), so that `ring` needs
/// none and does not wait for the reader's core to give up the cache line that it polls. Where the system has no such
/// call, `ring` passes a fence of its own.
// The writer looks at it at every value: nobody but a sleeper writes into its cache lines.
#[derive(Debug)]
#[repr(align(128))]
pub struct Bell {
    /// [`IDLE`]: nobody has dozed off since it was rung. Odd: somebody is about to. Even: somebody has, and every thread
    /// sees it. Each time another number.
    state: AtomicU64,
    next: AtomicU64,
    barrier: Barrier,
}

const IDLE: u64 = 0;

impl Default for Bell {
    fn default() -> Self {
        Self { state: AtomicU64::new(IDLE), next: AtomicU64::new(1), barrier: Barrier::new() }
    }
}

impl Bell {
    /// Makes a bell whose sleepers are awake.
    pub fn new() -> Self {
        Self::default()
    }

    /// Announces that the caller is about to sleep. It must look for values once more before it does.
    pub fn doze(&self) {
        let seen = self.state.load(Ordering::Acquire);
        if seen != IDLE && seen.is_multiple_of(2) {
            // It was set before a fence in every thread, and was not rung since: enough for this sleeper, too.
            return;
        }
        let announced = self.next.fetch_add(2, Ordering::Relaxed);
        self.state.store(announced, Ordering::Relaxed);
        self.barrier.heavy();
        // Only if it was not rung meanwhile. Then the caller is woken; others must not rely on this fence.
        let _ = self.state.compare_exchange(announced, announced + 1, Ordering::Release, Ordering::Relaxed);
    }

    /// Returns whether the caller, who has published, must wake whoever sleeps: at most once per [`doze`](Self::doze).
    #[inline]
    pub fn ring(&self) -> bool {
        self.barrier.light();
        self.state.load(Ordering::Relaxed) != IDLE && self.state.swap(IDLE, Ordering::AcqRel) != IDLE
    }
}
