//! The tick bus: one ring, any number of readers, and who is woken when.
//!
//! CTP's thread stamps a record, writes one slot and looks at one flag ([`Inlet::publish`]). Readers copy from the ring
//! and find out the rest for themselves, so a slow one costs nobody else anything. Who waits sits down in [`Wake`].

mod handler;
mod keeper;
mod latest;
mod readers;
mod wake;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use ctp_market::ReferenceData;
use ctp_ring::{Publish, Readers, SharedWriter, TryNextError};
use ctp_types::{DepthMarketDataField, RecordBox};

use crate::capture::{NextTick, RecordedTick, TickSource};
use crate::clock::WallClock;
use crate::md::event::Seen;
use crate::md::slot::{self, Words};
use crate::md::tick::{Tick, stamper};
use crate::observe::Latencies;

pub use handler::TickHandler;
pub use readers::{BlockingTicks, SpinTicks, Ticks};

use latest::Latest;
use wake::Wake;

/// A bus. When it is dropped, its streams end; what it shares with its readers does not keep it alive.
#[derive(Debug)]
pub struct TickBus {
    shared: Arc<Shared>,
    clock: WallClock,
}

/// What is written with each tick and lies on cache lines of its own: readers look at what would lie beside it.
#[repr(align(128))]
struct Apart<T>(T);

/// What the bus, its inlets and its readers share.
pub(crate) struct Shared {
    ring: Readers<Words>,
    /// Only the library's thread writes, and after a dead connection another object's: one that comes while the other
    /// writes loses its tick rather than wait.
    writer: Apart<SharedWriter<Words>>,
    /// Ticks that the library's thread could not write.
    missed: AtomicU64,
    /// Ticks that streams were too slow for, all together.
    lost: AtomicU64,
    /// The number of the connection.
    link: AtomicU64,
    is_closed: AtomicBool,
    wake: Wake,
    latest: Mutex<Latest>,
    handlers: Mutex<Vec<Weak<handler::State>>>,
    reference: Option<Arc<ReferenceData>>,
    clock: WallClock,
    /// Where readers measure how long a tick took to them.
    latencies: OnceLock<Latencies>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("ring", &self.ring).finish_non_exhaustive()
    }
}

impl TickBus {
    /// Makes a bus that holds at least `capacity` ticks, and starts its thread.
    ///
    /// # Errors
    ///
    /// Returns what the operating system says if it gives no thread.
    pub fn new(capacity: usize, clock: WallClock) -> std::io::Result<Self> {
        let (writer, _) = ctp_ring::ring(capacity);
        let ring = writer.readers();
        let reference = stamper::reference();
        let shared = Arc::new(Shared {
            latest: Mutex::new(Latest::new(ring.latest(), reference.clone())),
            ring,
            writer: Apart(writer.share()),
            missed: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            link: AtomicU64::new(0),
            is_closed: AtomicBool::new(false),
            wake: Wake::default(),
            handlers: Mutex::default(),
            reference,
            clock: clock.clone(),
            latencies: OnceLock::new(),
        });
        keeper::start(&shared)?;
        Ok(Self { shared, clock })
    }

    /// Returns where an API object's callbacks put their ticks.
    pub fn inlet(&self) -> Inlet {
        Inlet { shared: Arc::clone(&self.shared), clock: self.clock.clone() }
    }

    /// Returns a stream of the ticks from now on.
    pub fn ticks(&self) -> Ticks {
        Ticks::new(&self.shared)
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Ends all streams once they have read what was published. Doing it again does no harm.
    pub fn close(&self) {
        self.shared.close();
    }
}

impl Drop for TickBus {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// Returns the latest tick of an instrument.
    pub(crate) fn latest(&self, instrument_id: &[u8]) -> Option<Tick> {
        self.lock_latest().get(instrument_id)
    }

    /// Returns the last tick of each instrument that ticked since this was asked last.
    pub(crate) fn news(&self) -> Vec<Seen> {
        self.lock_latest().news()
    }

    /// Calls a function with every tick of a stream, on a thread of its own.
    pub(crate) fn handle(
        &self,
        ticks: Ticks,
        handle: impl FnMut(Tick) + Send + 'static,
    ) -> std::io::Result<TickHandler> {
        let handler = TickHandler::start("ctp-md-handler", ticks, handle)?;
        let mut handlers = self.handlers.lock().unwrap_or_else(PoisonError::into_inner);
        handlers.retain(|other| other.upgrade().is_some_and(|other| !other.has_ended()));
        handlers.push(Arc::downgrade(handler.state()));
        Ok(handler)
    }

    /// Returns whether no function is being called with ticks any more, but the one that asks.
    pub(crate) fn handlers_have_ended(&self) -> bool {
        let handlers = self.handlers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running = handlers.iter().filter_map(Weak::upgrade).filter(|handler| !handler.has_ended());
        running.all(|handler| handler.is_caller())
    }

    /// Returns a reader of the records as they came, from now on, which is not woken.
    pub(crate) fn raw(&self) -> RawReader {
        RawReader { reader: self.ring.latest() }
    }

    /// Returns how many ticks were published.
    pub(crate) fn published(&self) -> u64 {
        self.ring.published()
    }

    /// Returns how many ticks the library's thread could not write.
    pub(crate) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// Returns how many ticks all streams together have lost.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed) + self.missed()
    }

    /// Has streams that begin from now on measure how long ticks took to them.
    pub(crate) fn measure(&self, latencies: Latencies) {
        // There is one for the bus's life.
        let _ = self.latencies.set(latencies);
    }

    fn lock_latest(&self) -> MutexGuard<'_, Latest> {
        // No user code runs under the lock, so a poisoned one is whole.
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    fn close(&self) {
        self.writer.0.close();
        self.is_closed.store(true, Ordering::Release);
        self.wake.call_keeper();
        self.wake.wake_all();
    }
}

/// Where the callbacks of an API object put their ticks. A second object, made because the first one's connection was
/// dead, has one of the same bus.
#[derive(Clone, Debug)]
pub struct Inlet {
    shared: Arc<Shared>,
    clock: WallClock,
}

impl Inlet {
    /// Publishes a tick. Never waits, and neither allocates nor calls the system while no reader sleeps.
    #[inline]
    pub fn publish(&self, record: &DepthMarketDataField) {
        let shared = &*self.shared;
        let link = shared.link.load(Ordering::Relaxed);
        let words = slot::to_words(record, self.clock.unix_ns(), link);
        match shared.writer.0.publish(&words) {
            Publish::Done => shared.wake.published(),
            // Another API object's thread is writing at this moment.
            Publish::Busy => drop(shared.missed.fetch_add(1, Ordering::Relaxed)),
            Publish::Closed => {}
        }
    }

    /// Says that a new connection begins: the next tick of each instrument may be the front's last snapshot.
    pub fn connected(&self) {
        self.shared.link.fetch_add(1, Ordering::Relaxed);
    }
}

/// A reader of the records as they came, which nobody wakes.
#[derive(Debug)]
pub(crate) struct RawReader {
    reader: ctp_ring::Reader<Words>,
}

impl TickSource for RawReader {
    fn next(&mut self) -> Option<NextTick> {
        let sequence = self.reader.position();
        match self.reader.try_next() {
            Ok(words) => {
                let (received_ns, record) =
                    (slot::received_ns(&words), RecordBox::new(&slot::record(&words)));
                Some(NextTick::Tick(RecordedTick { sequence, received_ns, record }))
            }
            Err(TryNextError::Lagged(lost)) => Some(NextTick::Lost(lost)),
            Err(TryNextError::Empty | TryNextError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests;
