//! The thread that calls Python.

use std::ffi::c_long;
use std::io;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use pyo3::PyTypeInfo as _;
use pyo3::exceptions::PySystemExit;
use pyo3::ffi;
use pyo3::prelude::*;

use super::call::Target;
use super::queue::{Batch, Ticks};
use super::{Event, Queue, Shape, Style};

/// How long the interpreter lock is kept while there is something to deliver: as long as Python lets any other thread
/// keep it (`sys.getswitchinterval()`).
const TURN: Duration = Duration::from_millis(5);

/// After how many callbacks the clock is looked at.
const LOOK_AT_CLOCK: u32 = 64;

/// A running delivery thread.
pub(crate) struct Delivery {
    thread: ThreadId,
    end: Arc<End>,
}

#[derive(Default)]
struct End {
    /// Python's number of the thread, known once it runs.
    python_id: OnceLock<c_long>,
    is_over: Mutex<bool>,
    over: Condvar,
}

impl Delivery {
    /// Starts a thread that calls the methods of `handler`.
    ///
    /// # Errors
    ///
    /// Returns the system's reason when it has no more threads.
    pub(crate) fn start(
        queue: Arc<Queue>,
        handler: Py<PyAny>,
        style: Style,
        shapes: &'static [Shape],
    ) -> io::Result<Self> {
        let end = Arc::new(End::default());
        let guard = EndGuard(Arc::clone(&end));
        let thread = thread::Builder::new().name("ctp-delivery".into()).spawn(move || {
            let guard = guard;
            // `None`: the interpreter is going away, and with it everybody who could be called.
            let _: Option<()> = Python::try_attach(|py| {
                if let Ok(id) = python_id(py) {
                    let _: Result<(), c_long> = guard.0.python_id.set(id);
                }
                if let Some(ticks) = queue.ticks() {
                    run(py, &queue, ticks, Target::new(handler.into_bound(py), style, shapes));
                }
            });
        })?;
        Ok(Self { thread: thread.thread().id(), end })
    }

    /// Returns whether the caller is a handler.
    pub(crate) fn is_current(&self) -> bool {
        thread::current().id() == self.thread
    }

    /// Returns whether the thread has ended.
    pub(crate) fn is_over(&self) -> bool {
        *self.end.is_over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Raises `SystemExit` in the handler that is running, as soon as it executes Python code. Only for the end of the
    /// interpreter.
    pub(crate) fn interrupt(&self, py: Python<'_>) {
        if let Some(id) = self.end.python_id.get().filter(|_| !self.is_over()) {
            // SAFETY: the interpreter lock is held; a number of no thread is ignored.
            unsafe { ffi::PyThreadState_SetAsyncExc(*id, PySystemExit::type_object_raw(py).cast()) };
        }
    }

    /// Waits for the end of the thread; returns whether it came in time.
    pub(crate) fn wait(&self, timeout: Duration) -> bool {
        let is_over = self.end.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.end.over.wait_timeout_while(is_over, timeout, |is_over| !*is_over);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Tells the end of the thread, however it comes.
struct EndGuard(Arc<End>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        *self.0.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.over.notify_all();
    }
}

fn python_id(py: Python<'_>) -> PyResult<c_long> {
    py.import("threading")?.call_method0("get_ident")?.extract()
}

fn run(py: Python<'_>, queue: &Queue, mut ticks: Ticks<'_>, mut target: Target<'_>) {
    let mut batch = Batch::default();
    while py.detach(|| ticks.wait()) {
        target.begin();
        let mut turn = Turn::begin(py);
        ticks.look(&mut batch);
        while let Some(next) = batch.others.front() {
            let before = next.ticks_before;
            deliver_ticks(queue, &mut ticks, before, &mut target, &mut turn);
            if queue.is_closed() {
                return;
            }
            ticks.taken();
            match batch.others.pop_front().map(|next| next.event) {
                Some(Event::Callback(callback)) => target.callback(callback),
                Some(Event::Fault { callback, message }) => target.fault(callback, &message),
                None => {}
            }
            turn.count();
        }
        deliver_ticks(queue, &mut ticks, batch.head, &mut target, &mut turn);
    }
}

fn deliver_ticks(
    queue: &Queue,
    ticks: &mut Ticks<'_>,
    end: u64,
    target: &mut Target<'_>,
    turn: &mut Turn<'_>,
) {
    while !queue.is_closed()
        && let Some(tick) = ticks.next_before(end)
    {
        target.tick(&tick);
        turn.count();
    }
}

/// How long the interpreter lock was kept.
struct Turn<'py> {
    py: Python<'py>,
    began: Instant,
    calls: u32,
}

impl<'py> Turn<'py> {
    fn begin(py: Python<'py>) -> Self {
        Self { py, began: Instant::now(), calls: 0 }
    }

    /// Counts a callback; lets other threads run when the turn is over.
    #[inline]
    fn count(&mut self) {
        self.calls += 1;
        if self.calls >= LOOK_AT_CLOCK {
            self.calls = 0;
            if self.began.elapsed() >= TURN {
                self.py.detach(|| ());
                self.began = Instant::now();
            }
        }
    }
}
