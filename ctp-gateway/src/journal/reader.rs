//! Reading a journal's folder.

use std::fs;
use std::path::{Path, PathBuf};

use ctp_types::Text;

use super::segment::{self, Header};
use super::{Damage, DamageKind, Entry, JournalError, folder};

/// A segment as it was read.
#[derive(Debug)]
#[non_exhaustive]
pub struct Segment {
    /// The file.
    pub path: PathBuf,
    /// What it says about itself; `None` if that is damaged.
    pub header: Option<Header>,
    /// Its entries with their numbers.
    pub entries: Vec<(u64, Entry)>,
    /// What is wrong with it, in the order of the file.
    pub damage: Vec<Damage>,
    /// Where its last entry ends, in bytes.
    pub end: u64,
    /// How long the file is, in bytes. Behind the end are zeros while it is written.
    pub length: u64,
}

impl Segment {
    /// Reads a segment.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or is of another version of format or API. Damage is no error.
    pub fn read(path: &Path) -> Result<Self, JournalError> {
        let bytes = fs::read(path).map_err(JournalError::io("read", path))?;
        let contents = segment::read(&bytes);
        let path = path.to_owned();
        if let Some(header) = &contents.header
            && header.api != ctp_types::API_VERSION
        {
            let (found, gateway) = (header.api.clone(), header.gateway.clone());
            return Err(JournalError::ApiVersion { path, found, expected: ctp_types::API_VERSION, gateway });
        }
        if let Some(found) = contents.other_version() {
            return Err(JournalError::FormatVersion { path, found });
        }
        let damage = contents
            .damage
            .into_iter()
            .map(|(offset, kind)| Damage { path: path.clone(), offset, kind })
            .collect();
        let (header, entries, end) = (contents.header, contents.entries, contents.end);
        Ok(Self { path, header, entries, damage, end, length: bytes.len() as u64 })
    }
}

/// A journal's segments in order. A segment that is missing between two is damage of the one behind it.
#[derive(Debug)]
pub struct Segments {
    paths: std::vec::IntoIter<(u64, PathBuf)>,
    /// The number of the next entry.
    next: Option<u64>,
}

impl Segments {
    /// Lists the segments of a folder, also of one that is being written.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        Ok(Self { paths: folder::segments(folder)?.into_iter(), next: None })
    }

    fn look_for_gap(&mut self, segment: &mut Segment) {
        let Some(first) = segment.header.as_ref().map(|header| header.first) else { return };
        if let Some(next) = self.next.filter(|next| *next < first) {
            let kind = DamageKind::Missing { first: next, last: first - 1 };
            segment.damage.insert(0, Damage { path: segment.path.clone(), offset: 0, kind });
        }
    }
}

impl Iterator for Segments {
    type Item = Result<Segment, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (_, path) = self.paths.next()?;
        Some(Segment::read(&path).inspect_err(|_| self.next = None).map(|mut segment| {
            self.look_for_gap(&mut segment);
            let first = segment.header.as_ref().map(|header| header.first);
            self.next = segment.entries.last().map(|(last, _)| last + 1).or(first).or(self.next);
            segment
        }))
    }
}

/// What a journal remembers of its newest trading day.
#[derive(Debug, Default)]
pub(crate) struct Recovered {
    /// The day, `yyyymmdd`; `None` if no login ever succeeded.
    pub(crate) trading_day: Option<Text<9>>,
    /// What was written on that day and since, in order.
    pub(crate) entries: Vec<Entry>,
    /// Since when the kill switch is on and why, if it is.
    pub(crate) switch: Option<(i64, String)>,
    /// Everything that is wrong with what was read.
    pub(crate) damage: Vec<Damage>,
    /// The number that the next entry has.
    pub(crate) next: u64,
    /// Files that are longer than what is in them, and how long they should be.
    pub(super) cuts: Vec<(PathBuf, u64)>,
    /// Days that are there, the newest last, with the number of the first segment of each.
    pub(super) days: Vec<(Text<9>, u64)>,
}

impl Recovered {
    /// Reads the newest trading day of a folder.
    pub(super) fn read(folder: &Path, account: &str) -> Result<Self, JournalError> {
        let mut this = Self::default();
        let listed = folder::segments(folder)?;
        for (number, path) in &listed {
            let Some(header) = header(path)? else { continue };
            if header.account != account {
                let (found, expected) = (header.account, account.to_owned());
                return Err(JournalError::Account { folder: folder.to_owned(), found, expected });
            }
            if !header.trading_day.is_empty()
                && this.days.last().is_none_or(|(day, _)| *day != header.trading_day)
            {
                this.days.push((header.trading_day, *number));
            }
        }
        let from = this.days.last().map_or(0, |(_, first)| *first);
        this.trading_day = this.days.last().map(|(day, _)| *day);
        let newest: Vec<_> = listed.into_iter().filter(|(number, _)| *number >= from).collect();
        for segment in (Segments { paths: newest.into_iter(), next: None }) {
            this.take(segment?);
        }
        this.next = this.next.max(1);
        Ok(this)
    }

    fn take(&mut self, segment: Segment) {
        let Segment { path, header, entries, damage, end, length } = segment;
        if (end < length || length == 0) && damage.iter().all(|damage| damage.kind.is_torn()) {
            self.cuts.push((path, end));
        }
        self.damage.extend(damage);
        self.next = self.next.max(header.map_or(0, |header| header.first));
        for (sequence, entry) in entries {
            self.next = self.next.max(sequence + 1);
            if let Entry::Switch { at_ns, on, reason } = &entry {
                self.switch = on.then(|| (*at_ns, reason.clone()));
            }
            self.entries.push(entry);
        }
    }
}

/// Reads what a segment says about itself, if it can be read.
fn header(path: &Path) -> Result<Option<Header>, JournalError> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(JournalError::io("open", path))?;
    file.take(segment::HEADER_MAX).read_to_end(&mut bytes).map_err(JournalError::io("read", path))?;
    Ok(segment::header(&bytes))
}
