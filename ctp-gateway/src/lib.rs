//! Market data and trading over CTP as async Rust.
//!
//! [`Gateway`] has both sessions of an account, [`MdClient`] for market data and [`TdClient`] for trading. Each drives
//! one session of a CTP library, the vendor's or the simulator's: it connects, logs in, and does so again after every
//! broken link. All run on tokio.
//!
//! ```no_run
//! use ctp_gateway::{Gateway, GatewayConfig, NewOrder};
//! use ctp_types::{Direction, OffsetFlag};
//!
//! # async fn run() -> Result<(), ctp_gateway::Error> {
//! let gateway = Gateway::connect(GatewayConfig::simulator("demo")).await?;
//! let (md, td) = (gateway.md(), gateway.td());
//! let mut ticks = md.ticks();
//! md.subscribe(&["rb2601"])?;
//! gateway.ready().await?;
//! if let Some(ask) = ticks.next().await.and_then(|tick| tick.ask()) {
//!     let order = NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 1, ask.price).exchange("SHFE");
//!     let handle = td.place(order).await?;
//!     println!("{}", handle.finished().await?.status_text());
//! }
//! gateway.close().await
//! # }
//! ```
//!
//! # Outcomes
//!
//! What became of an order is confirmed (`Ok`), or one of [`Error::Rejected`] (with proof), [`Error::Denied`] (by
//! the gateway, before sending), [`Error::NotSent`] (the library did not take it) and [`Error::Unknown`] (broken link
//! or no answer). Unknown is never turned into rejected, and such an order is never sent again.
#![forbid(unsafe_code)]

pub mod alert;
pub mod capture;
pub mod clock;
pub mod config;
pub mod error;
pub mod gateway;
pub mod health;
pub mod journal;
pub mod md;
pub mod metrics;
pub mod requests;
pub mod state;
pub mod status;
pub mod td;

mod cache;
mod deadline;
mod fanout;
mod handshake;
mod ids;
mod library;
mod maps;
mod observe;
mod session;
mod setup;
mod shell;
#[cfg(test)]
mod simulation;

pub use alert::Alert;
pub use config::{GatewayConfig, MdConfig, Secret, SecretSource, TdConfig};
pub use error::{Error, ServerError};
pub use fanout::Events;
pub use gateway::Gateway;
pub use md::{MdClient, MdEvent, Tick, TickFlags, Ticks};
pub use state::{Login, SessionState};
pub use status::StatusText;
pub use td::{NewOrder, Order, OrderHandle, TdClient, TdEvent, Trade};
