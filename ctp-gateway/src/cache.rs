//! What does not change within a trading day, kept on disk: instruments, margin rates, commission rates.
//!
//! One file per table in the session's own folder. A file holds the account, trading day, library version and fronts
//! that it belongs to, and a SHA-256 of itself: one of another day, or with a single bit flipped, counts as missing and
//! is made anew. Files are replaced as a whole, so a power cut leaves the old one or the new one.

mod file;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ctp_types::{
    InstrumentCommissionRateField, InstrumentField, InstrumentMarginRateField, Record, RecordBox,
    RecordDescriptor, Text,
};

use self::file::Entries;

/// A table that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Table {
    Instruments,
    MarginRates,
    CommissionRates,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Self::Instruments => "instruments",
            Self::MarginRates => "margin-rates",
            Self::CommissionRates => "commission-rates",
        }
    }

    fn record(self) -> &'static RecordDescriptor {
        match self {
            Self::Instruments => InstrumentField::DESCRIPTOR,
            Self::MarginRates => InstrumentMarginRateField::DESCRIPTOR,
            Self::CommissionRates => InstrumentCommissionRateField::DESCRIPTOR,
        }
    }
}

/// The tables of one session. Its methods read and write files: they belong on a thread that may block.
///
/// What goes wrong with a file is logged and costs a query, never more.
#[derive(Debug)]
pub(crate) struct DayCache {
    folder: PathBuf,
    /// Whose data: broker, user, investor, library version, fronts.
    owner: String,
    /// The tables that were read or written, with their trading day.
    tables: Mutex<HashMap<Table, (Text<9>, Entries)>>,
}

impl DayCache {
    pub(crate) fn new(folder: PathBuf, owner: String) -> Self {
        Self { folder, owner, tables: Mutex::default() }
    }

    /// Returns the records kept under `name` on a trading day.
    pub(crate) fn get(&self, table: Table, day: Text<9>, name: &str) -> Option<Vec<RecordBox>> {
        let mut tables = self.lock();
        self.load(&mut tables, table, day).get(name).cloned()
    }

    /// Keeps records under `name` for a trading day, and forgets those of other days.
    pub(crate) fn put(&self, table: Table, day: Text<9>, name: &str, records: Vec<RecordBox>) {
        let mut tables = self.lock();
        let entries = self.load(&mut tables, table, day);
        entries.insert(name.to_owned(), records);
        let path = self.path(table);
        let bytes = file::write(&self.key(table, day), table.record(), entries);
        if let Err(error) = bytes.and_then(|bytes| replace(&path, &bytes)) {
            tracing::warn!(path = %path.display(), %error, "the day's cache was not written; it costs a query later");
        }
    }

    fn load<'a>(
        &self,
        tables: &'a mut HashMap<Table, (Text<9>, Entries)>,
        table: Table,
        day: Text<9>,
    ) -> &'a mut Entries {
        let (known, entries) =
            tables.entry(table).or_insert_with(|| (day, self.read(table, day).unwrap_or_default()));
        if *known != day {
            (*known, *entries) = (day, self.read(table, day).unwrap_or_default());
        }
        entries
    }

    fn read(&self, table: Table, day: Text<9>) -> Option<Entries> {
        let path = self.path(table);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the day's cache cannot be read; asking anew");
                return None;
            }
        };
        match file::read(&bytes, &self.key(table, day), table.record()) {
            Ok(entries) => Some(entries),
            Err(file::Unusable::OtherKey) => None,
            Err(reason) => {
                tracing::warn!(path = %path.display(), %reason, "the day's cache is damaged; asking anew");
                None
            }
        }
    }

    fn path(&self, table: Table) -> PathBuf {
        self.folder.join(format!("{}.cache", table.name()))
    }

    fn key(&self, table: Table, day: Text<9>) -> String {
        let (record, model) = (table.record(), ctp_types::API_VERSION);
        format!("{} of {model}, {} bytes; trading day {day}; {}", record.c_name, record.size, self.owner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Table, (Text<9>, Entries)>> {
        // Entries are replaced as a whole, so a poisoned lock guards a whole table.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replaces a file as a whole.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let new = path.with_extension("new");
    let mut file = fs::File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&new, path)?;
    // So that the new name outlives a power cut; where a folder cannot be synced the old file may come back.
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
