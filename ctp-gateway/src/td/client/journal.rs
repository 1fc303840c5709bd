//! The journal of a session that begins.

use tokio::sync::mpsc;

use crate::config::TdConfig;
use crate::journal::{Journal, JournalError};
use crate::td::io::Input;

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
    let (entries, damage) = (recovered.entries.len(), recovered.damage.len());
    tracing::info!(path = %path.display(), entries, damage, "the journal is open");
    let mut remembered = Vec::with_capacity(entries + damage);
    for damage in &recovered.damage {
        if damage.kind.is_torn() {
            tracing::info!(%damage, "the journal's last run was ended while it wrote");
        } else {
            tracing::error!(%damage, "the journal is damaged");
            remembered.push(Input::JournalDamaged { place: damage.to_string() });
        }
    }
    remembered.extend(recovered.entries.into_iter().map(Input::Remembered));
    Ok(Kept { journal: Some(journal), remembered })
}
