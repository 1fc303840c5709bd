//! What happens on an exchange, for people and programs that watch it: clients that come and go, orders and trades.
//!
//! Everything that tells of it reads the same notices: `ctp sim serve` in lines and in JSON, the operation `log` of the
//! control interface, and the view. No part of what clients receive.

mod kept;
mod read;

pub(crate) use kept::Notices;
pub use kept::{LINES_MAX, NOTICES_MAX, Watcher};

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest line, in characters.
const LINE_LENGTH_MAX: usize = 240;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Notice {
    /// A client connected.
    Connected {
        /// Its session.
        session: u64,
        /// `md` or `trader`.
        api: &'static str,
        /// The version of its library.
        version: String,
        /// Where it is, for one behind a connection.
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<String>,
    },
    /// A client logged in.
    LoggedIn {
        /// Its session.
        session: u64,
        /// `UserID`.
        user: String,
        /// `FrontID` and `SessionID` of its orders.
        front_id: i32,
        /// See `front_id`.
        session_id: i32,
    },
    /// A connection ended.
    Left {
        /// Its session.
        session: u64,
        /// Why.
        reason: String,
    },
    /// An order came into being or changed.
    Order {
        /// `InvestorID`.
        investor: String,
        /// `InstrumentID`.
        instrument: String,
        /// `buy` or `sell`.
        direction: &'static str,
        /// `open`, `close` and so on.
        offset: &'static str,
        /// `LimitPrice`.
        price: f64,
        /// `VolumeTotalOriginal`.
        volume: i32,
        /// `VolumeTraded`.
        traded: i32,
        /// Where it stands in its life.
        status: &'static str,
        /// `StatusMsg`.
        message: String,
        /// `OrderSysID`, once the exchange gave one.
        order: String,
        /// `OrderRef`.
        order_ref: String,
    },
    /// An order was filled.
    Trade {
        /// `InvestorID`.
        investor: String,
        /// `InstrumentID`.
        instrument: String,
        /// `buy` or `sell`.
        direction: &'static str,
        /// `open`, `close` and so on.
        offset: &'static str,
        /// `Price`.
        price: f64,
        /// `Volume`.
        volume: i32,
        /// `TradeID`.
        trade: String,
        /// `OrderSysID`.
        order: String,
    },
    /// A plan caused a fault.
    Fault {
        /// The plan, its fault, and how often that one was done by now.
        text: String,
    },
    /// Anything else that an operator wants to know.
    Log {
        /// `refusal`, `command` or `plan`.
        about: &'static str,
        /// The text.
        text: String,
    },
}

/// A notice with its number and time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Noted {
    /// Its number on this exchange, from 1; a gap is what nobody took in time.
    pub number: u64,
    /// When, in the exchange's time in China.
    pub time: String,
    /// What.
    #[serde(flatten)]
    pub notice: Notice,
}

/// A line of the log: a notice for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its number, from 1; orders, trades and faults, which are no lines, have numbers of their own in between.
    pub number: u64,
    /// The exchange's time in China.
    pub time: String,
    /// What [`Notice::kind`] says.
    pub kind: String,
    /// What happened.
    pub text: String,
}

impl Notice {
    /// Returns what it is about: `session`, `login`, `order`, `trade`, `fault`, `refusal`, `command` or `plan`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connected { .. } | Self::Left { .. } => "session",
            Self::LoggedIn { .. } => "login",
            Self::Order { .. } => "order",
            Self::Trade { .. } => "trade",
            Self::Fault { .. } => "fault",
            Self::Log { about, .. } => about,
        }
    }

    /// Returns whether it is noted only while somebody watches: what there is much of.
    fn is_frequent(&self) -> bool {
        matches!(self, Self::Order { .. } | Self::Trade { .. } | Self::Fault { .. })
    }

    /// Returns it in one line without control characters: what clients gave themselves as a name must not move a cursor.
    pub fn line(&self) -> String {
        let text = self.to_string();
        text.chars().take(LINE_LENGTH_MAX).map(|c| if c.is_control() { '·' } else { c }).collect()
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { session, api, version, peer } => {
                write!(f, "session {session} connected: {api} {version}")?;
                peer.as_ref().map_or(Ok(()), |peer| write!(f, " from {peer}"))
            }
            Self::LoggedIn { session, user, .. } => write!(f, "session {session}: {user} logged in"),
            Self::Left { session, reason } => write!(f, "session {session} left: {reason}"),
            Self::Order {
                investor,
                instrument,
                direction,
                offset,
                price,
                volume,
                traded,
                status,
                order,
                ..
            } => {
                write!(
                    f,
                    "{investor} {direction} {offset} {volume} {instrument} at {price}, {traded} traded: "
                )?;
                write!(f, "{status}")?;
                if order.is_empty() { Ok(()) } else { write!(f, " {order}") }
            }
            Self::Trade { investor, instrument, direction, offset, price, volume, order, .. } => {
                write!(f, "{investor} {direction} {offset} {volume} {instrument} at {price}, order {order}")
            }
            Self::Fault { text } | Self::Log { text, .. } => f.write_str(text),
        }
    }
}
