//! The journal: what a trading session did and heard, on disk before and after it happened.
//!
//! Every request that moves money is written before the library gets it, every callback of the private stream after it
//! came. What was written survives the end of the process at any instruction; `docs/journal.md` says what a loss of
//! power can take. A damaged journal says so: nothing is guessed.

mod damage;
mod encoding;
mod entry;
#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "the writer comes with the next delivery"))]
pub(crate) mod segment;

pub use damage::{Damage, DamageKind};
pub use entry::Entry;
pub use segment::{FORMAT_VERSION, Header};
