//! The caller's end of a request that was sent and has no answer of its own.

use std::marker::PhantomData;

use ctp_types::{Record, RecordBox};
use tokio::sync::oneshot;

use crate::error::{Error, UnknownCause};

/// A request that the library took. Counter and exchange say nothing when they accept it; a push tells the effect.
///
/// `R` is the record of that push, or of the request's answer where there is no push. Dropping the handle takes
/// nothing back.
#[derive(Debug)]
pub struct Sent<R = ()> {
    request: &'static str,
    request_id: i32,
    outcome: oneshot::Receiver<Result<RecordBox, Error>>,
    record: PhantomData<fn() -> R>,
}

impl<R> Sent<R> {
    pub(crate) fn new(
        request: &'static str,
        request_id: i32,
        outcome: oneshot::Receiver<Result<RecordBox, Error>>,
    ) -> Self {
        Self { request, request_id, outcome, record: PhantomData }
    }

    /// Returns the C name of the request.
    pub fn request(&self) -> &'static str {
        self.request
    }

    /// Returns the request's number. C: `nRequestID`, and `RequestID` of records that have one.
    pub fn request_id(&self) -> i32 {
        self.request_id
    }

    /// Waits for the first thing that tells what became of the request, and returns its record.
    ///
    /// A push is known by the `RequestID`, or the application's reference (C: `…Ref`), that it repeats; that of a
    /// cancel repeats the number of what is cancelled, so only a refusal of a cancel is seen here.
    ///
    /// # Errors
    ///
    /// - [`Error::Rejected`]: the counter or the exchange refused it; it has no effect.
    /// - [`Error::Unknown`]: nothing came within `timeouts.order`, or the link broke. Later pushes may tell; the
    ///   request is never sent again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back the request, but its outcome is lost.
    pub async fn outcome_record(self) -> Result<RecordBox, Error> {
        let lost = Error::Unknown { request: self.request, cause: UnknownCause::SessionEnded };
        self.outcome.await.unwrap_or(Err(lost))
    }
}

impl<R: Record> Sent<R> {
    /// Waits for the first thing that tells what became of the request: as [`outcome_record`](Self::outcome_record),
    /// typed; `None` for a record of another kind.
    ///
    /// # Errors
    ///
    /// As [`outcome_record`](Self::outcome_record).
    ///
    /// # Cancel safety
    ///
    /// As [`outcome_record`](Self::outcome_record).
    pub async fn outcome(self) -> Result<Option<R>, Error> {
        self.outcome_record().await.map(|record| record.get::<R>().copied())
    }
}
