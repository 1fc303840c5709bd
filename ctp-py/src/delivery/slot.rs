//! A tick as words: the record as it lies in memory.

use std::mem::{self, MaybeUninit};

use ctp_ring::Slot;
use ctp_types::DepthMarketDataField;

const WORDS: usize = size_of::<DepthMarketDataField>() / size_of::<u64>();

// The record is whole words.
const _: () = assert!(WORDS * size_of::<u64>() == size_of::<DepthMarketDataField>());

/// A tick on its way through the ring.
pub(super) struct TickSlot([u64; WORDS]);

impl TickSlot {
    /// Copies a tick that the library handed over.
    #[inline]
    pub(super) fn of(tick: &DepthMarketDataField) -> Self {
        let mut words = [const { MaybeUninit::<u64>::uninit() }; WORDS];
        // SAFETY: both are `WORDS` words that do not overlap. The library wrote the record, padding with it, behind
        // its C interface: as far as this program can know every byte of it is initialised.
        unsafe {
            words.as_mut_ptr().cast::<DepthMarketDataField>().copy_from_nonoverlapping(tick, 1);
            Self(mem::transmute::<[MaybeUninit<u64>; WORDS], [u64; WORDS]>(words))
        }
    }

    /// Returns the tick.
    #[inline]
    pub(super) fn tick(&self) -> &DepthMarketDataField {
        // SAFETY: the words have the record's size and at least its alignment, and every bit pattern of every field of
        // a record is valid.
        unsafe { &*self.0.as_ptr().cast::<DepthMarketDataField>() }
    }
}

impl Slot for TickSlot {
    type Words = [u64; WORDS];

    #[inline]
    fn to_words(&self) -> [u64; WORDS] {
        self.0
    }

    #[inline]
    fn from_words(words: &[u64; WORDS]) -> Self {
        Self(*words)
    }
}
