//! What is open, and how it ends: with the interpreter at the latest, and never in a forked child.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::{handlers, log, runtime};
use crate::errors::StateError;

/// How long the end of the interpreter waits for all sessions.
const CLOSE_PATIENCE: Duration = Duration::from_secs(6);

/// How long it waits for threads that wait for us, which look every 100 ms.
const BLOCKED_PATIENCE: Duration = Duration::from_secs(2);

static IS_ENDING: AtomicBool = AtomicBool::new(false);
static HAS_BEGUN: AtomicBool = AtomicBool::new(false);
static IS_FORKED: AtomicBool = AtomicBool::new(false);
static BLOCKED: Mutex<usize> = Mutex::new(0);
static UNBLOCKED: Condvar = Condvar::new();
static OPEN: Mutex<Closers> = Mutex::new(BTreeMap::new());

/// Begins to close something and returns what ends with it.
pub(crate) type Closer = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// What is open, by its number.
pub(crate) type Closers = BTreeMap<u64, Closer>;

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add_function(wrap_pyfunction!(at_end, module)?)?;
    // Before threads are joined, since some may wait for us; elsewhere, after.
    let ends = match py.import("threading")?.getattr_opt("_register_atexit")? {
        Some(register) => register,
        None => py.import("atexit")?.getattr("register")?,
    };
    ends.call1((module.getattr("_end_clients")?,))?;
    Ok(())
}

/// Keeps a session among those that are closed at the end, until it is [forgotten](forget).
pub(super) fn remember(closer: Closer) -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    open().insert(number, closer);
    number
}

pub(super) fn forget(number: u64) {
    let forgotten = open().remove(&number);
    drop(forgotten);
}

/// Returns whether the interpreter is on its way out.
pub(super) fn is_ending() -> bool {
    IS_ENDING.load(Ordering::Acquire)
}

/// Returns whether this is a forked child, where nothing of ours runs.
pub(crate) fn is_forked() -> bool {
    IS_FORKED.load(Ordering::Acquire)
}

/// Checks that something may begin.
///
/// # Errors
///
/// Returns `StateError` in a forked child and while the interpreter ends.
pub(crate) fn check() -> PyResult<()> {
    if is_forked() {
        return Err(StateError::new_err(
            "this process was forked from one with a gateway, whose threads it does not have; use \
             multiprocessing's \"spawn\", or make the client after the fork",
        ));
    }
    if is_ending() {
        return Err(StateError::new_err("the interpreter is ending"));
    }
    HAS_BEGUN.store(true, Ordering::Release);
    Ok(())
}

/// A thread that waits for us. The end of the interpreter waits until it has what it waited for, or has been told that there
/// is nothing: to make an exception it needs an interpreter.
pub(super) struct Blocked(());

impl Blocked {
    pub(super) fn begin() -> Self {
        *blocked() += 1;
        Self(())
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        *blocked() -= 1;
        UNBLOCKED.notify_all();
    }
}

/// A value of another process's threads is left alone in a forked child: its locks may be held for ever.
#[derive(Clone)]
pub(crate) struct Owned<T>(Option<T>);

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if is_forked() {
            std::mem::forget(self.0.take());
        }
    }
}

/// Runs in a forked child. What was not begun before the fork can begin in it.
pub(crate) fn after_fork() {
    if HAS_BEGUN.load(Ordering::Acquire) {
        IS_FORKED.store(true, Ordering::Release);
    }
}

/// Runs when the interpreter begins to end: closes what is open, ends handlers, and lets nobody wait any longer.
#[pyfunction(name = "_end_clients")]
fn at_end(py: Python<'_>) {
    if is_forked() {
        return;
    }
    let runtime = runtime::handle();
    let closers: Vec<_> = std::mem::take(&mut *open()).into_values().collect();
    IS_ENDING.store(true, Ordering::Release);
    handlers::wake();
    if let Ok(runtime) = runtime
        && !closers.is_empty()
    {
        py.detach(|| {
            let (ended_tx, ended) = mpsc::channel::<()>();
            for closer in &closers {
                let (closing, ended_tx) = (closer(), ended_tx.clone());
                runtime.spawn(async move {
                    closing.await;
                    drop(ended_tx);
                });
            }
            drop(ended_tx);
            // An error is what is waited for: the last of them is gone.
            let _ = ended.recv_timeout(CLOSE_PATIENCE);
        });
    }
    drop(closers);
    handlers::end(py);
    log::drain(py);
    py.detach(|| {
        let end = Instant::now() + BLOCKED_PATIENCE;
        let mut count = blocked();
        while *count > 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            count = UNBLOCKED.wait_timeout(count, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    });
}

fn blocked() -> MutexGuard<'static, usize> {
    BLOCKED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the lock of what is open. Nobody waits for the interpreter under it.
pub(crate) fn list() -> &'static Mutex<Closers> {
    &OPEN
}

fn open() -> MutexGuard<'static, Closers> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}
