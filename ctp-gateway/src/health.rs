//! How a session is, for a page or a probe: plain data that serialises.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::capture::{SessionKind, Totals};

/// How a session is. Times are nanoseconds since the Unix epoch by the session's clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SessionHealth {
    /// Which session.
    pub session: SessionKind,
    /// The broker.
    pub broker_id: String,
    /// The user.
    pub user_id: String,
    /// The fronts, without proxies.
    pub fronts: String,
    /// The version of the library.
    pub library: String,
    /// Whether the session can be used, and nothing is left to make up for.
    pub is_ready: bool,
    /// Whether requests can be made.
    pub is_usable: bool,
    /// Where the session stands: [`SessionState::name`](crate::SessionState::name).
    pub state: String,
    /// The same in words, with the reason.
    pub state_text: String,
    /// Since when.
    pub state_since_ns: i64,
    /// The trading day of the last login, `yyyymmdd`; empty before it.
    pub trading_day: String,
    /// How often the session became usable.
    pub logins: u64,
    /// How often the link broke.
    pub disconnects: u64,
    /// The last broken link's reason, and when it was.
    pub last_disconnect: Option<Happened>,
    /// The last refusal of a step of the login, and when it was.
    pub last_refusal: Option<Happened>,
    /// What watchdogs found, and how often.
    pub watchdogs: BTreeMap<String, u64>,
    /// Callbacks that the session handled. Ticks are not among them.
    pub callbacks: u64,
    /// When the last of them was handled.
    pub last_callback_ns: Option<i64>,
    /// What waits.
    pub waiting: Waiting,
    /// Requests that ended, by outcome.
    pub requests: BTreeMap<String, u64>,
    /// The longest step of the session, in nanoseconds.
    pub step_max_ns: u64,
    /// The recording, if there is one.
    pub capture: Option<CaptureHealth>,
}

/// What waits, at the session's last step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Waiting {
    /// Callbacks of the library that wait for the session.
    pub callbacks: usize,
    /// Commands of the program that wait for the session.
    pub commands: usize,
    /// Queries that wait for their turn.
    pub queries: usize,
    /// Requests other than queries that wait for their answer.
    pub requests: usize,
}

/// Something that happened, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Happened {
    /// What.
    pub what: String,
    /// When.
    pub at_ns: i64,
}

/// How a recording is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CaptureHealth {
    /// What is in the file, and what is not.
    pub totals: Totals,
    /// How long the file is, in bytes.
    pub bytes: u64,
    /// Whether the recording ended before the session: the disk failed, or the file is as long as it may become.
    pub is_stopped: bool,
}

/// How a market data session is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MdHealth {
    /// What both kinds of session have.
    #[serde(flatten)]
    pub session: SessionHealth,
    /// Instruments that the program wants.
    pub subscriptions: usize,
    /// Ticks that the library delivered.
    pub ticks: u64,
    /// Ticks that consumers were too slow for, over all consumers.
    pub ticks_lost: u64,
    /// From the receipt of a tick to its consumer.
    pub tick_latency: Latency,
}

/// How a trading session is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TdHealth {
    /// What both kinds of session have.
    #[serde(flatten)]
    pub session: SessionHealth,
}

/// A distribution of times, in nanoseconds. All 0 if nothing was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Latency {
    /// How many were measured.
    pub samples: u64,
    /// Half were at most this.
    pub p50_ns: u64,
    /// 99 % were at most this.
    pub p99_ns: u64,
    /// The longest.
    pub max_ns: u64,
}
