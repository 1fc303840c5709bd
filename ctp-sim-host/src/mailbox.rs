//! Where a session's deliveries go: to an instance's thread in this process, or to a client behind a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use ctp_sim::{ApiKind, Delivery, Timestamp};

use crate::engine::Event;
use crate::fault::LibraryFault;
use crate::wire::Admission;

/// Deliveries that may wait for a market-data client before the front gives it up, as a real front
/// does with its send list.
pub(crate) const WAITING_MD_MAX: usize = 10_000;

/// Deliveries that may wait for a trader client before the front gives it up.
///
/// Much larger, because a login replays the whole day at once and must never be cut.
pub(crate) const WAITING_TRADER_MAX: usize = 1_000_000;

/// Returns how many deliveries may wait for a client of a kind.
pub(crate) fn waiting_max(kind: ApiKind) -> usize {
    match kind {
        ApiKind::Md => WAITING_MD_MAX,
        ApiKind::Trader => WAITING_TRADER_MAX,
    }
}

/// Where a session's deliveries go. Every function is called under the exchange's lock and returns at once.
///
/// A mailbox that is dropped ends the connection: nothing more comes.
pub(crate) trait Mailbox: Send {
    /// Puts a delivery in and returns whether the box is now full.
    fn put(&self, delivery: Delivery) -> bool;

    /// Sends what was put in on its way: a step of the exchange is over.
    fn flush(&self, _now: Timestamp) {}

    /// Lets a fault of the library happen, in its place between the deliveries.
    fn library(&self, _fault: LibraryFault) {}

    /// Drops `passed` once everything that was put in has returned from its callback. An instance of this process takes
    /// barriers even before it has a session: see [`Simulator::barrier`](crate::Simulator::barrier).
    fn barrier(&self, now: Timestamp, passed: Sender<()>);

    /// Returns how many deliveries have not returned from their callbacks.
    fn waiting(&self) -> usize;

    /// Returns where the client is, when it is not in this process.
    fn peer(&self) -> Option<&str> {
        None
    }

    /// Tells a client that is not in this process what its library refuses by itself.
    fn admit(&self, _admission: Admission) {}
}

/// The mailbox of an instance in this process.
pub(crate) struct LocalMailbox {
    events: Sender<Event>,
    waiting: Arc<AtomicUsize>,
    waiting_max: usize,
}

impl LocalMailbox {
    pub(crate) fn new(kind: ApiKind, events: Sender<Event>, waiting: Arc<AtomicUsize>) -> Self {
        Self { events, waiting, waiting_max: waiting_max(kind) }
    }
}

impl Mailbox for LocalMailbox {
    fn put(&self, delivery: Delivery) -> bool {
        // A closed channel is an instance whose thread has ended: what comes late is for nobody.
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        if self.events.send(Event::Delivery(delivery)).is_err() {
            return false;
        }
        waiting >= self.waiting_max
    }

    fn library(&self, fault: LibraryFault) {
        // A closed channel belongs to an instance that is gone.
        drop(self.events.send(Event::Library(fault)));
    }

    fn barrier(&self, _now: Timestamp, _passed: Sender<()>) {}

    fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }
}
