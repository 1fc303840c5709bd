//! A broadcast ring: one writer, any number of readers, each with its own cursor and exact loss count.
//!
//! The writer never waits: a reader who is further behind than the ring is long loses the oldest values and is told
//! how many. It never allocates either, and does not know its readers, so that publishing costs the same for one as
//! for a thousand. Nobody is woken: a reader polls, or sleeps behind a [`Bell`] that the writer's owner minds.
//!
//! ```
//! let (mut writer, mut reader) = ctp_ring::ring::<[u64; 2]>(4);
//! for number in 0..6 {
//!     writer.publish(&[number, number * number]);
//! }
//! // The ring holds four; the reader goes on behind what is overwritten next.
//! let Err(ctp_ring::TryNextError::Lagged(lost)) = reader.try_next() else { panic!("six do not fit") };
//! assert_eq!(reader.try_next(), Ok([lost, lost * lost]));
//! assert_eq!((reader.lost(), reader.position()), (lost, lost + 1));
//! ```
//!
//! # How it works
//!
//! A slot is a number, words, and another number, all of them atomic, so there is no undefined behaviour to avoid. The
//! writer stores the value's number in front of the words before it writes them, and behind them when it has. A reader
//! needs to look at nothing but its next slot: it waits for the number behind, takes the words, and throws them away
//! when the number in front is not the same, for then they were overwritten meanwhile. `tests/loom.rs` tries every
//! order of a writer's and readers' steps.
//!
//! The writer asks for the cache lines of slots to come, so that a reader right behind it does not slow it down; that
//! hint and the system call of [`Bell::doze`] are the only `unsafe` here.
#![deny(unsafe_code)]

#[cfg_attr(not(loom), expect(unsafe_code, reason = "one system call that touches no memory"))]
mod barrier;
mod bell;
#[cfg_attr(not(loom), expect(unsafe_code, reason = "one instruction that has no effect but speed"))]
mod prefetch;
mod reader;
mod shared;
mod slot;
mod sync;
mod writer;

pub use bell::Bell;
pub use reader::{Reader, Readers, TryNextError};
pub use slot::{Slot, Words};
pub use writer::{Publish, SharedWriter, Writer};

use std::sync::Arc;

use shared::Shared;

/// Makes a ring of at least `capacity` slots, rounded up to a power of two and to 2, and a reader of all that will be
/// published. All memory is touched here, so that publishing never waits for a page.
///
/// # Panics
///
/// Panics when so many slots do not fit into memory's addresses.
pub fn ring<T: Slot>(capacity: usize) -> (Writer<T>, Reader<T>) {
    let shared = Arc::new(Shared::new(capacity));
    let reader = Readers::new(Arc::clone(&shared)).latest();
    (Writer::new(shared), reader)
}
