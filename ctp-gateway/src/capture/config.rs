//! Whether, where and how much is recorded.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The recording of a session. Each session makes a file of its own in the folder.
///
/// ```toml
/// [capture]
/// folder = "captures"
/// ticks = true
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CaptureConfig {
    /// The folder, which is made if it does not exist.
    pub folder: PathBuf,
    /// Whether ticks are recorded too, some 150 bytes each. The session does not need them to be played back.
    #[serde(default)]
    pub ticks: bool,
    /// How many steps may wait for the writer. Full: further ones are lost, counted, and marked in the file.
    #[serde(default = "default_queue")]
    pub queue: usize,
    /// How long a file may become, in bytes; then the recording ends and the session goes on.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: u64,
}

impl CaptureConfig {
    /// Records into a folder, without ticks.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), ticks: false, queue: default_queue(), max_bytes: default_max_bytes() }
    }

    /// Records ticks too.
    #[must_use]
    pub fn with_ticks(mut self) -> Self {
        self.ticks = true;
        self
    }
}

fn default_queue() -> usize {
    8_192
}

fn default_max_bytes() -> u64 {
    16 << 30
}
