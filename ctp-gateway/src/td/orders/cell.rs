//! What the session and the callers share about one order: where it stands, and the events that nobody took yet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::td::event::TdEvent;
use crate::td::orders::order::Order;
use crate::td::orders::trade::Trade;

/// The callers' end: what a handle is made of.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    cell: Arc<Mutex<Cell>>,
}

/// The session's end. Dropped, it tells that nothing more will come.
#[derive(Debug)]
pub(crate) struct HandleSide {
    cell: Arc<Mutex<Cell>>,
}

#[derive(Debug)]
struct Cell {
    order: Arc<Order>,
    /// Unbounded: an order's events are few and must not be lost.
    events: VecDeque<TdEvent>,
    /// The fills so far; they stay when their events were taken.
    trades: Vec<Arc<Trade>>,
    is_over: bool,
    wakers: Vec<Waker>,
}

/// Returns both ends of an order that is about to be sent.
pub(crate) fn cell(order: Arc<Order>) -> (HandleSide, Placed) {
    let cell =
        Cell { order, events: VecDeque::new(), trades: Vec::new(), is_over: false, wakers: Vec::new() };
    let cell = Arc::new(Mutex::new(cell));
    (HandleSide { cell: Arc::clone(&cell) }, Placed { cell })
}

impl HandleSide {
    /// Tells an event, and where the order stands after it.
    pub(crate) fn tell(&self, order: Arc<Order>, event: TdEvent) {
        self.change(|cell| {
            cell.order = order;
            if let TdEvent::Trade { trade, .. } = &event {
                cell.trades.push(Arc::clone(trade));
            }
            cell.events.push_back(event);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Cell)) {
        let mut cell = lock(&self.cell);
        change(&mut cell);
        let wakers = std::mem::take(&mut cell.wakers);
        // A waker may run its task at once.
        drop(cell);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Drop for HandleSide {
    fn drop(&mut self) {
        self.change(|cell| cell.is_over = true);
    }
}

impl Placed {
    /// Returns the order as it stands.
    pub(crate) fn order(&self) -> Arc<Order> {
        Arc::clone(&lock(&self.cell).order)
    }

    /// Returns the fills that have arrived.
    pub(crate) fn trades(&self) -> Vec<Arc<Trade>> {
        lock(&self.cell).trades.clone()
    }

    /// Returns the next event if there is one already.
    pub(crate) fn try_next(&self) -> Option<TdEvent> {
        lock(&self.cell).events.pop_front()
    }

    /// Returns whether nothing more will come.
    #[cfg(test)]
    pub(crate) fn is_over(&self) -> bool {
        lock(&self.cell).is_over
    }

    /// Takes the next event; `None` after the last.
    pub(crate) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<TdEvent>> {
        let mut cell = lock(&self.cell);
        match cell.events.pop_front() {
            Some(event) => Poll::Ready(Some(event)),
            None if cell.is_over => Poll::Ready(None),
            None => {
                cell.await_change(context);
                Poll::Pending
            }
        }
    }

    /// Waits for a state of the order. Returns the last one as an error if the session will not say more.
    pub(crate) async fn wait(&self, until: impl Fn(&Order) -> bool) -> Result<Arc<Order>, Arc<Order>> {
        std::future::poll_fn(|context| {
            let mut cell = lock(&self.cell);
            if until(&cell.order) {
                return Poll::Ready(Ok(Arc::clone(&cell.order)));
            }
            if cell.is_over {
                return Poll::Ready(Err(Arc::clone(&cell.order)));
            }
            cell.await_change(context);
            Poll::Pending
        })
        .await
    }
}

impl Cell {
    fn await_change(&mut self, context: &Context<'_>) {
        if !self.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            self.wakers.push(context.waker().clone());
        }
    }
}

fn lock(cell: &Mutex<Cell>) -> MutexGuard<'_, Cell> {
    // Nothing that runs under the lock panics, so a poisoned one is whole.
    cell.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;
    use std::time::Instant;

    use ctp_types::TradeField;

    use super::*;
    use crate::td::fixtures::{FRONT, SESSION, input, trade};
    use crate::td::orders::book::OrderBook;
    use crate::td::orders::order::OrderPhase;
    use crate::td::orders::source::{Arrival, Source};

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Bell(AtomicUsize);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn rung(bell: &Bell) -> usize {
        bell.0.load(Ordering::Relaxed)
    }

    /// An order, and the event of a trade of it.
    fn traded() -> (Arc<Order>, TdEvent) {
        let (mut book, mut events) = (OrderBook::default(), Vec::new());
        let order = book.place(&input("1", 5), Some(5), FRONT, SESSION);
        let record = TradeField { order_sys_id: Default::default(), ..trade("1", "a", 3) };
        book.apply_trade(Instant::now(), &record, Arrival::new(1, Source::Live), &mut events);
        book.flush_waiting(&mut events);
        (order, events.remove(0))
    }

    fn with_phase(order: &Arc<Order>, phase: OrderPhase) -> Arc<Order> {
        Arc::new(Order { phase, ..Order::clone(order) })
    }

    fn poll<T>(future: Pin<&mut impl Future<Output = T>>, bell: &Arc<Bell>) -> Poll<T> {
        let waker = Waker::from(Arc::clone(bell));
        future.poll(&mut Context::from_waker(&waker))
    }

    #[test]
    fn every_event_is_read_once_and_the_fills_stay() {
        let (order, fill) = traded();
        let (side, placed) = cell(Arc::clone(&order));
        assert!(placed.try_next().is_none() && placed.trades().is_empty());
        let working = with_phase(&order, OrderPhase::Working);
        side.tell(Arc::clone(&working), TdEvent::Order(Arc::clone(&working)));
        side.tell(Arc::clone(&working), fill);
        assert_eq!(placed.order().phase, OrderPhase::Working);
        assert!(matches!(placed.try_next(), Some(TdEvent::Order(_))));
        assert!(matches!(placed.try_next(), Some(TdEvent::Trade { .. })));
        assert!(placed.try_next().is_none());
        assert_eq!(placed.trades().iter().map(|trade| trade.volume).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn a_reader_is_woken_once_for_what_comes_and_for_the_end() {
        let (order, fill) = traded();
        let (side, placed) = cell(Arc::clone(&order));
        let (one, two) = (Arc::<Bell>::default(), Arc::<Bell>::default());
        let (first, second) = (Waker::from(Arc::clone(&one)), Waker::from(Arc::clone(&two)));
        // Who asks twice waits once; who else asks waits, too.
        for waker in [&first, &first, &second] {
            assert!(placed.poll_next(&mut Context::from_waker(waker)).is_pending());
        }
        side.tell(Arc::clone(&order), fill);
        assert_eq!((rung(&one), rung(&two)), (1, 1));
        let next = placed.poll_next(&mut Context::from_waker(&first));
        assert!(matches!(next, Poll::Ready(Some(TdEvent::Trade { .. }))));
        assert!(placed.poll_next(&mut Context::from_waker(&first)).is_pending());
        assert!(!placed.is_over());
        drop(side);
        assert_eq!((rung(&one), rung(&two)), (2, 1));
        assert!(matches!(placed.poll_next(&mut Context::from_waker(&first)), Poll::Ready(None)));
        assert!(placed.is_over());
    }

    #[test]
    fn what_was_told_before_the_end_is_read_after_it() {
        let (order, fill) = traded();
        let (side, placed) = cell(Arc::clone(&order));
        side.tell(order, fill);
        drop(side);
        let waker = Waker::noop();
        let next = placed.poll_next(&mut Context::from_waker(waker));
        assert!(matches!(next, Poll::Ready(Some(TdEvent::Trade { .. }))));
        assert!(matches!(placed.poll_next(&mut Context::from_waker(waker)), Poll::Ready(None)));
    }

    #[test]
    fn a_wait_ends_with_the_state_or_with_the_session() {
        let (order, _) = traded();
        let (side, placed) = cell(Arc::clone(&order));
        let bell = Arc::<Bell>::default();
        let is_working = |order: &Order| order.phase == OrderPhase::Working;
        {
            let mut waiting = pin!(placed.wait(is_working));
            assert!(poll(waiting.as_mut(), &bell).is_pending());
            let acknowledged = with_phase(&order, OrderPhase::Acknowledged);
            side.tell(Arc::clone(&acknowledged), TdEvent::Order(acknowledged));
            assert_eq!(rung(&bell), 1);
            assert!(poll(waiting.as_mut(), &bell).is_pending());
            let working = with_phase(&order, OrderPhase::Working);
            side.tell(Arc::clone(&working), TdEvent::Order(working));
            assert_eq!(rung(&bell), 2);
            let Poll::Ready(Ok(seen)) = poll(waiting.as_mut(), &bell) else { panic!("it works") };
            assert_eq!(seen.phase, OrderPhase::Working);
        }
        let mut waiting = pin!(placed.wait(|order| order.phase == OrderPhase::Filled));
        assert!(poll(waiting.as_mut(), &bell).is_pending());
        drop(side);
        assert_eq!(rung(&bell), 3);
        let Poll::Ready(Err(seen)) = poll(waiting.as_mut(), &bell) else { panic!("nothing more comes") };
        assert_eq!(seen.phase, OrderPhase::Working);
        // A state that was reached before the end still counts.
        assert!(matches!(poll(pin!(placed.wait(is_working)), &bell), Poll::Ready(Ok(_))));
    }
}
