//! What a fork must find in order: the lists that the child looks at, too.
//!
//! A child has only the thread that forked. A lock that another thread held at that moment would stay locked in it for ever;
//! so the forking thread takes these locks before, and gives them back on both sides.

use std::cell::RefCell;
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::api::Listed;
use crate::gateway::life::{self, Closers};

/// How long a fork sleeps before it looks for a lock again, which others hold for some instructions.
const PAUSE: Duration = Duration::from_micros(50);

/// The locks that a fork holds.
struct Held {
    _listed: MutexGuard<'static, Listed>,
    _closers: MutexGuard<'static, Closers>,
}

thread_local! {
    /// CPython calls the hooks of one fork on one thread.
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let hooks = PyDict::new(py);
    hooks.set_item("before", wrap_pyfunction!(before_fork, module)?)?;
    hooks.set_item("after_in_parent", wrap_pyfunction!(after_in_parent, module)?)?;
    hooks.set_item("after_in_child", wrap_pyfunction!(after_in_child, module)?)?;
    py.import("os")?.call_method("register_at_fork", (), Some(&hooks)).map(drop)
}

#[pyfunction]
fn before_fork(py: Python<'_>) {
    let held = Held { _listed: take(py, crate::api::list()), _closers: take(py, life::list()) };
    HELD.with(|place| *place.borrow_mut() = Some(held));
}

/// Runs after a fork that failed, too.
#[pyfunction]
fn after_in_parent() {
    HELD.with(|place| place.borrow_mut().take());
}

#[pyfunction]
fn after_in_child() {
    HELD.with(|place| place.borrow_mut().take());
    life::after_fork();
}

/// Takes a lock without ever waiting for it with the interpreter's in hand.
fn take<T>(py: Python<'_>, lock: &'static Mutex<T>) -> MutexGuard<'static, T> {
    loop {
        match lock.try_lock() {
            Ok(guard) => return guard,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => py.detach(|| std::thread::sleep(PAUSE)),
        }
    }
}
