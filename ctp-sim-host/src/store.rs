//! The trading day in a file: a restart, or a kill, continues it.
//!
//! An exchange is a function of its inputs. A store keeps every one of them, with its exact time, before anybody hears
//! what came of it. A start makes the exchange again from them: the same orders with the same numbers, the same streams,
//! the same prices. What is in the file for people to read (accounts, orders, …) is written from time to time and never
//! read back.
//!
//! Three things guard against a file that is not what it was: every row carries a link of a chain of SHA-256s, the file
//! beside it (`FILE-head`) says how far the chain went, and digests of all that clients were told are compared on the
//! way. What does not agree is refused, with the place.

mod check;
pub(crate) mod digest;
pub(crate) mod encoding;
mod error;
mod file;
mod head;
mod keeper;
mod log;
mod remake;
mod tables;
mod veil;
mod witness;

use std::path::{Path, PathBuf};

use ctp_sim::{Config, SessionId, Timestamp};
use tracing::info;

pub use check::{Check, Run, StoreState, Summary, accept_loss, check, summary};
pub use error::StoreError;

use crate::logged::Logged;
use crate::recording::read_recording;
use file::Meta;

/// What is kept, and where.
#[derive(Clone, Debug, Default)]
pub struct StoreOptions {
    /// The file. It is made when it is missing.
    pub path: PathBuf,
    /// When the exchange comes into being; the present when it is left out. A file that is there has its own.
    pub start: Option<Timestamp>,
    /// Settings and switches as [`Config::set`] takes them, in their order. Those of a file that is there must be the same.
    pub settings: Vec<(String, String)>,
    /// A recording of ticks to play, in CSV: at its own times where `start` is given, else from the exchange's start on.
    pub replay: Option<PathBuf>,
}

/// An opened store, with the exchange as its inputs made it. It is locked until it is dropped.
pub struct Store {
    pub(crate) exchange: Logged,
    pub(crate) reached: Timestamp,
    pub(crate) phase: u16,
    /// The first number that no session had.
    pub(crate) session_next: u64,
    path: PathBuf,
    rows: u64,
}

impl Store {
    /// Opens a store and makes its exchange again, or makes both. `now` is when a new exchange starts that is not told.
    ///
    /// # Errors
    ///
    /// Returns an error when another process has the file, when it is no store, of another version or model, damaged, or
    /// made with other settings, and when its inputs do not lead where they led before. Nothing is changed then.
    pub fn open(options: &StoreOptions, now: Timestamp) -> Result<Self, StoreError> {
        let file::Opened { connection, head, meta, found } = file::open(options, now)?;
        let remade = remake::run(&connection, &meta, &found, config_of(&meta)?)?;
        let rows = remade.rows;
        info!(path = %options.path.display(), rows, reached = %remade.reached.china(), "store opened");
        let (reached, phase, session_next) = (remade.reached, meta.phase, remade.session_next);
        let log = log::FileLog::begin(&options.path, connection, head, &meta, &remade)?;
        let exchange = Logged::new(remade.exchange, Some(Box::new(log)));
        Ok(Self { exchange, reached, phase, session_next, path: options.path.clone(), rows })
    }

    /// Returns the time that the exchange stands at: where a clock of its own goes on.
    pub fn time(&self) -> Timestamp {
        self.reached
    }

    /// Returns how many inputs the exchange was made from; 0 for a new store.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// Returns the settings of a store's exchange, as it sees them.
fn config_of(meta: &Meta) -> Result<Config, StoreError> {
    let mut config = Config::starting_at(meta.start);
    meta.veil().config(&mut config);
    for (key, value) in &meta.settings {
        // The file has what stands for a secret already.
        config.set(key, value)?;
    }
    if let Some(replay) = &meta.replay {
        let found = file::recording_digest(&replay.path)?;
        if found != replay.digest {
            return Err(StoreError::OtherRecording { path: replay.path.clone() });
        }
        config.replay = Some(read_recording(&replay.path, replay.from_now)?);
    }
    Ok(config)
}

/// Returns the number after the highest of sessions.
fn next_of(highest: Option<SessionId>) -> u64 {
    highest.map_or(1, |session| session.0.saturating_add(1))
}

#[cfg(test)]
mod tests;
