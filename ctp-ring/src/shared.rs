//! What the writer and the readers share.

use crate::prefetch::{prefetch_for_reading, prefetch_for_writing};
use crate::slot::{Atomics as _, Words, sealed::Sealed};
use crate::sync::{AtomicBool, AtomicU64, Ordering, fence};

/// The slots, and how far the writer is.
#[derive(Debug)]
pub(crate) struct Shared<W: Words> {
    /// A power of two.
    slots: Box<[Cell<W>]>,
    /// Nothing more is published. Beside what never changes: a reader who finds nothing looks at it.
    closed: AtomicBool,
    head: Head,
}

/// How many values are published. The writer stores it each time, so it shares its cache line with nothing.
#[derive(Debug)]
#[repr(align(128))]
struct Head(AtomicU64);

/// A slot. Readers poll `ended`, so it comes last: the writer fills all other cache lines undisturbed, and takes that
/// one from a polling reader once.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Cell<W: Sealed> {
    /// One more than the position whose words are being written, or were written last.
    begun: AtomicU64,
    words: W::Cell,
    /// One more than the position whose words were written last.
    ended: AtomicU64,
}

/// What a look at a slot found.
pub(crate) enum Look<R> {
    /// The value of the wanted position, and what was made of it.
    Found(R),
    /// Not published yet.
    Missing,
    /// Overwritten, now or before, by the value of this position.
    Overwritten(u64),
}

const FEWEST_SLOTS: usize = 2;
/// How many slots ahead of itself the writer asks for: the memory's answer takes as long as writing a few.
const AHEAD: u64 = 8;

impl<W: Words> Shared<W> {
    pub(crate) fn new(capacity: usize) -> Self {
        let slots = capacity.max(FEWEST_SLOTS).next_power_of_two();
        Self {
            slots: (0..slots)
                .map(|_| Cell { begun: AtomicU64::new(0), words: W::Cell::zero(), ended: AtomicU64::new(0) })
                .collect(),
            closed: AtomicBool::new(false),
            head: Head(AtomicU64::new(0)),
        }
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.slots.len() as u64
    }

    /// Returns how many values are published, at least.
    pub(crate) fn head(&self) -> u64 {
        self.head.0.load(Ordering::Acquire)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Writes the value of `position`; called by one thread at a time, with `position` one higher each time.
    #[inline]
    pub(crate) fn write(&self, position: u64, words: &W) {
        let (cell, sequence) = (self.cell(position), position + 1);
        cell.begun.store(sequence, Ordering::Relaxed);
        // Whoever sees one of the words below sees the beginning above, too.
        fence(Ordering::Release);
        cell.words.store(words);
        cell.ended.store(sequence, Ordering::Release);
        self.head.0.store(sequence, Ordering::Release);
        prefetch_for_writing(self.cell(position + AHEAD));
    }

    /// Asks for the memory of `position`, which is published and read soon.
    #[inline]
    pub(crate) fn prefetch(&self, position: u64) {
        prefetch_for_reading(self.cell(position));
    }

    /// Reads the value of `position` and hands it to `take`.
    #[inline]
    pub(crate) fn read<R>(&self, position: u64, take: impl FnOnce(&W) -> R) -> Look<R> {
        let (cell, sequence) = (self.cell(position), position + 1);
        let ended = cell.ended.load(Ordering::Acquire);
        if ended < sequence {
            return Look::Missing;
        }
        if ended > sequence {
            return Look::Overwritten(ended - 1);
        }
        let words = cell.words.load();
        // If one of the words is of a later value, the beginning below is a later one, too.
        fence(Ordering::Acquire);
        match cell.begun.load(Ordering::Relaxed) {
            begun if begun == sequence => Look::Found(take(&words)),
            begun => Look::Overwritten(begun - 1),
        }
    }

    #[inline]
    fn cell(&self, position: u64) -> &Cell<W> {
        // The length is a power of two and fits, so the mask does both.
        &self.slots[position as usize & (self.slots.len() - 1)]
    }
}
