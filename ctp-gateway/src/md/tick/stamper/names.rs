//! A map by instrument id, quick for short ids.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Values by instrument id.
pub(crate) struct Names<V> {
    /// Where each value stands.
    places: HashMap<Box<[u8]>, usize, BuildHasherDefault<IdHasher>>,
    values: Vec<V>,
}

impl<V> Default for Names<V> {
    fn default() -> Self {
        Self { places: HashMap::default(), values: Vec::new() }
    }
}

impl<V> Names<V> {
    #[inline]
    pub(crate) fn get(&self, id: &[u8]) -> Option<&V> {
        self.values.get(*self.places.get(id)?)
    }

    /// Returns the value of `id`; allocates for a new id only.
    #[inline]
    pub(crate) fn get_or_insert_with(&mut self, id: &[u8], make: impl FnOnce() -> V) -> &mut V {
        let place = match self.places.get(id) {
            Some(place) => *place,
            None => self.insert(id, make()),
        };
        &mut self.values[place]
    }

    #[cold]
    fn insert(&mut self, id: &[u8], value: V) -> usize {
        let place = self.values.len();
        self.values.push(value);
        self.places.insert(id.into(), place);
        place
    }

    pub(crate) fn get_mut(&mut self, id: &[u8]) -> Option<&mut V> {
        self.values.get_mut(*self.places.get(id)?)
    }
}

/// Multiplies and rotates, eight bytes at once. Ids come from the exchanges, so nobody looks for collisions.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

const ODD: u64 = 0x517c_c1b7_2722_0a95;

impl IdHasher {
    #[inline]
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(ODD);
    }
}

impl Hasher for IdHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            self.add(u64::from_le_bytes(*chunk));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.add(u64::from_le_bytes(last));
        }
    }

    #[inline]
    fn write_usize(&mut self, length: usize) {
        self.add(length as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        // The table looks at the highest bits and the lowest.
        self.0 ^ self.0 >> 32
    }
}
