//! What no client does: the operator's doing, and the world's.

use crate::exchange::Exchange;
use crate::interface::{Delivery, Output, SessionId};

/// One thing that is done to the exchange from outside.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// The front ends a connection; the library then connects again.
    Disconnect {
        /// The instance.
        session: SessionId,
        /// `nReason`, for example 0x1001.
        reason: i32,
    },
}

impl Exchange {
    pub(crate) fn obey(&mut self, command: Command) {
        match command {
            Command::Disconnect { session, reason } => self.cut(session, reason),
        }
    }

    fn cut(&mut self, id: SessionId, reason: i32) {
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.connected) else { return };
        session.drop_connection();
        self.outbox.push(Output { session: id, delivery: Delivery::Close { reason } });
    }
}
