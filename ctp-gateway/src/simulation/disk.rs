//! The journal of the process that trades, in memory: the bytes that would be on the disk, by the encoder and the reader
//! of the files. A death cuts them.

use ctp_types::Text;

use super::chance::Chance;
use crate::journal::Entry;
use crate::journal::segment::{self, Frames, Header};

/// How often, of 1,000, a death takes nothing, and the last few bytes; otherwise any part of the last segment.
const WHOLE: u32 = 400;
const TORN: u32 = 300;
/// How many bytes the last write may have torn.
const TORN_MAX: usize = 700;

#[derive(Debug)]
pub(super) struct Disk {
    /// One for each life.
    segments: Vec<Vec<u8>>,
    frames: Frames,
    /// The number of the next entry.
    next: u64,
    /// Whether the disk is full.
    pub(super) is_full: bool,
    has_failed: bool,
}

impl Disk {
    pub(super) fn new() -> Self {
        let mut this = Self {
            segments: Vec::new(),
            frames: Frames::default(),
            next: 1,
            is_full: false,
            has_failed: false,
        };
        this.begin();
        this
    }

    fn begin(&mut self) {
        let header = Header::new("9999/000001", Text::default(), 0, self.next);
        let mut bytes = Vec::new();
        self.frames.begin(&header, &mut bytes);
        self.segments.push(bytes);
    }

    /// The process died, and perhaps the machine. Returns how many bytes are gone.
    pub(super) fn cut(&mut self, chance: &mut Chance) -> usize {
        let Some(last) = self.segments.last_mut() else { return 0 };
        let keep = if chance.happens(WHOLE) {
            last.len()
        } else if chance.happens(1_000 * TORN / (1_000 - WHOLE)) {
            last.len() - chance.below(TORN_MAX.min(last.len()))
        } else {
            chance.below(last.len() + 1)
        };
        let gone = last.len() - keep;
        last.truncate(keep);
        gone
    }

    /// Opens the journal for another process. Returns what it remembers.
    ///
    /// # Errors
    ///
    /// Damage that a cut cannot do, which no cut may look like.
    pub(super) fn open(&mut self) -> Result<Vec<Entry>, String> {
        let mut entries = Vec::new();
        for (number, bytes) in self.segments.iter().enumerate() {
            let contents = segment::read(bytes);
            if let Some((offset, damage)) = contents.damage.iter().find(|(_, kind)| !kind.is_torn()) {
                return Err(format!(
                    "segment {number} was cut, and is said to be damaged at {offset}: {damage:?}"
                ));
            }
            for (sequence, entry) in contents.entries {
                self.next = self.next.max(sequence + 1);
                entries.push(entry);
            }
        }
        self.begin();
        (self.is_full, self.has_failed) = (false, false);
        Ok(entries)
    }

    /// Writes an entry. Returns whether it is written: after a failure nothing is, as in the files.
    pub(super) fn append(&mut self, entry: &Entry) -> bool {
        self.has_failed |= self.is_full;
        if self.has_failed {
            return false;
        }
        let Some(bytes) = self.segments.last_mut() else { return false };
        self.frames.entry(self.next, entry, bytes);
        self.next += 1;
        true
    }

    pub(super) fn has_failed(&self) -> bool {
        self.has_failed
    }
}
