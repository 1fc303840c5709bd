//! The lock around what a client's threads and its task share.
//!
//! It is held while the library is in a call, and a library may hang. So nobody waits for it without an end: a thread gives
//! up after a while, and the task waits without a thread.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

/// How long a thread waits for another that is inside. A step takes microseconds, so that one hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Lock<T> {
    inside: Mutex<T>,
    /// Whether the task waits for it.
    is_awaited: AtomicBool,
    freed: Notify,
}

impl<T> Lock<T> {
    pub(super) fn new(inside: T) -> Self {
        Self { inside: Mutex::new(inside), is_awaited: AtomicBool::new(false), freed: Notify::new() }
    }

    /// Takes the lock if it is free.
    pub(super) fn try_take(&self) -> Option<Held<'_, T>> {
        self.inside.try_lock().map(|guard| self.held(guard))
    }

    /// Takes the lock, or gives up.
    pub(super) fn take_within(&self, patience: Duration) -> Option<Held<'_, T>> {
        self.inside.try_lock_for(patience).map(|guard| self.held(guard))
    }

    fn held<'a>(&'a self, guard: MutexGuard<'a, T>) -> Held<'a, T> {
        Held { guard, _bell: Bell { lock: self } }
    }

    /// Waits until the lock was free.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub(super) async fn freed(&self) {
        loop {
            // In this order: who holds it now looks at the flag after giving it back.
            self.is_awaited.store(true, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if self.try_take().is_some() {
                return;
            }
            self.freed.notified().await;
        }
    }
}

/// The lock, taken.
pub(super) struct Held<'a, T> {
    guard: MutexGuard<'a, T>,
    /// Rings after the lock was given back: fields are dropped in this order.
    _bell: Bell<'a, T>,
}

/// Wakes the task if it waits for the lock.
struct Bell<'a, T> {
    lock: &'a Lock<T>,
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T> Drop for Bell<'_, T> {
    fn drop(&mut self) {
        // The lock was given back before the flag is read, as the task raises the flag before it tries the lock.
        fence(Ordering::SeqCst);
        if self.lock.is_awaited.load(Ordering::Relaxed) && self.lock.is_awaited.swap(false, Ordering::Relaxed)
        {
            self.lock.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc;

    use super::*;

    /// Holds a lock in a thread of its own until the sender is dropped.
    fn hold(lock: &Arc<Lock<i32>>) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel::<()>();
        let (told, taken) = mpsc::channel();
        let lock = Arc::clone(lock);
        std::thread::spawn(move || {
            let mut held = lock.try_take().expect("free");
            told.send(()).expect("somebody waits");
            let _ = released.recv();
            *held += 1;
        });
        taken.recv().expect("the thread takes it");
        release
    }

    #[test]
    fn nobody_waits_for_ever_behind_a_thread_that_hangs() {
        let lock = Arc::new(Lock::new(1));
        let release = hold(&lock);
        assert!(lock.try_take().is_none());
        assert!(lock.take_within(Duration::from_millis(20)).is_none());
        drop(release);
        assert_eq!(lock.take_within(PATIENCE).as_deref(), Some(&2));
    }

    #[tokio::test]
    async fn a_task_waits_without_its_thread() {
        let lock = Arc::new(Lock::new(1));
        let release = hold(&lock);
        let waiting = tokio::spawn({
            let lock = Arc::clone(&lock);
            async move {
                lock.freed().await;
                lock.take_within(PATIENCE).as_deref().copied()
            }
        });
        // The one thread of this runtime is free for others while the task waits.
        for _ in 0..10 {
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished());
        }
        drop(release);
        assert_eq!(waiting.await.expect("it ends"), Some(2));
    }
}
