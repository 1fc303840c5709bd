//! What is wrong with a journal, and where.

use std::fmt;
use std::path::PathBuf;

/// A place in a journal that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// The segment.
    pub path: PathBuf,
    /// Bytes from the start of the segment.
    pub offset: u64,
    /// What is wrong there.
    pub kind: DamageKind,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {}: {}", self.path.display(), self.offset, self.kind)
    }
}

/// What is wrong at a place of a journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DamageKind {
    /// The process ended, or the machine lost power, while the last entry was written.
    #[error("the last entry was not finished ({bytes} bytes of it); what it was about was not sent")]
    Torn {
        /// How many bytes of it there are.
        bytes: u64,
    },
    /// The first bytes do not name a segment of this format.
    #[error("the beginning was changed")]
    Beginning,
    /// The segment is of another version of the format.
    #[error("it is of format {found}, which this build does not read")]
    Version {
        /// The version.
        found: u32,
    },
    /// The header does not fit its check.
    #[error("the header was changed")]
    Header,
    /// A frame's head does not fit its check. What is behind it was found by its own checks.
    #[error("the head of an entry was changed; {bytes} bytes cannot be read")]
    Head {
        /// How many bytes cannot be read.
        bytes: u64,
    },
    /// An entry does not fit its check.
    #[error("an entry was changed after it was written")]
    Payload,
    /// An entry is whole but is not one that this build knows.
    #[error("entry {sequence} cannot be read: {reason}")]
    Entry {
        /// Its number.
        sequence: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An entry stands behind one with a higher number.
    #[error("entry {found} stands where entry {expected} or a later one should")]
    Order {
        /// Its number.
        found: u64,
        /// The number that should be there.
        expected: u64,
    },
    /// Entries are missing before this place.
    #[error("entries {first} to {last} are missing")]
    Missing {
        /// The first one's number.
        first: u64,
        /// The last one's number.
        last: u64,
    },
}

impl DamageKind {
    /// Returns whether it is what an ended process leaves behind. Everything else should never happen.
    pub fn is_torn(&self) -> bool {
        matches!(self, Self::Torn { .. })
    }
}
