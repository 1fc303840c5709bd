//! The caller's end of an order.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::error::Error;
use crate::td::client::TdClient;
use crate::td::event::TdEvent;
use crate::td::orders::cell::Placed;
use crate::td::orders::order::{Order, OrderId};
use crate::td::orders::outcome::Outcome;
use crate::td::orders::trade::Trade;

/// An order that was sent: its present state, its events, its outcome.
///
/// Dropping the handle does not cancel the order.
#[derive(Debug)]
pub struct OrderHandle {
    client: TdClient,
    placed: Placed,
    trade_wait: Duration,
}

impl OrderHandle {
    pub(in crate::td) fn new(client: TdClient, placed: Placed, trade_wait: Duration) -> Self {
        Self { client, placed, trade_wait }
    }

    /// Returns the gateway's number of the order.
    pub fn id(&self) -> OrderId {
        self.placed.order().id
    }

    /// Returns the order as it stands.
    pub fn order(&self) -> Arc<Order> {
        self.placed.order()
    }

    /// Returns the trades of the order that have arrived, in the order in which they came; reading
    /// [`events`](Self::events) takes none of them away.
    pub fn trades(&self) -> Vec<Arc<Trade>> {
        self.placed.trades()
    }

    /// Returns the next event of this order, or `None` after the order is over with all its trades, or the session
    /// has ended.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: an event is either returned or still in the queue.
    pub async fn next_event(&mut self) -> Option<TdEvent> {
        std::future::poll_fn(|context| self.placed.poll_next(context)).await
    }

    /// Returns the next event if there is one already.
    pub fn try_next_event(&mut self) -> Option<TdEvent> {
        self.placed.try_next()
    }

    /// Returns the order's events as a stream, with those that nobody took yet. Every event goes to one reader: this
    /// stream, another one, or [`next_event`](Self::next_event).
    pub fn events(&self) -> OrderEvents {
        OrderEvents { placed: self.placed.clone() }
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
        self.placed.accepted().await
    }

    /// Waits until the exchange has taken the order or it is known that it does not exist, however long nothing tells:
    /// replays and queries after a later login do.
    ///
    /// # Errors
    ///
    /// - [`Error::Rejected`]: counter or exchange refused it, or the counter does not have it.
    /// - [`Error::Unknown`]: the session ended before.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn resolved(&self) -> Result<Arc<Order>, Error> {
        self.placed.resolved().await
    }

    /// Waits until it is known what became of the order as a request, or that it is not known.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn outcome(&self) -> Outcome {
        self.placed.outcome().await
    }

    /// Waits until all lots are traded and all trades have arrived.
    ///
    /// # Errors
    ///
    /// - [`Error::NotFilled`]: the order is over before: cancelled by somebody, or the rest of an immediate order.
    /// - Otherwise as [`accepted`](Self::accepted).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn filled(&self) -> Result<Arc<Order>, Error> {
        self.placed.filled(self.trade_wait).await
    }

    /// Waits until the order is over and all its trades have arrived. The trades are waited for only as long as
    /// an answer to an order; compare `volume_filled` with `volume_traded`.
    ///
    /// A conditional order that was triggered is over when it is known what it became: see [`Order::child`].
    ///
    /// # Errors
    ///
    /// As [`accepted`](Self::accepted).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn finished(&self) -> Result<Arc<Order>, Error> {
        self.placed.finished(self.trade_wait).await
    }

    /// Cancels the order and waits until it is over: see [`TdClient::cancel`].
    ///
    /// # Errors
    ///
    /// As [`TdClient::cancel`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back a request that was sent.
    pub async fn cancel(&self) -> Result<Arc<Order>, Error> {
        self.client.cancel(self.id()).await
    }
}

/// The events of one order: see [`OrderHandle::events`]. The stream ends after the order is over with all its trades,
/// or the session has ended.
#[derive(Debug)]
pub struct OrderEvents {
    placed: Placed,
}

impl futures_core::Stream for OrderEvents {
    type Item = TdEvent;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<TdEvent>> {
        self.placed.poll_next(context)
    }
}
