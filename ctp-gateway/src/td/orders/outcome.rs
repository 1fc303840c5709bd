//! What became of an order as a request.

use std::sync::Arc;

use crate::error::{Denial, Error, SendRefusal, ServerError, UnknownCause};
use crate::td::orders::order::Order;

/// What became of an order as a request. It says nothing of fills.
///
/// An unknown outcome is never taken for a refusal, and the order is never sent again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The exchange, or the counter for a conditional order, has taken it.
    Confirmed(Arc<Order>),
    /// Counter or exchange refused it: the refusal is the proof that it does not exist.
    Rejected(ServerError),
    /// The gateway refused it before it was sent.
    Denied(Denial),
    /// It never left the process.
    NotSent(SendRefusal),
    /// Nothing tells whether it exists. Later events may.
    Unknown(UnknownCause),
}

impl Outcome {
    /// Returns the outcome that an error of placing or of following an order stands for.
    pub fn of_error(error: Error) -> Self {
        match error {
            Error::Rejected { error, .. } => Self::Rejected(error),
            Error::Denied(denial) => Self::Denied(denial),
            Error::NotSent { reason, .. } => Self::NotSent(reason),
            Error::Unknown { cause, .. } => Self::Unknown(cause),
            // The session was over before it was asked.
            error => Self::NotSent(SendRefusal::Library(error.to_string())),
        }
    }

    /// Returns whether it is known that the order exists, or that it does not.
    pub fn is_definite(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }
}
