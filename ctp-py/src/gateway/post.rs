//! From any thread into an event loop: one queue and one pair of sockets per loop.
//!
//! It needs nothing of a loop but `add_reader` and `create_future`, so that it works with uvloop's as well. What comes
//! while the loop is busy is taken at one wake.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The futures that the loop is to resolve.
pub(super) struct Queue {
    posts: Mutex<Posts>,
    /// Whether a byte is under way that the loop has not read.
    is_signalled: AtomicBool,
    sender: UnixStream,
    /// Kept here so that the sender is never without its other end.
    receiver: UnixStream,
}

#[derive(Default)]
struct Posts {
    futures: Vec<Py<PyAny>>,
    /// The loop is gone, and nobody waits in it any more.
    is_closed: bool,
}

impl Queue {
    fn new() -> std::io::Result<Self> {
        let (sender, receiver) = UnixStream::pair()?;
        sender.set_nonblocking(true)?;
        receiver.set_nonblocking(true)?;
        Ok(Self { posts: Mutex::default(), is_signalled: AtomicBool::new(false), sender, receiver })
    }

    /// Has the loop resolve the future. Never waits.
    pub(super) fn post(&self, future: Py<PyAny>) {
        let mut posts = self.lock();
        if posts.is_closed {
            return;
        }
        posts.futures.push(future);
        drop(posts);
        if !self.is_signalled.swap(true, Ordering::AcqRel) {
            // A full socket has a byte that was not read.
            let _ = (&self.sender).write(&[1]);
        }
    }

    fn take(&self) -> Vec<Py<PyAny>> {
        let mut bytes = [0; 64];
        loop {
            match (&self.receiver).read(&mut bytes) {
                Ok(64) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => break,
            }
        }
        self.is_signalled.store(false, Ordering::Release);
        std::mem::take(&mut self.lock().futures)
    }

    fn close(&self) {
        let mut posts = self.lock();
        posts.is_closed = true;
        let futures = std::mem::take(&mut posts.futures);
        drop(posts);
        drop(futures);
    }

    fn lock(&self) -> MutexGuard<'_, Posts> {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a loop calls when its socket has something to read. It lives as long as its loop.
#[pyclass(frozen, module = "ctp_py")]
struct Port {
    queue: Arc<Queue>,
}

#[pymethods]
impl Port {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        for future in self.queue.take() {
            let future = future.bind(py);
            // It may have been cancelled.
            if !future.call_method0(pyo3::intern!(py, "done"))?.is_truthy()? {
                future.call_method1(pyo3::intern!(py, "set_result"), (py.None(),))?;
            }
        }
        Ok(())
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Returns the loop that runs on this thread, and its queue.
///
/// # Errors
///
/// Returns `RuntimeError` if no loop of asyncio's kind runs here.
pub(super) fn here(py: Python<'_>) -> PyResult<(Bound<'_, PyAny>, Arc<Queue>)> {
    static RUNNING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static PORTS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let running = RUNNING
        .get_or_try_init(py, || py.import("asyncio")?.getattr("get_running_loop").map(Bound::unbind))?;
    let ports = PORTS.get_or_try_init(py, || {
        py.import("weakref")?.getattr("WeakKeyDictionary")?.call0().map(Bound::unbind)
    })?;
    let (event_loop, ports) = (running.bind(py).call0()?, ports.bind(py));
    let known = ports.call_method1(pyo3::intern!(py, "get"), (&event_loop,))?;
    if let Ok(port) = known.cast::<Port>() {
        return Ok((event_loop, Arc::clone(&port.get().queue)));
    }
    let queue = Arc::new(Queue::new()?);
    let port = Bound::new(py, Port { queue: Arc::clone(&queue) })?;
    event_loop.call_method1("add_reader", (queue.receiver.as_raw_fd(), &port))?;
    ports.set_item(&event_loop, &port)?;
    Ok((event_loop, queue))
}
