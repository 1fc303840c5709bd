//! Reading behind the writer.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::super::segment::{self, HEADER_MAX, Scanned, Scanner};
use super::super::{DamageKind, Entry, JournalError};
use super::folder;

/// How much is read at a time. No entry is longer.
const CHUNK: usize = 512 << 10;

/// A place in a journal from which it is read on.
#[derive(Debug)]
pub(super) struct Tail {
    folder: PathBuf,
    /// The number of the segment, 0 before the first.
    number: u64,
    file: Option<(File, PathBuf)>,
    offset: u64,
    /// The last entry that was returned, or that need not be.
    last: u64,
    chunk: Vec<u8>,
}

impl Tail {
    /// Begins behind an entry.
    pub(super) fn new(folder: &Path, last: u64) -> Result<Self, JournalError> {
        let mut number = 0;
        for (listed, path) in folder::segments(folder)? {
            match first(&path)? {
                Some(first) if first > last + 1 => break,
                // Read again from the segment that the entry is in: what comes before it is passed over.
                Some(_) => number = listed - 1,
                None => {}
            }
        }
        Ok(Self { folder: folder.to_owned(), number, file: None, offset: 0, last, chunk: vec![0; CHUNK] })
    }

    /// Returns whether the journal has the entry, or has just not gone beyond it.
    pub(super) fn reaches(folder: &Path, last: u64) -> bool {
        let Ok(segments) = folder::segments(folder) else { return false };
        let newest = segments.last().and_then(|(_, path)| super::super::Segment::read(path).ok());
        let end = newest.and_then(|segment| {
            let first = segment.header.as_ref().map(|header| header.first.saturating_sub(1));
            segment.entries.last().map(|(last, _)| *last).or(first)
        });
        end.is_some_and(|end| last <= end)
    }

    /// Returns at most `count` entries that were not returned before, none if there are none now.
    pub(super) fn read(&mut self, count: usize) -> Result<Vec<(u64, Entry)>, JournalError> {
        let mut batch = Vec::new();
        while batch.len() < count {
            // Listed before the segment is read to its end: the writer never comes back to one that it has left.
            let next = folder::segments(&self.folder)?.into_iter().find(|(number, _)| *number > self.number);
            if self.read_segment(count, &mut batch)? {
                continue;
            }
            let Some((number, path)) = next else { break };
            self.turn(number, path)?;
        }
        Ok(batch)
    }

    fn turn(&mut self, number: u64, path: PathBuf) -> Result<(), JournalError> {
        let file = File::open(&path).map_err(JournalError::io("open", &path))?;
        let mut head = vec![0; HEADER_MAX as usize];
        let length = file.read_at(&mut head, 0).map_err(JournalError::io("read", &path))?;
        self.number = number;
        self.offset = segment::entries_begin(&head[..length]) as u64;
        self.file = Some((file, path));
        Ok(())
    }

    /// Reads on in the segment. Returns whether anything was there.
    fn read_segment(&mut self, count: usize, batch: &mut Vec<(u64, Entry)>) -> Result<bool, JournalError> {
        let Some((file, path)) = &self.file else { return Ok(false) };
        let length = file.read_at(&mut self.chunk, self.offset).map_err(JournalError::io("read", path))?;
        let mut scanner = Scanner::new(&self.chunk[..length], None);
        let mut whole = 0;
        while batch.len() < count
            && let Some((_, scanned)) = scanner.next()
        {
            match scanned {
                Scanned::Entry { sequence, entry } => {
                    whole = scanner.at;
                    if sequence > self.last {
                        self.last = sequence;
                        batch.push((sequence, entry));
                    }
                }
                // Not yet finished, or at the end of what was read: the next time.
                Scanned::Damage(DamageKind::Torn { .. }) => break,
                Scanned::Damage(_) => whole = scanner.at,
            }
        }
        self.offset += whole as u64;
        Ok(whole > 0)
    }
}

fn first(path: &Path) -> Result<Option<u64>, JournalError> {
    let file = File::open(path).map_err(JournalError::io("open", path))?;
    let mut head = vec![0; HEADER_MAX as usize];
    let length = file.read_at(&mut head, 0).map_err(JournalError::io("read", path))?;
    Ok(segment::header(&head[..length]).map(|header| header.first))
}

#[cfg(test)]
mod tests;
