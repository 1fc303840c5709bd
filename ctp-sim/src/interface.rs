//! What goes into the exchange and what comes out of it.
//!
//! The host turns API calls into [`Input`]s, gives each the time at which it happened, and hands every
//! [`Output`] to the worker thread of the instance that [`Output::session`] names.

use std::fmt;
use std::time::Duration;

use crate::command::Command;
use ctp_types::{
    MdCallback, MdRequest, RecordBox, ResumeType, RspInfoField, Text, TraderCallback, TraderRequest,
};

/// One connection of one API instance, numbered by the host.
///
/// An instance keeps its number when it reconnects, so that RESUME can continue where it stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
pub struct SessionId(pub u64);

/// Which of the two APIs an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApiKind {
    /// Market data: `CThostFtdcMdApi`.
    Md,
    /// Trading: `CThostFtdcTraderApi`.
    Trader,
}

/// Nanoseconds since the Unix epoch; the exchange's local time is UTC+8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the time `duration` after this one, or the last representable time.
    pub fn after(self, duration: Duration) -> Self {
        let nanoseconds = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(nanoseconds))
    }

    /// Returns the time of a date and time in China, `2026-11-23 10:00:00` with or without a fraction of the second;
    /// `None` for anything else.
    pub fn from_china(text: &str) -> Option<Self> {
        let civil: jiff::civil::DateTime = text.parse().ok().filter(|_| text.contains(':'))?;
        let at = jiff::tz::Offset::constant(8).to_timestamp(civil).ok()?;
        i64::try_from(at.as_nanosecond()).ok().map(Self)
    }

    /// Returns the date and time in China: `2026-11-23 10:00:00`, with a fraction where there is one.
    pub fn china(self) -> String {
        ctp_market::china_time(self.0).to_string().replace('T', " ")
    }
}

/// One thing that happens to the exchange.
#[derive(Clone, Debug)]
pub enum Input {
    /// An instance connected. `OnFrontConnected` follows a connect delay later.
    Connect {
        /// The instance.
        session: SessionId,
        /// Which API it is.
        kind: ApiKind,
        /// The version of its library, for example `(6, 7, 13)`; decides where orders are checked.
        api_version: (u16, u16, u16),
    },
    /// An instance's connection ended; nothing more is delivered to it until it connects again.
    Disconnect {
        /// The instance.
        session: SessionId,
    },
    /// How a trader instance wants its private and public stream at login. Without this input both are RESTART.
    ///
    /// It may come before or after `Connect` and stays in force over reconnects.
    Topics {
        /// The instance.
        session: SessionId,
        /// The private stream: own orders and trades.
        private: ResumeType,
        /// The public stream: instrument status.
        public: ResumeType,
        /// The first number wanted (1-based) with `ResumeType::FromSeqNo`; without meaning otherwise.
        sequence: i32,
        /// What the client has already, for `ResumeType::Resume`; `None` is what the exchange last gave this instance.
        received: Option<Received>,
    },
    /// A request of a trader instance.
    Trader {
        /// The instance.
        session: SessionId,
        /// The method called.
        request: TraderRequest,
        /// Its record, of the current model.
        record: RecordBox,
        /// `nRequestID`.
        request_id: i32,
    },
    /// A request of a market-data instance.
    Md {
        /// The instance.
        session: SessionId,
        /// The method called.
        request: MdRequest,
        /// Its record, of the current model.
        record: RecordBox,
        /// `nRequestID`.
        request_id: i32,
    },
    /// `SubscribeMarketData`.
    Subscribe {
        /// The instance.
        session: SessionId,
        /// The ids as given.
        instruments: Vec<Text<81>>,
    },
    /// `UnSubscribeMarketData`.
    Unsubscribe {
        /// The instance.
        session: SessionId,
        /// The ids as given.
        instruments: Vec<Text<81>>,
    },
    /// `SubscribeForQuoteRsp`.
    SubscribeForQuote {
        /// The instance.
        session: SessionId,
        /// The ids as given.
        instruments: Vec<Text<81>>,
    },
    /// `UnSubscribeForQuoteRsp`.
    UnsubscribeForQuote {
        /// The instance.
        session: SessionId,
        /// The ids as given.
        instruments: Vec<Text<81>>,
    },
    /// Something that no client does: the operator's doing, or the world's.
    Command(Command),
    /// Nothing but time passing.
    Advance,
    /// Time passed over at once, as when the machine slept: no tick is made up for, everything else is late.
    Skip,
}

/// How far a client has its streams, as its flow files say (§1.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The trading day that the counts belong to, `yyyymmdd`; 0 before the first login.
    pub trading_day: u32,
    /// Number of the last private message.
    pub private: u32,
    /// Number of the last public message.
    pub public: u32,
}

/// One delivery to one instance.
#[derive(Clone, Debug)]
pub struct Output {
    /// The instance.
    pub session: SessionId,
    /// What it receives.
    pub delivery: Delivery,
}

/// What an instance receives.
#[derive(Clone)]
pub enum Delivery {
    /// A callback of a trader instance.
    Trader {
        /// The callback.
        callback: TraderCallback,
        /// Its record of the current model; `None` is a NULL pointer.
        record: Option<RecordBox>,
        /// Its `pRspInfo`; `None` is a NULL pointer.
        rsp_info: Option<RspInfoField>,
        /// Its integer argument: `nRequestID`, `nReason`, `nTimeLapse` or `nSeqNo`. For a message of the private or the
        /// public stream, which has no such argument, its number in the stream.
        number: i32,
        /// `bIsLast`.
        is_last: bool,
    },
    /// A callback of a market-data instance.
    Md {
        /// The callback.
        callback: MdCallback,
        /// Its record of the current model; `None` is a NULL pointer.
        record: Option<RecordBox>,
        /// Its `pRspInfo`; `None` is a NULL pointer.
        rsp_info: Option<RspInfoField>,
        /// Its integer argument: `nRequestID`, `nReason` or `nTimeLapse`.
        number: i32,
        /// `bIsLast`.
        is_last: bool,
    },
    /// One tick again and again, for benches: only `Volume` counts up, from the record's.
    Burst {
        /// The callback.
        callback: MdCallback,
        /// The first record: a `DepthMarketDataField`.
        record: RecordBox,
        /// How many times.
        count: u32,
        /// How many in a second of the machine's time; 0 is as fast as the client returns.
        per_second: u32,
    },
    /// The exchange ends the connection. The host calls `OnFrontDisconnected(reason)` and, as the vendor's library
    /// does, connects again after its reconnect delay (a new `Connect`).
    Close {
        /// `nReason`, for example 0x1001.
        reason: i32,
    },
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trader { callback, record, rsp_info, number, is_last } => {
                write!(f, "{}({record:?}, {rsp_info:?}, {number}, {is_last})", callback.name())
            }
            Self::Md { callback, record, rsp_info, number, is_last } => {
                write!(f, "{}({record:?}, {rsp_info:?}, {number}, {is_last})", callback.name())
            }
            Self::Burst { callback, record, count, per_second } => {
                write!(f, "{} × {count}, {per_second} per second ({record:?})", callback.name())
            }
            Self::Close { reason } => write!(f, "Close({reason:#x})"),
        }
    }
}
