//! The caller's end of an order.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::error::{Error, ServerError, UnknownCause};
use crate::td::client::TdClient;
use crate::td::event::TdEvent;
use crate::td::orders::order::{Order, OrderId, OrderPhase};
use crate::td::session::Placed;

const INSERT: &str = "ReqOrderInsert";

/// An order that was sent: its present state, its events, its outcome.
///
/// Dropping the handle does not cancel the order.
#[derive(Debug)]
pub struct OrderHandle {
    client: TdClient,
    order: watch::Receiver<Arc<Order>>,
    events: mpsc::UnboundedReceiver<TdEvent>,
    trade_wait: Duration,
}

impl OrderHandle {
    pub(in crate::td) fn new(client: TdClient, placed: Placed, trade_wait: Duration) -> Self {
        Self { client, order: placed.order, events: placed.events, trade_wait }
    }

    /// Returns the gateway's number of the order.
    pub fn id(&self) -> OrderId {
        self.order.borrow().id
    }

    /// Returns the order as it stands.
    pub fn order(&self) -> Arc<Order> {
        Arc::clone(&self.order.borrow())
    }

    /// Returns the next event of this order, or `None` after the order is over with all its trades, or the session
    /// has ended.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: an event is either returned or still in the queue.
    pub async fn next_event(&mut self) -> Option<TdEvent> {
        self.events.recv().await
    }

    /// Waits until the exchange has taken the order: confirmed.
    ///
    /// # Errors
    ///
    /// - [`Error::Rejected`]: counter or exchange refused it; it does not exist.
    /// - [`Error::Unknown`]: nothing tells yet; later events may. The order is never sent again.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn accepted(&self) -> Result<Arc<Order>, Error> {
        self.wait(|order| !matches!(order.phase, OrderPhase::Sent | OrderPhase::Acknowledged)).await
    }

    /// Waits until the order is over and all its trades have arrived. The trades are waited for only as long as
    /// an answer to an order; compare `volume_filled` with `volume_traded`.
    ///
    /// # Errors
    ///
    /// As [`accepted`](Self::accepted).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn finished(&self) -> Result<Arc<Order>, Error> {
        let over = self.wait(|order| order.phase.is_over() || order.phase == OrderPhase::Unknown).await?;
        match tokio::time::timeout(self.trade_wait, self.wait(Order::is_complete)).await {
            Ok(complete) => complete,
            Err(_) => Ok(over),
        }
    }

    /// Cancels the order and waits until it is over: see [`TdClient::cancel`].
    ///
    /// # Errors
    ///
    /// As [`TdClient::cancel`].
    pub async fn cancel(&self) -> Result<Arc<Order>, Error> {
        self.client.cancel(self.id()).await
    }

    /// Waits for a state of the order. A dropped session ends the wait.
    async fn wait(&self, until: impl Fn(&Order) -> bool) -> Result<Arc<Order>, Error> {
        let mut updates = self.order.clone();
        let seen = match updates.wait_for(|order| until(order)).await {
            Ok(seen) => Arc::clone(&seen),
            // The session has ended; what it last said is all there is.
            Err(_) => {
                let last = self.order();
                if !until(&last) {
                    return Err(Error::Unknown { request: INSERT, cause: UnknownCause::SessionEnded });
                }
                last
            }
        };
        match seen.phase {
            OrderPhase::Rejected => {
                let error =
                    seen.refusal.clone().unwrap_or_else(|| ServerError::counter(0, "no reason given"));
                Err(Error::Rejected { request: INSERT, error })
            }
            OrderPhase::Unknown => {
                let cause = seen.unknown_cause.clone().unwrap_or(UnknownCause::SessionEnded);
                Err(Error::Unknown { request: INSERT, cause })
            }
            _ => Ok(seen),
        }
    }
}
