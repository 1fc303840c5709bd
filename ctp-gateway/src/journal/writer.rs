//! Writing a journal: one `write(2)` for an entry, into room that was set aside before.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ctp_types::Text;

use super::folder::{self, Folder};
use super::keeper::Keeper;
use super::reader::Recovered;
use super::segment::{Frames, Header};
use super::view::ViewKeeper;
use super::{Action, Entry, JournalConfig, JournalError};

/// A journal that is being written. What [`append`](Self::append) has taken survives the end of the process at any
/// instruction. After a failure it takes nothing any more.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: Arc<Folder>,
    account: String,
    segment_bytes: u64,
    segment: Open,
    /// The trading day of the segment, empty before the first login.
    day: Text<9>,
    /// The number of the next entry.
    next: u64,
    /// The last turn of the kill switch, if it is on: repeated in every segment, because older ones are deleted.
    switch: Option<Entry>,
    frames: Frames,
    bytes: Vec<u8>,
    keeper: Keeper,
    /// Goes when the journal goes, after it was told everything.
    view: Option<ViewKeeper>,
    failed: Option<JournalError>,
}

/// The segment that is written.
#[derive(Debug)]
struct Open {
    file: Arc<File>,
    path: PathBuf,
    number: u64,
    /// Where the next entry comes.
    at: u64,
}

impl Journal {
    /// Opens the journal of an account (broker and investor) in a folder and begins a segment. Returns with it what it
    /// remembers of its newest trading day. Half-written entries at ends are cut off; other damage stays where it is.
    ///
    /// `on_failure` is called once, from a thread of the journal's own, when what was written cannot be made safe.
    ///
    /// # Errors
    ///
    /// See [`JournalError`]. Nothing was changed but for a fresh segment, if that.
    pub(crate) fn open(
        path: &Path,
        account: &str,
        config: &JournalConfig,
        now_ns: i64,
        on_failure: impl FnOnce(JournalError) + Send + 'static,
    ) -> Result<(Self, Recovered), JournalError> {
        let folder = Arc::new(Folder::lock(path)?);
        let recovered = Recovered::read(path, account)?;
        for (path, end) in &recovered.cuts {
            if *end == 0 {
                // A segment whose process ended before it wrote anything.
                fs::remove_file(path).map_err(JournalError::io("delete", path))?;
                continue;
            }
            let file = fs::OpenOptions::new().write(true).open(path);
            file.and_then(|file| file.set_len(*end)).map_err(JournalError::io("cut", path))?;
        }
        prune(path, &recovered, config.keep_days)?;
        let last = folder::segments(path)?.last().map_or(0, |(number, _)| *number);
        let (mut frames, mut bytes) = (Frames::default(), Vec::new());
        let day = Text::default();
        frames.begin(&Header::new(account, day, now_ns, recovered.next), &mut bytes);
        let segment = Open::begin(&folder, last + 1, config.segment_bytes, None, &bytes)?;
        folder::sync_folder(path)?;
        let switch = recovered.switch.as_ref().map(|(at_ns, reason)| Entry::Switch {
            at_ns: *at_ns,
            on: true,
            reason: reason.clone(),
        });
        let keeper = Keeper::start(Arc::clone(&folder), Arc::clone(&segment.file), config, on_failure)?;
        let mut this = Self {
            folder,
            account: account.to_owned(),
            segment_bytes: config.segment_bytes,
            segment,
            day,
            next: recovered.next,
            switch,
            frames,
            bytes,
            keeper,
            view: None,
            failed: None,
        };
        let gateway = env!("CARGO_PKG_VERSION").to_owned();
        this.append(&Entry::Opened { at_ns: now_ns, gateway, process: std::process::id() })?;
        if let Some(switch) = this.switch.clone() {
            this.append(&switch)?;
        }
        if config.view {
            this.view = Some(ViewKeeper::start(path)?);
        }
        Ok((this, recovered))
    }

    /// Writes an entry and returns its number.
    ///
    /// # Errors
    ///
    /// The first failure, again and again: what comes behind a gap would be read as damage.
    pub(crate) fn append(&mut self, entry: &Entry) -> Result<u64, JournalError> {
        if let Some(error) = self.failure() {
            return Err(error);
        }
        let result = self.try_append(entry);
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
    }

    /// Writes [`Entry::Action`] and returns its number.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append).
    pub(crate) fn append_action(&mut self, action: &Action<'_>) -> Result<u64, JournalError> {
        if let Some(error) = self.failure() {
            return Err(error);
        }
        let result = self.try_append_action(action);
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
    }

    /// Returns why nothing can be written any more, if so.
    pub(crate) fn failure(&mut self) -> Option<JournalError> {
        if self.failed.is_none() {
            self.failed = self.keeper.failure();
        }
        self.failed.clone()
    }

    /// Ends the journal in order: the last entry is safe from a loss of power too.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append). What was written before stays.
    pub(crate) fn close(mut self, now_ns: i64) -> Result<(), JournalError> {
        self.append(&Entry::Closed { at_ns: now_ns })?;
        self.keeper.stop();
        self.view = None;
        let (file, path) = (&self.segment.file, &self.segment.path);
        file.set_len(self.segment.at).map_err(JournalError::io("cut", path))?;
        file.sync_all().map_err(JournalError::io("synchronise", path))
    }

    fn try_append(&mut self, entry: &Entry) -> Result<u64, JournalError> {
        if let Entry::Login { trading_day, at_ns, .. } = entry
            && *trading_day != self.day
        {
            self.day = *trading_day;
            self.begin_segment(*at_ns)?;
        }
        self.encode(entry);
        if self.is_full() {
            self.begin_segment(entry.at_ns())?;
            self.encode(entry);
        }
        if let Entry::Switch { on, .. } = entry {
            self.switch = on.then(|| entry.clone());
        }
        self.write()
    }

    fn try_append_action(&mut self, action: &Action<'_>) -> Result<u64, JournalError> {
        self.encode_action(action);
        if self.is_full() {
            self.begin_segment(action.at_ns)?;
            self.encode_action(action);
        }
        self.write()
    }

    fn encode_action(&mut self, action: &Action<'_>) {
        self.bytes.clear();
        self.frames.action(self.next, action, &mut self.bytes);
    }

    /// Returns whether the segment has no room for what was encoded.
    fn is_full(&self) -> bool {
        self.segment.at + self.bytes.len() as u64 > self.segment_bytes
    }

    fn encode(&mut self, entry: &Entry) {
        self.bytes.clear();
        self.frames.entry(self.next, entry, &mut self.bytes);
    }

    /// One `write(2)`; more only if the system took less than all.
    fn write(&mut self) -> Result<u64, JournalError> {
        let Open { file, path, at, .. } = &mut self.segment;
        file.write_all_at(&self.bytes, *at).map_err(JournalError::io("write", path))?;
        *at += self.bytes.len() as u64;
        let sequence = self.next;
        self.next += 1;
        self.keeper.wrote(sequence, *at);
        Ok(sequence)
    }

    fn begin_segment(&mut self, now_ns: i64) -> Result<(), JournalError> {
        self.bytes.clear();
        let header = Header::new(&self.account, self.day, now_ns, self.next);
        self.frames.begin(&header, &mut self.bytes);
        let (number, spare) = (self.segment.number + 1, self.keeper.take_spare());
        let segment = Open::begin(&self.folder, number, self.segment_bytes, spare, &self.bytes)?;
        let before = std::mem::replace(&mut self.segment, segment);
        self.keeper.turn(Arc::clone(&self.segment.file), before.at);
        if let Some(switch) = self.switch.clone() {
            self.encode(&switch);
            self.write()?;
        }
        Ok(())
    }
}

impl Open {
    fn begin(
        folder: &Folder,
        number: u64,
        room: u64,
        spare: Option<File>,
        bytes: &[u8],
    ) -> Result<Self, JournalError> {
        let path = folder.segment(number);
        let file = match spare {
            Some(file) => {
                let from = folder.path.join(folder::SPARE);
                fs::rename(&from, &path).map_err(JournalError::io("rename", &from))?;
                file
            }
            None => folder::set_aside(&path, room)?,
        };
        file.write_all_at(bytes, 0).map_err(JournalError::io("write", &path))?;
        Ok(Self { file: Arc::new(file), path, number, at: bytes.len() as u64 })
    }
}

/// Deletes the segments before the oldest trading day that is kept.
fn prune(folder: &Path, recovered: &Recovered, keep_days: usize) -> Result<(), JournalError> {
    let days = &recovered.days;
    let Some((_, first_kept)) = days.len().checked_sub(keep_days.max(1)).and_then(|first| days.get(first))
    else {
        return Ok(());
    };
    for (number, path) in folder::segments(folder)? {
        if number < *first_kept {
            fs::remove_file(&path).map_err(JournalError::io("delete", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
