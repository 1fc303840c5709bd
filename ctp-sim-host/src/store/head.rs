//! The file beside the store that says how far it came: `FILE-head`.
//!
//! It is one block that is overwritten in place, so it needs no room on a full disk; it tells a store that lost its last
//! rows from one that never had them; and whoever has its lock has the store. The lock ends with the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ctp_sim::Timestamp;

use super::digest::{self, Hash};

const MAGIC: [u8; 8] = *b"CTPSIM\x01\n";
const LENGTH: usize = 8 + 32 + 8 + 32 + 8 + 8 + 32 + 4 + 8;

/// How far a store came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The first link of the chain: which store it is.
    pub(super) store: Hash,
    /// How many rows were written.
    pub(super) rows: u64,
    /// The chain's link of the last of them.
    pub(super) chain: Hash,
    /// How far time came.
    pub(super) reached: Timestamp,
    /// Entries and digest of the journal then.
    pub(super) entries: u64,
    pub(super) digest: Hash,
    /// The process that writes; 0 when the store was closed.
    pub(super) process: u32,
}

/// What stands in a head file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing: there is no such file, or it was just made.
    Nothing,
    /// Something that is no head.
    Damaged,
    /// A head.
    Head(Head),
}

/// A head file whose lock is ours.
pub(super) struct HeadFile {
    file: File,
    block: [u8; LENGTH],
}

impl Head {
    fn encode(&self, block: &mut [u8; LENGTH]) {
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            block[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&MAGIC);
        put(&self.store);
        put(&self.rows.to_le_bytes());
        put(&self.chain);
        put(&self.reached.0.to_le_bytes());
        put(&self.entries.to_le_bytes());
        put(&self.digest);
        put(&self.process.to_le_bytes());
        let sum = digest::of(&[&block[..LENGTH - 8]]);
        block[LENGTH - 8..].copy_from_slice(&sum[..8]);
    }

    fn decode(block: &[u8; LENGTH]) -> Option<Self> {
        let sum = digest::of(&[&block[..LENGTH - 8]]);
        if block[..8] != MAGIC || block[LENGTH - 8..] != sum[..8] {
            return None;
        }
        let hash = |at: usize| block[at..at + 32].try_into().ok();
        let number = |at: usize| block[at..at + 8].try_into().ok().map(u64::from_le_bytes);
        Some(Self {
            store: hash(8)?,
            rows: number(40)?,
            chain: hash(48)?,
            reached: Timestamp(number(80)? as i64),
            entries: number(88)?,
            digest: hash(96)?,
            process: block[128..132].try_into().ok().map(u32::from_le_bytes)?,
        })
    }
}

/// Returns the path of a store's head file.
pub(super) fn path_of(store: &Path) -> PathBuf {
    super::file::beside(store, "-head")
}

/// Reads a head without its lock.
pub(super) fn read(store: &Path) -> io::Result<Found> {
    match File::open(path_of(store)) {
        Ok(file) => read_from(&file),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(cause) => Err(cause),
    }
}

/// Returns whether somebody holds the lock.
pub(super) fn is_locked(store: &Path) -> bool {
    let Ok(file) = File::open(path_of(store)) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

fn read_from(file: &File) -> io::Result<Found> {
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(Found::Nothing);
    }
    let mut block = [0; LENGTH];
    if length != LENGTH as u64 {
        return Ok(Found::Damaged);
    }
    file.read_exact_at(&mut block, 0)?;
    Ok(Head::decode(&block).map_or(Found::Damaged, Found::Head))
}

impl HeadFile {
    /// Takes the lock of a store's head file, which is made where it is missing. `None` when somebody else has it.
    pub(super) fn lock(store: &Path) -> io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path_of(store))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file, block: [0; LENGTH] })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(cause)) => Err(cause),
        }
    }

    pub(super) fn read(&self) -> io::Result<Found> {
        read_from(&self.file)
    }

    pub(super) fn write(&mut self, head: &Head) -> io::Result<()> {
        head.encode(&mut self.block);
        self.file.write_all_at(&self.block, 0)
    }

    /// Writes through to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_back_and_any_changed_bit_shows() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("day.db");
        assert_eq!(read(&store).expect("readable"), Found::Nothing);
        let mut file = HeadFile::lock(&store).expect("a file").expect("the lock");
        assert!(HeadFile::lock(&store).expect("a file").is_none() && is_locked(&store));
        assert_eq!(file.read().expect("readable"), Found::Nothing);
        let head = Head {
            store: [1; 32],
            rows: 2,
            chain: [3; 32],
            reached: Timestamp(-4),
            entries: 5,
            digest: [6; 32],
            process: 7,
        };
        file.write(&head).expect("room");
        assert_eq!(read(&store).expect("readable"), Found::Head(head));
        drop(file);
        assert!(!is_locked(&store));
        let bytes = std::fs::read(path_of(&store)).expect("a file");
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << (place % 8);
            std::fs::write(path_of(&store), &changed).expect("room");
            assert_eq!(read(&store).expect("readable"), Found::Damaged, "byte {place}");
        }
    }
}
