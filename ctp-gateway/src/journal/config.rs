//! Where and how a journal is written.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The journal of a trading session: `docs/journal.md`.
///
/// ```toml
/// [journal]
/// folder = "/var/lib/trading/journal"
/// keep_days = 60
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct JournalConfig {
    /// The folder, which is made if it does not exist and belongs to one session; empty: `journal` in the session's
    /// folder of flow files.
    pub folder: PathBuf,
    /// How many bytes are set aside on disk at a time. At most twice as many wait for entries.
    pub segment_bytes: u64,
    /// How many milliseconds may pass before what was written is safe from a loss of power. The end of the process
    /// takes nothing, whatever this is.
    pub sync_ms: u64,
    /// How many trading days are kept. Older ones are deleted when the journal is opened.
    pub keep_days: usize,
    /// Whether the SQLite view `view.sqlite` is kept beside the journal.
    pub view: bool,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self { folder: PathBuf::new(), segment_bytes: 4 << 20, sync_ms: 50, keep_days: 250, view: true }
    }
}

impl JournalConfig {
    /// Writes into a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), ..Self::default() }
    }
}
