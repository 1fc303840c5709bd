//! Every request of the trader API as an async method.

use ctp_types::*;

use crate::error::Error;
use crate::requests::submission::check_record;
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

    /// Makes a request that is known only when the program runs, for tools and bindings: as the method of its name does.
    ///
    /// # Errors
    ///
    /// As [`Requests`] says of the kind of the request, and [`Error::Denied`] for the record of another request.
    ///
    /// # Cancel safety
    ///
    /// As [`Requests`] says of the kind of the request.
    pub async fn any(&self, request: TraderRequest, record: RecordRef<'_>) -> Result<RawAnswer, Error> {
        let record = self.filled(record);
        check_record(request, &record)?;
        Ok(self.client.submit(request, record).await?.raw(request))
    }

    async fn query<R: Record>(&self, request: TraderRequest, record: RecordRef<'_>) -> Result<Vec<R>, Error> {
        Ok(self.client.submit(request, self.filled(record)).await?.rows())
    }

    async fn answered<R: Record>(
        &self,
        request: TraderRequest,
        record: RecordRef<'_>,
    ) -> Result<Option<R>, Error> {
        Ok(self.client.submit(request, self.filled(record)).await?.answer())
    }

    async fn sent<R>(&self, request: TraderRequest, record: RecordRef<'_>) -> Result<Sent<R>, Error> {
        // The kind of a request decides what it brings; no request of this kind brings anything else.
        let reply = self.client.submit(request, self.filled(record)).await?;
        reply.sent(request).ok_or_else(|| self.client.gone())
    }

    fn filled(&self, record: RecordRef<'_>) -> RecordBox {
        let mut record = record.to_owned();
        self.client.fill(&mut record);
        record
    }
}
