//! Every request of the market data API as an async method.

use ctp_types::*;

use crate::error::Error;
use crate::md::MdClient;

/// The requests of the market data API, one async method each, emitted from the API model: see
/// [`MdClient::requests`].
///
/// Fields of the account (C: `BrokerID`, `UserID`) that are left empty are filled with the session's own.
/// [`MdClient::raw_request`] sends a record as it is.
///
/// # Errors
///
/// Queries wait until the session is ready and it is their turn; limits of library and front are waited for:
///
/// - [`Error::Rejected`]: the front refused it.
/// - [`Error::TimedOut`]: not answered in three attempts, or not within `timeouts.query_total`.
/// - [`Error::NotSent`]: the loaded version lacks it, or has a field shorter.
/// - [`Error::Faulted`], [`Error::Closed`]: the session ended.
///
/// Answered requests, which return the record of their answer, are sent once, at once:
///
/// - [`Error::NotSent`]: the session is not ready, or the library did not take it; nothing left the process.
/// - [`Error::Rejected`]: the front refused it; it has no effect.
/// - [`Error::Unknown`]: no answer within `timeouts.order`, or the link broke. It is never sent again.
///
/// The session makes its login itself, and subscriptions have methods of their own.
#[derive(Clone, Copy, Debug)]
pub struct Requests<'a> {
    client: &'a MdClient,
}

include!(concat!(env!("OUT_DIR"), "/md_requests.rs"));

impl<'a> Requests<'a> {
    pub(super) fn new(client: &'a MdClient) -> Self {
        Self { client }
    }

    async fn query<R: Record>(&self, request: MdRequest, record: RecordRef<'_>) -> Result<Vec<R>, Error> {
        Ok(self.client.submit(request, self.filled(record)).await?.rows())
    }

    async fn answered<R: Record>(
        &self,
        request: MdRequest,
        record: RecordRef<'_>,
    ) -> Result<Option<R>, Error> {
        Ok(self.client.submit(request, self.filled(record)).await?.answer())
    }

    fn filled(&self, record: RecordRef<'_>) -> RecordBox {
        let mut record = record.to_owned();
        self.client.fill(&mut record);
        record
    }
}
