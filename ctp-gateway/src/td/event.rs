//! What a trading session reports.

use std::sync::Arc;

use ctp_types::{RecordBox, Text, TraderRequest};

use crate::alert::Alert;
use crate::config::Reconcile;
use crate::error::{ServerError, UnknownCause};
use crate::td::instructions::Instruction;
use crate::td::ledger::{Difference, PositionNow};
use crate::td::orders::{Order, Trade};

/// An event of a trading session. None is ever dropped.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TdEvent {
    /// An order appeared or changed. Repeated and late records make no event.
    Order(Arc<Order>),
    /// A trade, once per fill. The order is `None` if no record of it came: the trade was waited for in vain.
    Trade {
        /// The order with this fill counted in.
        order: Option<Arc<Order>>,
        /// The fill.
        trade: Arc<Trade>,
    },
    /// A trade changed a position of the gateway's own books, see [`TdClient::positions_now`](crate::TdClient::positions_now).
    /// The last lot that goes is told, too: with 0 lots.
    Position(Arc<PositionNow>),
    /// The counter or exchange refused an order: once, however many callbacks say so.
    Rejected {
        /// The order.
        order: Arc<Order>,
        /// The refusal.
        error: ServerError,
    },
    /// The counter refused an order of another session of the account. It never existed.
    ForeignRejected {
        /// The order as it was sent.
        input: Box<ctp_types::InputOrderField>,
        /// The refusal.
        error: ServerError,
    },
    /// The counter or exchange refused to cancel an order. The order's own events tell where it stands.
    CancelRejected {
        /// The order, if it is known.
        order: Option<Arc<Order>>,
        /// The refusal.
        error: ServerError,
    },
    /// Nothing tells whether an order that was sent exists. Later events may. It is never sent again.
    Unknown {
        /// The order.
        order: Arc<Order>,
        /// What cut the order from its answer.
        cause: UnknownCause,
    },
    /// A quote, a declaration of exercise, a self close or a combination appeared or changed. Repeated and late records
    /// make no event; a refused one carries its refusal.
    Instruction(Arc<Instruction>),
    /// The counter or exchange refused to withdraw an instruction.
    InstructionCancelRejected {
        /// The instruction, if it is known.
        instruction: Option<Arc<Instruction>>,
        /// The refusal.
        error: ServerError,
    },
    /// The session noticed something by itself.
    Alert(Alert),
    /// The session logged in on another trading day: orders, instruments and rates begin anew.
    TradingDayChanged {
        /// The trading day of the login before, `yyyymmdd`.
        from: Text<9>,
        /// The trading day of this login, `yyyymmdd`.
        to: Text<9>,
    },
    /// The ledger and the counter say different things, in two looks, or for longer. It is told again only when it
    /// changes.
    Differences {
        /// What differs.
        differences: Arc<[Difference]>,
        /// What the configuration says about it: whether orders may leave, and whose word counts.
        policy: Reconcile,
    },
    /// A request that was not sent because `risk.dry_run` is set. It kept to all other rules.
    DryRun {
        /// The request.
        request: TraderRequest,
        /// Its record as it would have been sent, but for numbers.
        record: RecordBox,
    },
    /// An error that belongs to no request of this session. C: `OnRspError`.
    Error {
        /// The error.
        error: ServerError,
        /// The number it names.
        request_id: i32,
    },
}

impl TdEvent {
    /// Returns the order that the event is about.
    pub fn order(&self) -> Option<&Arc<Order>> {
        match self {
            Self::Order(order) | Self::Rejected { order, .. } | Self::Unknown { order, .. } => Some(order),
            Self::Trade { order, .. } | Self::CancelRejected { order, .. } => order.as_ref(),
            Self::Position(_)
            | Self::ForeignRejected { .. }
            | Self::Instruction(_)
            | Self::InstructionCancelRejected { .. }
            | Self::Alert(_)
            | Self::TradingDayChanged { .. }
            | Self::Differences { .. }
            | Self::DryRun { .. }
            | Self::Error { .. } => None,
        }
    }
}
