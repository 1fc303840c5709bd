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
