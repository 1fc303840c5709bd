//! The queue of queries: one in flight, paced, retried, each completed exactly once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ctp_types::{RecordBox, RecordRef, TraderCallback, TraderRequest};
use tokio::sync::oneshot;

use crate::config::Timeouts;
use crate::error::{Error, SendRefusal, ServerError};
use crate::ids::RequestIds;
use crate::td::rows::Answer;

/// Query results: the rows as they came, or why there are none.
pub(crate) type Rows = Result<Vec<RecordBox>, Error>;

/// The pause between two queries until the front has said otherwise.
const PAUSE_DEFAULT: Duration = Duration::from_secs(1);
/// How often a query is sent that is not answered.
const ATTEMPTS_MAX: u32 = 3;
/// "Not ready, try again later" and "the query core is busy".
const NEED_RETRY: i32 = 90;
const QUERY_CORE_BUSY: i32 = 154;

/// A query as a caller wants it.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) request: TraderRequest,
    pub(crate) record: RecordBox,
    /// Whether the answer is the whole instrument table.
    pub(crate) whole_table: bool,
    pub(crate) reply: oneshot::Sender<Result<Answer, Error>>,
}

/// A query that is over, with what it brought.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) query: Query,
    pub(crate) rows: Rows,
}

/// A query to be sent.
#[derive(Debug)]
pub(crate) struct SendQuery {
    pub(crate) request: TraderRequest,
    pub(crate) record: RecordBox,
    pub(crate) request_id: i32,
}

#[derive(Debug)]
struct Entry {
    query: Query,
    since: Instant,
    /// How often it was sent without an answer.
    attempts: u32,
}

#[derive(Debug)]
struct InFlight {
    entry: Entry,
    request_id: i32,
    rows: Vec<RecordBox>,
    deadline: Instant,
}

#[derive(Debug)]
pub(crate) struct QueryQueue {
    timeouts: Timeouts,
    pause: Duration,
    /// The earliest time of the next query.
    not_before: Option<Instant>,
    waiting: VecDeque<Entry>,
    in_flight: Option<InFlight>,
}

impl QueryQueue {
    pub(crate) fn new(timeouts: Timeouts) -> Self {
        Self { timeouts, pause: PAUSE_DEFAULT, not_before: None, waiting: VecDeque::new(), in_flight: None }
    }

    /// Sets the pace to what the front allows per second (C: `QryFreq`); 0 or less leaves it.
    pub(crate) fn set_frequency(&mut self, per_second: i32) {
        if let Ok(per_second @ 1..) = u32::try_from(per_second) {
            self.pause = Duration::from_secs(1) / per_second;
        }
    }

    pub(crate) fn submit(&mut self, now: Instant, query: Query) {
        self.waiting.push_back(Entry { query, since: now, attempts: 0 });
    }

    /// Returns the query that may be sent now, if the session is ready.
    pub(crate) fn poll(&mut self, now: Instant, ids: &mut RequestIds) -> Option<SendQuery> {
        if self.in_flight.is_some() || self.not_before.is_some_and(|earliest| earliest > now) {
            return None;
        }
        // A caller that went away wants no answer.
        self.waiting.retain(|entry| !entry.query.reply.is_closed());
        let mut entry = self.waiting.pop_front()?;
        entry.attempts += 1;
        let request_id = ids.next();
        let send = SendQuery { request: entry.query.request, record: entry.query.record.clone(), request_id };
        self.not_before = Some(now + self.pause);
        self.in_flight =
            Some(InFlight { entry, request_id, rows: Vec::new(), deadline: now + self.timeouts.query });
        Some(send)
    }

    /// Handles what the library said when it was given the query.
    pub(crate) fn handle_sent(
        &mut self,
        now: Instant,
        request_id: i32,
        result: Result<(), SendRefusal>,
    ) -> Option<Finished> {
        let refusal = match result {
            Err(refusal) if self.is_mine(request_id) => refusal,
            _ => return None,
        };
        let mut flight = self.in_flight.take()?;
        match refusal {
            // The library's own limits and a lost link pass: the query keeps its place.
            SendRefusal::NotConnected | SendRefusal::TooManyUnanswered | SendRefusal::TooFast => {
                flight.entry.attempts -= 1;
                self.again(now, flight.entry);
                None
            }
            reason => {
                let request = flight.entry.query.request.name();
                Some(Finished { query: flight.entry.query, rows: Err(Error::NotSent { request, reason }) })
            }
        }
    }

    /// Handles an answer. Rows of another query, or of an attempt that was given up, do not count.
    pub(crate) fn handle_answer(
        &mut self,
        now: Instant,
        callback: TraderCallback,
        request_id: i32,
        row: Option<RecordRef<'_>>,
        result: Result<(), ServerError>,
        is_last: bool,
    ) -> Option<Finished> {
        let flight = self.in_flight.as_mut()?;
        if flight.request_id != request_id || flight.entry.query.request.answer() != Some(callback) {
            return None;
        }
        if let Err(error) = result {
            return self.handle_error(now, request_id, error);
        }
        if let Some(row) = row {
            flight.rows.push(row.to_owned());
        }
        if !is_last {
            return None;
        }
        let flight = self.in_flight.take()?;
        Some(Finished { query: flight.entry.query, rows: Ok(flight.rows) })
    }

    /// Handles a refusal by the query's own answer or by `OnRspError`.
    pub(crate) fn handle_error(
        &mut self,
        now: Instant,
        request_id: i32,
        error: ServerError,
    ) -> Option<Finished> {
        if !self.is_mine(request_id) {
            return None;
        }
        let mut flight = self.in_flight.take()?;
        if matches!(error.code, NEED_RETRY | QUERY_CORE_BUSY) {
            flight.entry.attempts -= 1;
            self.again(now, flight.entry);
            return None;
        }
        let request = flight.entry.query.request.name();
        Some(Finished { query: flight.entry.query, rows: Err(Error::Rejected { request, error }) })
    }

    /// Handles a broken link: the query in flight gets no answer any more; it starts over after the next login.
    pub(crate) fn handle_disconnected(&mut self) {
        if let Some(mut flight) = self.in_flight.take() {
            flight.entry.attempts -= 1;
            self.waiting.push_front(flight.entry);
        }
    }

    pub(crate) fn handle_deadline(&mut self, now: Instant, finished: &mut Vec<Finished>) {
        if let Some(flight) = self.in_flight.take_if(|flight| flight.deadline <= now) {
            if flight.entry.attempts >= ATTEMPTS_MAX {
                finished.push(timed_out(now, flight.entry));
            } else {
                self.again(now, flight.entry);
            }
        }
        let total = self.timeouts.query_total;
        let mut index = 0;
        while index < self.waiting.len() {
            if self.waiting[index].since + total <= now {
                finished.extend(self.waiting.remove(index).map(|entry| timed_out(now, entry)));
            } else {
                index += 1;
            }
        }
    }

    /// Returns when something has to be done: [`Self::handle_deadline`], or [`Self::poll`] if the session is ready.
    pub(crate) fn next_deadline(&self, ready: bool) -> Option<Instant> {
        let answer = self.in_flight.as_ref().map(|flight| flight.deadline);
        let next = self.not_before.filter(|_| ready && self.in_flight.is_none() && !self.waiting.is_empty());
        let total = self.waiting.iter().map(|entry| entry.since + self.timeouts.query_total).min();
        [answer, next, total].into_iter().flatten().min()
    }

    /// Ends all queries with an error.
    pub(crate) fn fail_all(&mut self, error: impl Fn() -> Error) {
        let flying = self.in_flight.take().map(|flight| flight.entry);
        for entry in flying.into_iter().chain(self.waiting.drain(..)) {
            // A caller that went away is no failure.
            let _ = entry.query.reply.send(Err(error()));
        }
    }

    /// Returns whether a query in flight has the number.
    pub(crate) fn knows(&self, request_id: i32) -> bool {
        self.is_mine(request_id)
    }

    fn is_mine(&self, request_id: i32) -> bool {
        self.in_flight.as_ref().is_some_and(|flight| flight.request_id == request_id)
    }

    /// Puts a query back to the head of the queue, after a pause.
    fn again(&mut self, now: Instant, entry: Entry) {
        self.waiting.push_front(entry);
        self.not_before = Some(now + self.pause.max(PAUSE_DEFAULT));
    }
}

fn timed_out(now: Instant, entry: Entry) -> Finished {
    let request = entry.query.request.name();
    let waited = now.saturating_duration_since(entry.since);
    Finished { query: entry.query, rows: Err(Error::TimedOut { request, waited, attempts: entry.attempts }) }
}

#[cfg(test)]
mod tests;
