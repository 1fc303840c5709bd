//! What goes through a ring: plain data as words.

use std::fmt;

use crate::sync::{AtomicU64, Ordering};

/// A value that goes through a ring as words.
///
/// `from_words(value.to_words())` must give the value back. A `[u64; N]` is one; a record of other fields packs them:
///
/// ```
/// struct Quote {
///     price: f64,
///     volume: i32,
/// }
///
/// impl ctp_ring::Slot for Quote {
///     type Words = [u64; 2];
///
///     fn to_words(&self) -> [u64; 2] {
///         [self.price.to_bits(), u64::from(self.volume.cast_unsigned())]
///     }
///
///     fn from_words(words: &[u64; 2]) -> Self {
///         Self { price: f64::from_bits(words[0]), volume: (words[1] as u32).cast_signed() }
///     }
/// }
/// ```
pub trait Slot: Sized {
    /// A `[u64; N]`.
    type Words: Words;

    /// Returns the words. Called on the writer's thread, so it neither waits nor allocates.
    fn to_words(&self) -> Self::Words;

    /// Returns the value of `words`, which [`to_words`](Self::to_words) made.
    fn from_words(words: &Self::Words) -> Self;
}

impl<const N: usize> Slot for [u64; N] {
    type Words = Self;

    #[inline]
    fn to_words(&self) -> Self {
        *self
    }

    #[inline]
    fn from_words(words: &Self) -> Self {
        *words
    }
}

/// The words of a slot: `[u64; N]` and nothing else.
pub trait Words: sealed::Sealed + Copy + Send + Sync + 'static {}

impl<const N: usize> Words for [u64; N] {}

pub(crate) mod sealed {
    use super::Atomics;

    /// Ties words to the atomics that hold them.
    pub trait Sealed: Sized {
        #[expect(private_bounds, reason = "nobody outside names it")]
        type Cell: Atomics<Self>;
    }

    impl<const N: usize> Sealed for [u64; N] {
        type Cell = [super::AtomicU64; N];
    }
}

/// Atomic words.
pub(crate) trait Atomics<W>: Send + Sync + fmt::Debug + 'static {
    fn zero() -> Self;
    fn store(&self, words: &W);
    fn load(&self) -> W;
}

impl<const N: usize> Atomics<[u64; N]> for [AtomicU64; N] {
    fn zero() -> Self {
        std::array::from_fn(|_| AtomicU64::new(0))
    }

    #[inline]
    fn store(&self, words: &[u64; N]) {
        for (cell, word) in self.iter().zip(words) {
            cell.store(*word, Ordering::Relaxed);
        }
    }

    #[inline]
    fn load(&self) -> [u64; N] {
        std::array::from_fn(|index| self[index].load(Ordering::Relaxed))
    }
}
