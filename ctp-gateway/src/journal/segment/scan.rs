//! Reading a segment, whatever was done to it.

use super::{
    BEGINNING, ENTRY_SEED, FORMAT_VERSION, HEAD, HEADER_SEED, Header, LENGTH_MAX, MAGIC, MARK, TAIL, check,
};
use crate::journal::damage::DamageKind;
use crate::journal::encoding::decode;
use crate::journal::entry::Entry;

/// What a place in a segment holds.
#[derive(Debug)]
pub(crate) enum Scanned {
    Entry { sequence: u64, entry: Entry },
    Damage(DamageKind),
}

/// All that a segment holds.
#[derive(Debug)]
pub(crate) struct Contents {
    /// `None` if it is damaged, or of another version of the format.
    pub(crate) header: Option<Header>,
    /// Entries with their numbers.
    pub(crate) entries: Vec<(u64, Entry)>,
    /// Damage with its offset.
    pub(crate) damage: Vec<(u64, DamageKind)>,
    /// Where the last whole frame ends.
    pub(crate) end: u64,
}

impl Contents {
    /// Returns the version of the format, if it is not ours and that is why nothing could be read.
    pub(crate) fn other_version(&self) -> Option<u32> {
        self.damage.iter().find_map(|(_, kind)| match kind {
            DamageKind::Version { found } => Some(*found),
            _ => None,
        })
    }
}

/// Reads a whole segment.
pub(crate) fn read(bytes: &[u8]) -> Contents {
    let (header, damage, start) = beginning(bytes);
    // A beginning that was not finished ends before it began.
    let end = if damage.iter().any(|(_, kind)| kind.is_torn()) { 0 } else { start as u64 };
    let mut contents = Contents { header, entries: Vec::new(), damage, end };
    let first = contents.header.as_ref().map(|header| header.first);
    let mut scanner = Scanner::new(&bytes[start.min(bytes.len())..], first);
    while let Some((offset, scanned)) = scanner.next() {
        match scanned {
            Scanned::Entry { sequence, entry } => {
                contents.entries.push((sequence, entry));
                contents.end = (start + scanner.at) as u64;
            }
            Scanned::Damage(kind) => {
                if !kind.is_torn() {
                    contents.end = (start + scanner.at) as u64;
                }
                contents.damage.push(((start + offset) as u64, kind));
            }
        }
    }
    contents
}

/// Reads the header, if there is one.
pub(crate) fn header(bytes: &[u8]) -> Option<Header> {
    beginning(bytes).0
}

/// Returns where the first entry begins, or should.
pub(crate) fn entries_begin(bytes: &[u8]) -> usize {
    beginning(bytes).2
}

/// Reads the beginning and the header; returns where the entries begin.
fn beginning(bytes: &[u8]) -> (Option<Header>, Vec<(u64, DamageKind)>, usize) {
    let mut damage = Vec::new();
    let named = match bytes.get(..BEGINNING) {
        Some(named) if !is_zero(&bytes[BEGINNING..]) => named,
        // Cut while it was made: it has nothing yet.
        _ => return (None, vec![(0, DamageKind::Torn { bytes: until_zero(bytes) })], bytes.len()),
    };
    let mut expected = MAGIC.to_vec();
    expected.extend(FORMAT_VERSION.to_le_bytes());
    expected.extend([0; 4]);
    let header = frame(HEADER_SEED, &bytes[BEGINNING..]);
    if named != expected {
        let found = u32::from_le_bytes([named[8], named[9], named[10], named[11]]);
        // With a header of this format it is this format, whatever became of its number.
        let is_other = named[..8] == MAGIC && found != FORMAT_VERSION && matches!(header, Frame::Head);
        damage.push((0, if is_other { DamageKind::Version { found } } else { DamageKind::Beginning }));
    }
    match header {
        Frame::Whole { sequence, payload, end } => match Header::decode(sequence, payload) {
            Some(header) => (Some(header), damage, BEGINNING + end),
            None => {
                damage.push((BEGINNING as u64, DamageKind::Header));
                (None, damage, BEGINNING + end)
            }
        },
        Frame::Payload { end } => {
            damage.push((BEGINNING as u64, DamageKind::Header));
            (None, damage, BEGINNING + end)
        }
        Frame::Unfinished => {
            damage.push((BEGINNING as u64, DamageKind::Torn { bytes: until_zero(&bytes[BEGINNING..]) }));
            (None, damage, bytes.len())
        }
        // What comes behind is found by its own checks.
        Frame::End | Frame::Head => {
            damage.push((BEGINNING as u64, DamageKind::Header));
            (None, damage, BEGINNING)
        }
    }
}

/// Reads entries one behind the other.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    /// Where it stands: behind what it returned last.
    pub(crate) at: usize,
    /// The number that should come next, if one is known.
    next: Option<u64>,
    /// An entry that comes behind the gap that was returned.
    held: Option<(usize, Scanned)>,
}

impl<'a> Scanner<'a> {
    /// Begins at the first byte, where entry `first` should be.
    pub(crate) fn new(bytes: &'a [u8], first: Option<u64>) -> Self {
        Self { bytes, at: 0, next: first, held: None }
    }

    fn whole(&mut self, offset: usize, sequence: u64, payload: &[u8]) -> (usize, Scanned) {
        let expected = self.next.unwrap_or(sequence);
        if sequence < expected {
            return (offset, Scanned::Damage(DamageKind::Order { found: sequence, expected }));
        }
        self.next = Some(sequence + 1);
        let scanned = match decode(payload) {
            Ok(entry) => Scanned::Entry { sequence, entry },
            Err(reason) => Scanned::Damage(DamageKind::Entry { sequence, reason }),
        };
        if sequence > expected {
            self.held = Some((offset, scanned));
            return (offset, Scanned::Damage(DamageKind::Missing { first: expected, last: sequence - 1 }));
        }
        (offset, scanned)
    }

    /// Finds the next place from `from` on where a whole frame begins, or the end.
    fn resynchronise(&self, from: usize) -> usize {
        (from..self.bytes.len())
            .find(|at| matches!(frame(*ENTRY_SEED, &self.bytes[*at..]), Frame::Whole { .. }))
            .unwrap_or(self.bytes.len())
    }
}

impl Iterator for Scanner<'_> {
    type Item = (usize, Scanned);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(held) = self.held.take() {
            return Some(held);
        }
        let offset = self.at;
        let rest = &self.bytes[offset..];
        match frame(*ENTRY_SEED, rest) {
            Frame::End => None,
            Frame::Whole { sequence, payload, end } => {
                self.at += end;
                Some(self.whole(offset, sequence, payload))
            }
            Frame::Payload { end } => {
                self.at += end;
                Some((offset, Scanned::Damage(DamageKind::Payload)))
            }
            Frame::Unfinished => {
                self.at = self.bytes.len();
                Some((offset, Scanned::Damage(DamageKind::Torn { bytes: until_zero(rest) })))
            }
            Frame::Head => {
                self.at = self.resynchronise(offset);
                let bytes =
                    if self.at == self.bytes.len() { until_zero(rest) } else { (self.at - offset) as u64 };
                Some((offset, Scanned::Damage(DamageKind::Head { bytes })))
            }
        }
    }
}

/// What stands at the beginning of some bytes.
enum Frame<'a> {
    /// Zeros only, or nothing.
    End,
    Whole {
        sequence: u64,
        payload: &'a [u8],
        end: usize,
    },
    /// The head is whole, the payload was changed.
    Payload {
        end: usize,
    },
    /// A frame of which only the beginning was written, and nothing behind it.
    Unfinished,
    /// No head of a frame, and something behind it.
    Head,
}

fn frame(seed: u32, bytes: &[u8]) -> Frame<'_> {
    let Some((length, sequence, head_check)) = head(seed, bytes) else {
        return if is_zero(bytes) {
            Frame::End
        } else if bytes.get(HEAD..).is_none_or(is_zero) {
            Frame::Unfinished
        } else {
            Frame::Head
        };
    };
    let end = HEAD + length + TAIL;
    let Some(tail) = bytes.get(end - TAIL..end) else {
        // The file is shorter than the frame.
        return Frame::Unfinished;
    };
    let payload = &bytes[HEAD..end - TAIL];
    let is_whole = tail[TAIL - 1] == MARK && tail[..4] == check(head_check, payload).to_le_bytes();
    if is_whole {
        Frame::Whole { sequence, payload, end }
    } else if is_zero(&bytes[end - 1..]) {
        Frame::Unfinished
    } else {
        Frame::Payload { end }
    }
}

/// Returns length, sequence and check of a head that is whole.
fn head(seed: u32, bytes: &[u8]) -> Option<(usize, u64, u32)> {
    let (head, _) = bytes.split_first_chunk::<HEAD>()?;
    let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let (numbers, said) = head.split_last_chunk::<4>()?;
    if length == 0 || length > LENGTH_MAX || check(seed, numbers).to_le_bytes() != *said {
        return None;
    }
    let (_, sequence) = numbers.split_last_chunk::<8>()?;
    Some((length, u64::from_le_bytes(*sequence), u32::from_le_bytes(*said)))
}

/// By blocks, because most of a fresh segment is zeros.
fn is_zero(bytes: &[u8]) -> bool {
    const BLOCK: [u8; 4096] = [0; 4096];
    bytes.chunks(BLOCK.len()).all(|chunk| *chunk == BLOCK[..chunk.len()])
}

/// Returns how many bytes there are before the zeros at the end.
fn until_zero(bytes: &[u8]) -> u64 {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
}
