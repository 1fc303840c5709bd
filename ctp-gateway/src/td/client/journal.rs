//! The journal of a session that begins.

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
        entries = of_process(entries, std::process::id());
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

/// Returns the entries that a process wrote, and the kill switch whoever turned it: orders at an exchange that ended with
/// another process are nowhere any more.
fn of_process(entries: Vec<Entry>, process: u32) -> Vec<Entry> {
    let mut is_own = false;
    let mut keep = |entry: &Entry| {
        if let Entry::Opened { process: writer, .. } = entry {
            is_own = *writer == process;
        }
        is_own || matches!(entry, Entry::Switch { .. })
    };
    entries.into_iter().filter(|entry| keep(entry)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_that_ended_with_its_process_is_not_remembered() {
        let opened = |process| Entry::Opened { at_ns: 1, gateway: String::new(), process };
        let answer = |request_id| Entry::Answer { at_ns: 2, request_id, refusal: None };
        let switch = Entry::Switch { at_ns: 3, on: true, reason: "a test".to_owned() };
        let entries =
            vec![answer(0), opened(1), answer(1), switch, opened(7), answer(2), opened(1), answer(3)];
        let kept: Vec<&str> = of_process(entries, 7).iter().map(Entry::name).collect();
        assert_eq!(kept, ["Switch", "Opened", "Answer"]);
    }
}
