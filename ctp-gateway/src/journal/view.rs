//! The view of a journal: a SQLite file with its orders, trades and sessions, for people and their tools.
//!
//! It is made of the journal alone, by a thread of its own that reads the segments behind the writer. It may lag, be
//! deleted or be damaged: the journal does not need it, and it is made again.

mod apply;
mod look;
mod tail;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

pub use self::look::{Cell, look};

use self::apply::Apply;
use self::tail::Tail;
use super::folder::Folder;
use super::{JournalError, folder};

/// The view's file in the journal's folder.
pub const VIEW: &str = "view.sqlite";
/// The version of the tables.
const FORMAT: i64 = 1;
/// How long the view may lag behind the journal, apart from the time that it takes.
const INTERVAL: Duration = Duration::from_millis(200);
/// How many entries one transaction takes.
const BATCH: usize = 2_000;

/// The thread that keeps the view. Dropped, it brings the view up to date and ends.
#[derive(Debug)]
pub(super) struct ViewKeeper {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ViewKeeper {
    pub(super) fn start(folder: &Path) -> Result<Self, JournalError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (seen, path) = (Arc::clone(&stop), folder.to_owned());
        let keep = move || {
            if let Err(error) = keep(&path, &seen) {
                // The journal goes on without it.
                tracing::error!(%error, "the view of the journal is not kept any more");
            }
        };
        let thread = thread::Builder::new().name("ctp-view".to_owned()).spawn(keep);
        let thread = thread.map_err(JournalError::io("start the view's thread of", folder))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for ViewKeeper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic was reported by the thread itself.
            let _ = thread.join();
        }
    }
}

fn keep(folder: &Path, stop: &AtomicBool) -> Result<(), JournalError> {
    let mut view = View::open(folder)?;
    loop {
        let last = stop.load(Ordering::Acquire);
        view.catch_up()?;
        if last {
            return Ok(());
        }
        thread::park_timeout(INTERVAL);
    }
}

/// Makes the view of a journal anew. Returns how many entries it has.
///
/// # Errors
///
/// [`JournalError::Locked`] while a session writes the journal: it keeps the view itself. Damage of the journal is in
/// the view's table `gaps`.
pub fn rebuild(folder: &Path) -> Result<u64, JournalError> {
    let locked = Folder::lock(folder)?;
    remove(&locked.path)?;
    let mut view = View::open(folder)?;
    view.catch_up()?;
    Ok(view.entries)
}

/// A view that is being written.
struct View {
    path: PathBuf,
    connection: Connection,
    tail: Tail,
    /// How many entries were taken since it was opened.
    entries: u64,
}

impl View {
    /// Opens the view, or makes it where there is none, it is damaged, or it is of another journal.
    fn open(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(VIEW);
        let fits = |connection: &Connection| {
            let last = last(connection)?;
            Ok::<_, rusqlite::Error>(last.filter(|last| Tail::reaches(folder, *last)))
        };
        let opened = connect(&path).and_then(|connection| Ok((fits(&connection)?, connection)));
        let (last, connection) = match opened {
            Ok((Some(last), connection)) => (last, connection),
            Ok((None, _)) | Err(_) => {
                remove(folder)?;
                let connection = connect(&path).and_then(|connection| {
                    create(&connection)?;
                    Ok(connection)
                });
                (0, connection.map_err(failed(&path))?)
            }
        };
        let tail = Tail::new(folder, last)?;
        Ok(Self { path, connection, tail, entries: 0 })
    }

    /// Takes everything that the journal has and the view has not.
    fn catch_up(&mut self) -> Result<(), JournalError> {
        loop {
            let batch = self.tail.read(BATCH)?;
            if batch.is_empty() {
                return Ok(());
            }
            self.entries += batch.len() as u64;
            let taken = self.connection.transaction().and_then(|transaction| {
                Apply::new(&transaction)?.all(&batch)?;
                transaction.commit()
            });
            taken.map_err(failed(&self.path))?;
        }
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // What a loss of power takes of it is made again.
    connection.pragma_update(None, "synchronous", "off")?;
    Ok(connection)
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN")?;
    connection.execute_batch(include_str!("view/schema.sql"))?;
    connection.pragma_update(None, "user_version", FORMAT)?;
    connection.execute("INSERT INTO meta VALUES ('last_sequence', 0)", [])?;
    connection.execute_batch("COMMIT")
}

/// Returns the number of the last entry that the view has; `None` if it is no view of ours.
fn last(connection: &Connection) -> rusqlite::Result<Option<u64>> {
    let format: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if format != FORMAT {
        return Ok(None);
    }
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Ok(None);
    }
    let query = "SELECT value FROM meta WHERE name = 'last_sequence'";
    connection
        .query_row(query, [], |row| row.get::<_, i64>(0))
        .optional()
        .map(|last| last.map(i64::cast_unsigned))
}

fn remove(folder: &Path) -> Result<(), JournalError> {
    for suffix in ["", "-wal", "-shm"] {
        let path = folder.join(format!("{VIEW}{suffix}"));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(JournalError::io("delete", &path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn failed(path: &Path) -> impl FnOnce(rusqlite::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::View { path, source: Arc::new(source) }
}

#[cfg(test)]
mod tests;
