//! The queue of queries: one in flight, paced, retried, each completed exactly once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ctp_types::{RecordBox, RecordRef, Request};

use crate::config::Timeouts;
use crate::error::{Error, SendRefusal, ServerError};
use crate::ids::RequestIds;
use crate::requests::submission::{Asker, Ended, Outcome, SendRequest, Submission};

/// The pause between two queries until the front has said otherwise.
const PAUSE_DEFAULT: Duration = Duration::from_secs(1);
/// How often a query is sent that is not answered.
const ATTEMPTS_MAX: u32 = 3;
/// "Not ready, try again later" and "the query core is busy".
const NEED_RETRY: i32 = 90;
const QUERY_CORE_BUSY: i32 = 154;

/// A query that is over: what it brought, and who waits for it.
#[derive(Debug)]
pub(crate) struct Finished<R> {
    pub(crate) request: R,
    pub(crate) record: RecordBox,
    pub(crate) asker: Asker,
    pub(crate) rows: Result<Vec<RecordBox>, Error>,
    pub(crate) ended: Ended<R>,
}

#[derive(Debug)]
struct Entry<R> {
    query: Submission<R>,
    since: Instant,
    /// Since when it could be sent, but for pace and order.
    sendable_since: Option<Instant>,
    paced: Option<Duration>,
    /// How often it was sent.
    attempts: u32,
    /// How often it was sent without an answer.
    unanswered: u32,
    request_id: i32,
}

#[derive(Debug)]
struct InFlight<R> {
    entry: Entry<R>,
    rows: Vec<RecordBox>,
    deadline: Instant,
}

/// The machine. It knows no session: its owner calls [`poll`](Self::poll) when the session can be used.
///
/// The queue has no bound of its own: every waiting query is a caller that waits, and ends within
/// `timeouts.query_total`.
#[derive(Debug)]
pub(crate) struct QueryQueue<R> {
    timeouts: Timeouts,
    pause: Duration,
    /// The earliest time of the next query.
    not_before: Option<Instant>,
    waiting: VecDeque<Entry<R>>,
    in_flight: Option<InFlight<R>>,
}

impl<R: Request> QueryQueue<R> {
    pub(crate) fn new(timeouts: Timeouts) -> Self {
        Self { timeouts, pause: PAUSE_DEFAULT, not_before: None, waiting: VecDeque::new(), in_flight: None }
    }

    /// Sets the pace to what the front allows per second (C: `QryFreq`); 0 or less leaves it.
    pub(crate) fn set_frequency(&mut self, per_second: i32) {
        if let Ok(per_second @ 1..) = u32::try_from(per_second) {
            self.pause = Duration::from_secs(1) / per_second;
        }
    }

    /// Takes a query in its turn; those of the session itself go before the callers'.
    pub(crate) fn submit(&mut self, now: Instant, query: Submission<R>) {
        let is_first = matches!(query.asker, Asker::Session);
        let (attempts, unanswered, request_id) = (0, 0, 0);
        let entry =
            Entry { query, since: now, sendable_since: None, paced: None, attempts, unanswered, request_id };
        if is_first {
            let of_session = |entry: &Entry<R>| matches!(entry.query.asker, Asker::Session);
            let behind = self.waiting.iter().take_while(|entry| of_session(entry)).count();
            self.waiting.insert(behind, entry);
        } else {
            self.waiting.push_back(entry);
        }
    }

    /// Returns how many queries wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Returns the query that may be sent now, for a session that can be used.
    pub(crate) fn poll(
        &mut self,
        now: Instant,
        ids: &mut RequestIds,
        finished: &mut Vec<Finished<R>>,
    ) -> Option<SendRequest<R>> {
        for entry in self.waiting.iter_mut().filter(|entry| entry.sendable_since.is_none()) {
            entry.sendable_since = Some(now);
        }
        if self.in_flight.is_some() || self.not_before.is_some_and(|earliest| earliest > now) {
            return None;
        }
        let mut entry = loop {
            let entry = self.waiting.pop_front()?;
            // A caller that went away wants no answer.
            if !entry.query.asker.is_gone() {
                break entry;
            }
            finished.push(dropped(now, entry));
        };
        entry.attempts += 1;
        entry.unanswered += 1;
        entry.request_id = ids.next();
        if entry.paced.is_none() {
            entry.paced = Some(now.saturating_duration_since(entry.sendable_since.unwrap_or(now)));
        }
        let (request, record) = (entry.query.request, entry.query.record.clone());
        let send = SendRequest { request, record, request_id: entry.request_id };
        self.not_before = Some(now + self.pause);
        self.in_flight = Some(InFlight { entry, rows: Vec::new(), deadline: now + self.timeouts.query });
        Some(send)
    }

    /// Handles what the library said when it was given the query.
    pub(crate) fn handle_sent(
        &mut self,
        now: Instant,
        request_id: i32,
        result: Result<(), SendRefusal>,
    ) -> Option<Finished<R>> {
        let refusal = match result {
            Err(refusal) if self.knows(request_id) => refusal,
            _ => return None,
        };
        let flight = self.in_flight.take()?;
        match refusal {
            // The library's own limits and a lost link pass: the query keeps its place.
            SendRefusal::NotConnected | SendRefusal::TooManyUnanswered | SendRefusal::TooFast => {
                self.again_unblamed(now, flight.entry)
            }
            reason => {
                let request = flight.entry.query.request.name();
                Some(finish(now, flight.entry, Err(Error::NotSent { request, reason })))
            }
        }
    }

    /// Handles an answer. Rows of another query, or of an attempt that was given up, do not count.
    pub(crate) fn handle_answer(
        &mut self,
        now: Instant,
        callback: R::Callback,
        request_id: i32,
        row: Option<RecordRef<'_>>,
        result: Result<(), ServerError>,
        is_last: bool,
    ) -> Option<Finished<R>> {
        if !self.awaits(request_id, callback) {
            return None;
        }
        let flight = self.in_flight.as_mut()?;
        if let Err(error) = result {
            return self.handle_error(now, request_id, error);
        }
        // Rows of a caller that went away are only counted through to the last: the slot is free after it.
        if let Some(row) = row.filter(|_| !flight.entry.query.asker.is_gone()) {
            flight.rows.push(row.to_owned());
        }
        if !is_last {
            // A long answer may take longer than a missing one, but not for ever.
            let latest = flight.entry.since + self.timeouts.query_total + self.timeouts.query;
            flight.deadline = (now + self.timeouts.query).min(latest);
            return None;
        }
        let flight = self.in_flight.take()?;
        if flight.entry.query.asker.is_gone() {
            return Some(dropped(now, flight.entry));
        }
        Some(finish(now, flight.entry, Ok(flight.rows)))
    }

    /// Handles a refusal by the query's own answer or by `OnRspError`.
    pub(crate) fn handle_error(
        &mut self,
        now: Instant,
        request_id: i32,
        error: ServerError,
    ) -> Option<Finished<R>> {
        if !self.knows(request_id) {
            return None;
        }
        let flight = self.in_flight.take()?;
        if matches!(error.code, NEED_RETRY | QUERY_CORE_BUSY) {
            return self.again_unblamed(now, flight.entry);
        }
        let request = flight.entry.query.request.name();
        Some(finish(now, flight.entry, Err(Error::Rejected { request, error })))
    }

    /// Handles a broken link: the query in flight gets no answer any more, and what came of it is thrown away; it
    /// starts over after the next login. What the session asked for itself is over: after the login it asks anew.
    pub(crate) fn handle_disconnected(&mut self, now: Instant) -> Vec<Finished<R>> {
        let mut finished = Vec::new();
        if let Some(mut flight) = self.in_flight.take() {
            if flight.entry.query.asker.is_gone() {
                finished.push(dropped(now, flight.entry));
            } else {
                flight.entry.unanswered -= 1;
                self.waiting.push_front(flight.entry);
            }
        }
        let of_session = |entry: &mut Entry<R>| matches!(entry.query.asker, Asker::Session);
        while let Some(position) = self.waiting.iter_mut().position(of_session) {
            finished.extend(self.waiting.remove(position).map(|entry| {
                let (request, reason) = (entry.query.request.name(), SendRefusal::SessionChanged);
                finish(now, entry, Err(Error::NotSent { request, reason }))
            }));
        }
        finished
    }

    pub(crate) fn handle_deadline(&mut self, now: Instant, finished: &mut Vec<Finished<R>>) {
        if let Some(flight) = self.in_flight.take_if(|flight| flight.deadline <= now) {
            if flight.entry.unanswered >= ATTEMPTS_MAX && !flight.entry.query.asker.is_gone() {
                finished.push(timed_out(now, flight.entry));
            } else {
                finished.extend(self.again(now, flight.entry));
            }
        }
        let total = self.timeouts.query_total;
        let is_due = |entry: &mut Entry<R>| entry.since + total <= now;
        while let Some(position) = self.waiting.iter_mut().position(is_due) {
            finished.extend(self.waiting.remove(position).map(|entry| timed_out(now, entry)));
        }
    }

    /// Returns when something has to be done: [`Self::handle_deadline`], or [`Self::poll`] if the session is usable.
    pub(crate) fn next_deadline(&self, usable: bool) -> Option<Instant> {
        let answer = self.in_flight.as_ref().map(|flight| flight.deadline);
        let next = self.not_before.filter(|_| usable && self.in_flight.is_none() && !self.waiting.is_empty());
        let total = self.waiting.iter().map(|entry| entry.since + self.timeouts.query_total).min();
        [answer, next, total].into_iter().flatten().min()
    }

    /// Ends all queries with an error.
    pub(crate) fn fail_all(
        &mut self,
        now: Instant,
        error: impl Fn() -> Error,
        finished: &mut Vec<Finished<R>>,
    ) {
        let flying = self.in_flight.take().map(|flight| flight.entry);
        let all = flying.into_iter().chain(self.waiting.drain(..));
        finished.extend(all.map(|entry| finish(now, entry, Err(error()))));
    }

    /// Returns whether the query in flight has the number and is answered by `callback`.
    pub(crate) fn awaits(&self, request_id: i32, callback: R::Callback) -> bool {
        self.in_flight.as_ref().is_some_and(|flight| {
            flight.entry.request_id == request_id && flight.entry.query.request.answer() == Some(callback)
        })
    }

    /// Returns whether the query in flight has the number.
    pub(crate) fn knows(&self, request_id: i32) -> bool {
        self.in_flight.as_ref().is_some_and(|flight| flight.entry.request_id == request_id)
    }

    /// Puts a query back that was refused, not lost.
    fn again_unblamed(&mut self, now: Instant, mut entry: Entry<R>) -> Option<Finished<R>> {
        entry.unanswered -= 1;
        self.again(now, entry)
    }

    /// Puts a query back to the head of the queue, after a pause; one that nobody waits for is over.
    fn again(&mut self, now: Instant, entry: Entry<R>) -> Option<Finished<R>> {
        self.not_before = Some(now + self.pause.max(PAUSE_DEFAULT));
        if entry.query.asker.is_gone() {
            return Some(dropped(now, entry));
        }
        self.waiting.push_front(entry);
        None
    }
}

fn timed_out<R: Request>(now: Instant, entry: Entry<R>) -> Finished<R> {
    let request = entry.query.request.name();
    let waited = now.saturating_duration_since(entry.since);
    let attempts = entry.attempts;
    finish(now, entry, Err(Error::TimedOut { request, waited, attempts }))
}

fn dropped<R: Request>(now: Instant, entry: Entry<R>) -> Finished<R> {
    let mut over = finish(now, entry, Ok(Vec::new()));
    over.ended.outcome = Outcome::Dropped;
    over
}

fn finish<R: Request>(now: Instant, entry: Entry<R>, rows: Result<Vec<RecordBox>, Error>) -> Finished<R> {
    let Submission { request, record, asker } = entry.query;
    let waiting = entry.sendable_since.map(|since| now.saturating_duration_since(since));
    let ended = Ended {
        request,
        request_id: entry.request_id,
        outcome: Outcome::of(&rows),
        waited: now.saturating_duration_since(entry.since),
        paced: entry.paced.or(waiting).unwrap_or_default(),
        attempts: entry.attempts,
    };
    Finished { request, record, asker, rows, ended }
}

#[cfg(test)]
mod tests;
