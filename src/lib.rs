//! Rust gateway to China's futures market.
//!
//! This crate is the façade of the project: [`MdClient`] and [`TdClient`] drive sessions of a CTP library, the
//! vendor's of any version that has a model, or our simulator's. The layers below are here too: the records and
//! enumerations as [`types`], the loaded libraries as [`sys`], products and contracts as [`market`].
//!
//! ```no_run
//! use ctp::{MdClient, MdConfig};
//!
//! # async fn run() -> Result<(), ctp::Error> {
//! let md = MdClient::connect(MdConfig::new(["sim://first"])).await?;
//! let login = md.ready().await?;
//! println!("logged in, trading day {}", login.trading_day);
//! let mut ticks = md.ticks();
//! md.subscribe(&["rb2701"])?;
//! if let Some(tick) = ticks.next().await {
//!     println!("{} {:?} {}", tick.instrument_id(), tick.last_price(), tick.volume());
//! }
//! md.close().await
//! # }
//! ```
//!
//! Complete examples are the demos in `demo/src`; `ctp demo` runs them.
#![forbid(unsafe_code)]

// The demos are written as a user writes them, and are compiled into the `ctp` command from the same files.
extern crate self as ctp;

pub mod cli;
pub mod demo;
pub mod sim;

pub use ctp_gateway::{
    Error, Events, Gateway, GatewayConfig, Login, MdClient, MdConfig, MdEvent, NewOrder, Order, OrderHandle,
    Secret, SecretSource, ServerError, SessionState, StatusText, TdClient, TdConfig, TdEvent, Tick, Ticks,
    Trade, alert, capture, clock, config, error, gateway, health, md, metrics, requests, state, status, td,
};
pub use ctp_market as market;
pub use ctp_sys as sys;
pub use ctp_types as types;

/// The CTP version whose records are the Rust types, for example `6.7.13`. Libraries of other versions that have a
/// model are converted.
pub const API_VERSION: &str = env!("CTP_API_VERSION");

/// The example of the control interface runs.
#[cfg(doctest)]
#[doc = include_str!("../docs/control.md")]
struct ControlExamples;

/// The example of replaying a capture compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/capture.md")]
struct CaptureExample;

/// The example of requests compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/requests.md")]
struct RequestsExample;

/// The example in the README runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests {
    #[test]
    fn the_stamp_is_the_version_of_the_types() {
        assert_eq!(super::API_VERSION, ctp_types::API_VERSION);
    }
}
