//! Whether somebody sleeps.

use crate::sync::{AtomicBool, Ordering, fence};

/// Tells a writer's owner whether one sleeper must be woken: a check per value while it is awake, and no call.
///
/// The sleeper calls [`doze`](Self::doze), **then looks at the ring once more**, and sleeps only if there is nothing.
/// The writer's owner publishes, **then** calls [`ring`](Self::ring), and wakes the sleeper if that says so. So either
/// the last look finds the value or the bell finds the sleeper. How one sleeps and wakes (a task's waker, a parked
/// thread) is the owner's.
#[derive(Debug)]
pub struct Bell {
    asleep: AtomicBool,
}

impl Default for Bell {
    fn default() -> Self {
        Self { asleep: AtomicBool::new(false) }
    }
}

impl Bell {
    /// Makes a bell whose sleeper is awake.
    pub fn new() -> Self {
        Self::default()
    }

    /// Announces that the caller is about to sleep. It must look for values once more before it does.
    pub fn doze(&self) {
        self.asleep.store(true, Ordering::Relaxed);
        // Orders this before the last look; the pair of the fence in `ring`.
        fence(Ordering::SeqCst);
    }

    /// Takes the announcement back: the last look found something.
    pub fn rise(&self) {
        self.asleep.store(false, Ordering::Relaxed);
    }

    /// Returns whether the caller, who has published, must wake the sleeper: once per [`doze`](Self::doze).
    #[inline]
    pub fn ring(&self) -> bool {
        fence(Ordering::SeqCst);
        self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::AcqRel)
    }
}
