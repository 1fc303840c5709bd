//! The risk gate, the kill switch and the trading gate.

use ctp_gateway::Error;
use pyo3::prelude::*;

use super::TdClient;
use crate::gateway::pending::{self, Pending};
use crate::gateway::td::risk::{GateState, RiskSnapshot};

#[pymethods]
impl TdClient {
    /// Returns what the risk gate counts at this moment.
    fn risk(&self, py: Python<'_>) -> PyResult<RiskSnapshot> {
        Ok((&self.look(py, ctp_gateway::TdClient::risk)?).into())
    }

    /// Throws the kill switch: from now on no order passes, and all working orders of this client are cancelled as fast as the
    /// pace allows. It stays on over reconnects, trading days and, with a journal, restarts, until `release`.
    fn kill(&self, py: Python<'_>, reason: String) -> PyResult<()> {
        self.look(py, |client| client.kill(reason))
    }

    /// Turns the kill switch off. Nothing is sent.
    fn release(&self, py: Python<'_>) -> PyResult<()> {
        self.look(py, ctp_gateway::TdClient::release)
    }

    /// Whether the kill switch is on.
    #[getter]
    fn is_killed(&self) -> PyResult<bool> {
        Ok(self.client()?.is_killed())
    }

    /// Whether new orders may leave, and why not.
    #[getter]
    fn gate(&self) -> PyResult<GateState> {
        let gate = *self.client()?.gate().borrow();
        Ok((&gate).into())
    }

    /// Waits until new orders may leave; the result is the `GateState`.
    ///
    /// Raises:
    ///     StateError: the session ended before.
    fn gate_open(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        let mut gate = self.client()?.gate();
        let wait = async move {
            let opened = gate.wait_for(|gate| gate.is_open()).await.map(|gate| *gate);
            opened.map_err(|_| Error::Closed)
        };
        pending::spawn(py, wait, |py, gate| Ok(Py::new(py, GateState::from(&gate))?.into_any()))
    }
}
