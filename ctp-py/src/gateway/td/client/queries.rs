//! What is asked of the counter.

use std::sync::Arc;

use ctp_types::RecordBox;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::{TdClient, list, one};
use crate::gateway::pending::Pending;
use crate::gateway::td::orders::{OrderView, Trade};
use crate::gateway::td::requests::Requests;

#[pymethods]
impl TdClient {
    /// Every request of the trader API. The queries are methods of the client, too: `td.query_trading_account()`.
    #[getter]
    fn requests(&self) -> PyResult<Requests> {
        Ok(Requests::new(self.client()?))
    }

    /// Returns all instruments, as `data.Instrument`: those that this or an earlier session of the trading day queried, else it
    /// queries them. Afterwards orders are checked against them, and need no `exchange`.
    fn instruments(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.instruments().await },
            |py, rows| list(py, rows.iter().map(|row| RecordBox::new(&*row.record))),
        )
    }

    /// Queries one instrument, as `data.Instrument`; `None` if there is none with this id.
    fn instrument(&self, py: Python<'_>, instrument_id: String) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.instrument(&instrument_id).await },
            |py, row| one(py, row.map(|row| RecordBox::new(&*row.record))),
        )
    }

    /// Returns the account's margin rate of an instrument, for speculation, as `data.InstrumentMarginRate`; asked once a
    /// trading day.
    fn margin_rate(&self, py: Python<'_>, instrument_id: String) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.margin_rate(&instrument_id).await },
            |py, row| one(py, row.map(|row| RecordBox::new(&*row.record))),
        )
    }

    /// Returns what the account pays for trades of an instrument, as `data.InstrumentCommissionRate`; asked once a trading day.
    fn commission_rate(&self, py: Python<'_>, instrument_id: String) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.commission_rate(&instrument_id).await },
            |py, row| one(py, row.map(|row| RecordBox::new(&*row.record))),
        )
    }

    /// Queries the counter's last snapshot of an instrument, with its daily limits, as `data.DepthMarketData`; `None` if
    /// there is none.
    fn snapshot(&self, py: Python<'_>, instrument_id: String) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.snapshot(&instrument_id).await },
            |py, row| one(py, row.map(|tick| RecordBox::new(&tick.record))),
        )
    }

    /// Queries the money of the account, as `data.TradingAccount`, one row per currency. For the gateway's own books, without
    /// a query, see `account_now`.
    fn account(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.account().await },
            |py, rows| list(py, rows.iter().map(|row| RecordBox::new(&*row.record))),
        )
    }

    /// Queries the positions, as `data.InvestorPosition`. For the gateway's own books, without a query, see `positions_now`.
    fn positions(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.positions().await },
            |py, rows| list(py, rows.iter().map(|row| RecordBox::new(&*row.record))),
        )
    }

    /// Queries the orders of the trading day, of all sessions of the account, as `OrderView`.
    fn orders(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.orders().await },
            |py, rows| {
                let rows = rows.into_iter().map(OrderView::then).map(|row| Py::new(py, row));
                Ok(PyList::new(py, rows.collect::<PyResult<Vec<_>>>()?)?.into_any().unbind())
            },
        )
    }

    /// Queries the trades of the trading day, as `Trade`.
    fn trades(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.trades().await },
            |py, rows| {
                let rows = rows.into_iter().map(|row| Py::new(py, Trade::new(Arc::new(row), None)));
                Ok(PyList::new(py, rows.collect::<PyResult<Vec<_>>>()?)?.into_any().unbind())
            },
        )
    }

    /// Queries the settlement statement of a day (`yyyymmdd`) or month (`yyyymm`), or the last one; `None` if there is none.
    #[pyo3(signature = (period = String::new()))]
    fn settlement_text(&self, py: Python<'_>, period: String) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.settlement_text(&period).await },
            |py, text| Ok(text.into_pyobject(py)?.unbind()),
        )
    }
}
