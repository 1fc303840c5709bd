//! The writer.

use std::fmt;
use std::sync::Arc;

use crate::{Readers, Slot, shared::Shared};

/// The only writer of a ring. When it is dropped, its readers read what is left and are then told the end.
pub struct Writer<T: Slot> {
    shared: Arc<Shared<T::Words>>,
    position: u64,
}

impl<T: Slot> Writer<T> {
    pub(crate) fn new(shared: Arc<Shared<T::Words>>) -> Self {
        Self { shared, position: 0 }
    }

    /// Publishes a value in place of the oldest one. Never waits, fails or allocates; nobody is woken.
    #[inline]
    pub fn publish(&mut self, value: &T) {
        self.shared.write(self.position, &value.to_words());
        self.position += 1;
    }

    /// Returns how many values were published, which is the position of the next one.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Returns how many values the ring holds.
    pub fn capacity(&self) -> u64 {
        self.shared.capacity()
    }

    /// Returns what makes readers, for whoever has not the writer.
    pub fn readers(&self) -> Readers<T> {
        Readers::new(Arc::clone(&self.shared))
    }
}

impl<T: Slot> Drop for Writer<T> {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl<T: Slot> fmt::Debug for Writer<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Writer");
        shown.field("position", &self.position).field("capacity", &self.capacity()).finish()
    }
}
