//! The writer: a thread of its own behind a bounded queue.
//!
//! The session hands over what it has anyway (records are shared, not copied) and never waits. Formatting, blanking,
//! checksums and the disk are the thread's. What the queue has no room for is counted, and the file says where it is
//! missing.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::file::FrameWriter;
use super::frame::{Frame, Header, OutputNote, RecordedTick, Stamp, Step, Totals};
use super::note::Note;
use super::redact::Redactor;
use super::replay::text;
use super::{CaptureConfig, CaptureError, SessionKind};
use crate::config::Secret;
use crate::session::Now;

/// How often the thread looks for ticks.
const TICK_POLL: Duration = Duration::from_millis(5);
/// How long written frames may wait for the disk while nothing else happens.
const FLUSH_AFTER: Duration = Duration::from_millis(200);
/// How many ticks are written before the thread looks at the steps again.
const TICK_BATCH: usize = 4_096;

/// Where recorded ticks come from: a reader of the bus, so that recording costs the library's thread nothing.
pub(crate) trait TickSource: Send + 'static {
    /// Returns the next tick that is there already.
    fn next(&mut self) -> Option<NextTick>;
}

/// What a [`TickSource`] gives.
#[derive(Debug)]
pub(crate) enum NextTick {
    Tick(RecordedTick),
    /// So many ticks were overwritten before they were read.
    Lost(u64),
}

/// How far a recording is. It costs its readers an atomic load each.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) steps: AtomicU64,
    pub(crate) ticks: AtomicU64,
    pub(crate) steps_lost: AtomicU64,
    pub(crate) ticks_lost: AtomicU64,
    pub(crate) bytes: AtomicU64,
    /// The disk failed, or the file is as long as it may become: what comes is lost.
    pub(crate) stopped: AtomicBool,
}

impl Progress {
    pub(crate) fn totals(&self) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            steps: read(&self.steps),
            ticks: read(&self.ticks),
            steps_lost: read(&self.steps_lost),
            ticks_lost: read(&self.ticks_lost),
        }
    }
}

/// What a session hands over for one step.
struct Item<O> {
    at: Stamp,
    input: Note,
    outputs: Vec<O>,
    /// How many steps the queue had no room for before this one.
    lost_before: u64,
}

/// The session's end of a recording.
pub(crate) struct Recorder<O> {
    queue: SyncSender<Item<O>>,
    started: Instant,
    lost: u64,
    redactor: Arc<Mutex<Redactor>>,
    progress: Arc<Progress>,
    path: PathBuf,
    ended: Receiver<()>,
}

/// What a recording needs to begin.
pub(crate) struct Beginning<'a> {
    pub(crate) config: &'a CaptureConfig,
    pub(crate) header: Header,
    /// The session's secrets, and texts of it that are none.
    pub(crate) secrets: &'a [&'a Secret],
    pub(crate) public: &'a [&'a str],
    pub(crate) ticks: Option<Box<dyn TickSource>>,
}

impl<O: Clone + Debug + Send + 'static> Recorder<O> {
    /// Makes the file and starts the writer.
    pub(crate) fn begin(started: Instant, beginning: Beginning<'_>) -> Result<Self, CaptureError> {
        let Beginning { config, mut header, secrets, public, ticks } = beginning;
        let io_error = |what, path: &Path| {
            let path = path.to_owned();
            move |source| CaptureError::Io { what, path, source }
        };
        std::fs::create_dir_all(&config.folder).map_err(io_error("create", &config.folder))?;
        let (file, path) = create(&config.folder, &header).map_err(io_error("create", &config.folder))?;
        let mut redactor = Redactor::default();
        secrets.iter().for_each(|secret| redactor.add(secret, public));
        header.config = redactor.json(header.config);
        let file = FrameWriter::new(BufWriter::with_capacity(1 << 16, file), header)
            .map_err(io_error("create", &path))?;
        let redactor = Arc::new(Mutex::new(redactor));
        let progress = Arc::new(Progress::default());
        let (queue, items) = mpsc::sync_channel(config.queue.max(1));
        let (ended_tx, ended) = mpsc::channel();
        let writer = Writer {
            file: Some(file),
            path: path.clone(),
            items,
            ticks,
            redactor: Arc::clone(&redactor),
            progress: Arc::clone(&progress),
            max_bytes: config.max_bytes,
            unmarked: (0, 0),
            unflushed: false,
        };
        let thread = std::thread::Builder::new().name("ctp-capture".to_owned());
        thread
            .spawn(move || {
                writer.run();
                // Nobody waits if the session was dropped.
                let _ = ended_tx.send(());
            })
            .map_err(io_error("create", &path))?;
        Ok(Self { queue, started, lost: 0, redactor, progress, path, ended })
    }

    /// Hands a step over; without room it is counted as lost.
    pub(crate) fn record(&mut self, now: Now, input: Note, outputs: &[O]) {
        let elapsed = now.instant.saturating_duration_since(self.started).as_nanos();
        let at = Stamp { elapsed_ns: u64::try_from(elapsed).unwrap_or(u64::MAX), unix_ns: now.unix_ns };
        let item = Item { at, input, outputs: outputs.to_vec(), lost_before: self.lost };
        match self.queue.try_send(item) {
            Ok(()) => self.lost = 0,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.lost += 1;
                self.progress.steps_lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Tells of a secret that became known while the session ran, before the step that uses it is recorded.
    pub(crate) fn hide(&self, secret: &Secret) {
        lock(&self.redactor).add(secret, &[]);
    }

    pub(crate) fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Ends the recording and waits until the file is whole, at most as long as given. Blocks.
    pub(crate) fn close(self, timeout: Duration) {
        let Self { queue, ended, path, .. } = self;
        drop(queue);
        if ended.recv_timeout(timeout).is_err() {
            tracing::warn!(path = %path.display(), "the capture is not written to its end yet; going on without");
        }
    }
}

fn lock(redactor: &Mutex<Redactor>) -> MutexGuard<'_, Redactor> {
    // No user code runs under the lock, so a poisoned one is whole.
    redactor.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a file that did not exist, which only its owner may read: it holds orders and money.
fn create(folder: &Path, header: &Header) -> io::Result<(File, PathBuf)> {
    let kind = match header.session {
        SessionKind::Md => "md",
        SessionKind::Td => "td",
    };
    let text = |key: &str| header.config.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect()
    };
    let began = jiff::Timestamp::from_nanosecond(header.started_unix_ns.into()).unwrap_or_default();
    let began = began.strftime("%Y%m%dT%H%M%SZ");
    let (broker, user) = (plain(text("broker_id")), plain(text("user_id")));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut number = 0;
    loop {
        let suffix = if number == 0 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{kind}-{broker}-{user}-{began}{suffix}.ctpcap"));
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1_000 => number += 1,
            result => return result.map(|file| (file, path)),
        }
    }
}

struct Writer<O, W> {
    /// `None` once the disk failed or the file is as long as it may become.
    file: Option<FrameWriter<W>>,
    path: PathBuf,
    items: Receiver<Item<O>>,
    ticks: Option<Box<dyn TickSource>>,
    redactor: Arc<Mutex<Redactor>>,
    progress: Arc<Progress>,
    max_bytes: u64,
    /// Lost steps and ticks that no frame tells of yet.
    unmarked: (u64, u64),
    unflushed: bool,
}

impl<O: Debug, W: Write> Writer<O, W> {
    fn run(mut self) {
        loop {
            let item = match (&self.ticks, self.unflushed) {
                (Some(_), _) => self.items.recv_timeout(TICK_POLL),
                (None, true) => self.items.recv_timeout(FLUSH_AFTER),
                (None, false) => self.items.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match item {
                Ok(item) => self.write_step(item),
                Err(RecvTimeoutError::Timeout) => self.flush(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.write_ticks(TICK_BATCH);
        }
        // The bus has been closed before the session: what is there is all.
        self.write_ticks(usize::MAX);
        self.finish();
    }

    fn write_step(&mut self, item: Item<O>) {
        let Item { at, mut input, outputs, lost_before } = item;
        self.unmarked.0 += lost_before;
        if self.file.is_none() {
            self.progress.steps_lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let redactor = lock(&self.redactor);
        redactor.note(&mut input);
        let outputs = outputs.iter().map(|output| OutputNote::of(&redactor.text(text(output)))).collect();
        drop(redactor);
        self.mark_losses();
        if self.write(&Frame::Step(Step { at, input, outputs })) {
            self.progress.steps.fetch_add(1, Ordering::Relaxed);
        } else {
            self.progress.steps_lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn write_ticks(&mut self, at_most: usize) {
        for _ in 0..at_most {
            match self.ticks.as_mut().and_then(|ticks| ticks.next()) {
                None => break,
                Some(NextTick::Lost(count)) => {
                    self.unmarked.1 += count;
                    self.progress.ticks_lost.fetch_add(count, Ordering::Relaxed);
                }
                Some(NextTick::Tick(tick)) => {
                    self.mark_losses();
                    let counter = if self.write(&Frame::Tick(tick)) {
                        &self.progress.ticks
                    } else {
                        &self.progress.ticks_lost
                    };
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    fn mark_losses(&mut self) {
        let (steps, ticks) = std::mem::take(&mut self.unmarked);
        if steps + ticks > 0 {
            self.write(&Frame::Lost { steps, ticks });
        }
    }

    /// Writes a frame. Returns whether it was written.
    fn write(&mut self, frame: &Frame) -> bool {
        let Some(file) = &mut self.file else { return false };
        if file.bytes() >= self.max_bytes {
            tracing::warn!(path = %self.path.display(), max_bytes = self.max_bytes, "the capture is full; it ends here");
            self.stop();
            return false;
        }
        let result = file.write(frame);
        self.progress.bytes.store(file.bytes(), Ordering::Relaxed);
        self.unflushed = true;
        self.take_result(result)
    }

    fn flush(&mut self) {
        if let Some(file) = &mut self.file {
            let result = file.flush();
            self.take_result(result);
        }
        self.unflushed = false;
    }

    fn take_result(&mut self, result: io::Result<()>) -> bool {
        if let Err(error) = &result {
            tracing::error!(path = %self.path.display(), %error, "the capture cannot be written; it ends here");
            // What is in the file up to here can be read; more would not fit behind it.
            self.file = None;
            self.progress.stopped.store(true, Ordering::Relaxed);
        }
        result.is_ok()
    }

    /// Ends the file; the session goes on.
    fn stop(&mut self) {
        self.finish();
        self.progress.stopped.store(true, Ordering::Relaxed);
    }

    fn finish(&mut self) {
        let Some(mut file) = self.file.take() else { return };
        let (steps, ticks) = std::mem::take(&mut self.unmarked);
        let lost = (steps + ticks > 0).then_some(Frame::Lost { steps, ticks });
        let end = Frame::End(self.progress.totals());
        let result = lost.iter().chain([&end]).try_for_each(|frame| file.write(frame));
        if let Err(error) = result.and_then(|()| file.flush()) {
            tracing::error!(path = %self.path.display(), %error, "the end of the capture cannot be written");
        }
        self.progress.bytes.store(file.bytes(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
