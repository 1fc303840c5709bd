//! The journal's own thread: it makes what was written safe from a loss of power, and sets room aside in time.

use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::folder::{self, Folder};
use super::{JournalConfig, JournalError};

/// The writer's end of the thread. Dropped, it ends the thread and waits for it.
#[derive(Debug)]
pub(super) struct Keeper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    /// The number of the last entry that was written.
    written: AtomicU64,
    /// How much of the segment is used.
    used: AtomicU64,
    stop: AtomicBool,
    failed: OnceLock<JournalError>,
    files: Mutex<Files>,
}

#[derive(Debug)]
struct Files {
    current: Arc<File>,
    /// Segments that are full, with the length that is used.
    full: Vec<(Arc<File>, u64)>,
    spare: Option<File>,
}

impl Shared {
    fn files(&self) -> MutexGuard<'_, Files> {
        // Nothing that holds it can panic half-way.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper {
    pub(super) fn start(
        folder: Arc<Folder>,
        current: Arc<File>,
        config: &JournalConfig,
        on_failure: impl FnOnce(JournalError) + Send + 'static,
    ) -> Result<Self, JournalError> {
        let shared = Arc::new(Shared {
            written: AtomicU64::new(0),
            used: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            failed: OnceLock::new(),
            files: Mutex::new(Files { current, full: Vec::new(), spare: None }),
        });
        let path = folder.path.clone();
        let thread_shared = Arc::clone(&shared);
        let (room, interval) = (config.segment_bytes, Duration::from_millis(config.sync_ms.max(1)));
        let keep = move || {
            if let Err(error) = keep(&thread_shared, &folder, room, interval) {
                tracing::error!(%error, "the journal cannot be made safe; no new order is sent");
                let _ = thread_shared.failed.set(error.clone());
                on_failure(error);
            }
        };
        let thread = thread::Builder::new().name("ctp-journal".to_owned()).spawn(keep);
        let thread = thread.map_err(JournalError::io("start the thread of", &path))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Tells that an entry was written. It wakes nobody.
    pub(super) fn wrote(&self, sequence: u64, used: u64) {
        self.shared.used.store(used, Ordering::Relaxed);
        self.shared.written.store(sequence, Ordering::Release);
    }

    pub(super) fn failure(&self) -> Option<JournalError> {
        self.shared.failed.get().cloned()
    }

    /// Takes the room that was set aside for the next segment.
    pub(super) fn take_spare(&self) -> Option<File> {
        self.shared.files().spare.take()
    }

    /// Tells that another segment is written from now on.
    pub(super) fn turn(&self, current: Arc<File>, used: u64) {
        self.shared.used.store(0, Ordering::Relaxed);
        let mut files = self.shared.files();
        let full = std::mem::replace(&mut files.current, current);
        files.full.push((full, used));
    }

    /// Ends the thread, after it has made everything safe.
    pub(super) fn stop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic was reported by the thread itself.
            let _ = thread.join();
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop();
    }
}

fn keep(shared: &Shared, folder: &Folder, room: u64, interval: Duration) -> Result<(), JournalError> {
    let mut safe = 0;
    let mut has_room = true;
    loop {
        let stop = shared.stop.load(Ordering::Acquire);
        let written = shared.written.load(Ordering::Acquire);
        let full = std::mem::take(&mut shared.files().full);
        let turned = !full.is_empty();
        for (file, used) in full {
            file.set_len(used).map_err(JournalError::io("cut", &folder.path))?;
            file.sync_all().map_err(JournalError::io("synchronise", &folder.path))?;
        }
        if turned {
            folder::sync_folder(&folder.path)?;
        }
        if written != safe || turned {
            // Not under the lock: it takes as long as the disk does.
            let current = Arc::clone(&shared.files().current);
            current.sync_data().map_err(JournalError::io("synchronise", &folder.path))?;
            safe = written;
        }
        if stop {
            // Nobody needs the spare any more; whoever comes next makes one.
            if shared.files().spare.take().is_some() {
                let _ = std::fs::remove_file(folder.path.join(folder::SPARE));
            }
            return Ok(());
        }
        let is_half_used = shared.used.load(Ordering::Relaxed) > room / 2;
        if is_half_used && shared.files().spare.is_none() {
            has_room = set_spare_aside(shared, folder, room, has_room);
        }
        thread::park_timeout(interval);
    }
}

/// Returns whether there was room. A disk without is no failure yet: there is room in the segment that is written. It is
/// told once, unless it `had_room` in between.
fn set_spare_aside(shared: &Shared, folder: &Folder, room: u64, had_room: bool) -> bool {
    let made = folder::set_aside(&folder.path.join(folder::SPARE), room);
    let made = made.and_then(|file| {
        file.sync_all().map_err(JournalError::io("synchronise", &folder.path))?;
        Ok(file)
    });
    match made {
        Ok(spare) => {
            shared.files().spare = Some(spare);
            true
        }
        Err(error) => {
            if had_room {
                tracing::warn!(%error, "no room for the journal's next segment: the orders of this session will stop");
            }
            false
        }
    }
}

#[cfg(test)]
mod tests;
