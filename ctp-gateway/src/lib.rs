//! Market data and trading over CTP as async Rust.
//!
//! [`MdClient`] and [`TdClient`] each drive one session of a CTP library, the vendor's or the simulator's: they
//! connect, log in, and do so again after every broken link. Both run on tokio.
//!
//! ```no_run
//! use ctp_gateway::{MdClient, MdConfig, NewOrder, TdClient, TdConfig};
//! use ctp_types::{Direction, OffsetFlag};
//!
//! # async fn run() -> Result<(), ctp_gateway::Error> {
//! let md = MdClient::connect(MdConfig::new(["sim://demo"])).await?;
//! let mut ticks = md.ticks();
//! md.subscribe(&["rb2601"])?;
//!
//! let td = TdClient::connect(TdConfig::new(["sim://demo"], "9999", "000001", "simulator")).await?;
//! td.ready().await?;
//! if let Some(ask) = ticks.next().await.and_then(|tick| tick.ask()) {
//!     let order = NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 1, ask.price).exchange("SHFE");
//!     let handle = td.place(order).await?;
//!     println!("{}", handle.finished().await?.status_text());
//! }
//! td.close().await?;
//! md.close().await
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
pub mod health;
pub mod md;
pub mod metrics;
pub mod requests;
pub mod state;
pub mod status;
pub mod td;

mod cache;
mod fanout;
mod handshake;
mod ids;
mod library;
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
pub use md::{MdClient, MdEvent, Tick, TickFlags, Ticks};
pub use state::{Login, SessionState};
pub use status::StatusText;
pub use td::{NewOrder, Order, OrderHandle, TdClient, TdEvent, Trade};
