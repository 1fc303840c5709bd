//! What a journal remembers.

use ctp_types::{RecordBox, RecordRef, Text, TraderCallback, TraderRequest};

use crate::requests::RawEvent;

/// One thing that a journal remembers. Times are nanoseconds since the Unix epoch.
///
/// An entry belongs to the trading day of the last [`Login`](Self::Login) before it. Request numbers are unique only
/// between an [`Opened`](Self::Opened) and the next. `Debug` never shows a secret, and none is ever written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Entry {
    /// A process began to write.
    Opened {
        /// When.
        at_ns: i64,
        /// The version of the gateway.
        gateway: String,
        /// The number of the process.
        process: u32,
    },
    /// The session logged in: all further entries belong to this trading day and are of this session.
    Login {
        /// When.
        at_ns: i64,
        /// `yyyymmdd`. C: `TradingDay`.
        trading_day: Text<9>,
        /// C: `FrontID`.
        front_id: i32,
        /// C: `SessionID`.
        session_id: i32,
        /// The highest order reference that the counter knew. C: `MaxOrderRef`.
        max_order_ref: Text<13>,
    },
    /// A request that moves money is about to be given to the library.
    Action {
        /// When.
        at_ns: i64,
        /// Which one.
        request: TraderRequest,
        /// What is given, except secrets.
        record: RecordBox,
        /// C: `nRequestID`.
        request_id: i32,
        /// The front of the session that sends. C: `FrontID`.
        front_id: i32,
        /// The session that sends. C: `SessionID`.
        session_id: i32,
        /// The reference that the request takes (order, quote, exercise, …), empty if it takes none. C: `OrderRef`.
        order_ref: Text<13>,
    },
    /// What the library said to an action. An action without an answer may or may not have been sent.
    Answer {
        /// When.
        at_ns: i64,
        /// The action's number.
        request_id: i32,
        /// Why nothing left the process; `None` if the library took the action.
        refusal: Option<String>,
    },
    /// The library called back on the private stream, or refused something.
    Event(RawEvent<TraderCallback>),
    /// The kill switch was turned.
    Switch {
        /// When.
        at_ns: i64,
        /// Whether new orders are denied from here on.
        on: bool,
        /// Why.
        reason: String,
    },
    /// The writer ended in order: nothing is missing behind this entry.
    Closed {
        /// When.
        at_ns: i64,
    },
}

/// An [`Entry::Action`] that is written from where it lies: nothing is copied before the library gets it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Action<'a> {
    pub(crate) at_ns: i64,
    pub(crate) request: TraderRequest,
    pub(crate) record: RecordRef<'a>,
    pub(crate) request_id: i32,
    pub(crate) front_id: i32,
    pub(crate) session_id: i32,
    pub(crate) order_ref: Text<13>,
}

impl From<Action<'_>> for Entry {
    fn from(action: Action<'_>) -> Self {
        let Action { at_ns, request, record, request_id, front_id, session_id, order_ref } = action;
        let record = record.to_owned();
        Self::Action { at_ns, request, record, request_id, front_id, session_id, order_ref }
    }
}

impl Entry {
    /// Returns when it happened, in nanoseconds since the Unix epoch.
    pub fn at_ns(&self) -> i64 {
        match self {
            Self::Opened { at_ns, .. }
            | Self::Login { at_ns, .. }
            | Self::Action { at_ns, .. }
            | Self::Answer { at_ns, .. }
            | Self::Switch { at_ns, .. }
            | Self::Closed { at_ns } => *at_ns,
            Self::Event(event) => event.received_ns,
        }
    }

    /// Returns what kind of entry it is, as `ctp journal show` names it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "Opened",
            Self::Login { .. } => "Login",
            Self::Action { request, .. } => request.name(),
            Self::Answer { .. } => "Answer",
            Self::Event(event) => event.callback.name(),
            Self::Switch { .. } => "Switch",
            Self::Closed { .. } => "Closed",
        }
    }
}
