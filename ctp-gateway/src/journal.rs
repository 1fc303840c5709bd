//! The journal: what a trading session did and heard, on disk before and after it happened.
//!
//! Every request that moves money is written before the library gets it, every callback of the private stream after it
//! came. What was written survives the end of the process at any instruction; `docs/journal.md` says what a loss of
//! power can take. A damaged journal says so: nothing is guessed.

mod config;
mod damage;
mod encoding;
mod entry;
mod error;
mod folder;
mod keeper;
mod reader;
pub(crate) mod segment;
mod view;
mod writer;

pub use config::JournalConfig;
pub use damage::{Damage, DamageKind};
pub(crate) use entry::Action;
pub use entry::Entry;
pub use error::JournalError;
pub use reader::{Segment, Segments};
pub use segment::{FORMAT_VERSION, Header};
pub use view::{Cell, VIEW, look, rebuild};
pub(crate) use writer::Journal;
