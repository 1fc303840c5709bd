//! `Gateway`: both sessions of an account.

use ctp_gateway::gateway::Logins;
use ctp_gateway::{Error, GatewayConfig};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use super::base;
use super::config::{self, Side};
use super::md::MdClient;
use super::session::{Client, Session};
use super::td::TdClient;
use super::{errors, login};

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Gateway>()
}

impl Client for ctp_gateway::Gateway {
    type Config = GatewayConfig;
    type Ready = Logins;
    const NAME: &'static str = "Gateway";

    async fn connect(config: GatewayConfig) -> Result<Self, Error> {
        Self::connect(config).await
    }

    async fn ready(&self) -> Result<Logins, Error> {
        self.ready().await
    }

    async fn close(&self) -> Result<(), Error> {
        self.close().await
    }

    fn told(py: Python<'_>, ready: Logins) -> PyResult<Py<PyAny>> {
        let both = [login::to_python(py, &ready.md)?, login::to_python(py, &ready.td)?];
        Ok(PyTuple::new(py, both)?.into_any().unbind())
    }

    fn health(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        login::plain(py, &self.health())
    }

    fn standing(session: &Session<Self>) -> PyResult<String> {
        let [md, td] = states(session)?;
        Ok(format!("{{'md': '{md}', 'td': '{td}'}}"))
    }
}

/// Returns where both sessions stand, market data first.
fn states(session: &Session<ctp_gateway::Gateway>) -> PyResult<[&'static str; 2]> {
    Ok([
        session.state_name(|client| client.md().state().borrow().name())?,
        session.state_name(|client| client.td().state().borrow().name())?,
    ])
}

/// Both sessions of an account: market data as `md`, trading as `td`.
///
/// Made as `MdClient` and `TdClient` are: `Gateway("ctp.toml")`, `Gateway("sim://demo")`, or keywords. Each session has its
/// own state; one may be down while the other is ready.
///
/// Raises:
///     ConfigError: every problem of the configuration at once.
#[pyclass(frozen, extends = base::Client, subclass, module = "ctp_py")]
pub(crate) struct Gateway {
    session: Session<ctp_gateway::Gateway>,
    label: String,
    md: PyOnceLock<Py<MdClient>>,
    td: PyOnceLock<Py<TdClient>>,
}

#[pymethods]
impl Gateway {
    #[new]
    #[pyo3(signature = (config = None, /, **keywords))]
    fn new(
        py: Python<'_>,
        config: Option<Bound<'_, PyAny>>,
        keywords: Option<Bound<'_, PyDict>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let read = config::read(config.as_ref(), keywords.as_ref(), Side::Both, py)?;
        read.config.sessions().map_err(|error| errors::config(py, &error))?;
        let fronts = [&read.config.fronts, &read.config.md_fronts, &read.config.td_fronts];
        let fronts: Vec<String> = fronts.into_iter().flatten().cloned().collect();
        let label = format!("{}@{}", read.config.user_id, config::shown(&fronts));
        let session = Session::new(read.config, read.kept);
        let client = base::Client::new(session.clone(), label.clone());
        let this = Self { session, label, md: PyOnceLock::new(), td: PyOnceLock::new() };
        Ok(PyClassInitializer::from(client).add_subclass(this))
    }

    /// The market data session.
    ///
    /// Raises:
    ///     StateError: the gateway is not connected.
    #[getter]
    fn md(&self, py: Python<'_>) -> PyResult<Py<MdClient>> {
        let client = self.session.client()?;
        let made = self.md.get_or_try_init(py, || {
            // Each session ends its own handlers.
            Py::new(py, MdClient::lent(client.md().clone(), self.label.clone()))
        });
        made.map(|made| made.clone_ref(py))
    }

    /// The trading session.
    ///
    /// Raises:
    ///     StateError: the gateway is not connected.
    #[getter]
    fn td(&self, py: Python<'_>) -> PyResult<Py<TdClient>> {
        let client = self.session.client()?;
        let made = self
            .td
            .get_or_try_init(py, || Py::new(py, TdClient::lent(client.td().clone(), self.label.clone())));
        made.map(|made| made.clone_ref(py))
    }

    /// Where both sessions stand, by `md` and `td`.
    #[getter]
    fn states<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let [md, td] = states(&self.session)?;
        let states = PyDict::new(py);
        states.set_item("md", md)?;
        states.set_item("td", td)?;
        Ok(states)
    }
}
