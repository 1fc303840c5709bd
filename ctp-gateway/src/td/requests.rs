//! Every request of the trader API as an async method.

use ctp_types::*;

use crate::error::{Denial, Error, Rule};
use crate::requests::submission::Reply;
use crate::requests::{RawAnswer, Sent};
use crate::td::TdClient;

/// The requests of the trader API, one async method each, emitted from the API model: see
/// [`TdClient::requests`].
///
/// Fields of the account (C: `BrokerID`, `InvestorID`, `UserID`) that are left empty are filled with the session's
/// own, and a `RequestID` of 0 with the request's number. [`TdClient::raw_request`] sends a record as it is.
///
/// # Errors
///
/// Queries wait until the session is ready and it is their turn; limits of library and front are waited for:
///
/// - [`Error::Rejected`]: the counter refused it.
/// - [`Error::TimedOut`]: not answered in three attempts, or not within `timeouts.query_total`.
/// - [`Error::NotSent`]: the loaded version lacks it, or has a field shorter.
/// - [`Error::Faulted`], [`Error::Closed`]: the session ended.
///
/// Answered requests, which return the record of their answer, are sent once, at once:
///
/// - [`Error::NotSent`]: the session is not ready, or the library did not take it, for example because the loaded
///   version lacks it; nothing left the process.
/// - [`Error::Rejected`]: the counter refused it; it has no effect.
/// - [`Error::Unknown`]: no answer within `timeouts.order`, or the link broke. It is never sent again.
///
/// Sent requests return with a handle as soon as the library took them; until then only [`Error::NotSent`] is
/// possible. The handle tells the rest.
///
/// The session makes the steps of its login itself, and orders are better placed with [`TdClient::place`], which numbers
/// and follows them.
#[derive(Clone, Copy, Debug)]
pub struct Requests<'a> {
    client: &'a TdClient,
}

include!(concat!(env!("OUT_DIR"), "/trader_requests.rs"));

impl<'a> Requests<'a> {
    pub(super) fn new(client: &'a TdClient) -> Self {
        Self { client }
    }

    async fn query<R: Record>(&self, request: TraderRequest, record: RecordRef<'_>) -> Result<Vec<R>, Error> {
        let rows = self.client.query(request, self.filled(record)).await?;
        Ok(rows.records.iter().filter_map(RecordBox::get).copied().collect())
    }

    async fn answered<R: Record>(
        &self,
        request: TraderRequest,
        record: RecordRef<'_>,
    ) -> Result<Option<R>, Error> {
        match self.client.submit(request, self.filled(record)).await? {
            Reply::Answer(record) => Ok(record.and_then(|record| record.get::<R>().copied())),
            Reply::Rows(_) | Reply::Sent { .. } => Ok(None),
        }
    }

    async fn sent<R>(&self, request: TraderRequest, record: RecordRef<'_>) -> Result<Sent<R>, Error> {
        match self.client.submit(request, self.filled(record)).await? {
            Reply::Sent { request_id, outcome } => Ok(Sent::new(request.name(), request_id, outcome)),
            // The kind of a request decides what it brings; no request of this kind brings anything else.
            Reply::Rows(_) | Reply::Answer(_) => Err(self.client.gone()),
        }
    }

    fn filled(&self, record: RecordRef<'_>) -> RecordBox {
        let mut record = record.to_owned();
        self.client.fill(&mut record);
        record
    }
}

/// Returns what a raw request brought.
pub(super) fn raw(request: TraderRequest, reply: Reply) -> RawAnswer {
    match reply {
        Reply::Rows(rows) => RawAnswer::Rows(rows.records),
        Reply::Answer(record) => RawAnswer::Answer(record),
        Reply::Sent { request_id, outcome } => {
            RawAnswer::Sent(Sent::new(request.name(), request_id, outcome))
        }
    }
}

/// Checks that a raw record is the one that the request carries.
pub(super) fn check(request: TraderRequest, record: &RecordBox) -> Result<(), Denial> {
    if std::ptr::eq(request.record(), record.descriptor()) {
        return Ok(());
    }
    let value = format!("{} with {}", request.name(), record.descriptor().name);
    Err(Denial::new(Rule::Record, value, format!("it takes {}", request.record().name)))
}
