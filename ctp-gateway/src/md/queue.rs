//! One subscriber's queue of ticks: bounded, with an exact count of what was dropped.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use crate::md::tick::Tick;

#[derive(Debug)]
struct Queue {
    capacity: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    ticks: VecDeque<Arc<Tick>>,
    dropped: u64,
    closed: bool,
    waker: Option<Waker>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No user code runs under the lock, so a poisoned one is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream of ticks. It ends after the session has ended.
///
/// The queue holds as many ticks as `tick_capacity` says. A reader who falls further behind loses the oldest ones:
/// stale prices are worth less than fresh ones. [`dropped`](Self::dropped) counts each.
#[derive(Debug)]
pub struct Ticks {
    queue: Arc<Queue>,
    /// What was dropped between library and session, in all and before this stream began.
    upstream: Arc<AtomicU64>,
    upstream_before: u64,
}

impl Ticks {
    /// Returns the next tick, or `None` after the session has ended.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: a tick is either returned or still in the queue.
    pub async fn next(&mut self) -> Option<Arc<Tick>> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// Returns the next tick if there is one already.
    pub fn try_next(&mut self) -> Option<Arc<Tick>> {
        self.queue.lock().ticks.pop_front()
    }

    /// Returns how many ticks this stream has lost so far, exactly: those that this reader was too slow for, and
    /// those that the session was too slow for.
    pub fn dropped(&self) -> u64 {
        let upstream = self.upstream.load(Ordering::Relaxed).saturating_sub(self.upstream_before);
        self.queue.lock().dropped + upstream
    }

    fn poll(&self, context: &Context<'_>) -> Poll<Option<Arc<Tick>>> {
        let mut inner = self.queue.lock();
        match inner.ticks.pop_front() {
            Some(tick) => Poll::Ready(Some(tick)),
            None if inner.closed => Poll::Ready(None),
            None => {
                inner.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl futures_core::Stream for Ticks {
    type Item = Arc<Tick>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Arc<Tick>>> {
        self.poll(context)
    }
}

/// The session's end of all streams.
#[derive(Clone, Debug)]
pub(super) struct TickFanout {
    capacity: usize,
    upstream: Arc<AtomicU64>,
    inner: Arc<Mutex<Subscribers>>,
}

#[derive(Debug, Default)]
struct Subscribers {
    queues: Vec<Weak<Queue>>,
    closed: bool,
}

impl TickFanout {
    /// `upstream` counts what is dropped before it comes here.
    pub(super) fn new(capacity: usize, upstream: Arc<AtomicU64>) -> Self {
        Self { capacity, upstream, inner: Arc::default() }
    }

    pub(super) fn subscribe(&self) -> Ticks {
        let queue = Arc::new(Queue { capacity: self.capacity, inner: Mutex::default() });
        let mut subscribers = self.lock();
        queue.lock().closed = subscribers.closed;
        subscribers.queues.push(Arc::downgrade(&queue));
        Ticks {
            queue,
            upstream: Arc::clone(&self.upstream),
            upstream_before: self.upstream.load(Ordering::Relaxed),
        }
    }

    /// Sends to all streams and forgets those that were dropped.
    pub(super) fn send(&self, tick: &Arc<Tick>) {
        self.lock().queues.retain(|queue| {
            let Some(queue) = queue.upgrade() else { return false };
            let mut inner = queue.lock();
            if inner.ticks.len() == queue.capacity {
                inner.ticks.pop_front();
                inner.dropped += 1;
            }
            inner.ticks.push_back(Arc::clone(tick));
            let waker = inner.waker.take();
            drop(inner);
            if let Some(waker) = waker {
                waker.wake();
            }
            true
        });
    }

    /// Ends all streams once they have read what was sent.
    pub(super) fn close(&self) {
        let mut subscribers = self.lock();
        subscribers.closed = true;
        for queue in subscribers.queues.drain(..).filter_map(|queue| queue.upgrade()) {
            let mut inner = queue.lock();
            inner.closed = true;
            if let Some(waker) = inner.waker.take() {
                waker.wake();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Subscribers> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use ctp_types::DepthMarketDataField;

    use super::*;

    fn tick(volume: i32) -> Arc<Tick> {
        Arc::new(Tick::new(&DepthMarketDataField { volume, ..Default::default() }, 0, None))
    }

    #[test]
    fn a_slow_reader_loses_the_oldest_and_knows_how_many() {
        let upstream = Arc::new(AtomicU64::new(7));
        let fanout = TickFanout::new(2, Arc::clone(&upstream));
        let (mut slow, mut fast) = (fanout.subscribe(), fanout.subscribe());
        let mut seen = Vec::new();
        for volume in 0..5 {
            fanout.send(&tick(volume));
            seen.extend(fast.try_next().map(|tick| tick.volume));
        }
        upstream.fetch_add(1, Ordering::Relaxed);
        assert_eq!((seen, fast.dropped()), (vec![0, 1, 2, 3, 4], 1));
        assert_eq!(slow.dropped(), 3 + 1);
        assert_eq!([slow.try_next(), slow.try_next()].map(|tick| tick.unwrap().volume), [3, 4]);
    }

    #[tokio::test]
    async fn the_stream_ends_after_what_was_sent() {
        let fanout = TickFanout::new(2, Arc::default());
        let mut ticks = fanout.subscribe();
        fanout.send(&tick(1));
        fanout.close();
        assert!(ticks.next().await.is_some());
        assert!(ticks.next().await.is_none());
        assert!(fanout.subscribe().next().await.is_none());
    }

    #[tokio::test]
    async fn a_waiting_reader_is_woken() {
        let fanout = TickFanout::new(2, Arc::default());
        let mut ticks = fanout.subscribe();
        let reader = tokio::spawn(async move { ticks.next().await.map(|tick| tick.volume) });
        tokio::task::yield_now().await;
        fanout.send(&tick(9));
        assert_eq!(reader.await.unwrap(), Some(9));
    }
}
