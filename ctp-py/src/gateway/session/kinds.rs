//! The kinds of sessions: what the gateway's clients have in common, and how Python's base classes see them.

use std::sync::Arc;

use ctp_gateway::{Error, Login, MdConfig, SessionState, TdConfig};
use pyo3::prelude::*;

use super::{End, Session};
use crate::gateway::handlers::Owner;
use crate::gateway::login;
use crate::gateway::pending::{self, Pending};

/// A client of `ctp-gateway`.
pub(in crate::gateway) trait Client: Clone + Send + Sync + 'static {
    /// What it is made from.
    type Config: Send + 'static;
    /// What it is told when it is ready.
    type Ready: Send + 'static;
    /// What the name of its class is in Python.
    const NAME: &'static str;

    fn connect(config: Self::Config) -> impl Future<Output = Result<Self, Error>> + Send;
    fn ready(&self) -> impl Future<Output = Result<Self::Ready, Error>> + Send;
    fn close(&self) -> impl Future<Output = Result<(), Error>> + Send;

    /// Makes the Python object of what `ready` brings.
    fn told(py: Python<'_>, ready: Self::Ready) -> PyResult<Py<PyAny>>;
    /// Returns how it is, as plain data.
    fn health(&self, py: Python<'_>) -> PyResult<Py<PyAny>>;
    /// Returns where it stands, for `repr`.
    fn standing(session: &Session<Self>) -> PyResult<String>;
}

/// A client of one session.
pub(in crate::gateway) trait OneSession: Client {
    fn state(&self) -> SessionState;
    fn is_simulator(&self) -> bool;
    fn library_version(&self) -> &str;
}

/// Those of market data and of trading have the same methods.
macro_rules! one_session {
    ($client:ty, $config:ty, $name:literal) => {
        impl Client for $client {
            type Config = $config;
            type Ready = Login;
            const NAME: &'static str = $name;

            async fn connect(config: $config) -> Result<Self, Error> {
                Self::connect(config).await
            }

            async fn ready(&self) -> Result<Login, Error> {
                self.ready().await
            }

            async fn close(&self) -> Result<(), Error> {
                self.close().await
            }

            fn told(py: Python<'_>, ready: Login) -> PyResult<Py<PyAny>> {
                login::to_python(py, &ready)
            }

            fn health(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                login::plain(py, &self.health())
            }

            fn standing(session: &Session<Self>) -> PyResult<String> {
                session.name_of_state().map(str::to_owned)
            }
        }

        impl OneSession for $client {
            fn state(&self) -> SessionState {
                self.state().borrow().clone()
            }

            fn is_simulator(&self) -> bool {
                self.is_simulator()
            }

            fn library_version(&self) -> &str {
                self.library_version()
            }
        }
    };
}

one_session!(ctp_gateway::MdClient, MdConfig, "MdClient");
one_session!(ctp_gateway::TdClient, TdConfig, "TdClient");

/// A client's life, whatever it is a client of.
pub(in crate::gateway) trait Life: Send + Sync {
    fn name(&self) -> &'static str;
    fn start(&self, py: Python<'_>, value: Py<PyAny>, end: End) -> PyResult<Py<Pending>>;
    fn enter(&self, py: Python<'_>, value: Py<PyAny>) -> PyResult<Py<Pending>>;
    fn ready(&self, py: Python<'_>) -> PyResult<Py<Pending>>;
    fn close(&self, py: Python<'_>) -> PyResult<Py<Pending>>;
    fn health(&self, py: Python<'_>) -> PyResult<Py<PyAny>>;
    fn standing(&self) -> PyResult<String>;
}

impl<C: Client> Life for Session<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn start(&self, py: Python<'_>, value: Py<PyAny>, end: End) -> PyResult<Py<Pending>> {
        self.start(py, value, end)
    }

    fn enter(&self, py: Python<'_>, value: Py<PyAny>) -> PyResult<Py<Pending>> {
        self.enter(py, value)
    }

    fn ready(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        let client = self.client()?;
        pending::spawn(py, async move { client.ready().await }, C::told)
    }

    fn close(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.close(py)
    }

    fn health(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.client()?.health(py)
    }

    fn standing(&self) -> PyResult<String> {
        C::standing(self)
    }
}

/// A client of one session, whichever it is.
pub(in crate::gateway) trait AnySession: Send + Sync {
    fn owner(&self) -> PyResult<&Arc<Owner>>;
    fn name_of_state(&self) -> PyResult<&'static str>;
    fn text_of_state(&self) -> PyResult<String>;
    fn state(&self) -> PyResult<SessionState>;
    fn is_simulator(&self) -> PyResult<bool>;
    fn library_version(&self) -> PyResult<String>;
}

impl<C: OneSession> AnySession for Session<C> {
    fn owner(&self) -> PyResult<&Arc<Owner>> {
        self.owner()
    }

    fn name_of_state(&self) -> PyResult<&'static str> {
        self.state_name(|client| client.state().name())
    }

    fn text_of_state(&self) -> PyResult<String> {
        self.state_name(|client| client.state().to_string())
    }

    fn state(&self) -> PyResult<SessionState> {
        Ok(self.client()?.state())
    }

    fn is_simulator(&self) -> PyResult<bool> {
        Ok(self.client()?.is_simulator())
    }

    fn library_version(&self) -> PyResult<String> {
        Ok(self.client()?.library_version().to_owned())
    }
}
