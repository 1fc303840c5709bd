//! Hands events to every subscriber, losing none.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// Whether anybody may listen: what nobody wants is not even made.
    is_wanted: Arc<AtomicBool>,
}

struct Inner<T> {
    subscribers: Vec<Subscriber<T>>,
    closed: bool,
}

struct Subscriber<T> {
    queue: mpsc::UnboundedSender<T>,
    wants: fn(&T) -> bool,
}

impl<T> std::fmt::Debug for Inner<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let subscribers = self.subscribers.len();
        formatter
            .debug_struct("Inner")
            .field("subscribers", &subscribers)
            .field("closed", &self.closed)
            .finish()
    }
}

impl<T> Clone for Fanout<T> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), is_wanted: Arc::clone(&self.is_wanted) }
    }
}

impl<T> Default for Fanout<T> {
    fn default() -> Self {
        let inner = Inner { subscribers: Vec::new(), closed: false };
        Self { inner: Arc::new(Mutex::new(inner)), is_wanted: Arc::default() }
    }
}

impl<T: Clone> Fanout<T> {
    /// Adds a subscriber, who gets what is sent from now on.
    pub(crate) fn subscribe(&self) -> Events<T> {
        self.subscribe_where(|_| true)
    }

    /// Adds a subscriber, who gets what passes `wants` from now on.
    pub(crate) fn subscribe_where(&self, wants: fn(&T) -> bool) -> Events<T> {
        let (queue, rx) = mpsc::unbounded_channel();
        let mut inner = self.lock();
        if !inner.closed {
            inner.subscribers.push(Subscriber { queue, wants });
            self.is_wanted.store(true, Ordering::Release);
        }
        Events { rx }
    }

    /// Returns whether anybody may listen.
    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Acquire)
    }

    /// Sends to all subscribers and forgets those that went away.
    pub(crate) fn send(&self, event: &T) {
        let mut inner = self.lock();
        inner.subscribers.retain(|subscriber| {
            if (subscriber.wants)(event) {
                subscriber.queue.send(event.clone()).is_ok()
            } else {
                !subscriber.queue.is_closed()
            }
        });
        if inner.subscribers.is_empty() {
            self.is_wanted.store(false, Ordering::Release);
        }
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

    #[test]
    fn what_nobody_wants_is_told_and_filters_hold() {
        let fanout = Fanout::<u32>::default();
        assert!(!fanout.is_wanted());
        let mut even = fanout.subscribe_where(|number| number % 2 == 0);
        assert!(fanout.is_wanted());
        for number in 1..=4 {
            fanout.send(&number);
        }
        assert_eq!([even.try_next(), even.try_next(), even.try_next()], [Some(2), Some(4), None]);
        drop(even);
        fanout.send(&5);
        assert!(!fanout.is_wanted());
    }
}
