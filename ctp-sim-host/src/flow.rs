//! Flow files: the `.con` files that the vendor's library keeps for each instance.
//!
//! `flow` is a plain prefix, not a folder: `./flow/a_` gives `./flow/a_DialogRsp.con`. Each file
//! is six bytes long, as the vendor's: the phase, which tells one run of an exchange from another,
//! and a number, which is that of the last message received of the private or public stream, or the
//! trading day; both big-endian. A count of another phase is not continued: a new process begins with a
//! new exchange, and RESUME from the old count would skip its messages without a word. Counts are written
//! when the instance has nothing else to deliver.
//!
//! The vendor's library kills the process when it cannot open a file; here it is logged and the
//! instance goes on without.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tracing::{error, warn};

use crate::wire::Count;

/// The length of a flow file, in bytes.
const LENGTH: usize = 6;

/// The flow files of one instance.
#[derive(Debug)]
pub(crate) struct FlowFiles {
    prefix: OsString,
    trading_day: FlowFile,
    private: Option<FlowFile>,
    public: Option<FlowFile>,
}

/// A stream that a client subscribes to before `Init`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The investor's own orders and trades.
    Private,
    /// News for everybody.
    Public,
}

impl FlowFiles {
    /// Creates the files of `Create…` after `prefix`, or takes over those of an earlier run.
    pub(crate) fn create(prefix: &OsStr) -> Self {
        FlowFile::open(prefix, "DialogRsp.con");
        FlowFile::open(prefix, "QueryRsp.con");
        Self {
            prefix: prefix.to_owned(),
            trading_day: FlowFile::open(prefix, "TradingDay.con"),
            private: None,
            public: None,
        }
    }

    /// Creates the file of a subscribed stream.
    pub(crate) fn subscribe(&mut self, topic: Topic) {
        let (slot, name) = match topic {
            Topic::Private => (&mut self.private, "Private.con"),
            Topic::Public => (&mut self.public, "Public.con"),
        };
        if slot.is_none() {
            *slot = Some(FlowFile::open(&self.prefix, name));
        }
    }

    /// Returns the trading day of the last login as `yyyymmdd`, 0 before the first.
    pub(crate) fn trading_day(&self) -> u32 {
        self.trading_day.content.number
    }

    /// Keeps the trading day of a login. A new day resets the counts of the streams.
    pub(crate) fn set_trading_day(&mut self, day: u32) {
        if self.trading_day.content.number == day {
            return;
        }
        self.trading_day.set_number(day);
        for file in [&mut self.private, &mut self.public].into_iter().flatten() {
            file.set_number(0);
        }
    }

    /// Says which run of an exchange the streams come from. Another one than before resets their
    /// counts.
    pub(crate) fn set_phase(&mut self, phase: u16) {
        for file in [&mut self.private, &mut self.public].into_iter().flatten() {
            if file.content.phase != phase {
                file.set(Content { phase, number: 0 });
            }
        }
    }

    /// Returns how far the client has the private and the public stream, and of which run of an exchange.
    pub(crate) fn counts(&self) -> [Count; 2] {
        let count = |file: &Option<FlowFile>| match file {
            Some(FlowFile { content: Content { phase, number }, .. }) => {
                Count { phase: *phase, number: *number }
            }
            None => Count::default(),
        };
        [count(&self.private), count(&self.public)]
    }

    /// Keeps the number of a stream's last message received. It is written by [`write`](Self::write).
    pub(crate) fn set_received(&mut self, topic: Topic, number: u32) {
        let file = match topic {
            Topic::Private => &mut self.private,
            Topic::Public => &mut self.public,
        };
        if let Some(file) = file {
            file.content.number = number;
        }
    }

    /// Writes what changed into the files.
    pub(crate) fn write(&mut self) {
        for file in [&mut self.private, &mut self.public].into_iter().flatten() {
            file.write();
        }
    }
}

/// One file and what is in it.
#[derive(Debug)]
struct FlowFile {
    path: PathBuf,
    /// `None` when the file could not be opened or written; the content is then kept in memory.
    file: Option<File>,
    content: Content,
    /// What stands in the file.
    written: Content,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Content {
    phase: u16,
    number: u32,
}

impl FlowFile {
    fn open(prefix: &OsStr, name: &str) -> Self {
        let mut path = prefix.to_owned();
        path.push(name);
        let path = PathBuf::from(path);
        let (file, content) = match open_content(&path) {
            Ok((file, content)) => (Some(file), content),
            Err(cause) => {
                error!(path = %path.display(), %cause, "cannot open a flow file: create its folder; going on without it");
                (None, Content::default())
            }
        };
        Self { path, file, content, written: content }
    }

    fn set_number(&mut self, number: u32) {
        self.set(Content { phase: self.content.phase, number });
    }

    fn set(&mut self, content: Content) {
        self.content = content;
        self.write();
    }

    fn write(&mut self) {
        if self.content == self.written {
            return;
        }
        self.written = self.content;
        if let Some(file) = &self.file
            && let Err(cause) = file.write_all_at(&self.content.encode(), 0)
        {
            error!(path = %self.path.display(), %cause, "cannot write a flow file: going on without it");
            self.file = None;
        }
    }
}

impl Content {
    fn encode(self) -> [u8; LENGTH] {
        let [a, b] = self.phase.to_be_bytes();
        let [c, d, e, f] = self.number.to_be_bytes();
        [a, b, c, d, e, f]
    }

    fn decode([a, b, c, d, e, f]: [u8; LENGTH]) -> Self {
        Self { phase: u16::from_be_bytes([a, b]), number: u32::from_be_bytes([c, d, e, f]) }
    }
}

fn open_content(path: &Path) -> io::Result<(File, Content)> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let length = file.metadata()?.len();
    if length == LENGTH as u64 {
        let mut bytes = [0; LENGTH];
        file.read_exact_at(&mut bytes, 0)?;
        return Ok((file, Content::decode(bytes)));
    }
    if length != 0 {
        warn!(path = %path.display(), length, "flow file is not six bytes long: starting it anew");
        file.set_len(0)?;
    }
    file.write_all_at(&[0; LENGTH], 0)?;
    Ok((file, Content::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(prefix: &OsStr, name: &str) -> Vec<u8> {
        let mut path = prefix.to_owned();
        path.push(name);
        std::fs::read(path).unwrap_or_else(|cause| panic!("{name}: {cause}"))
    }

    fn prefix_in(folder: &tempfile::TempDir) -> OsString {
        folder.path().join("a_").into_os_string()
    }

    #[test]
    fn creation_makes_three_files_of_six_zero_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = prefix_in(&folder);
        let _flow = FlowFiles::create(&prefix);
        for name in ["DialogRsp.con", "QueryRsp.con", "TradingDay.con"] {
            assert_eq!(read(&prefix, name), [0; 6], "{name}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn topics_make_two_more_and_numbers_survive() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = prefix_in(&folder);
        let mut flow = FlowFiles::create(&prefix);
        flow.subscribe(Topic::Private);
        flow.subscribe(Topic::Public);
        flow.set_phase(9);
        flow.set_trading_day(20_261_120);
        flow.set_received(Topic::Private, 7);
        flow.set_received(Topic::Public, 258);
        flow.write();
        drop(flow);

        let mut again = FlowFiles::create(&prefix);
        again.subscribe(Topic::Private);
        again.set_phase(9);
        again.subscribe(Topic::Public);
        assert_eq!(read(&prefix, "Public.con"), [0, 9, 0, 0, 1, 2]);
        let numbers = |flow: &FlowFiles| flow.counts().map(|count| count.number);
        assert_eq!((numbers(&again), again.trading_day()), ([7, 258], 20_261_120));
        again.set_trading_day(20_261_123);
        assert_eq!((numbers(&again), again.trading_day()), ([0, 0], 20_261_123));
        assert_eq!(read(&prefix, "Public.con"), [0, 9, 0, 0, 0, 0]);
    }

    #[test]
    fn a_count_of_another_exchange_is_not_continued() {
        let folder = tempfile::tempdir().unwrap();
        let mut flow = FlowFiles::create(&prefix_in(&folder));
        flow.subscribe(Topic::Private);
        flow.set_phase(1);
        flow.set_received(Topic::Private, 7);
        flow.set_phase(2);
        assert_eq!(flow.counts(), [Count { phase: 2, number: 0 }, Count::default()]);
    }

    #[test]
    fn a_missing_folder_does_not_stop_the_instance() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("missing/a_").into_os_string();
        let mut flow = FlowFiles::create(&prefix);
        flow.set_trading_day(20_261_120);
        assert_eq!(flow.trading_day(), 20_261_120);
    }

    #[test]
    fn a_damaged_file_starts_anew() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = prefix_in(&folder);
        for damage in [&b"short"[..], b"longer than six"] {
            std::fs::write(folder.path().join("a_TradingDay.con"), damage).unwrap();
            let flow = FlowFiles::create(&prefix);
            assert_eq!(flow.trading_day(), 0);
            assert_eq!(read(&prefix, "TradingDay.con"), [0; 6]);
        }
    }
}
