//! The table of requests other than queries: sent once, never repeated, each completed exactly once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ctp_types::{RecordBox, RecordRef, Request, RequestKind};
use tokio::sync::oneshot;

use crate::error::{Error, SendRefusal, ServerError, UnknownCause};
use crate::ids::RequestIds;
use crate::requests::correlation::{self, Session};
use crate::requests::submission::{Asker, Ended, Outcome, Reply, SendRequest, Submission};

#[derive(Debug)]
struct Entry<R> {
    request: R,
    record: RecordBox,
    asker: Asker,
    /// The other end of the outcome that the caller of a silent or pushed request gets.
    outcome: Option<oneshot::Sender<Result<RecordBox, Error>>>,
    since: Instant,
    /// Until when the library's word, then the counter's, is awaited.
    deadline: Instant,
    /// Whether the library took it.
    is_sent: bool,
    /// Why no answer can come any more although the library has not said yet whether it took it.
    broken: Option<UnknownCause>,
}

/// The machine. Its owner gives it a request only while the session can be used.
#[derive(Debug)]
pub(crate) struct PendingTable<R> {
    timeout: Duration,
    entries: BTreeMap<i32, Entry<R>>,
}

impl<R: Request> PendingTable<R> {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { timeout, entries: BTreeMap::new() }
    }

    /// Takes a request and returns what has to be sent. A `RequestID` of 0 in the record becomes the request's
    /// number: its pushes carry it.
    pub(crate) fn submit(
        &mut self,
        now: Instant,
        ids: &mut RequestIds,
        submission: Submission<R>,
    ) -> SendRequest<R> {
        let Submission { request, mut record, asker } = submission;
        let request_id = ids.next();
        correlation::number(&mut record, request_id);
        let send = SendRequest { request, record: record.clone(), request_id };
        let deadline = now + self.timeout;
        let (outcome, is_sent, broken) = (None, false, None);
        self.entries.insert(
            request_id,
            Entry { request, record, asker, outcome, since: now, deadline, is_sent, broken },
        );
        send
    }

    /// Returns how many requests wait for their answer.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Handles what the library said when it was given the request.
    pub(crate) fn handle_sent(
        &mut self,
        now: Instant,
        request_id: i32,
        result: Result<(), SendRefusal>,
    ) -> Option<Ended<R>> {
        let entry = self.entries.get_mut(&request_id)?;
        if let Err(reason) = result {
            let request = entry.request.name();
            return self.end(now, request_id, Err(Error::NotSent { request, reason }));
        }
        entry.is_sent = true;
        entry.deadline = now + self.timeout;
        if is_handled(entry.request.kind()) {
            let (outcome_tx, outcome) = oneshot::channel();
            entry.outcome = Some(outcome_tx);
            let asker = std::mem::replace(&mut entry.asker, Asker::Session);
            asker.tell(Ok(Reply::Sent { request_id, outcome }));
        }
        let cause = entry.broken.take()?;
        let request = entry.request.name();
        self.end(now, request_id, Err(Error::Unknown { request, cause }))
    }

    /// Handles a callback that is not `OnRspError`. Returns whether it was meant for a request of this table alone,
    /// and the request that it ended.
    pub(crate) fn handle_callback(
        &mut self,
        now: Instant,
        callback: R::Callback,
        request_id: i32,
        record: Option<RecordRef<'_>>,
        result: Result<(), ServerError>,
        session: Session,
    ) -> (bool, Option<Ended<R>>) {
        if let Some(entry) = self.entries.get(&request_id)
            && entry.request.answer() == Some(callback)
        {
            return (true, self.handle_answer(now, request_id, record, result));
        }
        let Some(record) = record else { return (false, None) };
        if let Some(request_id) = self.concerned(callback, R::error_callback, record, session) {
            let error = result.err().unwrap_or_else(|| ServerError::counter(0, "no reason given"));
            return (true, self.handle_error(now, request_id, error));
        }
        match self.concerned(callback, R::push, record, session) {
            Some(request_id) => {
                let outcome = match correlation::refusal(record) {
                    Some(error) => Err(Error::Rejected { request: self.name(request_id), error }),
                    None => Ok(Some(record.to_owned())),
                };
                (false, self.end(now, request_id, outcome))
            }
            None => (false, None),
        }
    }

    /// Handles a refusal by the request's own answer or by `OnRspError`.
    pub(crate) fn handle_error(
        &mut self,
        now: Instant,
        request_id: i32,
        error: ServerError,
    ) -> Option<Ended<R>> {
        let request = self.entries.get(&request_id)?.request.name();
        self.end(now, request_id, Err(Error::Rejected { request, error }))
    }

    /// Handles a broken link: nobody knows what became of the requests under way.
    pub(crate) fn handle_disconnected(
        &mut self,
        now: Instant,
        cause: &UnknownCause,
        ended: &mut Vec<Ended<R>>,
    ) {
        for entry in self.entries.values_mut().filter(|entry| !entry.is_sent) {
            entry.broken = Some(cause.clone());
        }
        self.end_sent(now, cause, ended);
    }

    pub(crate) fn handle_deadline(&mut self, now: Instant, ended: &mut Vec<Ended<R>>) {
        let due = self.entries.iter().filter(|(_, entry)| entry.deadline <= now);
        let due: Vec<i32> = due.map(|(request_id, _)| *request_id).collect();
        let cause = UnknownCause::NoAnswer(self.timeout);
        for request_id in due {
            let (request, cause) = (self.name(request_id), cause.clone());
            ended.extend(self.end(now, request_id, Err(Error::Unknown { request, cause })));
        }
    }

    /// Returns when [`Self::handle_deadline`] has to be called.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.entries.values().map(|entry| entry.deadline).min()
    }

    /// Ends all requests with the session: what was not sent is refused, of the rest nobody knows.
    pub(crate) fn fail_all(&mut self, now: Instant, reason: &SendRefusal, ended: &mut Vec<Ended<R>>) {
        self.end_sent(now, &UnknownCause::SessionEnded, ended);
        while let Some((&request_id, entry)) = self.entries.first_key_value() {
            let error = Error::NotSent { request: entry.request.name(), reason: reason.clone() };
            ended.extend(self.end(now, request_id, Err(error)));
        }
    }

    /// Returns whether a request that waits has the number.
    pub(crate) fn knows(&self, request_id: i32) -> bool {
        self.entries.contains_key(&request_id)
    }

    fn handle_answer(
        &mut self,
        now: Instant,
        request_id: i32,
        record: Option<RecordRef<'_>>,
        result: Result<(), ServerError>,
    ) -> Option<Ended<R>> {
        if let Err(error) = result {
            return self.handle_error(now, request_id, error);
        }
        let entry = self.entries.get(&request_id)?;
        // Where a push follows, the answer is only its herald.
        if entry.request.push().is_some() && is_handled(entry.request.kind()) {
            return None;
        }
        self.end(now, request_id, Ok(record.map(|record| record.to_owned())))
    }

    /// Returns the oldest request of which `which` is `callback` and that `record` is about.
    fn concerned(
        &self,
        callback: R::Callback,
        which: impl Fn(R) -> Option<R::Callback>,
        record: RecordRef<'_>,
        session: Session,
    ) -> Option<i32> {
        let is_about = |entry: &Entry<R>| {
            which(entry.request) == Some(callback)
                && correlation::is_about(&entry.record, record, session, entry.request.kind())
        };
        self.entries.iter().find(|(_, entry)| is_about(entry)).map(|(request_id, _)| *request_id)
    }

    fn name(&self, request_id: i32) -> &'static str {
        self.entries.get(&request_id).map_or("", |entry| entry.request.name())
    }

    fn end_sent(&mut self, now: Instant, cause: &UnknownCause, ended: &mut Vec<Ended<R>>) {
        let sent = self.entries.iter().filter(|(_, entry)| entry.is_sent);
        let sent: Vec<i32> = sent.map(|(request_id, _)| *request_id).collect();
        for request_id in sent {
            let (request, cause) = (self.name(request_id), cause.clone());
            ended.extend(self.end(now, request_id, Err(Error::Unknown { request, cause })));
        }
    }

    fn end(
        &mut self,
        now: Instant,
        request_id: i32,
        outcome: Result<Option<RecordBox>, Error>,
    ) -> Option<Ended<R>> {
        let entry = self.entries.remove(&request_id)?;
        let ended = Ended {
            request: entry.request,
            request_id,
            outcome: Outcome::of(&outcome),
            waited: now.saturating_duration_since(entry.since),
            paced: Duration::ZERO,
            attempts: 1,
        };
        match entry.outcome {
            // The handle is told, or was dropped.
            Some(handle) => {
                let record = outcome.map(|record| record.unwrap_or(entry.record));
                let _ = handle.send(record);
            }
            // A push that overtook the library's word: the caller gets a handle that knows already.
            None if outcome.is_ok() && is_handled(entry.request.kind()) => {
                let (handle, outcome_rx) = oneshot::channel();
                let record = outcome.map(|record| record.unwrap_or(entry.record));
                let _ = handle.send(record);
                entry.asker.tell(Ok(Reply::Sent { request_id, outcome: outcome_rx }));
            }
            None => entry.asker.tell(outcome.map(Reply::Answer)),
        }
        Some(ended)
    }
}

/// Returns whether the caller gets a handle as soon as the request is sent.
fn is_handled(kind: RequestKind) -> bool {
    matches!(kind, RequestKind::Silent | RequestKind::Push)
}

#[cfg(test)]
mod tests;
