//! What a change breaks.

use serde::{Serialize, Serializer, ser::SerializeSeq};

/// What a change from A to B breaks. In JSON it is a list: `[]`, `["binary"]`, `["source"]`, `["binary", "source"]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Breaks {
    /// A client compiled for A misbehaves with a library of B.
    pub binary: bool,
    /// A program written for A may not compile, or no longer mean the same, with the headers of B.
    pub source: bool,
}

impl Breaks {
    /// Nothing.
    pub const NONE: Self = Self { binary: false, source: false };
    /// Clients that are already compiled.
    pub const BINARY: Self = Self { binary: true, source: false };
    /// Programs that are compiled anew.
    pub const SOURCE: Self = Self { binary: false, source: true };

    /// Returns what either breaks.
    pub fn or(self, other: Self) -> Self {
        Self { binary: self.binary || other.binary, source: self.source || other.source }
    }

    /// Returns whether anything breaks.
    pub fn any(self) -> bool {
        self.binary || self.source
    }

    /// Returns what any of them breaks.
    pub(super) fn of_all(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().fold(Self::NONE, Self::or)
    }
}

impl Serialize for Breaks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for (breaks, name) in [(self.binary, "binary"), (self.source, "source")] {
            if breaks {
                list.serialize_element(name)?;
            }
        }
        list.end()
    }
}

/// A value in A and in B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Step<T> {
    /// In A.
    pub before: T,
    /// In B.
    pub after: T,
}

impl<T> Step<T> {
    /// Returns the values of A and B.
    pub(super) fn new(before: T, after: T) -> Self {
        Self { before, after }
    }

    /// Returns whether they differ.
    pub fn differs(&self) -> bool
    where
        T: PartialEq,
    {
        self.before != self.after
    }
}
