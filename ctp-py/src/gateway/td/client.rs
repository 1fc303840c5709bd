//! `TdClient`, in rooms by idea: each has its own methods.

mod instructions;
mod ledger;
mod login;
mod queries;
mod risk;
mod streams;
mod trade;

use ctp_gateway::Error;
use ctp_types::RecordBox;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

pub(crate) use trade::{Cancelled, Closing};

use super::begun;
use super::given::Taker;
use super::orders::OrderView;
use crate::gateway::base::SessionClient;
use crate::gateway::config::{self, Side};
use crate::gateway::errors;
use crate::gateway::pending::Pending;
use crate::gateway::session::Session;
use crate::records;

/// Who takes what its methods are given.
const TAKER: Taker = Taker("TdClient");

/// Trading: orders, what is known of them, positions, money, and every request of the trader API.
///
/// `TdClient("ctp.toml")`, `TdClient("sim://demo")`, or keywords as docs/configuration.md has them, which win over the
/// file and over the variables `CTP_…`: `TdClient("sim://demo", risk={"order_lots": 5})`. It connects with ``async with``,
/// ``with``, `connect` or `open`, and lives until it is closed or the interpreter ends.
///
/// Whatever takes time returns a `Pending`. A request leaves in the call that makes it, and never twice; what became of it
/// is `Rejected` (with proof), `Denied` (by us, before sending), `NotSent` or `Unknown`, which is never taken for a refusal.
///
/// Raises:
///     ConfigError: every problem of the configuration at once.
#[pyclass(frozen, extends = SessionClient, subclass, module = "ctp_py")]
pub(crate) struct TdClient {
    session: Session<ctp_gateway::TdClient>,
}

#[pymethods]
impl TdClient {
    #[new]
    #[pyo3(signature = (config = None, /, **keywords))]
    fn new(
        py: Python<'_>,
        config: Option<Bound<'_, PyAny>>,
        keywords: Option<Bound<'_, PyDict>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let read = config::read(config.as_ref(), keywords.as_ref(), Side::Td, py)?;
        let config = read.config.td_config().map_err(|error| errors::config(py, &error))?;
        let label = format!("{}@{}", config.user_id, config::shown(&config.fronts));
        Ok(Self::of(Session::new(config, read.kept), label))
    }
}

impl TdClient {
    /// Returns the object of a client that a gateway owns.
    pub(in crate::gateway) fn lent(client: ctp_gateway::TdClient, label: String) -> PyClassInitializer<Self> {
        Self::of(Session::lent(client), label)
    }

    fn of(session: Session<ctp_gateway::TdClient>, label: String) -> PyClassInitializer<Self> {
        SessionClient::of(&session, label).add_subclass(Self { session })
    }

    pub(crate) fn client(&self) -> PyResult<ctp_gateway::TdClient> {
        self.session.client()
    }

    /// Starts a request of the client that brings `T`.
    fn ask<T, F>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(ctp_gateway::TdClient) -> F,
        convert: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Py<Pending>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        begun(py, ask(self.client()?), convert)
    }

    /// Looks into the session without asking anybody.
    fn look<T: Send>(
        &self,
        py: Python<'_>,
        look: impl FnOnce(&ctp_gateway::TdClient) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let client = self.client()?;
        py.detach(|| look(&client)).map_err(|error| errors::raise(py, error))
    }
}

fn nothing(py: Python<'_>, (): ()) -> PyResult<Py<PyAny>> {
    Ok(py.None())
}

fn list(py: Python<'_>, rows: impl Iterator<Item = RecordBox>) -> PyResult<Py<PyAny>> {
    let rows = rows.map(|row| records::to_data(py, row)).collect::<PyResult<Vec<_>>>()?;
    Ok(PyList::new(py, rows)?.into_any().unbind())
}

fn one(py: Python<'_>, row: Option<RecordBox>) -> PyResult<Py<PyAny>> {
    row.map_or_else(|| Ok(py.None()), |row| Ok(records::to_data(py, row)?.unbind()))
}

/// Reads which order or instruction is meant: by itself, or by its number.
fn number_of(given: &Bound<'_, PyAny>, what: &str) -> PyResult<u64> {
    if let Ok(order) = given.cast::<OrderView>() {
        return Ok(order.get().order().id.number());
    }
    let is_number = !given.is_instance_of::<pyo3::types::PyBool>();
    let number = given.extract::<u64>().ok().filter(|_| is_number);
    number.ok_or_else(|| TAKER.wrong_type(what, given, "give the object, or its `id`"))
}
