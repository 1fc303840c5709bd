//! Streams: async iterators and iterators over what a session brings, read in the thread that asks.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use pyo3::prelude::*;

use super::bell::Bell;
use super::pending::seconds;
use super::wait::{Look, Source, Wait, block};
use super::{errors, life};
use crate::errors::StateError;

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Stream>()
}

/// How many items a task takes before others of its loop have their turn.
const TURN: u32 = 256;

/// Where items come from.
pub(crate) trait Items: futures_core::Stream + Send + Unpin + 'static {
    /// Returns how many items were lost, for sources that lose some.
    fn lost(&self) -> u64 {
        0
    }
}

impl Items for ctp_gateway::Ticks {
    fn lost(&self) -> u64 {
        self.dropped()
    }
}

impl<T: Send + Unpin + 'static> Items for ctp_gateway::Events<T> {}

impl<C, R> Items for ctp_gateway::requests::Pushes<C, R>
where
    C: ctp_types::Callback + Send + Sync + Unpin + 'static,
    R: ctp_types::Record + Send + Sync + Unpin + 'static,
{
}

/// A source that Python can read: [`Items`] and what makes Python objects of them.
pub(crate) struct Reader<S, C> {
    place: Mutex<Place<S>>,
    convert: C,
    bell: Arc<Bell>,
    waker: Waker,
}

struct Place<S> {
    items: S,
    has_ended: bool,
    turn: u32,
}

/// What a stream and a handler know of a reader.
pub(crate) trait AnyReader: Source {
    fn lost(&self) -> u64;
}

/// Makes a reader that rings `bell`.
pub(super) fn reader<S, C>(items: S, convert: C, bell: Arc<Bell>) -> Arc<dyn AnyReader>
where
    S: Items,
    C: Fn(Python<'_>, S::Item) -> PyResult<Py<PyAny>> + Send + Sync + 'static,
{
    let waker = Waker::from(Arc::clone(&bell));
    let place = Place { items, has_ended: false, turn: 0 };
    Arc::new(Reader { place: Mutex::new(place), convert, bell, waker })
}

/// Makes a stream of the items of `source`, each converted on the Python thread that takes it.
///
/// # Errors
///
/// Returns `StateError` in a forked child and while the interpreter ends.
pub(crate) fn make<S, C>(py: Python<'_>, source: S, convert: C) -> PyResult<Py<Stream>>
where
    S: Items,
    C: Fn(Python<'_>, S::Item) -> PyResult<Py<PyAny>> + Send + Sync + 'static,
{
    life::check()?;
    let reader = reader(source, convert, Arc::new(Bell::default()));
    Py::new(py, Stream { reader: life::Owned::new(reader) })
}

impl<S, C> Source for Reader<S, C>
where
    S: Items,
    C: Fn(Python<'_>, S::Item) -> PyResult<Py<PyAny>> + Send + Sync,
{
    fn look(&self, py: Python<'_>) -> PyResult<Look> {
        // No Python code runs under the lock: making an object may collect garbage, and let other threads run.
        let polled = {
            let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
            if place.has_ended {
                return Ok(Look::Over);
            }
            let polled = Pin::new(&mut place.items).poll_next(&mut Context::from_waker(&self.waker));
            match &polled {
                Poll::Ready(Some(_)) => place.turn = place.turn.saturating_add(1),
                Poll::Ready(None) => place.has_ended = true,
                Poll::Pending => place.turn = 0,
            }
            polled
        };
        match polled {
            Poll::Ready(Some(item)) => (self.convert)(py, item).map(Look::Ready),
            Poll::Ready(None) => Ok(Look::Over),
            Poll::Pending => Ok(Look::Nothing),
        }
    }

    fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    fn is_turn_over(&self) -> bool {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = place.turn >= TURN;
        if is_over {
            place.turn = 0;
        }
        is_over
    }
}

impl<S, C> AnyReader for Reader<S, C>
where
    S: Items,
    C: Fn(Python<'_>, S::Item) -> PyResult<Py<PyAny>> + Send + Sync,
{
    fn lost(&self) -> u64 {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).items.lost()
    }
}

/// What a session brings, from the making of the stream on: ``async for``, ``for``, or `next`.
///
/// It ends after the session has ended. A reader of ticks that falls further behind than `tick_capacity` loses the
/// oldest ones, counted in `lost`; nothing else is ever lost. Each stream reads for itself.
#[pyclass(frozen, weakref, generic, module = "ctp_py")]
pub(crate) struct Stream {
    reader: life::Owned<Arc<dyn AnyReader>>,
}

impl Stream {
    fn reader(&self) -> PyResult<&Arc<dyn AnyReader>> {
        if life::is_forked() {
            life::check()?;
        }
        self.reader.get().ok_or_else(|| StateError::new_err("the stream is gone"))
    }
}

#[pymethods]
impl Stream {
    fn __aiter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __anext__(&self) -> PyResult<Wait> {
        let reader: Arc<dyn Source> = Arc::clone(self.reader()?) as Arc<dyn Source>;
        Ok(Wait::new(reader))
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        match block(py, &**self.reader()?, None)? {
            Look::Ready(item) => Ok(Some(item)),
            Look::Nothing | Look::Over => Ok(None),
        }
    }

    /// Waits on this thread for the next item and returns it; `None` after the session has ended.
    ///
    /// Args:
    ///     timeout: seconds to wait at most; 0 only looks; without it for as long as it takes.
    ///
    /// Raises:
    ///     TimedOut: nothing came in time.
    #[pyo3(signature = (timeout = None))]
    fn next(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Option<Py<PyAny>>> {
        let timeout = timeout.map(seconds).transpose()?;
        match block(py, &**self.reader()?, timeout)? {
            Look::Ready(item) => Ok(Some(item)),
            Look::Over => Ok(None),
            Look::Nothing => Err(errors::not_in_time(py, timeout.unwrap_or_default())),
        }
    }

    /// How many items this reader has lost so far, exactly: ticks that it was too slow for, of any instrument.
    #[getter]
    fn lost(&self) -> PyResult<u64> {
        Ok(self.reader()?.lost())
    }

    fn __repr__(&self) -> PyResult<String> {
        Ok(format!("<ctp_py.Stream lost={}>", self.lost()?))
    }
}
