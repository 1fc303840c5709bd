//! What a market data session reports besides ticks.

use ctp_types::Text;

use crate::alert::Alert;
use crate::error::{SendRefusal, ServerError};

/// An event of a market data session. None is ever dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MdEvent {
    /// The front took a subscription. It also takes ids that do not exist: those never tick.
    Subscribed(Text<81>),
    /// The front refused a subscription.
    Refused {
        /// The instrument.
        instrument_id: Text<81>,
        /// The refusal.
        error: ServerError,
    },
    /// The front ended a subscription as asked.
    Unsubscribed(Text<81>),
    /// What became of a subscription to requests for quotes.
    QuoteRequests(QuoteSubscription),
    /// The library did not take a subscription; it is sent again.
    NotSent(SendRefusal),
    /// Subscriptions that the front neither answered nor sent a tick for. Some fronts leave answers out, which does no
    /// harm; some lose subscriptions.
    Unanswered {
        /// The instruments.
        instrument_ids: Vec<Text<81>>,
        /// How often they were subscribed on this link.
        tries: u32,
        /// Whether they are subscribed once more soon; otherwise once a minute, without another word.
        again: bool,
    },
    /// The front took the subscription and yet sent nothing, not even its last snapshot: the instrument does not exist
    /// or has expired. Told once.
    NeverTicked {
        /// The instrument.
        instrument_id: Text<81>,
        /// What may have been meant: letter case matters, and so do the digits of the year.
        meant: Option<Text<81>>,
    },
    /// The link was broken: what the instrument did between this tick and the next one is not known.
    Gap(Gap),
    /// The session noticed something by itself.
    Alert(Alert),
    /// The session logged in on another trading day: prices, limits and snapshots begin anew.
    TradingDayChanged {
        /// The trading day of the login before, `yyyymmdd`.
        from: Text<9>,
        /// The trading day of this login, `yyyymmdd`.
        to: Text<9>,
    },
    /// An error that belongs to no request of this session. C: `OnRspError`.
    Error(ServerError),
}

/// What became of a subscription to requests for quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuoteSubscription {
    /// The front took it. It also takes ids that do not exist. C: `OnRspSubForQuoteRsp`.
    Subscribed(Text<81>),
    /// The front refused it; it is tried again on the next link.
    Refused {
        /// The instrument.
        instrument_id: Text<81>,
        /// The refusal.
        error: ServerError,
    },
    /// The front ended it as asked. C: `OnRspUnSubForQuoteRsp`.
    Unsubscribed(Text<81>),
    /// The front did not answer.
    Unanswered {
        /// The instruments.
        instrument_ids: Vec<Text<81>>,
        /// How often they were subscribed on this link.
        tries: u32,
        /// Whether they are subscribed once more soon; otherwise once a minute, without another word.
        again: bool,
    },
}

/// A hole in the ticks of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The instrument.
    pub instrument_id: Text<81>,
    /// The last tick before the hole.
    pub last: Seen,
}

/// Which tick of an instrument was the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// The instrument.
    pub instrument_id: Text<81>,
    /// Its number among the ticks of this client. See [`Tick::sequence`](crate::Tick::sequence).
    pub sequence: u64,
    /// When it was received, in nanoseconds since the Unix epoch.
    pub received_ns: i64,
    /// The time at the exchange, `HH:MM:SS`. C: `UpdateTime`.
    pub update_time: Text<9>,
    /// Its milliseconds, in the way of the exchange. C: `UpdateMillisec`.
    pub update_millisec: i32,
}
