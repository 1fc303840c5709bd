//! What a session noticed by itself.

use std::fmt;
use std::time::Duration;

use crate::state::{LinkLoss, SessionState};

/// Something that a session noticed without being told by the front. Each comes once per incident; the log repeats
/// what lasts, at most once a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alert {
    /// The session cannot be used, and goes on trying: no front answers, or the login is refused for now. The library
    /// does not tell which fronts are dead; all registered ones are as long as the state is connecting.
    NotUsable {
        /// Since when.
        waited: Duration,
        /// Where the session stands.
        state: Box<SessionState>,
    },
    /// Subscribed instruments are in their trading hours, and none of them ticks. The front is asked whether it lives.
    MarketSilent {
        /// How long nothing has ticked.
        silent_for: Duration,
        /// Whether the trading hours are known: without a calendar for the day, or for unknown products, they are not.
        hours_known: bool,
    },
    /// The link is given up, although the library thinks it stands: a fresh API object is being made.
    LinkGivenUp(LinkLoss),
    /// No fresh API object could be made; it is tried again.
    NoFreshObject {
        /// Why.
        reason: String,
    },
    /// The journal cannot be written any more: no new order leaves, cancels do.
    JournalFailed {
        /// Why, and what to do.
        reason: String,
    },
    /// The journal is not as it was written. What is not named is whole.
    JournalDamaged {
        /// The segment, the offset and what is wrong there.
        place: String,
    },
    /// Positions and money could not be compared after a login: the counter does not answer, or something moves in every
    /// look. The gate stays closed, and it is asked on.
    Unverified,
    /// The wall clock jumped against the monotonic clock, or the machine slept. Deadlines are not touched by it, and the link is
    /// checked. Until a login shows by the front's own time that the clock is right, trading hours count as unknown where the
    /// new time and the old one disagree.
    ClockJumped {
        /// How far the wall clock went ahead, in nanoseconds; negative: back.
        by_ns: i64,
    },
    /// Orders wait too long for their first answer: a front queues what exceeds its flow limit without a word. It comes
    /// once, until an answer comes in time.
    OrdersSlow {
        /// How many orders are late.
        orders: u64,
        /// How long they have waited at least.
        waited: Duration,
    },
    /// The kill switch was thrown: no order passes, and what works is being cancelled.
    Killed {
        /// Why, in the words of who threw it.
        reason: String,
        /// How many orders are being cancelled.
        orders: usize,
    },
    /// The kill switch asked for the cancel of an order and was refused too often; the order may still work.
    KillStuck {
        /// The order, as the gateway numbers it.
        order: u64,
    },
    /// The kill switch was turned off.
    Released {
        /// Why it had been thrown.
        reason: String,
    },
}

impl Alert {
    /// Returns the name of the kind, for metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotUsable { .. } => "not_usable",
            Self::MarketSilent { .. } => "market_silent",
            Self::LinkGivenUp(_) => "link_given_up",
            Self::NoFreshObject { .. } => "no_fresh_object",
            Self::JournalFailed { .. } => "journal_failed",
            Self::JournalDamaged { .. } => "journal_damaged",
            Self::ClockJumped { .. } => "clock_jumped",
            Self::Unverified => "unverified",
            Self::OrdersSlow { .. } => "orders_slow",
            Self::Killed { .. } => "killed",
            Self::KillStuck { .. } => "kill_stuck",
            Self::Released { .. } => "released",
        }
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUsable { waited, state } => {
                write!(f, "not usable for {} s: {state}", waited.as_secs())
            }
            Self::MarketSilent { silent_for, hours_known } => {
                let hours = if *hours_known { "in trading hours" } else { "trading hours unknown" };
                write!(f, "no market data for {} s ({hours})", silent_for.as_secs())
            }
            Self::LinkGivenUp(loss) => write!(f, "the link is given up after {loss}"),
            Self::NoFreshObject { reason } => write!(f, "no fresh API object: {reason}"),
            Self::JournalFailed { reason } => write!(f, "no new order is sent: {reason}"),
            Self::JournalDamaged { place } => write!(f, "the journal is damaged: {place}"),
            Self::Unverified => f.write_str(
                "positions and money cannot be compared with the counter's; no order leaves until they can",
            ),
            Self::ClockJumped { by_ns } => {
                write!(f, "the wall clock jumped by {:.3} s", *by_ns as f64 / 1e9)
            }
            Self::OrdersSlow { orders, waited } => {
                write!(f, "{orders} orders wait for their first answer for {} ms", waited.as_millis())
            }
            Self::Killed { reason, orders } => {
                write!(f, "the kill switch is on: {reason}; {orders} orders are being cancelled")
            }
            Self::KillStuck { order } => {
                write!(f, "order {order} could not be cancelled for the kill switch; look at it by hand")
            }
            Self::Released { reason } => write!(f, "the kill switch is off; it was on: {reason}"),
        }
    }
}
