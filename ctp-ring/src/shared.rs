//! What the writer and the readers share.

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

/// A slot. Its first cache line holds the sequence, which readers poll, and the first words.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Cell<W: Sealed> {
    sequence: AtomicU64,
    words: W::Cell,
}

/// What a look at a slot found.
pub(crate) enum Look<W> {
    /// The value of the wanted position.
    Found(W),
    /// Not published yet.
    Missing,
    /// Overwritten, now or before, by the value of this position.
    Overwritten(u64),
}

const FEWEST_SLOTS: usize = 2;

impl<W: Words> Shared<W> {
    pub(crate) fn new(capacity: usize) -> Self {
        let slots = capacity.max(FEWEST_SLOTS).next_power_of_two();
        Self {
            slots: (0..slots).map(|_| Cell { sequence: AtomicU64::new(0), words: W::Cell::zero() }).collect(),
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
        let cell = self.cell(position);
        cell.sequence.store(being_written(position), Ordering::Relaxed);
        // Whoever sees one of the words below sees the sequence above, too.
        fence(Ordering::Release);
        cell.words.store(words);
        cell.sequence.store(written(position), Ordering::Release);
        self.head.0.store(position + 1, Ordering::Release);
    }

    /// Reads the value of `position`.
    #[inline]
    pub(crate) fn read(&self, position: u64) -> Look<W> {
        let cell = self.cell(position);
        let before = cell.sequence.load(Ordering::Acquire);
        if before < written(position) {
            return Look::Missing;
        }
        if before > written(position) {
            return Look::Overwritten(position_of(before));
        }
        let words = cell.words.load();
        // If one of the words is of a later value, the sequence below is a later one, too.
        fence(Ordering::Acquire);
        match cell.sequence.load(Ordering::Relaxed) {
            after if after == before => Look::Found(words),
            after => Look::Overwritten(position_of(after)),
        }
    }

    #[inline]
    fn cell(&self, position: u64) -> &Cell<W> {
        // The length is a power of two and fits, so the mask does both.
        &self.slots[position as usize & (self.slots.len() - 1)]
    }
}

fn being_written(position: u64) -> u64 {
    2 * position + 1
}

fn written(position: u64) -> u64 {
    2 * position + 2
}

/// Returns the position that a sequence belongs to.
fn position_of(sequence: u64) -> u64 {
    (sequence - 1) / 2
}
