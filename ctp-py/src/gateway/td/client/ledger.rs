//! The gateway's own books of positions and money, and how they are compared with the counter's.

use ctp_types::DepthMarketDataField;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::{TAKER, TdClient, nothing};
use crate::gateway::pending::Pending;
use crate::gateway::td::books::{AccountNow, Closable, Comparison, DayProfit, PositionNow};
use crate::gateway::td::given;
use crate::gateway::tick::Tick;
use crate::records;

#[pymethods]
impl TdClient {
    /// Returns the positions by the gateway's own books, without asking anybody; those that are flat by now with 0 lots.
    fn positions_now(&self, py: Python<'_>) -> PyResult<Vec<PositionNow>> {
        let positions = self.look(py, ctp_gateway::TdClient::positions_now)?;
        Ok(positions.iter().map(PositionNow::from).collect())
    }

    /// Returns the money of the account by the gateway's own books, without asking anybody.
    fn account_now(&self, py: Python<'_>) -> PyResult<AccountNow> {
        Ok((&self.look(py, ctp_gateway::TdClient::account_now)?).into())
    }

    /// Returns the profit of the trading day by the gateway's own books.
    fn day_profit(&self, py: Python<'_>) -> PyResult<DayProfit> {
        Ok((&self.look(py, ctp_gateway::TdClient::day_profit)?).into())
    }

    /// Returns what can be closed of a speculative position: what is held, less what working orders reserve.
    ///
    /// Args:
    ///     side: `long` or `short`, or a member of `enums.PosiDirection`.
    fn closable(&self, py: Python<'_>, instrument_id: &str, side: &Bound<'_, PyAny>) -> PyResult<Closable> {
        let side = TAKER.word("side", side, given::SIDES)?;
        Ok((&self.look(py, |client| client.closable(instrument_id, side))?).into())
    }

    /// Tells the session a price: profits and the checks of orders follow it. A `Gateway` does so with every tick of its own.
    ///
    /// Args:
    ///     tick: a `Tick`, a `data.DepthMarketData` or a `DepthMarketDataField`.
    fn mark(&self, py: Python<'_>, tick: &Bound<'_, PyAny>) -> PyResult<()> {
        let record = match tick.cast::<Tick>() {
            Ok(tick) => *tick.get().market_data(),
            Err(_) => {
                let record = records::from_python(tick)?;
                *record.get::<DepthMarketDataField>().ok_or_else(|| {
                    PyTypeError::new_err(format!("a tick is needed, not {}", record.descriptor().name))
                })?
            }
        };
        let client = self.client()?;
        py.detach(|| client.mark_record(&record));
        Ok(())
    }

    /// Compares the gateway's own positions and money with the counter's, now; the result is a `Comparison`.
    ///
    /// Raises:
    ///     NotSent: the session is not ready, or the counter does not answer.
    fn reconcile(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.reconcile().await },
            |py, found| Ok(Py::new(py, Comparison::from(&found))?.into_any()),
        )
    }

    /// Takes the counter's word for what differs, and opens the gate if nothing else closes it.
    ///
    /// Raises:
    ///     NotSent: the session is not logged in.
    fn accept_differences(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(py, |client| async move { client.accept_differences().await }, nothing)
    }
}
