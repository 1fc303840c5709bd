//! The part of the kill switch that needs no lock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether the kill switch is on, for whoever is about to place an order; and that it was thrown, for the session.
///
/// A thread that throws it is not kept waiting by one that is inside the session: orders are denied from here on, and the
/// session hears of it at the beginning of its next step, before anything else.
#[derive(Debug, Default)]
pub(crate) struct KillFlag {
    /// Thrown, and the session has not heard it.
    is_thrown: AtomicBool,
    /// As the session has it.
    is_on: AtomicBool,
    reason: Mutex<String>,
}

impl KillFlag {
    /// Throws the switch: from here on [`is_on`](Self::is_on).
    pub(crate) fn throw(&self, reason: String) {
        let mut given = self.reason();
        // The first one to throw it says why.
        if !self.is_thrown.load(Ordering::SeqCst) {
            *given = reason;
        }
        self.is_thrown.store(true, Ordering::SeqCst);
    }

    /// Returns whether no order may pass.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::SeqCst) || self.is_thrown.load(Ordering::SeqCst)
    }

    /// Returns why it is on, if the session has not heard it; afterwards it has.
    pub(crate) fn take(&self) -> Option<String> {
        if !self.is_thrown.load(Ordering::SeqCst) {
            return None;
        }
        let reason = std::mem::take(&mut *self.reason());
        // First on, then no longer thrown: there is no moment at which it looks off.
        self.is_on.store(true, Ordering::SeqCst);
        self.is_thrown.store(false, Ordering::SeqCst);
        Some(reason)
    }

    /// Takes it that the session has turned it.
    pub(crate) fn turned(&self, is_on: bool) {
        if self.is_on.load(Ordering::Relaxed) != is_on {
            self.is_on.store(is_on, Ordering::SeqCst);
        }
    }

    /// Returns the reason that the session has not heard yet.
    pub(crate) fn why(&self) -> String {
        self.reason().clone()
    }

    fn reason(&self) -> MutexGuard<'_, String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_on_from_the_throw_until_the_session_turns_it() {
        let flag = KillFlag::default();
        assert!(!flag.is_on() && flag.take().is_none());
        flag.throw("one".to_owned());
        flag.throw("two".to_owned());
        assert!(flag.is_on());
        assert_eq!(flag.take().as_deref(), Some("one"));
        assert!(flag.is_on() && flag.take().is_none());
        flag.throw("three".to_owned());
        flag.turned(false);
        assert!(flag.is_on(), "thrown again meanwhile");
        assert_eq!(flag.take().as_deref(), Some("three"));
        flag.turned(false);
        assert!(!flag.is_on());
    }
}
