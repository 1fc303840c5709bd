//! The writer, owned by one thread or lent to several.

use std::fmt;
use std::sync::Arc;

use crate::sync::{AtomicU8, AtomicU64, Ordering};
use crate::{Readers, Slot, shared::Shared};

/// The only writer of a ring. When it is dropped, its readers read what is left and are then told the end.
pub struct Writer<T: Slot> {
    shared: Arc<Shared<T::Words>>,
    position: u64,
}

impl<T: Slot> Writer<T> {
    pub(crate) fn new(shared: Arc<Shared<T::Words>>) -> Self {
        Self { shared, position: 0 }
    }

    /// Publishes a value in place of the oldest one. Never waits, fails or allocates; nobody is woken.
    #[inline]
    pub fn publish(&mut self, value: &T) {
        self.shared.write(self.position, &value.to_words());
        self.position += 1;
    }

    /// Lets several threads have the writer, one at a time.
    pub fn share(self) -> SharedWriter<T> {
        let position = AtomicU64::new(self.position);
        SharedWriter { position, turn: AtomicU8::new(FREE), writer: self }
    }

    /// Returns how many values were published, which is the position of the next one.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Returns how many values the ring holds.
    pub fn capacity(&self) -> u64 {
        self.shared.capacity()
    }

    /// Returns what makes readers, for whoever has not the writer.
    pub fn readers(&self) -> Readers<T> {
        Readers::new(Arc::clone(&self.shared))
    }
}

impl<T: Slot> Drop for Writer<T> {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl<T: Slot> fmt::Debug for Writer<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Writer");
        shown.field("position", &self.position).field("capacity", &self.capacity()).finish()
    }
}

/// A writer that several threads have. Nobody waits for another: who comes while another thread publishes is told so.
///
/// It is for a library that promises to call from one thread at a time. That promise is checked at every value, at a
/// price below that of a lock: what leaves the turn to the next is a mere store, which does not wait until readers on
/// other cores have let go of the slot.
// It is written at every value: whatever lies beside it keeps its cache lines.
#[repr(align(128))]
pub struct SharedWriter<T: Slot> {
    writer: Writer<T>,
    /// Written by whoever has the turn.
    position: AtomicU64,
    turn: AtomicU8,
}

const FREE: u8 = 0;
const TAKEN: u8 = 1;
const CLOSED: u8 = 2;

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publish {
    /// Readers find it.
    Done,
    /// Another thread was publishing at that moment; the value is dropped.
    Busy,
    /// The ring is closed; the value is dropped.
    Closed,
}

impl<T: Slot> SharedWriter<T> {
    /// Publishes a value in place of the oldest one. Never waits or allocates; nobody is woken.
    #[inline]
    pub fn publish(&self, value: &T) -> Publish {
        let words = value.to_words();
        match self.turn.compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => {}
            Err(CLOSED) => return Publish::Closed,
            Err(_) => return Publish::Busy,
        }
        let position = self.position.load(Ordering::Relaxed);
        self.writer.shared.write(position, &words);
        self.position.store(position + 1, Ordering::Relaxed);
        self.turn.store(FREE, Ordering::Release);
        Publish::Done
    }

    /// Ends the ring: readers read what is left and are then told the end. Waits while another thread is publishing,
    /// which it does without waiting for anything. Doing it again does no harm.
    pub fn close(&self) {
        loop {
            match self.turn.compare_exchange_weak(FREE, CLOSED, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return self.writer.shared.close(),
                Err(CLOSED) => return,
                Err(_) => crate::sync::yield_now(),
            }
        }
    }

    /// Returns what makes readers.
    pub fn readers(&self) -> Readers<T> {
        self.writer.readers()
    }
}

impl<T: Slot> fmt::Debug for SharedWriter<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("SharedWriter");
        shown.field("position", &self.position).field("turn", &self.turn).finish_non_exhaustive()
    }
}
