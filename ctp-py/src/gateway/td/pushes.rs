//! Streams of what a session hears.

use std::pin::Pin;
use std::task::{Context, Poll};

use ctp_gateway::requests;
use ctp_gateway::{Events, TdEvent};
use ctp_types::TraderCallback;
use futures_core::Stream;
use pyo3::prelude::*;

use super::orders::{OrderView, Trade};
use super::refusal::Refusal;
use super::view::repr;
use crate::gateway::stream::Items;
use crate::records;

/// The events of a session that say something of one kind of thing.
pub(crate) struct Picked<T> {
    events: Events<TdEvent>,
    pick: fn(TdEvent) -> Option<T>,
}

impl<T> Picked<T> {
    pub(crate) fn new(events: Events<TdEvent>, pick: fn(TdEvent) -> Option<T>) -> Self {
        Self { events, pick }
    }
}

impl<T> Stream for Picked<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        loop {
            match Pin::new(&mut self.events).poll_next(context) {
                Poll::Ready(Some(event)) => {
                    if let Some(picked) = (self.pick)(event) {
                        return Poll::Ready(Some(picked));
                    }
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<T: Send + 'static> Items for Picked<T> {}

/// Returns the order of an event that tells of a change of it.
pub(crate) fn changed_order(event: TdEvent) -> Option<OrderView> {
    match event {
        TdEvent::CancelRejected { .. } => None,
        event => event.order().map(|order| OrderView::then(order.clone())),
    }
}

/// Returns the trade that an event tells.
pub(crate) fn told_trade(event: TdEvent) -> Option<Trade> {
    match event {
        TdEvent::Trade { order, trade } => Some(Trade::new(trade, order)),
        _ => None,
    }
}

/// A callback of the library, as it came.
#[pyclass(frozen, get_all, module = "ctp_py")]
pub(crate) struct RawEvent {
    /// Its C name, for example `OnRtnOrder`.
    callback: &'static str,
    /// The record, of `ctp_py.data`; `None` for NULL or where the callback carries none.
    record: Option<Py<PyAny>>,
    /// The refusal that it carries, if it carries one. C: `pRspInfo`.
    refusal: Option<Refusal>,
    /// C: `nRequestID`, `nReason`, `nTimeLapse` or `nSeqNo`; 0 where it carries none.
    number: i32,
    /// C: `bIsLast`; `True` where it carries none.
    is_last: bool,
    /// When it was received, in nanoseconds since the Unix epoch.
    received_ns: i64,
}

#[pymethods]
impl RawEvent {
    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        repr(slf.as_any(), &["callback", "record", "refusal", "number", "is_last"])
    }
}

pub(crate) fn raw(py: Python<'_>, event: requests::RawEvent<TraderCallback>) -> PyResult<Py<PyAny>> {
    let refusal = event.error().map(|error| Refusal::from(&error));
    let record = event.record.map(|record| records::to_data(py, record)).transpose()?.map(Bound::unbind);
    let made = RawEvent {
        callback: event.callback.name(),
        record,
        refusal,
        number: event.number,
        is_last: event.is_last,
        received_ns: event.received_ns,
    };
    Ok(Py::new(py, made)?.into_any())
}
