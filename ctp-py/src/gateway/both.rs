//! `Gateway`: both sessions of an account.

use std::sync::Arc;

use ctp_gateway::{Error, GatewayConfig};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

use super::config::{self, Side};
use super::md::MdClient;
use super::pending::{self, Pending};
use super::session::{Client, Session};
use super::td::TdClient;
use super::{errors, login};

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Gateway>()
}

impl Client for ctp_gateway::Gateway {
    type Config = GatewayConfig;
    const NAME: &'static str = "Gateway";

    async fn connect(config: GatewayConfig) -> Result<Self, Error> {
        Self::connect(config).await
    }

    async fn ready(&self) -> Result<(), Error> {
        self.ready().await.map(drop)
    }

    async fn close(&self) -> Result<(), Error> {
        self.close().await
    }
}

/// Both sessions of an account: market data as `md`, trading as `td`.
///
/// Made as `MdClient` and `TdClient` are: `Gateway("ctp.toml")`, `Gateway("sim://demo")`, or keywords. Each session has its
/// own state; one may be down while the other is ready.
///
/// Raises:
///     ConfigError: every problem of the configuration at once.
#[pyclass(frozen, weakref, subclass, module = "ctp_py")]
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
    ) -> PyResult<Self> {
        let read = config::read(config.as_ref(), keywords.as_ref(), Side::Both, py)?;
        read.config.sessions().map_err(|error| errors::config(py, &error))?;
        let fronts = [&read.config.fronts, &read.config.md_fronts, &read.config.td_fronts];
        let fronts: Vec<String> = fronts.into_iter().flatten().cloned().collect();
        let label = format!("{}@{}", read.config.user_id, config::shown(&fronts));
        let session = Session::new(read.config, read.kept);
        Ok(Self { session, label, md: PyOnceLock::new(), td: PyOnceLock::new() })
    }

    /// Makes a gateway, connects both sessions and waits until they are ready.
    ///
    /// Raises:
    ///     ConfigError: every problem of the configuration at once.
    ///     LoginError: a login was refused; it is not repeated.
    ///     NotReady: not ready within `timeouts.ready_ms`; the gateway is closed.
    #[classmethod]
    #[pyo3(signature = (config = None, /, **keywords))]
    fn connect(
        class: &Bound<'_, PyType>,
        config: Option<Bound<'_, PyAny>>,
        keywords: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<Pending>> {
        let this = class.call((config,), keywords.as_ref())?.cast_into::<Self>()?;
        this.get().session.start(class.py(), this.clone().into_any().unbind())
    }

    /// Makes a gateway, connects it and waits on this thread until both sessions are ready; as `connect` otherwise.
    #[classmethod]
    #[pyo3(signature = (config = None, /, **keywords))]
    fn open(
        class: &Bound<'_, PyType>,
        config: Option<Bound<'_, PyAny>>,
        keywords: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        Self::connect(class, config, keywords)?.get().wait(class.py(), None)
    }

    fn __aenter__(slf: &Bound<'_, Self>) -> PyResult<Py<Pending>> {
        slf.get().session.start(slf.py(), slf.clone().into_any().unbind())
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) -> PyResult<Py<Pending>> {
        self.close(py)
    }

    fn __enter__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.get().session.start(slf.py(), slf.clone().into_any().unbind())?.get().wait(slf.py(), None)
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.close(py)?.get().wait(py, None).map(drop)
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
            Py::new(py, MdClient::lent(client.md().clone(), Arc::default(), self.label.clone()))
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
        let made = self.td.get_or_try_init(py, || {
            Py::new(py, TdClient::lent(client.td().clone(), Arc::default(), self.label.clone()))
        });
        made.map(|made| made.clone_ref(py))
    }

    /// Waits until both sessions are ready; the result is the logins, market data first.
    ///
    /// Raises:
    ///     LoginError: a login was refused; it is not repeated.
    ///     NotReady: not within `timeouts.ready_ms`; the sessions go on trying.
    ///     StateError: the gateway was closed.
    fn ready(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        let client = self.session.client()?;
        pending::spawn(py, async move { client.ready().await }, |py, logins| {
            let both = [login::to_python(py, &logins.md)?, login::to_python(py, &logins.td)?];
            Ok(PyTuple::new(py, both)?.into_any().unbind())
        })
    }

    /// Closes both sessions; streams and handlers end. It may be called again, and from anywhere; ``await`` it or call
    /// ``.result()`` to wait for the end. Open orders stay at the exchange.
    ///
    /// Raises:
    ///     CloseError: a library did not stop within `timeouts.close_ms`.
    fn close(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.session.close(py)
    }

    /// Where both sessions stand, by `md` and `td`.
    #[getter]
    fn states<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let states = PyDict::new(py);
        let name = |side: fn(&ctp_gateway::Gateway) -> &'static str| self.session.state_name(side);
        states.set_item("md", name(|client| client.md().state().borrow().name())?)?;
        states.set_item("td", name(|client| client.td().state().borrow().name())?)?;
        Ok(states)
    }

    /// Returns how both sessions are as a `dict` with `is_ready`, `md` and `td`.
    fn health(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        login::plain(py, &self.session.client()?.health())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let states = self.states(py)?;
        Ok(format!("<ctp_py.Gateway {} {}>", self.label, states.repr()?))
    }
}
