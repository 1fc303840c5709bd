//! The simulated exchange: a pure state machine.
//!
//! The whole interface is [`Exchange::step`]`(now, input, outputs)`: no thread, socket, clock, file or source of chance
//! of its own. The same seed and the same time-stamped inputs give the same outputs, byte for byte.
//!
//! How a host drives it:
//!
//! 1. [`Config::starting_at`], [`Exchange::new`].
//! 2. For each API call, under one lock: [`Exchange::admit`]; when that is 0, [`Exchange::step`] with the call as
//!    [`Input`]. `now` must not go backwards; an earlier time counts as the latest one seen.
//! 3. At [`Exchange::next_deadline`]: `step` with [`Input::Advance`].
//! 4. Each [`Output`] goes to the worker thread of its session, in order.
//!
//! ```
//! use ctp_sim::{ApiKind, Config, Exchange, Input, SessionId, Timestamp};
//!
//! let start = Timestamp(1_795_399_200_000_000_000); // Monday 2026-11-23, 10:00 in China
//! let mut exchange = Exchange::new(Config::starting_at(start))?;
//! let mut outputs = Vec::new();
//! let connect = Input::Connect { session: SessionId(1), kind: ApiKind::Trader, api_version: (6, 7, 13) };
//! exchange.step(start, connect, &mut outputs);
//! let due = exchange.next_deadline().expect("OnFrontConnected is to come");
//! exchange.step(due, Input::Advance, &mut outputs);
//! assert_eq!(outputs.len(), 1);
//! # Ok::<(), ctp_sim::ConfigError>(())
//! ```
//!
//! What each request does, and how far, is the table of [`Coverage`]; queries without content have an empty result.
//!
//! Inside, data flow one way: `exchange` takes inputs and runs what is due; `request` sends each request to `session`,
//! `order`, `instruction` or `query`; `order` is the core's desk and, behind it, the exchange, which matches by
//! `matching` against the other clients and the crowd of `market`; `money` keeps accounts and positions; `day` settles
//! and begins the next trading day; `session` is the only way back to a client.
//! Comments name sections of the CTP behaviour notes.

mod clock;
mod command;
mod config;
mod consistency;
mod day;
mod errors;
mod exchange;
mod instruction;
mod interface;
mod journal;
pub mod look;
mod market;
mod matching;
mod money;
mod order;
mod query;
mod random;
mod request;
mod schedule;
mod session;
mod switches;
mod text;

pub use command::{Command, Refused};
pub use config::{
    Access, CarriedLot, Config, ConfigError, ConfigKey, Hours, Rates, SmsLogin, TradingParams, duration,
};
pub use consistency::Inconsistency;
pub use errors::{core_not_synchronised, error_text, unsupported_function};
pub use exchange::Exchange;
pub use interface::{ApiKind, Delivery, Input, Output, Received, SessionId, Timestamp};
pub use journal::Journal;
pub use market::replay::{self, Replay, ReplayError, Tape};
pub use market::tick::{Levels, Tick};
pub use matching::{MatchingModel, UnknownModel};
pub use order::{
    ConditionalOrders, CoreState, EndOrder, ExchangeLimit, ExchangeLink, FillOrder, InstrumentTrading,
    LinkState, OrderLimits, PositionLimit, RefuseCancels, RefuseOrders, Right, TradingCode, TradingRight,
};
pub use query::lookup::{LoginState, SessionState};
pub use random::Random;
pub use request::coverage::{Class as CoverageClass, Coverage, coverage};
pub use session::user::UserState;
pub use switches::{
    AssignedRef, CheckedBy, FrozenPrice, LastBeforeTrade, NewDay, NoValue, OffOn, OnOff, RefusedOn,
    RepeatedSubmit, Switch, SwitchError, Switches, UnsupportedKind,
};
