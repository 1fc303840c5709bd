//! A session of any kind: made, started, ready, closed; from anywhere, and more than once.

mod kinds;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ctp_gateway::Error;
use pyo3::prelude::*;

pub(super) use kinds::{AnySession, Client, Life, OneSession};

use super::pending::{self, Pending};
use super::{handlers, life, log};
use crate::errors::StateError;

/// One client's life. A clone is the same one.
#[derive(Clone)]
pub(super) struct Session<C: Client> {
    inner: life::Owned<Arc<Inner<C>>>,
}

struct Inner<C: Client> {
    state: Mutex<State<C>>,
    owner: Arc<handlers::Owner>,
}

enum State<C: Client> {
    New(Box<Made<C>>),
    Starting,
    Live {
        client: C,
        number: u64,
        kept: Option<Kept>,
    },
    /// It belongs to another session, which ends it.
    Lent(C),
    Over(Option<C>),
}

/// What a start that fails means for the session.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum End {
    /// It is closed: nobody has it.
    WithError,
    /// It stays as it is, until it is closed.
    Later,
}

/// What lives as long as a session does: a temporary folder.
pub(crate) type Kept = tempfile::TempDir;

/// What a session is made from.
struct Made<C: Client> {
    config: C::Config,
    kept: Option<Kept>,
}

impl<C: Client> Session<C> {
    /// Returns a session that begins with [`start`](Self::start).
    pub(super) fn new(config: C::Config, kept: Option<Kept>) -> Self {
        Self::of(State::New(Box::new(Made { config, kept })))
    }

    /// Returns a session of a client that another session owns.
    pub(super) fn lent(client: C) -> Self {
        Self::of(State::Lent(client))
    }

    fn of(state: State<C>) -> Self {
        let inner = Inner { state: Mutex::new(state), owner: Arc::default() };
        Self { inner: life::Owned::new(Arc::new(inner)) }
    }

    /// Returns the client.
    ///
    /// # Errors
    ///
    /// Returns `StateError` before the start and in a forked child. After the end the client is there and says so itself.
    pub(super) fn client(&self) -> PyResult<C> {
        match &*self.inner()?.state() {
            State::Live { client, .. } | State::Lent(client) | State::Over(Some(client)) => {
                Ok(client.clone())
            }
            State::New(_) => Err(not_open(&format!(
                "is not connected; use it with `with` or `async with`, or make it with {0}.connect or {0}.open",
                C::NAME
            ))),
            State::Starting => Err(not_open("is only just starting; wait for it")),
            State::Over(None) => Err(not_open("is closed; make a new one")),
        }
    }

    /// Returns what the client says of its state, or what there is to say without one.
    pub(super) fn state_name<T: From<&'static str>>(&self, of: impl FnOnce(&C) -> T) -> PyResult<T> {
        let client = match &*self.inner()?.state() {
            State::Live { client, .. } | State::Lent(client) | State::Over(Some(client)) => client.clone(),
            State::New(_) => return Ok("new".into()),
            State::Starting => return Ok("connecting".into()),
            State::Over(None) => return Ok("closed".into()),
        };
        Ok(of(&client))
    }

    /// Returns what its handlers belong to.
    pub(super) fn owner(&self) -> PyResult<&Arc<handlers::Owner>> {
        Ok(&self.inner()?.owner)
    }

    /// Connects, waits until the session is ready, and has `value` as the result.
    ///
    /// # Errors
    ///
    /// Returns `StateError` for a session that was started before.
    pub(super) fn start(&self, py: Python<'_>, value: Py<PyAny>, end: End) -> PyResult<Py<Pending>> {
        let inner = Arc::clone(self.inner()?);
        life::check()?;
        log::follow(py)?;
        let mut state = inner.state();
        let made = match std::mem::replace(&mut *state, State::Over(None)) {
            State::New(made) => *made,
            before => {
                *state = before;
                return Err(not_open("was started before; make a new one"));
            }
        };
        let closing = Arc::clone(&inner);
        let number = life::remember(Box::new(move || {
            let inner = Arc::clone(&closing);
            Box::pin(async move { drop(inner.close().await) })
        }));
        *state = State::Starting;
        drop(state);
        let started = Arc::clone(&inner);
        pending::spawn(
            py,
            async move {
                let result = started.connect(number, made).await;
                if result.is_err() && end == End::WithError {
                    // The error that matters is the first one.
                    let _ = started.close().await;
                    life::forget(number);
                }
                result
            },
            move |_, ()| Ok(value),
        )
    }

    /// Begins a `with` block: starts the session, or takes the one that `connect` or `open` started, and has `value` as the
    /// result once it is ready. Whoever cannot enter has no end of the block, so a failure closes the session.
    ///
    /// # Errors
    ///
    /// Returns `StateError` for a session that is over, is only just starting, or is another one's.
    pub(super) fn enter(&self, py: Python<'_>, value: Py<PyAny>) -> PyResult<Py<Pending>> {
        let inner = Arc::clone(self.inner()?);
        let client = match &*inner.state() {
            State::New(_) => None,
            State::Live { client, .. } => Some(client.clone()),
            State::Starting => return Err(not_open("is only just starting; wait for it")),
            State::Lent(_) => return Err(not_open("belongs to a Gateway; use that with `with`")),
            State::Over(_) => return Err(not_open("is closed; make a new one")),
        };
        let Some(client) = client else {
            return self.start(py, value, End::WithError);
        };
        life::check()?;
        let ready = async move {
            let result = client.ready().await.map(drop);
            if result.is_err() {
                // The error that matters is the first one.
                let _ = inner.close().await;
            }
            result
        };
        pending::spawn(py, ready, move |_, ()| Ok(value))
    }

    /// Closes the session; again does no harm.
    pub(super) fn close(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        let inner = Arc::clone(self.inner()?);
        if life::is_ending() {
            // It is being closed.
            return pending::ready(py, py.None());
        }
        // What was never started has nothing to wait for, and needs no runtime.
        inner.owner.close();
        pending::spawn(py, async move { inner.close().await }, |py, ()| Ok(py.None()))
    }

    fn inner(&self) -> PyResult<&Arc<Inner<C>>> {
        if life::is_forked() {
            life::check()?;
        }
        self.inner.get().ok_or_else(|| not_open("is gone"))
    }
}

fn not_open(what: &str) -> PyErr {
    StateError::new_err(format!("the client {what}"))
}

impl<C: Client> Inner<C> {
    async fn connect(&self, number: u64, made: Made<C>) -> Result<(), Error> {
        let Made { config, kept } = made;
        let client = C::connect(config).await?;
        let is_wanted = {
            let mut state = self.state();
            let is_wanted = matches!(&*state, State::Starting);
            if is_wanted {
                *state = State::Live { client: client.clone(), number, kept };
            } else {
                *state = State::Over(Some(client.clone()));
            }
            is_wanted
        };
        if !is_wanted {
            // It was closed while it was starting.
            client.close().await?;
            life::forget(number);
            return Err(Error::Closed);
        }
        client.ready().await.map(drop)
    }

    async fn close(&self) -> Result<(), Error> {
        self.owner.close();
        let (client, number, kept) = {
            let mut state = self.state();
            match std::mem::replace(&mut *state, State::Over(None)) {
                State::Live { client, number, kept } => {
                    *state = State::Over(Some(client.clone()));
                    (client, Some(number), kept)
                }
                State::Lent(client) | State::Over(Some(client)) => {
                    *state = State::Over(Some(client.clone()));
                    (client, None, None)
                }
                State::New(_) | State::Starting | State::Over(None) => return Ok(()),
            }
        };
        let closed = client.close().await;
        if let Some(number) = number {
            life::forget(number);
        }
        drop(kept);
        closed
    }

    fn state(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
