//! The one tokio runtime of the process. Its threads never attach to Python.

use std::sync::OnceLock;

use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle, Runtime};

use super::life;

/// Returns where futures are spawned; the runtime is made on first use.
///
/// # Errors
///
/// Returns `StateError` in a forked child, which has none of the runtime's threads, and while the interpreter ends;
/// `OSError` if the system gives no threads.
pub(crate) fn handle() -> PyResult<Handle> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    life::check()?;
    let made = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread().worker_threads(2).thread_name("ctp-runtime").enable_all().build()
    });
    match made {
        Ok(runtime) => Ok(runtime.handle().clone()),
        Err(error) => Err(pyo3::exceptions::PyOSError::new_err(format!(
            "the system gives no threads: {error}; raise the limit of threads (ulimit -u)"
        ))),
    }
}
