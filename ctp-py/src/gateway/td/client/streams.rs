//! What the session is told: streams, and handlers of it.

use ctp_types::{Record, RecordBox};
use pyo3::prelude::*;

use super::TdClient;
use crate::gateway::handlers::{self, Handler};
use crate::gateway::stream::{self, Stream};
use crate::gateway::td::event;
use crate::gateway::td::pushes::{self, Picked};
use crate::records;

fn record<R: Record>(py: Python<'_>, row: R) -> PyResult<Py<PyAny>> {
    records::to_data(py, RecordBox::new(&row)).map(Bound::unbind)
}

#[pymethods]
impl TdClient {
    /// Returns a stream of `TdEvent` from now on, of all sessions of the account. None is ever dropped.
    fn events(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.client()?.events(), event::to_python)
    }

    /// Returns a stream of every callback from now on, as it came: `RawEvent`. None is ever dropped.
    fn raw_events(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.client()?.raw_events(), pushes::raw)
    }

    /// Returns a stream of the changes of products' trading phases from now on, as `data.InstrumentStatus`.
    fn instrument_statuses(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.client()?.instrument_statuses(), record)
    }

    /// Returns a stream of the exchanges' bulletins from now on, as `data.Bulletin`.
    fn bulletins(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.client()?.bulletins(), record)
    }

    /// Returns a stream of the broker's notices about trading from now on, as `data.TradingNoticeInfo`.
    fn trading_notices(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.client()?.trading_notices(), record)
    }

    /// Returns a stream of the requests for quotes that market makers are told, from now on, as `data.ForQuoteRsp`.
    fn quote_requests(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.client()?.quote_requests(), record)
    }

    /// Calls `function` with an `OrderView` whenever an order of the account changes, also by a trade. It may be used as a
    /// decorator. What it raises goes to `on_error`, else to the log `ctp_py`. Returns the `Handler`.
    fn on_order(&self, py: Python<'_>, function: Bound<'_, PyAny>) -> PyResult<Py<Handler>> {
        let orders = Picked::new(self.client()?.events(), pushes::changed_order);
        let convert = |py: Python<'_>, order| Ok(Py::new(py, order)?.into_any());
        handlers::add(py, self.session.owner()?, "on_order", orders, convert, function)
    }

    /// Calls `function` with every `Trade` of the account, once per fill; as `on_order`.
    fn on_trade(&self, py: Python<'_>, function: Bound<'_, PyAny>) -> PyResult<Py<Handler>> {
        let trades = Picked::new(self.client()?.events(), pushes::told_trade);
        let convert = |py: Python<'_>, trade| Ok(Py::new(py, trade)?.into_any());
        handlers::add(py, self.session.owner()?, "on_trade", trades, convert, function)
    }

    /// Calls `function` with every `TdEvent`; as `on_order`.
    fn on_event(&self, py: Python<'_>, function: Bound<'_, PyAny>) -> PyResult<Py<Handler>> {
        let events = self.client()?.events();
        handlers::add(py, self.session.owner()?, "on_event", events, event::to_python, function)
    }
}
