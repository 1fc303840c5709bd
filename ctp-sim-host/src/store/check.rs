//! Looking at a store without running it.

use std::path::{Path, PathBuf};

use ctp_sim::Timestamp;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use super::file::{self, Ended, Meta, in_use, sqlite};
use super::head::{self, Found, Head, HeadFile};
use super::{StoreError, config_of, digest, log, remake};

/// What a store holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// The file.
    pub path: PathBuf,
    /// Whether a server runs on it, it was closed, or it was left as it was.
    pub state: StoreState,
    /// The build that made it.
    pub build: String,
    /// When its exchange came into being, in China's time.
    pub start: String,
    /// How far its time came.
    pub reached: String,
    /// Its settings; what stands for passwords is left out.
    pub settings: Vec<(String, String)>,
    /// Inputs.
    pub rows: u64,
    /// States that were noted to compare with.
    pub checkpoints: u64,
    /// How often it was started.
    pub runs: Vec<Run>,
    /// Rows of the tables for people, by name.
    pub tables: Vec<(String, u64)>,
}

/// How a store was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreState {
    /// A server runs on it.
    Running,
    /// Its server stopped in order.
    Closed,
    /// Its server was killed, or the machine stopped.
    Interrupted,
}

/// One start of a server on the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Run {
    /// Inputs that were there already.
    pub row: u64,
    /// Where its time went on, in China's time.
    pub reached: String,
    /// The build.
    pub build: String,
}

/// What the check of a store found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// Inputs carried out.
    pub rows: u64,
    /// States compared.
    pub compared: u64,
    /// How far time came, in China's time.
    pub reached: String,
    /// The journal: entries and digest.
    pub entries: u64,
    /// See `entries`.
    pub digest: String,
}

struct Looked {
    connection: Connection,
    meta: Meta,
    found: Found,
}

/// Opens a store for reading only; it may be in use.
fn look(path: &Path) -> Result<Looked, StoreError> {
    if !file::is_ours(path)? {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|cause| sqlite(path, cause))?;
    let meta = file::verify(path, &connection)?;
    let found = head::read(path).map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
    Ok(Looked { connection, meta, found })
}

/// Returns what a store holds, which may be in use. Its inputs are not carried out: see [`check`].
///
/// # Errors
///
/// Returns an error when the file is no store, of another version, or damaged so that it cannot be read.
pub fn summary(path: &Path) -> Result<Summary, StoreError> {
    let Looked { connection, meta, found } = look(path)?;
    let failed = |cause| sqlite(path, cause);
    let count = |table: &str| -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(|count| count as u64).map_err(failed)
    };
    let ended = file::ended(path, &connection, &meta, found)?;
    let state = match &ended {
        _ if head::is_locked(path) => StoreState::Running,
        Ended::At(head) if head.process != 0 => StoreState::Interrupted,
        _ => StoreState::Closed,
    };
    let last: Option<i64> =
        connection.query_row("SELECT max(at) FROM inputs", [], |row| row.get(0)).map_err(failed)?;
    let last = last.map_or(meta.start, Timestamp);
    let reached = if let Ended::At(head) = &ended { head.reached.max(last) } else { last };
    let mut statement =
        connection.prepare("SELECT row, reached, build FROM runs ORDER BY run").map_err(failed)?;
    let runs = statement.query_map([], |row| {
        Ok(Run { row: row.get::<_, i64>(0)? as u64, reached: row.get(1)?, build: row.get(2)? })
    });
    let runs = runs.map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
    let mut tables = Vec::new();
    for table in super::tables::NAMES {
        tables.push((table.to_owned(), count(table)?));
    }
    let is_secret = |key: &str| matches!(key, "password" | "auth_code");
    Ok(Summary {
        path: path.to_owned(),
        state,
        start: meta.start.china(),
        reached: reached.china(),
        settings: meta.settings.iter().filter(|(key, _)| !is_secret(key)).cloned().collect(),
        rows: count("inputs")?,
        checkpoints: count("checkpoints")?,
        runs,
        tables,
        build: meta.build,
    })
}

/// Makes the exchange of a store again and compares it with everything that is known of it. Nothing is changed.
///
/// # Errors
///
/// Returns an error when a server would refuse the store, or one is running on it.
pub fn check(path: &Path) -> Result<Check, StoreError> {
    let Looked { connection, meta, found } = look(path)?;
    if head::is_locked(path) {
        return Err(in_use(path));
    }
    let ended = file::ended(path, &connection, &meta, found)?;
    let mut made = remake::run(&connection, &meta, &ended, config_of(&meta)?)?;
    Ok(Check {
        rows: made.rows,
        compared: made.compared,
        reached: made.reached.china(),
        entries: made.witness.entries(),
        digest: digest::hex(&made.witness.digest()),
    })
}

/// Takes a store as it is though rows that were written are gone, as after a power failure. Returns how many are there,
/// and how many had been written.
///
/// # Errors
///
/// Returns an error when what is there is damaged, or a server is running on it.
pub fn accept_loss(path: &Path) -> Result<(u64, u64), StoreError> {
    if !file::is_ours(path)? {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    let Some(mut file) = HeadFile::lock(path).map_err(io)? else { return Err(in_use(path)) };
    let connection = file::connect(path)?;
    let meta = file::verify(path, &connection)?;
    let written = match file.read().map_err(io)? {
        Found::Head(head) if head.store == meta.origin => head.rows,
        _ => 0,
    };
    // What a checkpoint says of rows that are gone is gone with them.
    let failed = |cause| sqlite(path, cause);
    connection
        .execute("DELETE FROM checkpoints WHERE row > (SELECT coalesce(max(row), 0) FROM inputs)", [])
        .map_err(failed)?;
    let mut made = remake::run(&connection, &meta, &Ended::Never, config_of(&meta)?)?;
    log::empty_wal(&connection).map_err(failed)?;
    let head = Head {
        store: meta.origin,
        rows: made.rows,
        chain: made.chain,
        reached: made.reached,
        entries: made.witness.entries(),
        digest: made.witness.digest(),
        // Not closed: `meta` may say that it runs.
        process: u32::MAX,
    };
    file.write(&head).and_then(|()| file.sync()).map_err(io)?;
    Ok((made.rows, written))
}
