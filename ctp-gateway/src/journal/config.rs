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
    /// Whether there is a journal. Without one an order whose answer is lost can be found by the counter's answers
    /// only, and neither order references nor the kill switch outlive the process.
    pub enabled: bool,
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
        Self {
            enabled: true,
            folder: PathBuf::new(),
            segment_bytes: 4 << 20,
            sync_ms: 50,
            keep_days: 250,
            view: true,
        }
    }
}

impl JournalConfig {
    /// Writes into a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), ..Self::default() }
    }

    /// Writes nothing.
    pub fn off() -> Self {
        Self { enabled: false, ..Self::default() }
    }

    /// Returns what is wrong with it: the key and what to do.
    pub(crate) fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if !(64 << 10..=1 << 30).contains(&self.segment_bytes) {
            let given = self.segment_bytes;
            problems.push(("journal.segment_bytes", format!("is {given}; give 65536 to 1073741824")));
        }
        if !(1..=10_000).contains(&self.sync_ms) {
            problems.push(("journal.sync_ms", format!("is {}; give 1 to 10000", self.sync_ms)));
        }
        if self.keep_days == 0 {
            problems.push(("journal.keep_days", "is 0; give at least 1".to_owned()));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the keys that are wrong after a change.
    fn wrong(change: impl FnOnce(&mut JournalConfig)) -> Vec<&'static str> {
        let mut config = JournalConfig::new("folder");
        change(&mut config);
        config.problems().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn what_is_out_of_its_range_is_said_by_its_key() {
        assert_eq!(wrong(|_| ()), [""; 0]);
        for (bytes, is_wrong) in
            [(65_535, true), (65_536, false), (1_073_741_824, false), (1_073_741_825, true)]
        {
            let found = wrong(|config| config.segment_bytes = bytes);
            assert_eq!(found, if is_wrong { vec!["journal.segment_bytes"] } else { vec![] }, "{bytes}");
        }
        for (ms, is_wrong) in [(0, true), (1, false), (10_000, false), (10_001, true)] {
            let found = wrong(|config| config.sync_ms = ms);
            assert_eq!(found, if is_wrong { vec!["journal.sync_ms"] } else { vec![] }, "{ms}");
        }
        assert_eq!(wrong(|config| config.keep_days = 0), ["journal.keep_days"]);
        assert_eq!(wrong(|config| config.keep_days = 1), [""; 0]);
    }

    #[test]
    fn a_journal_is_kept_unless_it_is_switched_off() {
        let config = JournalConfig::new("folder");
        assert!(config.enabled && config.view && config.folder.ends_with("folder"));
        assert_eq!((config.segment_bytes, config.sync_ms, config.keep_days), (4 * 1024 * 1024, 50, 250));
        assert!(!JournalConfig::off().enabled);
    }
}
