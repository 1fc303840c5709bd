//! Cancelling everything that works, at one call: as fast as the pace allows.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use ctp_types::{Text, TraderRequest};
use tokio::sync::oneshot;

use crate::error::{Error, SendRefusal};
use crate::td::orders::cancels::CancelReply;
use crate::td::orders::order::{Order, OrderId};
use crate::td::session::TdSession;

/// The orders that are cancelled, as they stand, each with what becomes of its cancel.
pub(crate) type Clearing = Vec<(Arc<Order>, oneshot::Receiver<Result<Arc<Order>, Error>>)>;

/// A cancel that waits for the pace. It is sent whether or not anybody waits for it still.
#[derive(Debug)]
struct Wish {
    id: OrderId,
    /// The login that its caller saw.
    logins: u64,
    reply: CancelReply,
}

/// The cancels that wait for the pace, the oldest orders of each call first.
#[derive(Debug, Default)]
pub(super) struct Wishes(VecDeque<Wish>);

impl TdSession {
    /// Begins to cancel the orders of this gateway that work, of one instrument or of all.
    pub(super) fn handle_cancel_all(
        &mut self,
        logins: u64,
        instrument: Option<Text<81>>,
        reply: oneshot::Sender<Result<Clearing, Error>>,
    ) {
        // A caller that went away is no failure.
        let _ = reply.send(self.begin_clearing(logins, instrument));
    }

    fn begin_clearing(&mut self, logins: u64, instrument: Option<Text<81>>) -> Result<Clearing, Error> {
        self.check_login(TraderRequest::ReqOrderAction, logins)?;
        let mut clearing = Clearing::new();
        for id in self.risk.open_orders(false) {
            let Some(order) = self.book.get(id) else { continue };
            if instrument.is_none_or(|wanted| wanted == order.instrument_id) {
                let (reply, outcome) = oneshot::channel();
                self.wishes.0.push_back(Wish { id, logins, reply });
                clearing.push((Arc::clone(order), outcome));
            }
        }
        Ok(clearing)
    }

    /// Sends the cancels that the pace allows now.
    pub(super) fn clear(&mut self, now: Instant) {
        while let Some(Wish { id, logins, reply }) = self.wishes.0.pop_front() {
            if let Some(order) = self.book.get(id).filter(|order| order.phase.is_over()) {
                // It came to its end while its cancel waited.
                drop(reply.send(Ok(Arc::clone(order))));
                continue;
            }
            // A cancel that is under way already is as good.
            let Err(reply) = self.cancels.join(id, reply) else { continue };
            if self.is_usable() && self.risk.cancel_from().is_some_and(|from| from > now) {
                self.wishes.0.push_front(Wish { id, logins, reply });
                return;
            }
            match self.prepare_cancel(now, logins, id) {
                Ok((record, request_id)) => self.send_cancel(now, id, record, request_id, Some(reply)),
                Err(error) => {
                    self.note_denial(&error);
                    drop(reply.send(Err(error)));
                }
            }
        }
    }

    /// Returns when the next cancel that waits may be sent.
    pub(super) fn clearing_deadline(&self) -> Option<Instant> {
        (self.is_usable() && !self.wishes.0.is_empty()).then(|| self.risk.cancel_from()).flatten()
    }

    /// Ends the cancels that wait: nothing more is sent.
    pub(super) fn fail_clearing(&mut self, reason: &SendRefusal) {
        for wish in std::mem::take(&mut self.wishes.0) {
            let request = TraderRequest::ReqOrderAction.name();
            drop(wish.reply.send(Err(Error::NotSent { request, reason: reason.clone() })));
        }
    }
}
