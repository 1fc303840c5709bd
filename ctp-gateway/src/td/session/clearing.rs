//! Cancelling everything that works, at one call: as fast as the pace allows.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ctp_types::{Text, TraderRequest};
use tokio::sync::oneshot;

use crate::error::{Error, SendRefusal};
use crate::maps::HashMap;
use crate::td::orders::cancels::CancelReply;
use crate::td::orders::order::{Order, OrderId};
use crate::td::session::TdSession;

/// The orders that are cancelled, as they stand, each with what becomes of its cancel.
pub(crate) type Clearing = Vec<(Arc<Order>, oneshot::Receiver<Result<Arc<Order>, Error>>)>;

/// How often the cancel of one order is given to a library that has too many requests.
const TRIES: u32 = 5;
/// How long all cancels wait then.
const PAUSE: Duration = Duration::from_secs(1);

/// A cancel that waits for the pace. It is sent whether or not anybody waits for it still.
#[derive(Debug)]
struct Wish {
    id: OrderId,
    course: Course,
    reply: CancelReply,
}

/// Where a cancel comes from and how it went so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    /// The login that its caller saw.
    logins: u64,
    /// How often the library was given it.
    tries: u32,
}

impl Course {
    /// Returns whether a refusal of the library is no reason to give up: it has too many requests at the moment.
    pub(super) fn goes_on(self, refusal: &SendRefusal) -> bool {
        matches!(refusal, SendRefusal::TooManyUnanswered | SendRefusal::TooFast) && self.tries < TRIES
    }
}

/// The cancels that wait for the pace, the oldest orders of each call first.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    waiting: VecDeque<Wish>,
    /// Nothing is sent before, since the library had too many requests.
    from: Option<Instant>,
    /// What the library is given and has not commented yet, by its request.
    given: HashMap<i32, Course>,
}

impl Wishes {
    /// Takes what the library comments now, if it is a cancel of here.
    pub(super) fn take_given(&mut self, request_id: i32) -> Option<Course> {
        self.given.remove(&request_id)
    }
}

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
                self.wishes.waiting.push_back(Wish { id, course: Course { logins, tries: 0 }, reply });
                clearing.push((Arc::clone(order), outcome));
            }
        }
        Ok(clearing)
    }

    /// Sends the cancels that the pace allows now.
    pub(super) fn clear(&mut self, now: Instant) {
        while let Some(Wish { id, course, reply }) = self.wishes.waiting.pop_front() {
            if let Some(order) = self.book.get(id).filter(|order| order.phase.is_over()) {
                // It came to its end while its cancel waited.
                drop(reply.send(Ok(Arc::clone(order))));
                continue;
            }
            // A cancel that is under way already is as good.
            let Err(reply) = self.cancels.join(id, reply) else { continue };
            if self.is_usable() && self.clearing_from().is_some_and(|from| from > now) {
                self.wishes.waiting.push_front(Wish { id, course, reply });
                return;
            }
            match self.prepare_cancel(now, course.logins, id) {
                Ok((record, request_id)) => {
                    let course = Course { tries: course.tries + 1, ..course };
                    self.wishes.given.insert(request_id, course);
                    self.send_cancel(now, id, record, request_id, Some(reply));
                }
                Err(error) => {
                    self.note_denial(&error);
                    drop(reply.send(Err(error)));
                }
            }
        }
    }

    /// Sends a cancel again that the library did not take, after a pause. Whoever waits for it goes on waiting.
    pub(super) fn wish_again(&mut self, now: Instant, id: OrderId, course: Course) {
        let waiting = &mut self.wishes.waiting;
        let place = waiting.iter().position(|wish| wish.id > id).unwrap_or(waiting.len());
        for reply in self.cancels.take(id) {
            waiting.insert(place, Wish { id, course, reply });
        }
        self.wishes.from = Some(now + PAUSE);
    }

    /// Returns when the next cancel that waits may be sent.
    pub(super) fn clearing_deadline(&self) -> Option<Instant> {
        (self.is_usable() && !self.wishes.waiting.is_empty()).then(|| self.clearing_from()).flatten()
    }

    /// Returns from when pace and library let a cancel pass.
    fn clearing_from(&self) -> Option<Instant> {
        self.risk.cancel_from().max(self.wishes.from)
    }

    /// Ends the cancels that wait: nothing more is sent.
    pub(super) fn fail_clearing(&mut self, reason: &SendRefusal) {
        for wish in std::mem::take(&mut self.wishes).waiting {
            let request = TraderRequest::ReqOrderAction.name();
            drop(wish.reply.send(Err(Error::NotSent { request, reason: reason.clone() })));
        }
    }
}
