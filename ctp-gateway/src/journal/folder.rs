//! The folder of a journal: segments by number, one writer.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::JournalError;

const LOCK: &str = "lock";
const SUFFIX: &str = "segment";
/// Set aside for the next segment.
pub(super) const SPARE: &str = "spare.tmp";

/// The folder, held by one writer. The lock ends with the process, however that ends.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if there is none, and locks it.
    pub(super) fn lock(path: &Path) -> Result<Self, JournalError> {
        fs::create_dir_all(path).map_err(JournalError::io("make", path))?;
        let file = path.join(LOCK);
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file)
            .map_err(JournalError::io("open", &file))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who it is, is only for people.
                let _ = lock.read_to_string(&mut holder);
                let holder = if holder.is_empty() { "another session".to_owned() } else { holder };
                return Err(JournalError::Locked { folder: path.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(JournalError::io("lock", &file)(error)),
        }
        // A full disk is no reason against the lock.
        let _ = lock.set_len(0);
        let _ = lock.rewind();
        let _ = write!(lock, "process {}", std::process::id());
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    pub(super) fn segment(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:012}.{SUFFIX}"))
    }
}

/// Returns the segments of a folder with their numbers, in order.
pub(super) fn segments(folder: &Path) -> Result<Vec<(u64, PathBuf)>, JournalError> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(folder).map_err(JournalError::io("read", folder))? {
        let path = entry.map_err(JournalError::io("read", folder))?.path();
        let number = path.file_stem().and_then(OsStr::to_str).and_then(|stem| stem.parse().ok());
        if path.extension().is_some_and(|suffix| suffix == SUFFIX)
            && let Some(number) = number
        {
            segments.push((number, path));
        }
    }
    segments.sort_unstable();
    Ok(segments)
}

/// Sets `bytes` aside for a file, so that writing into it neither fails for want of room nor changes its length. Where
/// there is not that much room, none is taken.
pub(super) fn set_aside(path: &Path, bytes: u64) -> Result<File, JournalError> {
    try_set_aside(path, bytes).inspect_err(|_| {
        // What could not be made in the first place cannot be deleted either.
        let _ = fs::remove_file(path);
    })
}

fn try_set_aside(path: &Path, bytes: u64) -> Result<File, JournalError> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .map_err(JournalError::io("make", path))?;
    match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes) {
        // Some file systems cannot set aside: the zeros below take the room as well.
        Ok(()) | Err(rustix::io::Errno::OPNOTSUPP) => {}
        Err(error) => return Err(JournalError::io("set room aside for", path)(error.into())),
    }
    // Blocks that were written once need no change of the file system's own tables any more.
    let zeros = [0; 64 << 10];
    let mut rest = bytes;
    while rest > 0 {
        let length = rest.min(zeros.len() as u64);
        file.write_all(&zeros[..length as usize]).map_err(JournalError::io("set room aside for", path))?;
        rest -= length;
    }
    Ok(file)
}

/// Makes names in the folder last.
pub(super) fn sync_folder(folder: &Path) -> Result<(), JournalError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(JournalError::io("synchronise", folder))
}
