//! Both sessions of an account.

use ctp_sys::{MdLibrary, TraderLibrary};
use serde::Serialize;

use crate::config::GatewayConfig;
use crate::error::Error;
use crate::health::{MdHealth, TdHealth};
use crate::md::MdClient;
use crate::state::{Login, SessionState};
use crate::td::TdClient;

/// Both sessions of an account: market data and trading. Clones share them; they close with the last clone, of the
/// gateway and of what [`md`](Self::md) and [`td`](Self::td) gave.
///
/// Each session has its own state, link and fronts: one may be down while the other is ready. Any number of gateways live
/// in one process, for several accounts and with libraries of different versions.
///
/// ```no_run
/// use ctp_gateway::{Gateway, GatewayConfig};
///
/// # async fn run() -> Result<(), ctp_gateway::Error> {
/// let gateway = Gateway::connect(GatewayConfig::load("ctp.toml")?).await?;
/// let logins = gateway.ready().await?;
/// println!("trading day {}", logins.td.trading_day);
/// gateway.close().await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Gateway {
    md: MdClient,
    td: TdClient,
}

/// What the login answers of both sessions said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Logins {
    /// Of the market data session.
    pub md: Login,
    /// Of the trading session.
    pub td: Login,
}

/// Where both sessions stand.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct States {
    /// Of the market data session.
    pub md: SessionState,
    /// Of the trading session.
    pub td: SessionState,
}

/// How both sessions are, as plain data.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// Whether there are prices and orders can be sent.
    pub is_ready: bool,
    /// Of the market data session.
    pub md: MdHealth,
    /// Of the trading session.
    pub td: TdHealth,
}

impl States {
    /// Returns whether there are prices and orders can be sent.
    pub fn are_ready(&self) -> bool {
        self.md.is_ready() && self.td.is_ready()
    }
}

impl Gateway {
    /// Opens both libraries and starts both sessions, which go on in the background: see [`ready`](Self::ready).
    ///
    /// # Errors
    ///
    /// Returns all problems of the configuration at once, or why a library cannot be loaded or a flow folder not be used.
    /// When one session cannot start, the other is closed before this returns.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was started.
    pub async fn connect(config: GatewayConfig) -> Result<Self, Error> {
        let (md, td) = config.sessions()?;
        let started = tokio::join!(MdClient::connect(md), TdClient::connect(td));
        Self::of(started.0, started.1).await
    }

    /// Starts both sessions on libraries that are loaded already.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    pub async fn connect_with(
        md_library: &MdLibrary,
        td_library: &TraderLibrary,
        config: GatewayConfig,
    ) -> Result<Self, Error> {
        let (md, td) = config.sessions()?;
        let started =
            tokio::join!(MdClient::connect_with(md_library, md), TdClient::connect_with(td_library, td));
        Self::of(started.0, started.1).await
    }

    async fn of(md: Result<MdClient, Error>, td: Result<TdClient, Error>) -> Result<Self, Error> {
        match (md, td) {
            (Ok(md), Ok(td)) => {
                td.follow(md.ticks());
                Ok(Self { md, td })
            }
            (Ok(md), Err(error)) => {
                // The error that matters is the first one.
                let _ = md.close().await;
                Err(error)
            }
            (Err(error), Ok(td)) => {
                let _ = td.close().await;
                Err(error)
            }
            (Err(md), Err(td)) => {
                tracing::error!(error = %md, "the market data session did not start either");
                Err(td)
            }
        }
    }

    /// Returns the market data session.
    pub fn md(&self) -> &MdClient {
        &self.md
    }

    /// Returns the trading session.
    pub fn td(&self) -> &TdClient {
        &self.td
    }

    /// Waits until both sessions are ready, each at most `timeouts.ready`.
    ///
    /// # Errors
    ///
    /// As [`TdClient::ready`], of the session that fails first; the other goes on.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn ready(&self) -> Result<Logins, Error> {
        let (md, td) = tokio::try_join!(self.md.ready(), self.td.ready())?;
        Ok(Logins { md, td })
    }

    /// Returns where both sessions stand now. To wait for changes, see [`MdClient::state`] and [`TdClient::state`].
    pub fn states(&self) -> States {
        States { md: self.md.state().borrow().clone(), td: self.td.state().borrow().clone() }
    }

    /// Returns how both sessions are, for a page or a probe. It costs the sessions nothing.
    pub fn health(&self) -> Health {
        Health { is_ready: self.states().are_ready(), md: self.md.health(), td: self.td.health() }
    }

    /// Asks both sessions to stop and returns at once, from wherever it is called: also from a callback.
    pub fn stop(&self) {
        self.md.stop();
        self.td.stop();
    }

    /// Closes both sessions at the same time and waits until both libraries have stopped: at most `timeouts.close` and a
    /// second. Streams end after it, and nothing is delivered any more. Calling it again, from several places, or outside of
    /// a runtime does no harm. Open orders stay at the exchange.
    ///
    /// # Errors
    ///
    /// [`Error::CloseTimedOut`] if a library did not stop in time; its threads are left behind.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back the close.
    pub async fn close(&self) -> Result<(), Error> {
        self.stop();
        let (md, td) = tokio::join!(self.md.close(), self.td.close());
        td.and(md)
    }

    /// Closes both sessions as [`close`](Self::close) does, from a thread that may wait. Inside a task of the sessions'
    /// runtime, await `close` instead: the thread is not the runtime's to block.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close).
    pub fn close_blocking(&self) -> Result<(), Error> {
        crate::deadline::block_on(self.close())
    }
}
