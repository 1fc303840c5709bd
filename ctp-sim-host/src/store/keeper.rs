//! The thread that does for a store what need not be done under the exchange's lock.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tracing::warn;

use super::StoreError;
use super::file;
use super::tables::News;

/// How often rows are brought to the disk. A power failure may take what came since.
const EVERY: Duration = Duration::from_secs(1);

pub(super) struct Keeper {
    jobs: Option<Sender<News>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let connection = file::connect(path)?;
        let (jobs, received) = mpsc::channel();
        let path_of_thread = path.to_owned();
        let thread = thread::Builder::new()
            .name("ctp-sim-store".to_owned())
            .spawn(move || keep(&path_of_thread, connection, &received))
            .map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Writes what is for people.
    pub(super) fn show(&self, news: News) {
        if let Some(jobs) = &self.jobs {
            // A closed channel is a thread that ended: what is for people is then not written.
            drop(jobs.send(news));
        }
    }

    /// Does what is still to be done, and ends.
    pub(super) fn stop(&mut self) {
        self.jobs = None;
        // A panic there was printed.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn keep(path: &Path, mut connection: Connection, jobs: &Receiver<News>) {
    loop {
        match jobs.recv_timeout(EVERY) {
            Ok(news) => {
                if let Err(cause) = news.write(&mut connection) {
                    warn!(path = %path.display(), %cause, "cannot write the tables for people; the log is not concerned");
                }
            }
            Err(RecvTimeoutError::Timeout) => to_disk(path, &connection),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn to_disk(path: &Path, connection: &Connection) {
    let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if let Err(cause) = done {
        warn!(path = %path.display(), %cause, "cannot bring rows to the disk yet");
    }
}
