//! Waiting for something: on a thread, or in a task of an event loop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyStopAsyncIteration, PyStopIteration};
use pyo3::prelude::*;

use super::bell::Bell;
use super::{life, post};

/// How often a waiting thread looks for signals and for the end of the interpreter.
const SLICE: Duration = Duration::from_millis(100);

/// What a look found.
pub(crate) enum Look {
    Ready(Py<PyAny>),
    Nothing,
    /// Nothing more will come.
    Over,
}

/// Something that can be looked at, and a bell that rings when it is worth another look.
pub(crate) trait Source: Send + Sync {
    /// Takes what has come, if something has.
    fn look(&self, py: Python<'_>) -> PyResult<Look>;

    fn bell(&self) -> &Arc<Bell>;

    /// Returns whether a task that takes what is ready should let others run first.
    fn is_turn_over(&self) -> bool {
        false
    }
}

/// Waits on this thread, without the interpreter lock; `Nothing` when the time is up.
pub(super) fn block(py: Python<'_>, source: &dyn Source, timeout: Option<Duration>) -> PyResult<Look> {
    let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let _blocked = life::Blocked::begin();
    loop {
        let times = source.bell().times();
        match source.look(py)? {
            Look::Nothing => {}
            found => return Ok(found),
        }
        if life::is_ending() {
            return Ok(Look::Over);
        }
        py.check_signals()?;
        let slice = match end.map(|end| end.saturating_duration_since(Instant::now())) {
            Some(left) if left.is_zero() => return Ok(Look::Nothing),
            Some(left) => left.min(SLICE),
            None => SLICE,
        };
        py.detach(|| source.bell().wait(times, slice));
    }
}

/// What `await` runs: it looks, and sleeps in the loop's way while there is nothing. Nothing is taken before the task
/// goes on, so a cancelled task loses nothing.
#[pyclass(module = "ctp_py")]
pub(super) struct Wait {
    source: Arc<dyn Source>,
    seat: Option<u64>,
    has_yielded: bool,
}

impl Wait {
    pub(super) fn new(source: Arc<dyn Source>) -> Self {
        Self { source, seat: None, has_yielded: false }
    }

    fn stand_up(&mut self) {
        if let Some(seat) = self.seat.take() {
            self.source.bell().leave(seat);
        }
    }
}

#[pymethods]
impl Wait {
    fn __await__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.stand_up();
        if !self.has_yielded && self.source.is_turn_over() {
            self.has_yielded = true;
            // A bare yield is a turn of the loop.
            return Ok(py.None());
        }
        loop {
            let times = self.source.bell().times();
            match self.source.look(py)? {
                Look::Ready(value) => return Err(PyStopIteration::new_err((value,))),
                Look::Over => return Err(PyStopAsyncIteration::new_err(())),
                Look::Nothing => {}
            }
            let (event_loop, queue) = post::here(py)?;
            let future = event_loop.call_method0(pyo3::intern!(py, "create_future"))?;
            if let Ok(seat) = self.source.bell().sit_down(times, &queue, future.clone().unbind()) {
                self.seat = Some(seat);
                // What a future says when it is awaited.
                future.setattr(pyo3::intern!(py, "_asyncio_future_blocking"), true)?;
                return Ok(future.unbind());
            }
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.stand_up();
    }
}
