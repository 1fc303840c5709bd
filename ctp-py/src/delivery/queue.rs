//! Between CTP's thread and the delivery thread: a ring for ticks, a queue for everything else.
//!
//! CTP's thread writes a tick into a slot of the ring and looks at one word; it waits for nobody. Everything else goes
//! into a queue without a bound, with the number of ticks that came before it, so that the order is the library's.

use std::collections::VecDeque;
use std::hint;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};

use ctp_ring::{Bell, Publish, Reader, Readers, SharedWriter, TryNextError};
use ctp_types::DepthMarketDataField;

use super::slot::TickSlot;
use super::{Callback, Event};

/// How often a polling thread looks before it lets others run.
const LOOKS: u32 = 1_000;

pub(crate) struct Queue {
    ticks: SharedWriter<TickSlot>,
    readers: Readers<TickSlot>,
    /// Taken by the delivery thread when it starts.
    reader: Mutex<Option<Reader<TickSlot>>>,
    others: Mutex<VecDeque<Queued>>,
    /// How many `others` there are, and how many the delivery thread has taken and not delivered.
    waiting: AtomicUsize,
    bell: Bell,
    sleeper: OnceLock<Thread>,
    spin: bool,
    /// How far the delivery thread has read, and what it lost by then; the position is stored first.
    position: AtomicU64,
    lost: AtomicU64,
    /// Ticks that came on two threads at once, which the library promises not to do.
    missed: AtomicU64,
    is_closed: AtomicBool,
}

/// What waits, and how many ticks came before it.
pub(super) struct Queued {
    pub(super) ticks_before: u64,
    pub(super) event: Event,
}

/// What was there when the delivery thread looked.
#[derive(Default)]
pub(super) struct Batch {
    /// How many ticks had been published.
    pub(super) head: u64,
    pub(super) others: VecDeque<Queued>,
}

/// The delivery thread's end of the ring.
pub(super) struct Ticks<'a> {
    queue: &'a Queue,
    reader: Reader<TickSlot>,
}

impl Queue {
    /// Makes a queue that holds at least `tick_capacity` ticks; their memory is touched now. With `spin` the
    /// delivery thread polls instead of sleeping.
    pub(crate) fn new(tick_capacity: usize, spin: bool) -> Self {
        let (writer, reader) = ctp_ring::ring(tick_capacity);
        Self {
            readers: writer.readers(),
            ticks: writer.share(),
            reader: Mutex::new(Some(reader)),
            others: Mutex::default(),
            waiting: AtomicUsize::new(0),
            bell: Bell::new(),
            sleeper: OnceLock::new(),
            spin,
            position: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            is_closed: AtomicBool::new(false),
        }
    }

    pub(super) fn push(&self, callback: Callback) {
        self.push_event(Event::Callback(callback));
    }

    pub(super) fn fault(&self, callback: &'static str, message: &str) {
        self.push_event(Event::Fault { callback, message: message.to_owned() });
    }

    #[inline]
    pub(super) fn push_tick(&self, tick: &DepthMarketDataField) {
        match self.ticks.publish(&TickSlot::of(tick)) {
            Publish::Done => self.wake(),
            Publish::Busy => drop(self.missed.fetch_add(1, Ordering::Relaxed)),
            Publish::Closed => {}
        }
    }

    /// Returns how many ticks were dropped because handlers were too slow.
    pub(crate) fn dropped_ticks(&self) -> u64 {
        let lost = self.lost.load(Ordering::Acquire);
        lost + self.missed.load(Ordering::Relaxed) + self.unread().saturating_sub(self.readers.capacity())
    }

    /// Returns how many callbacks, ticks among them, were discarded because the queue was closed.
    pub(crate) fn undelivered(&self) -> u64 {
        if !self.is_closed() {
            return 0;
        }
        self.unread().min(self.readers.capacity()) + self.waiting.load(Ordering::Acquire) as u64
    }

    /// Returns how many ticks the delivery thread has not read yet, those that it will never read included.
    fn unread(&self) -> u64 {
        // The position first: what is published meanwhile is not read, either.
        let position = self.position.load(Ordering::Acquire);
        self.readers.published().saturating_sub(position)
    }

    /// Ends delivery; what still waits is discarded.
    pub(crate) fn close(&self) {
        self.ticks.close();
        self.is_closed.store(true, Ordering::Release);
        if let Some(sleeper) = self.sleeper.get() {
            sleeper.unpark();
        }
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Returns the end that the delivery thread reads from; `None` when it was taken before.
    pub(super) fn ticks(&self) -> Option<Ticks<'_>> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        // Nobody else has the reader, so nobody else waits.
        let _ = self.sleeper.set(thread::current());
        Some(Ticks { queue: self, reader })
    }

    fn push_event(&self, event: Event) {
        let mut others = self.lock();
        if self.is_closed() {
            return;
        }
        others.push_back(Queued { ticks_before: self.readers.published(), event });
        self.waiting.fetch_add(1, Ordering::Release);
        drop(others);
        self.wake();
    }

    #[inline]
    fn wake(&self) {
        if self.bell.ring()
            && let Some(sleeper) = self.sleeper.get()
        {
            sleeper.unpark();
        }
    }

    /// The lock is held for a few instructions, and never while Python runs.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Queued>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticks<'_> {
    /// Waits until something is there; returns false once the queue is closed.
    pub(super) fn wait(&self) -> bool {
        let mut looks = 0_u32;
        loop {
            if self.queue.is_closed() {
                return false;
            }
            if self.has_news() {
                return true;
            }
            if self.queue.spin {
                looks = looks.wrapping_add(1);
                if looks.is_multiple_of(LOOKS) {
                    thread::yield_now()
                } else {
                    hint::spin_loop()
                }
                continue;
            }
            self.queue.bell.doze();
            if !self.has_news() && !self.queue.is_closed() {
                thread::park();
            }
        }
    }

    fn has_news(&self) -> bool {
        self.reader.behind() > 0 || self.queue.waiting.load(Ordering::Acquire) > 0
    }

    /// Takes what is there.
    pub(super) fn look(&self, batch: &mut Batch) {
        // In this order: what is queued from now on comes behind `head` ticks.
        batch.head = self.queue.readers.published();
        if self.queue.waiting.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut others = self.queue.lock();
        std::mem::swap(&mut *others, &mut batch.others);
    }

    /// Returns the next tick before the one that was published as number `end`.
    #[inline]
    pub(super) fn next_before(&mut self, end: u64) -> Option<TickSlot> {
        while self.reader.position() < end {
            match self.reader.try_next() {
                Ok(tick) => {
                    self.queue.position.store(self.reader.position(), Ordering::Release);
                    return Some(tick);
                }
                Err(TryNextError::Lagged(_)) => {
                    self.queue.position.store(self.reader.position(), Ordering::Release);
                    self.queue.lost.store(self.reader.lost(), Ordering::Release);
                }
                Err(TryNextError::Empty | TryNextError::Closed) => return None,
            }
        }
        None
    }

    /// Says that one of what [`look`](Self::look) took is being delivered.
    pub(super) fn taken(&self) {
        self.queue.waiting.fetch_sub(1, Ordering::Release);
    }
}
