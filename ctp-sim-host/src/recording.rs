//! Recordings of ticks, read from files: the exchange itself opens none.

use std::io;
use std::path::{Path, PathBuf};

use ctp_sim::{Replay, ReplayError, replay};
use tracing::warn;

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The file cannot be read.
    #[error("cannot read the recording {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no recording.
    #[error("{}: {source}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        source: ReplayError,
    },
}

/// Reads a recording: CSV with the field names of `CThostFtdcDepthMarketDataField` in its first line.
///
/// Its first tick comes when the exchange starts, and the others at their distance from it, when `from_now`; otherwise
/// each comes at its own time. Columns that the record lacks are named in the log.
///
/// # Errors
///
/// Returns an error that names the file, and the line and column of what is wrong.
pub fn read_recording(path: &Path, from_now: bool) -> Result<Replay, RecordingError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| RecordingError::Read { path: path.to_owned(), source })?;
    let tape =
        replay::parse(&text).map_err(|source| RecordingError::Content { path: path.to_owned(), source })?;
    if !tape.ignored().is_empty() {
        warn!(path = %path.display(), columns = tape.ignored().join(","), "columns that a tick does not have");
    }
    Ok(Replay::new(tape, from_now))
}
