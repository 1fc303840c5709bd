//! The readers.

use std::sync::Arc;
use std::{error, fmt};

use crate::Slot;
use crate::shared::{Look, Shared};

/// Which part of the ring a reader that lost values leaves between itself and the writer's next slot, so that it is
/// not overtaken again at once.
const HEAD_START: u64 = 8;

/// After how many values without a pause a reader looks how many more there are.
const STREAK: u32 = 16;
/// How many slots ahead of itself it asks for then: the memory's answer takes as long as reading a few.
const AHEAD: u64 = 4;

/// Makes readers of a ring.
pub struct Readers<T: Slot> {
    shared: Arc<Shared<T::Words>>,
}

impl<T: Slot> Readers<T> {
    pub(crate) fn new(shared: Arc<Shared<T::Words>>) -> Self {
        Self { shared }
    }

    /// Returns a reader of what is published from now on.
    pub fn latest(&self) -> Reader<T> {
        let position = self.shared.head();
        Reader { shared: Arc::clone(&self.shared), position, lost: 0, streak: 0, published: position }
    }

    /// Returns how many values were published.
    pub fn published(&self) -> u64 {
        self.shared.head()
    }

    /// Returns how many values the ring holds.
    pub fn capacity(&self) -> u64 {
        self.shared.capacity()
    }
}

impl<T: Slot> Clone for Readers<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T: Slot> fmt::Debug for Readers<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Readers");
        shown.field("published", &self.published()).field("capacity", &self.capacity()).finish()
    }
}

/// Why there is no next value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryNextError {
    /// The next value is not published yet.
    Empty,
    /// The reader was too slow: exactly so many values, from its old [`position`](Reader::position) on, are gone. The
    /// next call goes on behind them.
    Lagged(u64),
    /// The writer is gone and everything was read.
    Closed,
}

impl fmt::Display for TryNextError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("nothing was published since the last value"),
            Self::Lagged(lost) => write!(formatter, "the reader was too slow and lost values: {lost}"),
            Self::Closed => formatter.write_str("the writer is gone and everything was read"),
        }
    }
}

impl error::Error for TryNextError {}

/// A reader of a ring with a cursor of its own. A clone starts where the original is, with the same loss count.
pub struct Reader<T: Slot> {
    shared: Arc<Shared<T::Words>>,
    position: u64,
    lost: u64,
    /// How many values were read one behind the other.
    streak: u32,
    /// How many were published, at least.
    published: u64,
}

impl<T: Slot> Reader<T> {
    /// Returns the next value. Never waits or allocates.
    ///
    /// # Errors
    ///
    /// Returns an error when there is none yet, or none any more, or when values were lost; after a loss the next
    /// call goes on with the oldest value that is an eighth of the ring away from being overwritten.
    #[inline]
    pub fn try_next(&mut self) -> Result<T, TryNextError> {
        self.try_next_with(T::from_words)
    }

    /// Hands the next value's words to `take`, which is called at most once and needs no copy of them, and returns what
    /// that returns.
    ///
    /// # Errors
    ///
    /// As [`try_next`](Self::try_next); `take` is not called then.
    #[inline]
    pub fn try_next_with<R>(&mut self, mut take: impl FnMut(&T::Words) -> R) -> Result<R, TryNextError> {
        match self.shared.read(self.position, &mut take) {
            Look::Found(taken) => {
                self.position += 1;
                self.look_ahead();
                Ok(taken)
            }
            Look::Missing => self.missing(take),
            Look::Overwritten(by) => Err(self.catch_up(by)),
        }
    }

    /// Asks for a slot that is read soon, when many are read at once: what another core has written is far away.
    /// A reader that has caught up asks for nothing, and leaves the writer's lines alone.
    #[inline]
    fn look_ahead(&mut self) {
        self.streak = self.streak.wrapping_add(1);
        if self.streak.is_multiple_of(STREAK) {
            self.published = self.shared.head();
        }
        if self.position + AHEAD < self.published {
            self.shared.prefetch(self.position + AHEAD);
        }
    }

    /// Goes to the newest value, so that the next call of [`try_next`](Self::try_next) returns it, and returns how
    /// many were left out, which are not counted as lost. Does nothing when the newest was read already.
    pub fn skip_to_latest(&mut self) -> u64 {
        let newest = self.shared.head().saturating_sub(1).max(self.position);
        let skipped = newest - self.position;
        self.position = newest;
        skipped
    }

    /// Returns the position of the next value: how many were published before it since the ring was made.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Returns how many values are published and not yet read; more than the ring holds when some are lost already.
    pub fn behind(&self) -> u64 {
        self.shared.head().saturating_sub(self.position)
    }

    /// Returns how many values this reader lost so far, exactly: all that it was told by
    /// [`TryNextError::Lagged`].
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Returns what makes readers of the same ring.
    pub fn readers(&self) -> Readers<T> {
        Readers::new(Arc::clone(&self.shared))
    }

    #[inline]
    fn missing<R>(&mut self, take: impl FnOnce(&T::Words) -> R) -> Result<R, TryNextError> {
        self.streak = 0;
        if !self.shared.is_closed() {
            return Err(TryNextError::Empty);
        }
        // The writer may have published between the two looks; after its end nothing changes any more.
        match self.shared.read(self.position, take) {
            Look::Found(taken) => {
                self.position += 1;
                Ok(taken)
            }
            Look::Missing => Err(TryNextError::Closed),
            Look::Overwritten(by) => Err(self.catch_up(by)),
        }
    }

    /// Leaves behind what the writer, who overwrote the next value by that of the position `by`, overwrites soon.
    #[cold]
    fn catch_up(&mut self, by: u64) -> TryNextError {
        let head = self.shared.head().max(by);
        let capacity = self.shared.capacity();
        // `by` is at least the ring's length ahead, so this is ahead of us.
        let target = head - capacity + (capacity / HEAD_START).max(1);
        let lost = target - self.position;
        self.position = target;
        self.lost += lost;
        TryNextError::Lagged(lost)
    }
}

impl<T: Slot> Clone for Reader<T> {
    fn clone(&self) -> Self {
        let Self { ref shared, position, lost, streak, published } = *self;
        Self { shared: Arc::clone(shared), position, lost, streak, published }
    }
}

impl<T: Slot> fmt::Debug for Reader<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Reader");
        shown
            .field("position", &self.position)
            .field("behind", &self.behind())
            .field("lost", &self.lost)
            .finish()
    }
}
