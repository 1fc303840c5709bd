//! Hands events to every subscriber, losing none.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::mpsc;

/// The session's end: any number of subscribers, each with its own queue.
///
/// The queues are unbounded on purpose. What goes through them is orders and trades: dropping one would falsify the
/// account, and waiting for a slow reader would stall the session. Their number is bounded by a day's trading.
#[derive(Debug)]
pub(crate) struct Fanout<T> {
    inner: Arc<Mutex<Inner<T>>>,
}

#[derive(Debug)]
struct Inner<T> {
    subscribers: Vec<mpsc::UnboundedSender<T>>,
    closed: bool,
}

impl<T> Clone for Fanout<T> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<T> Default for Fanout<T> {
    fn default() -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { subscribers: Vec::new(), closed: false })) }
    }
}

impl<T: Clone> Fanout<T> {
    /// Adds a subscriber, who gets what is sent from now on.
    pub(crate) fn subscribe(&self) -> Events<T> {
        let (tx, rx) = mpsc::unbounded_channel();
        let mut inner = self.lock();
        if !inner.closed {
            inner.subscribers.push(tx);
        }
        Events { rx }
    }

    /// Sends to all subscribers and forgets those that went away.
    pub(crate) fn send(&self, event: &T) {
        self.lock().subscribers.retain(|subscriber| subscriber.send(event.clone()).is_ok());
    }

    /// Ends the streams of all subscribers once they have read what was sent.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.subscribers.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        // No user code runs under the lock, so a poisoned one is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream of events. It ends after the session has ended.
#[derive(Debug)]
pub struct Events<T> {
    rx: mpsc::UnboundedReceiver<T>,
}

impl<T> Events<T> {
    /// Returns the next event, or `None` after the session has ended.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: an event is either returned or still in the queue.
    pub async fn next(&mut self) -> Option<T> {
        self.rx.recv().await
    }

    /// Returns the next event if there is one already.
    pub fn try_next(&mut self) -> Option<T> {
        self.rx.try_recv().ok()
    }
}

impl<T> futures_core::Stream for Events<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.rx.poll_recv(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subscriber_gets_every_event_and_then_the_end() {
        let fanout = Fanout::<u32>::default();
        fanout.send(&0);
        let (mut one, two) = (fanout.subscribe(), fanout.subscribe());
        drop(two);
        for event in 1..=3 {
            fanout.send(&event);
        }
        fanout.close();
        assert_eq!(
            [one.try_next(), one.try_next(), one.try_next(), one.try_next()],
            [Some(1), Some(2), Some(3), None]
        );
        assert!(one.rx.is_closed());
        assert!(fanout.subscribe().rx.is_closed());
    }
}
