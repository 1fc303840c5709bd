//! Cancelling everything that works.

use std::sync::Arc;

use ctp_types::Text;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::td::io::Command;
use crate::td::new_order::does_not_fit;
use crate::td::{Order, TdClient};

/// What became of one order of [`TdClient::cancel_all`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Cancelled {
    /// The order as it stood when it was to be cancelled.
    pub order: Arc<Order>,
    /// How it ended: cancelled or, if a fill won the race, traded; or why nobody knows that it did, as
    /// [`TdClient::cancel`] says it.
    pub outcome: Result<Arc<Order>, Error>,
}

impl TdClient {
    /// Cancels all working orders of this gateway, of this run and of earlier ones of the trading day, as fast as the
    /// pace allows, and waits until it is known what became of each; with an instrument, only its own. The orders come in the
    /// order in which they were placed.
    ///
    /// Nothing else changes: orders pass as before, also those that are placed while this waits, and they are not
    /// cancelled. To let no order pass any more, see [`kill`](Self::kill). Orders of other sessions of the account are left
    /// alone; [`cancel`](Self::cancel) takes them, too.
    ///
    /// What the library does not take because it has too many requests (−2, −3) is given to it again after a second, five times
    /// in all. A cancel that still waits when the link breaks is not sent. The outcome of both is [`Error::NotSent`].
    ///
    /// # Errors
    ///
    /// - [`Error::Denied`]: the instrument's id does not fit.
    /// - [`Error::NotSent`]: the session is not ready; nothing was sent.
    ///
    /// What is wrong with a single order is its own outcome.
    ///
    /// # Cancel safety
    ///
    /// Once it was polled, dropping the future stops nothing: the cancels go on being sent.
    pub async fn cancel_all(&self, instrument_id: Option<&str>) -> Result<Vec<Cancelled>, Error> {
        let fits = |id: &str| Text::new(id).map_err(|error| does_not_fit("instrument_id", id, &error));
        let instrument = instrument_id.map(fits).transpose()?;
        let (reply, answer) = oneshot::channel();
        let clearing =
            self.ask(Command::CancelAll { logins: self.logins(), instrument, reply }, answer).await?;
        let mut cancelled = Vec::with_capacity(clearing.len());
        for (order, outcome) in clearing {
            let outcome = outcome.await.unwrap_or_else(|_| Err(self.gone()));
            cancelled.push(Cancelled { order, outcome });
        }
        Ok(cancelled)
    }
}
