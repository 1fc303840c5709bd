//! The API object of the library, of either kind, and how it is made.

use std::sync::Arc;
use std::time::Duration;

use ctp_sys::{ApiError, ApiVersion, MdLibrary, MdOptions, TraderLibrary, TraderOptions};
use ctp_types::FensUserInfoField;
use pyo3::prelude::*;

use super::session::{FlowDir, Session};
use crate::delivery::{MD_SHAPES, Queue, Receiver, Style, TRADER_SHAPES};
use crate::{errors, library};

/// The API object of the library.
pub(crate) enum Handle {
    Md(ctp_sys::MdApi),
    Trader(ctp_sys::TraderApi),
}

/// Calls what both kinds have.
macro_rules! either {
    ($handle:expr, $api:ident => $call:expr) => {
        match $handle {
            Handle::Md($api) => $call,
            Handle::Trader($api) => $call,
        }
    };
}

impl Handle {
    pub(crate) fn version(&self) -> &ApiVersion {
        either!(self, api => api.version())
    }

    pub(crate) fn trading_day(&self) -> Result<String, ApiError> {
        either!(self, api => api.trading_day())
    }

    pub(crate) fn register_front(&self, address: &str) -> Result<(), ApiError> {
        either!(self, api => api.register_front(address))
    }

    pub(crate) fn register_name_server(&self, address: &str) -> Result<(), ApiError> {
        either!(self, api => api.register_name_server(address))
    }

    pub(crate) fn register_fens_user_info(&self, info: &FensUserInfoField) -> Result<(), ApiError> {
        either!(self, api => api.register_fens_user_info(info))
    }

    pub(super) fn init(&self) -> Result<(), ApiError> {
        either!(self, api => api.init())
    }

    pub(super) fn close(&self, timeout: Duration) -> Result<(), ctp_sys::CloseError> {
        either!(self, api => api.close(timeout))
    }
}

/// How callbacks are delivered.
pub(crate) struct Ways {
    pub(crate) style: Style,
    /// How many ticks wait for a slow handler.
    pub(crate) tick_capacity: usize,
    /// Whether the thread polls instead of sleeping.
    pub(crate) spin: bool,
}

impl Session {
    /// Makes the market data object of a library.
    ///
    /// # Errors
    ///
    /// Returns `FlowDirError`, or `LoadError` if the library makes none.
    pub(crate) fn of_md(
        py: Python<'_>,
        library: &MdLibrary,
        flow_dir: FlowDir,
        options: &MdOptions,
        ways: &Ways,
    ) -> PyResult<Self> {
        let api = py.detach(|| library.create(options)).map_err(library::not_created)?;
        let queue = Arc::new(Queue::new(ways.tick_capacity, ways.spin));
        let receiver = Receiver { queue: Arc::clone(&queue) };
        api.register_spi(Arc::new(receiver)).map_err(|error| errors::from_api(py, error))?;
        Ok(Self::new(Handle::Md(api), queue, ways.style, MD_SHAPES, flow_dir))
    }

    /// Makes the trading object of a library.
    ///
    /// # Errors
    ///
    /// Returns `FlowDirError`, or `LoadError` if the library makes none.
    pub(crate) fn of_trader(
        py: Python<'_>,
        library: &TraderLibrary,
        flow_dir: FlowDir,
        production_mode: bool,
        style: Style,
    ) -> PyResult<Self> {
        let options = TraderOptions { flow_dir: flow_dir.path().to_owned(), production_mode };
        let api = py.detach(|| library.create(&options)).map_err(library::not_created)?;
        let queue = Arc::new(Queue::new(0, false));
        let receiver = Receiver { queue: Arc::clone(&queue) };
        api.register_spi(Arc::new(receiver)).map_err(|error| errors::from_api(py, error))?;
        Ok(Self::new(Handle::Trader(api), queue, style, TRADER_SHAPES, flow_dir))
    }

    /// Calls the library's object without the interpreter lock.
    ///
    /// # Errors
    ///
    /// Returns what the library refused, and `StateError` in a forked child.
    pub(crate) fn call<T: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&Handle) -> Result<T, ApiError> + Send,
    ) -> PyResult<T> {
        let handle = self.handle()?;
        py.detach(|| call(handle)).map_err(|error| errors::from_api(py, error))
    }

    /// Calls the market data object without the interpreter lock; what the library refused is in the inner result.
    ///
    /// # Errors
    ///
    /// Returns `StateError` in a forked child, and for a session of trading.
    pub(crate) fn call_md<T: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&ctp_sys::MdApi) -> Result<T, ApiError> + Send,
    ) -> PyResult<Result<T, ApiError>> {
        match self.handle()? {
            Handle::Md(api) => Ok(py.detach(|| call(api))),
            Handle::Trader(_) => Err(errors::StateError::new_err("this is a trading API")),
        }
    }

    /// Calls the trading object without the interpreter lock; what the library refused is in the inner result.
    ///
    /// # Errors
    ///
    /// Returns `StateError` in a forked child, and for a session of market data.
    pub(crate) fn call_trader<T: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&ctp_sys::TraderApi) -> Result<T, ApiError> + Send,
    ) -> PyResult<Result<T, ApiError>> {
        match self.handle()? {
            Handle::Trader(api) => Ok(py.detach(|| call(api))),
            Handle::Md(_) => Err(errors::StateError::new_err("this is a market data API")),
        }
    }
}
