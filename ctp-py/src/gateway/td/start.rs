//! Requests that leave in the call that makes them.

use std::task::{Context, Poll, Waker};

use ctp_gateway::Error;
use pyo3::prelude::*;

use crate::gateway::pending::{self, Pending};
use crate::gateway::runtime;

/// Starts a future in the calling thread, so that what it sends has left when this returns, and lets it go on in the
/// runtime.
///
/// # Errors
///
/// Returns `StateError` in a forked child and while the interpreter ends.
pub(super) fn begun<T: Send + 'static>(
    py: Python<'_>,
    future: impl Future<Output = Result<T, Error>> + Send + 'static,
    convert: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
) -> PyResult<Py<Pending>> {
    let runtime = runtime::handle()?;
    let mut future = Box::pin(future);
    // The session steps in this thread and calls the library: nobody may wait for the interpreter meanwhile.
    let polled = py.detach(|| {
        let _entered = runtime.enter();
        // The runtime polls it again at once, with a waker of its own.
        future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    });
    match polled {
        Poll::Ready(result) => pending::settled(py, result, convert),
        Poll::Pending => pending::spawn(py, future, convert),
    }
}
