//! The journal of a session that begins.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::config::TdConfig;
use crate::journal::{Entry, Journal, JournalError};
use crate::td::io::Input;

/// How the address of an exchange begins that lives in this process, and ends with it.
const IN_PROCESS: &str = "sim://";

/// A session's journal, and what it remembers.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) journal: Option<Journal>,
    /// What the session is told before everything else.
    pub(super) remembered: Vec<Input>,
}

/// Opens the journal that the configuration asks for. It blocks.
///
/// `reports` gets the word that it cannot be written any more.
pub(super) fn open(config: &TdConfig, reports: mpsc::UnboundedSender<Input>) -> Result<Kept, JournalError> {
    if !config.journal.enabled || config.read_only {
        return Ok(Kept::default());
    }
    let account = format!("{}/{}", config.broker_id, config.investor());
    let on_failure = move |error: JournalError| {
        // The session has ended meanwhile: nobody has to be told.
        let _ = reports.send(Input::JournalFailed { reason: error.to_string() });
    };
    let path = config.journal_dir();
    let (journal, recovered) =
        Journal::open(&path, &account, &config.journal, config.clock.unix_ns(), on_failure)?;
    let mut entries = recovered.entries;
    if config.fronts.iter().all(|front| front.starts_with(IN_PROCESS)) {
        let written = written_here(&path, recovered.next);
        entries = last_of(entries, written);
    }
    let damage = recovered.damage.len();
    tracing::info!(path = %path.display(), entries = entries.len(), damage, "the journal is open");
    let mut remembered = Vec::with_capacity(entries.len() + damage);
    for damage in &recovered.damage {
        if damage.kind.is_torn() {
            tracing::info!(%damage, "the journal's last run was ended while it wrote");
        } else {
            tracing::error!(%damage, "the journal is damaged");
            remembered.push(Input::JournalDamaged { place: damage.to_string() });
        }
    }
    remembered.extend(entries.into_iter().map(Input::Remembered));
    Ok(Kept { journal: Some(journal), remembered })
}

/// Returns how many entries of a journal this process has written. `next` is the number of the next one.
fn written_here(path: &Path, next: u64) -> u64 {
    /// The number of the first entry that this process wrote into each folder.
    static FIRST: Mutex<BTreeMap<PathBuf, u64>> = Mutex::new(BTreeMap::new());
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut all = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
    let first = all.entry(path).or_insert(next);
    // Another journal may have come into its place.
    *first = next.min(*first);
    next - *first
}

/// Returns the last entries, and the kill switch whenever it was turned: orders at an exchange that ended with another
/// process are nowhere any more.
fn last_of(entries: Vec<Entry>, count: u64) -> Vec<Entry> {
    let others = entries.len().saturating_sub(usize::try_from(count).unwrap_or(usize::MAX));
    let kept = entries.into_iter().enumerate();
    let kept = kept.filter(|(index, entry)| *index >= others || matches!(entry, Entry::Switch { .. }));
    kept.map(|(_, entry)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_that_ended_with_its_process_is_not_remembered() {
        let answer = |request_id| Entry::Answer { at_ns: 2, request_id, refusal: None };
        let switch = Entry::Switch { at_ns: 3, on: true, reason: "a test".to_owned() };
        let entries = vec![answer(0), switch, answer(1), answer(2)];
        let kept = last_of(entries.clone(), 2);
        assert!(matches!(
            kept.as_slice(),
            [Entry::Switch { .. }, Entry::Answer { request_id: 1, .. }, Entry::Answer { request_id: 2, .. }]
        ));
        assert_eq!((last_of(entries.clone(), 0).len(), last_of(entries, 9).len()), (1, 4));
    }

    #[test]
    fn what_this_process_wrote_is_counted_from_its_first_entry() {
        let folder = Path::new("/a folder of this test alone");
        assert_eq!([17, 20, 25].map(|next| written_here(folder, next)), [0, 3, 8]);
        assert_eq!([1, 4].map(|next| written_here(folder, next)), [0, 3]);
    }
}
