//! Reference data of the Chinese futures exchanges.
//!
//! Products and exchange rules stand in TOML files with their sources (`data/`), embedded in the crate and checked when
//! read: [`ReferenceData::builtin`]. What a real front's instrument query says wins over them.
//!
//! Dates follow the [weekday rule](calendar): the holiday calendar is not part of this crate yet, so a public holiday
//! counts as a trading day and last trading days may be off by the holidays before them.

pub mod calendar;

mod contract;
mod error;
mod exchange;
mod money;
mod product;
mod reference;
mod tick;

pub use contract::{Contract, ContractCode};
pub use error::MarketError;
pub use exchange::{Exchange, ExchangeRules, Milliseconds, NightDate, OrderReports};
pub use jiff::civil::Date;
pub use money::{Money, Rate};
pub use product::{DaySession, Fees, LastDay, Listing, Product, Session};
pub use reference::ReferenceData;
pub use tick::{PriceError, TickSize};
