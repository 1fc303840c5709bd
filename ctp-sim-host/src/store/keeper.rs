//! The thread that does for a store what need not be done under the exchange's lock.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tracing::warn;

use super::StoreError;
use super::file;
use super::tables::News;

/// How often rows are brought to the disk. A power failure may take what came since.
const EVERY: Duration = Duration::from_secs(1);

pub(super) struct Keeper {
    jobs: Option<Sender<Job>>,
    /// Whether rows are still to be brought to the disk, as was asked for.
    bringing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

enum Job {
    /// Writes what is for people.
    Show(News),
    /// Brings rows to the disk at once.
    Bring,
}

impl Keeper {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let connection = file::connect(path)?;
        let (jobs, received) = mpsc::channel();
        let path_of_thread = path.to_owned();
        let bringing: Arc<AtomicBool> = Arc::default();
        let brought = Arc::clone(&bringing);
        let thread = thread::Builder::new()
            .name("ctp-sim-store".to_owned())
            .spawn(move || keep(&path_of_thread, connection, &received, &brought))
            .map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
        Ok(Self { jobs: Some(jobs), bringing, thread: Some(thread) })
    }

    /// Writes what is for people.
    pub(super) fn show(&self, news: News) {
        if let Some(jobs) = &self.jobs {
            // A closed channel is a thread that ended: what is for people is then not written.
            drop(jobs.send(Job::Show(news)));
        }
    }

    /// Has rows brought to the disk now.
    pub(super) fn bring(&self) {
        self.bringing.store(true, Ordering::SeqCst);
        if self.jobs.as_ref().is_none_or(|jobs| jobs.send(Job::Bring).is_err()) {
            // Nobody is there to do it.
            self.bringing.store(false, Ordering::SeqCst);
        }
    }

    /// Returns whether that is still to be done.
    pub(super) fn is_bringing(&self) -> bool {
        self.bringing.load(Ordering::SeqCst)
    }

    /// Does what is still to be done, and ends.
    pub(super) fn stop(&mut self) {
        self.jobs = None;
        // A panic there was printed.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn keep(path: &Path, mut connection: Connection, jobs: &Receiver<Job>, bringing: &AtomicBool) {
    let mut due = Instant::now() + EVERY;
    loop {
        match jobs.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(Job::Show(news)) => {
                if let Err(cause) = news.write(&mut connection) {
                    warn!(path = %path.display(), %cause, "cannot write the tables for people; the log is not concerned");
                }
            }
            Ok(Job::Bring) => due = Instant::now(),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        // Also while there is always something to show.
        if Instant::now() >= due {
            to_disk(path, &connection);
            bringing.store(false, Ordering::SeqCst);
            due = Instant::now() + EVERY;
        }
    }
}

fn to_disk(path: &Path, connection: &Connection) {
    let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if let Err(cause) = done {
        warn!(path = %path.display(), %cause, "cannot bring rows to the disk yet");
    }
}
