//! The log that a running exchange writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ctp_sim::{Exchange, Input, Output, Timestamp};
use rusqlite::Connection;
use tracing::{debug, error, info, warn};

use super::digest::Hash;
use super::file::{BUILD, BUSY, Meta, beside, sqlite};
use super::head::{Head, HeadFile};
use super::keeper::Keeper;
use super::remake::{Remade, link};
use super::tables::Shown;
use super::veil::Veil;
use super::witness::Witness;
use super::{StoreError, encoding};
use crate::logged::{InputLog, NotKept};

/// A checkpoint comes with the first input after so many, or after so long.
const CHECKPOINT_ROWS: u64 = 1_000;
const CHECKPOINT_AFTER: Duration = Duration::from_secs(60);

/// The length of `FILE-wal` from which on it is begun anew, in bytes.
const WAL_MAX: u64 = 64 << 20;

/// After how many inputs its length is looked at, and after how many when somebody who reads the file was in the way.
const WAL_LOOK: u64 = 64;
const WAL_LOOK_LATER: u64 = 4_096;

pub(super) struct FileLog {
    path: PathBuf,
    wal: PathBuf,
    /// The number of inputs at which the length of the `-wal` is looked at.
    wal_look: u64,
    /// Whether the keeper was asked to bring rows to the disk, so that little is left to do here.
    bringing: bool,
    connection: Connection,
    file: HeadFile,
    head: Head,
    witness: Witness,
    veil: Veil,
    keeper: Keeper,
    shown: Shown,
    /// The input at hand.
    bytes: Vec<u8>,
    /// Rows and time of the last checkpoint.
    checkpoint: (u64, Timestamp),
    /// Whether it fails because it was told to.
    full: bool,
    /// Whether the last attempt to write failed.
    failing: bool,
    /// Whether the head says what it should.
    head_written: bool,
}

impl FileLog {
    /// Begins another run of a store.
    pub(super) fn begin(
        path: &Path,
        connection: Connection,
        file: HeadFile,
        meta: &Meta,
        remade: &Remade,
    ) -> Result<Self, StoreError> {
        let failed = |cause| sqlite(path, cause);
        let mut witness = remade.witness.clone();
        let head = Head {
            store: meta.origin,
            rows: remade.rows,
            chain: remade.chain,
            reached: remade.reached,
            entries: witness.entries(),
            digest: witness.digest(),
            process: std::process::id(),
        };
        let transaction = connection.unchecked_transaction().map_err(failed)?;
        transaction.execute("UPDATE meta SET value = 'running' WHERE key = 'closed'", []).map_err(failed)?;
        transaction
            .execute(
                "INSERT INTO runs (row, reached, build, process) VALUES (?, ?, ?, ?)",
                (head.rows as i64, head.reached.china(), BUILD, head.process),
            )
            .map_err(failed)?;
        transaction.commit().map_err(failed)?;
        // The file alone then says that it is not all.
        empty_wal(&connection).map_err(failed)?;
        let mut log = Self {
            path: path.to_owned(),
            wal: beside(path, "-wal"),
            wal_look: head.rows + WAL_LOOK,
            bringing: false,
            file,
            witness,
            veil: meta.veil(),
            keeper: Keeper::start(path)?,
            shown: Shown::default(),
            bytes: Vec::new(),
            checkpoint: (head.rows, head.reached),
            full: false,
            failing: false,
            head_written: false,
            connection,
            head,
        };
        log.write_head();
        match log.head_written {
            true => Ok(log),
            false => Err(super::file::damaged(path, "the file beside it (-head)", "it cannot be written")),
        }
    }

    fn write_head(&mut self) {
        let written = self.file.write(&self.head);
        if let Err(cause) = &written
            && self.head_written
        {
            error!(path = %self.path.display(), %cause, "cannot write the file beside the store (-head)");
        }
        self.head_written = written.is_ok();
    }

    fn insert(&mut self, from: Timestamp, now: Timestamp, chain: &Hash) -> rusqlite::Result<()> {
        const INSERT: &str = "INSERT INTO inputs VALUES (?, ?, ?, ?, ?)";
        let row = self.head.rows as i64 + 1;
        let input = (row, from.0, now.0, &self.bytes, chain);
        let (rows, at) = self.checkpoint;
        if self.head.rows < rows + CHECKPOINT_ROWS && from < at.after(CHECKPOINT_AFTER) {
            self.connection.prepare_cached(INSERT)?.execute(input)?;
            return Ok(());
        }
        let transaction = self.connection.unchecked_transaction()?;
        write_checkpoint(&transaction, &self.head)?;
        transaction.prepare_cached(INSERT)?.execute(input)?;
        transaction.commit()?;
        self.checkpoint = (self.head.rows, from);
        Ok(())
    }

    /// Begins `FILE-wal` anew when it has become long. While inputs come without a pause nobody else can: bringing rows
    /// to the disk beside them never reaches the last one.
    fn shorten(&mut self) {
        if self.head.rows < self.wal_look {
            return;
        }
        self.wal_look = self.head.rows + WAL_LOOK;
        if fs::metadata(&self.wal).map_or(0, |wal| wal.len()) < WAL_MAX || self.keeper.is_bringing() {
            return;
        }
        if !std::mem::replace(&mut self.bringing, true) {
            self.keeper.bring();
            return;
        }
        self.bringing = false;
        if let Err(cause) = empty_wal_at_once(&self.connection) {
            // The rows are safe where they are.
            debug!(path = %self.path.display(), %cause, "the -wal is not begun anew yet");
            self.wal_look = self.head.rows + WAL_LOOK_LATER;
        }
    }

    fn refuse(&mut self, cause: String) -> NotKept {
        if !self.failing {
            error!(path = %self.path.display(), cause, "cannot keep an input: it is not carried out, nor others until there is room");
        }
        self.failing = true;
        NotKept { cause }
    }
}

impl InputLog for FileLog {
    fn keep(&mut self, from: Timestamp, now: Timestamp, input: &mut Input) -> Result<(), NotKept> {
        if self.full {
            return Err(self.refuse("the disk is full, as a fault".to_owned()));
        }
        if !self.head_written {
            self.write_head();
            if !self.head_written {
                return Err(self.refuse("the file beside it cannot be written".to_owned()));
            }
        }
        self.veil.input(input);
        self.bytes.clear();
        encoding::encode(input, &mut self.bytes).map_err(|error| NotKept { cause: error.to_string() })?;
        let chain = link(&self.head.chain, self.head.rows + 1, from, now, &self.bytes);
        if let Err(cause) = self.insert(from, now, &chain) {
            return Err(self.refuse(cause.to_string()));
        }
        if std::mem::take(&mut self.failing) {
            info!(path = %self.path.display(), "inputs are kept again");
        }
        self.head.rows += 1;
        self.head.chain = chain;
        self.witness.input(now, input);
        Ok(())
    }

    fn advance(&mut self, now: Timestamp) {
        self.witness.input(now, &Input::Advance);
    }

    fn stepped(&mut self, now: Timestamp, outputs: &[Output]) {
        self.witness.outputs(now, outputs);
        self.head.reached = now;
        self.head.entries = self.witness.entries();
        self.head.digest = self.witness.digest();
        self.write_head();
        self.shorten();
    }

    fn fail(&mut self, on: bool) {
        self.full = on;
    }

    fn show(&mut self, exchange: &Exchange) -> bool {
        if let Some(news) = self.shown.news(exchange, self.head.rows, self.head.reached) {
            self.keeper.show(news);
        }
        self.shown.has_more()
    }

    fn close(&mut self, exchange: &Exchange) {
        while self.show(exchange) {}
        self.keeper.stop();
        let closed = || -> rusqlite::Result<()> {
            let transaction = self.connection.unchecked_transaction()?;
            write_checkpoint(&transaction, &self.head)?;
            let closed = self.head.rows.to_string();
            transaction.execute("UPDATE meta SET value = ? WHERE key = 'closed'", [closed])?;
            transaction.commit()?;
            empty_wal(&self.connection)
        };
        if let Err(cause) = closed() {
            warn!(path = %self.path.display(), %cause, "the store is not closed; nothing is lost, it opens as after a kill");
            return;
        }
        self.head.process = 0;
        self.write_head();
        if let Err(cause) = self.file.sync() {
            warn!(path = %self.path.display(), %cause, "the file beside the store (-head) is not on the disk yet");
        }
    }
}

fn write_checkpoint(connection: &Connection, head: &Head) -> rusqlite::Result<()> {
    let values = (head.rows as i64, head.reached.0, head.entries as i64, &head.digest);
    connection.prepare_cached("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)")?.execute(values)?;
    Ok(())
}

/// Brings everything into the file itself.
pub(super) fn empty_wal(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// As [`empty_wal`], unless somebody who reads or writes is in the way: nobody is waited for.
fn empty_wal_at_once(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::ZERO)?;
    let emptied = empty_wal(connection);
    connection.busy_timeout(BUSY)?;
    emptied
}
