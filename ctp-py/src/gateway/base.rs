//! What the clients have in common: how they begin, where they stand and how they end. Base classes of Python's.

use ctp_gateway::SessionState;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use super::handlers;
use super::login;
use super::pending::Pending;
use super::session::{AnySession, End, Life, OneSession, Session};

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Client>()?;
    module.add_class::<SessionClient>()
}

/// What every client has: it connects with ``async with``, ``with``, `connect` or `open`, and lives until it is closed or the
/// interpreter ends. A block closes it, also one that `connect` or `open` connected.
#[pyclass(frozen, weakref, subclass, name = "_Client", module = "ctp_py")]
pub(crate) struct Client {
    life: Box<dyn Life>,
    /// Whose it is, for people.
    label: String,
}

impl Client {
    pub(super) fn new(life: impl Life + 'static, label: String) -> Self {
        Self { life: Box::new(life), label }
    }

    fn begin(slf: &Bound<'_, Self>, end: End) -> PyResult<Py<Pending>> {
        slf.get().life.start(slf.py(), slf.clone().into_any().unbind(), end)
    }
}

#[pymethods]
impl Client {
    /// Makes a client, connects it and waits until it is ready: ``td = await TdClient.connect("ctp.toml")``.
    ///
    /// Raises:
    ///     ConfigError: every problem of the configuration at once.
    ///     LoginError: the login was refused; it is not repeated.
    ///     NotReady: not ready within `timeouts.ready_ms`; the client is closed.
    #[classmethod]
    #[pyo3(signature = (config = None, /, **keywords))]
    fn connect(
        class: &Bound<'_, PyType>,
        config: Option<Bound<'_, PyAny>>,
        keywords: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<Pending>> {
        Self::begin(&class.call((config,), keywords.as_ref())?.cast_into()?, End::WithError)
    }

    /// Makes a client, connects it and waits on this thread until it is ready; as `connect` otherwise.
    #[classmethod]
    #[pyo3(signature = (config = None, /, **keywords))]
    fn open(
        class: &Bound<'_, PyType>,
        config: Option<Bound<'_, PyAny>>,
        keywords: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        Self::connect(class, config, keywords)?.get().wait(class.py(), None)
    }

    /// Connects; the result is this client, once it is ready. For those who have something to do before: to give the code of a
    /// text message, or a new password. Unlike the other ways in, it leaves the client open when it fails: close it.
    ///
    /// Raises:
    ///     LoginError: the login was refused; it is not repeated.
    ///     NotReady: not ready within `timeouts.ready_ms`; the client goes on trying.
    ///     StateError: it was started before.
    fn start(slf: &Bound<'_, Self>) -> PyResult<Py<Pending>> {
        Self::begin(slf, End::Later)
    }

    fn __aenter__(slf: &Bound<'_, Self>) -> PyResult<Py<Pending>> {
        slf.get().life.enter(slf.py(), slf.clone().into_any().unbind())
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) -> PyResult<Py<Pending>> {
        self.close(py)
    }

    fn __enter__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        Self::__aenter__(slf)?.get().wait(slf.py(), None)
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.close(py)?.get().wait(py, None).map(drop)
    }

    /// Waits until the client is ready, again after a broken link; the result is its `Login`, of a `Gateway` both, market data
    /// first.
    ///
    /// Raises:
    ///     LoginError: a login was refused; it is not repeated.
    ///     NotReady: not within `timeouts.ready_ms`; the client goes on trying.
    ///     StateError: the client was closed.
    fn ready(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.life.ready(py)
    }

    /// Closes the client; its streams and handlers end, working orders stay where they are. It may be called again, and from
    /// anywhere; ``await`` it or call ``.result()`` to wait for the end.
    ///
    /// Raises:
    ///     CloseError: a library did not stop within `timeouts.close_ms`.
    fn close(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.life.close(py)
    }

    /// Returns how the client is as a `dict`, of a `Gateway` with `is_ready`, `md` and `td`: state, link, what waits, counts. It
    /// costs the session nothing.
    fn health(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.life.health(py)
    }

    fn __repr__(&self) -> PyResult<String> {
        Ok(format!("<ctp_py.{} {} {}>", self.life.name(), self.label, self.life.standing()?))
    }
}

/// What a client of one session has.
#[pyclass(frozen, extends = Client, subclass, name = "_SessionClient", module = "ctp_py")]
pub(crate) struct SessionClient {
    session: Box<dyn AnySession>,
}

impl SessionClient {
    /// Returns what the object of a client begins with.
    pub(super) fn of<C: OneSession>(session: &Session<C>, label: String) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Client::new(session.clone(), label))
            .add_subclass(Self { session: Box::new(session.clone()) })
    }
}

#[pymethods]
impl SessionClient {
    /// Calls `function` with the name of the handler and the exception whenever a handler of this client raises one.
    /// Without it they are logged as errors of `ctp_py`. Returns the function.
    fn on_error<'py>(&self, function: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        handlers::check_function("on_error", &function)?;
        self.session.owner()?.set_on_error(Some(function.clone().unbind()));
        Ok(function)
    }

    /// Where the session stands: `connecting`, `logging in`, `recovering`, `ready`, `reconnecting`, `faulted`, `closed` and
    /// so on; `new` before it is connected.
    #[getter]
    fn state(&self) -> PyResult<&'static str> {
        self.session.name_of_state()
    }

    /// Where the session stands in words, with the reason.
    #[getter]
    fn state_text(&self) -> PyResult<String> {
        self.session.text_of_state()
    }

    /// What the last login answered; `None` while the session cannot be used.
    #[getter]
    fn login(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        match self.session.state()? {
            SessionState::Ready(login) | SessionState::Recovering(login) => {
                login::to_python(py, &login).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Whether the library is the simulator, where orders cost nothing.
    #[getter]
    fn is_simulator(&self) -> PyResult<bool> {
        self.session.is_simulator()
    }

    /// The library's version.
    #[getter]
    fn library_version(&self) -> PyResult<String> {
        self.session.library_version()
    }
}
