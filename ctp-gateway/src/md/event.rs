//! What a market data session reports besides ticks.

use ctp_types::Text;

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
    /// The library did not take a subscription; it is sent again.
    NotSent(SendRefusal),
    /// An error that belongs to no request of this session. C: `OnRspError`.
    Error(ServerError),
}
