//! Where a session's requests are kept: queries in their queue, all others in their table.

use std::time::Instant;

use ctp_types::{Callback, RecordRef, Request, RequestKind};

use crate::config::Timeouts;
use crate::error::{Error, SendRefusal, ServerError, UnknownCause};
use crate::ids::RequestIds;
use crate::requests::correlation::Session;
use crate::requests::pending::PendingTable;
use crate::requests::queue::{Finished, QueryQueue};
use crate::requests::submission::{Ended, SendRequest, Submission};

/// What the session has to do about a request.
#[derive(Debug)]
pub(crate) enum Step<R> {
    /// Give it to the library, and the library's word to [`RequestDesk::handle_sent`].
    Send(SendRequest<R>),
    /// Take what a query brought, tell the asker, and that it is over.
    Finished(Finished<R>),
    /// Note that a request other than a query is over; who waited was told.
    Ended(Ended<R>),
}

/// A callback, as much as requests need of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard<'a, C> {
    pub(crate) callback: C,
    pub(crate) record: Option<RecordRef<'a>>,
    pub(crate) request_id: i32,
    pub(crate) is_last: bool,
}

/// The machine that both sessions have: without clock, thread or socket.
#[derive(Debug)]
pub(crate) struct RequestDesk<R: Request> {
    queries: QueryQueue<R>,
    pending: PendingTable<R>,
    steps: Vec<Step<R>>,
}

impl<R: Request> RequestDesk<R> {
    pub(crate) fn new(timeouts: Timeouts) -> Self {
        Self {
            queries: QueryQueue::new(timeouts),
            pending: PendingTable::new(timeouts.order),
            steps: Vec::new(),
        }
    }

    /// Sets the pace to what the front allows per second (C: `QryFreq`); 0 or less leaves it.
    pub(crate) fn set_frequency(&mut self, per_second: i32) {
        self.queries.set_frequency(per_second);
    }

    /// Takes a request. A query waits until the session can be used; all others are sent at once, so the session
    /// refuses them itself while it cannot be used: see [`refuse`](Self::refuse).
    pub(crate) fn submit(&mut self, now: Instant, ids: &mut RequestIds, submission: Submission<R>) {
        if submission.asker.is_gone() {
            return;
        }
        if submission.request.kind() == RequestKind::Query {
            self.queries.submit(now, submission);
        } else {
            self.steps.push(Step::Send(self.pending.submit(now, ids, submission)));
        }
    }

    /// Ends a request that the session cannot take.
    pub(crate) fn refuse(&mut self, submission: Submission<R>, error: Error) {
        let result = Err(error);
        self.steps.push(Step::Ended(Ended {
            request: submission.request,
            request_id: 0,
            outcome: crate::requests::submission::Outcome::of(&result),
            waited: std::time::Duration::ZERO,
            paced: std::time::Duration::ZERO,
            attempts: 0,
        }));
        submission.asker.tell(result);
    }

    /// Lets the next query go, if its time has come. Called after every input while the session can be used.
    pub(crate) fn poll(&mut self, now: Instant, ids: &mut RequestIds) {
        let mut finished = Vec::new();
        let send = self.queries.poll(now, ids, &mut finished);
        self.steps.extend(finished.into_iter().map(Step::Finished).chain(send.map(Step::Send)));
    }

    /// Handles what the library said when it was given a request.
    pub(crate) fn handle_sent(&mut self, now: Instant, request_id: i32, result: Result<(), SendRefusal>) {
        if self.pending.knows(request_id) {
            let ended = self.pending.handle_sent(now, request_id, result);
            self.steps.extend(ended.map(Step::Ended));
        } else {
            let finished = self.queries.handle_sent(now, request_id, result);
            self.steps.extend(finished.map(Step::Finished));
        }
    }

    /// Returns whether a request that waits for an answer has the number.
    pub(crate) fn knows(&self, request_id: i32) -> bool {
        self.queries.knows(request_id) || self.pending.knows(request_id)
    }

    /// Handles a callback, `OnRspError` among them. Returns whether it was the answer to a request of this desk, and
    /// so nobody else's news.
    pub(crate) fn handle_callback(
        &mut self,
        now: Instant,
        heard: Heard<'_, R::Callback>,
        result: Result<(), ServerError>,
        session: Session,
    ) -> bool {
        let Heard { callback, record, request_id, is_last } = heard;
        let is_error = callback.name() == "OnRspError";
        if self.queries.awaits(request_id, callback) || (is_error && self.queries.knows(request_id)) {
            let finished = match result {
                Err(error) if is_error => self.queries.handle_error(now, request_id, error),
                result => self.queries.handle_answer(now, callback, request_id, record, result, is_last),
            };
            self.steps.extend(finished.map(Step::Finished));
            return true;
        }
        let (taken, ended) = match result {
            Err(error) if is_error => {
                (self.pending.knows(request_id), self.pending.handle_error(now, request_id, error))
            }
            result => self.pending.handle_callback(now, callback, request_id, record, result, session),
        };
        self.steps.extend(ended.map(Step::Ended));
        taken
    }

    /// Handles a broken link: queries start over after the next login, of all others nobody knows.
    pub(crate) fn handle_disconnected(&mut self, now: Instant, cause: &UnknownCause) {
        let finished = self.queries.handle_disconnected(now);
        self.steps.extend(finished.into_iter().map(Step::Finished));
        let mut ended = Vec::new();
        self.pending.handle_disconnected(now, cause, &mut ended);
        self.steps.extend(ended.into_iter().map(Step::Ended));
    }

    /// Handles what is due.
    pub(crate) fn handle_deadline(&mut self, now: Instant) {
        let (mut finished, mut ended) = (Vec::new(), Vec::new());
        self.queries.handle_deadline(now, &mut finished);
        self.pending.handle_deadline(now, &mut ended);
        self.steps.extend(finished.into_iter().map(Step::Finished).chain(ended.into_iter().map(Step::Ended)));
    }

    /// Returns when [`Self::handle_deadline`] has to be called, or [`Self::poll`] if the session can be used.
    pub(crate) fn next_deadline(&self, usable: bool) -> Option<Instant> {
        [self.queries.next_deadline(usable), self.pending.next_deadline()].into_iter().flatten().min()
    }

    /// Ends everything with the session: queries with `error`, requests that were not sent with `reason`, and of the
    /// rest nobody knows.
    pub(crate) fn fail_all(&mut self, now: Instant, error: impl Fn() -> Error, reason: &SendRefusal) {
        let (mut finished, mut ended) = (Vec::new(), Vec::new());
        self.queries.fail_all(now, error, &mut finished);
        self.pending.fail_all(now, reason, &mut ended);
        self.steps.extend(finished.into_iter().map(Step::Finished).chain(ended.into_iter().map(Step::Ended)));
    }

    /// Returns what has to be done, in this order.
    pub(crate) fn take_steps(&mut self) -> Vec<Step<R>> {
        std::mem::take(&mut self.steps)
    }

    /// Returns how many queries wait for their turn, and how many other requests for their answer.
    pub(crate) fn depths(&self) -> (usize, usize) {
        (self.queries.waiting(), self.pending.len())
    }
}
