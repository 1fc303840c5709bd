//! The notices that are kept, and those who read them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use ctp_sim::{Input, Output, Timestamp};
use ctp_types::Text;

use super::{Line, Noted, Notice, read};

/// The most orders, trades and faults that are kept for those who come late.
pub const NOTICES_MAX: usize = 4_096;

/// The most other notices that are kept: the lines of the log.
pub const LINES_MAX: usize = 1_000;

/// Notices that are taken at a time, so that the exchange never waits for a reader.
const PART: usize = 256;

/// The notices of an exchange.
///
/// What is rare, the log, is always kept. Orders, trades and faults are read only while somebody watches, and in a place of
/// their own, so that they push nothing out of the log.
#[derive(Default)]
pub(crate) struct Notices {
    watchers: AtomicUsize,
    kept: Mutex<Kept>,
    more: Condvar,
}

#[derive(Default)]
struct Kept {
    /// The number of the last.
    last: u64,
    log: VecDeque<Numbered>,
    frequent: VecDeque<Numbered>,
    /// The trading day and the last message of each investor's private stream: a replay is no news.
    streams: BTreeMap<Text<13>, (Text<9>, i32)>,
    ended: bool,
}

#[derive(Clone)]
struct Numbered {
    number: u64,
    at: Timestamp,
    notice: Arc<Notice>,
}

impl Notices {
    /// Returns whether somebody watches.
    pub(crate) fn is_watched(&self) -> bool {
        self.watchers.load(Ordering::Relaxed) > 0
    }

    /// Tells those who wait that nothing more comes.
    pub(crate) fn end(&self) {
        crate::lock(&self.kept).ended = true;
        self.more.notify_all();
    }

    /// Returns the lines of the log from a number on, at most so many of the newest.
    pub(crate) fn lines(&self, from: u64, limit: usize) -> Vec<Line> {
        let kept = crate::lock(&self.kept);
        let first = kept.log.partition_point(|noted| noted.number < from);
        let first = first.max(kept.log.len().saturating_sub(limit));
        let noted: Vec<Numbered> = kept.log.range(first..).cloned().collect();
        drop(kept);
        let line = |Numbered { number, at, notice }: Numbered| Line {
            number,
            time: at.china(),
            kind: notice.kind().to_owned(),
            text: notice.line(),
        };
        noted.into_iter().map(line).collect()
    }

    /// Notes something.
    pub(crate) fn note(&self, at: Timestamp, notice: Notice) {
        if self.is_watched() || !notice.is_frequent() {
            crate::lock(&self.kept).push(at, notice);
            self.more.notify_all();
        }
    }

    /// Notes what a step is about; `peer` is where the client is, when it is elsewhere.
    pub(crate) fn input(&self, at: Timestamp, input: &Input, peer: Option<&str>) {
        if let Some(notice) = read::input(input, peer) {
            self.note(at, notice);
        }
    }

    /// Notes what came out of a step.
    pub(crate) fn outputs(&self, at: Timestamp, outputs: &[Output]) {
        let is_watched = self.is_watched();
        for output in outputs {
            if let Some(notice) = read::rare(output) {
                self.note(at, notice);
            } else if is_watched && let Some((message, notice)) = read::frequent(output) {
                let mut kept = crate::lock(&self.kept);
                if kept.is_news(message) {
                    kept.push(at, notice());
                    self.more.notify_all();
                }
            }
        }
    }

    /// Returns what came after a number; waits for it for a while when there is nothing yet.
    fn after(&self, number: u64, patience: Duration) -> Vec<Noted> {
        let mut kept = crate::lock(&self.kept);
        if kept.last <= number && !kept.ended && !patience.is_zero() {
            let waited =
                self.more.wait_timeout_while(kept, patience, |kept| kept.last <= number && !kept.ended);
            kept = waited.map_or_else(|poisoned| poisoned.into_inner().0, |(kept, _)| kept);
        }
        let mut part = kept.part(number);
        drop(kept);
        let mut found = Vec::new();
        while let Some(Numbered { number: last, .. }) = part.last() {
            let last = *last;
            found.append(&mut part);
            if found.len() < NOTICES_MAX + LINES_MAX {
                part = crate::lock(&self.kept).part(last);
            }
        }
        let noted = |Numbered { number, at, notice }: Numbered| Noted {
            number,
            time: at.china(),
            notice: Arc::unwrap_or_clone(notice),
        };
        found.into_iter().map(noted).collect()
    }
}

impl Kept {
    fn push(&mut self, at: Timestamp, notice: Notice) {
        let (lane, most) = match notice.is_frequent() {
            true => (&mut self.frequent, NOTICES_MAX),
            false => (&mut self.log, LINES_MAX),
        };
        if lane.len() == most {
            lane.pop_front();
        }
        self.last += 1;
        lane.push_back(Numbered { number: self.last, at, notice: Arc::new(notice) });
    }

    /// Returns the first of what came after a number.
    fn part(&self, number: u64) -> Vec<Numbered> {
        let later = |lane: &VecDeque<Numbered>| lane.partition_point(|noted| noted.number <= number);
        let mut log = self.log.range(later(&self.log)..).peekable();
        let mut frequent = self.frequent.range(later(&self.frequent)..).peekable();
        let next = || match (log.peek(), frequent.peek()) {
            (Some(line), Some(other)) if line.number < other.number => log.next(),
            (Some(_), None) => log.next(),
            _ => frequent.next(),
        };
        std::iter::from_fn(next).take(PART).cloned().collect()
    }

    /// Returns whether a message of a private stream was not seen before.
    fn is_news(&mut self, (investor, day, number): read::Message) -> bool {
        let seen = self.streams.entry(investor).or_insert((day, 0));
        if seen.0 == day && number <= seen.1 {
            return false;
        }
        *seen = (day, number);
        true
    }
}

/// Somebody who watches an exchange: orders, trades and faults are noted until it is dropped.
pub struct Watcher {
    notices: Arc<Notices>,
    after: u64,
}

impl Watcher {
    pub(crate) fn new(notices: &Arc<Notices>) -> Self {
        notices.watchers.fetch_add(1, Ordering::Relaxed);
        Self { notices: Arc::clone(notices), after: 0 }
    }

    /// Returns what happened since the last call, at first everything that is kept; waits for something for a while when
    /// there is nothing yet. A gap in the numbers is what was not taken in time.
    pub fn next(&mut self, patience: Duration) -> Vec<Noted> {
        let noted = self.notices.after(self.after, patience);
        self.after = noted.last().map_or(self.after, |noted| noted.number);
        noted
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.notices.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher").field("after", &self.after).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> Notice {
        Notice::Log { about: "command", text: format!("line\n{number}") }
    }

    fn fault() -> Notice {
        Notice::Fault { text: "drop".to_owned() }
    }

    #[test]
    fn old_lines_go_and_numbers_stay() {
        let notices = Notices::default();
        for number in 1..=LINES_MAX + 5 {
            notices.note(Timestamp(0), line(number));
        }
        let lines = notices.lines(0, usize::MAX);
        assert_eq!((lines.len(), lines[0].number, lines[0].text.as_str()), (LINES_MAX, 6, "line·6"));
        let last = notices.lines(1_004, 10);
        assert_eq!(last.iter().map(|line| line.number).collect::<Vec<_>>(), [1_004, 1_005]);
        assert_eq!(notices.lines(0, 1)[0].number, 1_005, "the newest of what is too much");
        assert!(notices.lines(5_000, 10).is_empty());
    }

    #[test]
    fn what_is_frequent_is_noted_while_somebody_watches_and_pushes_no_line_out() {
        let notices = Arc::new(Notices::default());
        notices.note(Timestamp(0), line(1));
        notices.note(Timestamp(0), fault());
        let mut watcher = Watcher::new(&notices);
        assert_eq!(watcher.next(Duration::ZERO).len(), 1, "nobody watched");
        for _ in 0..NOTICES_MAX + 10 {
            notices.note(Timestamp(0), fault());
        }
        notices.note(Timestamp(0), line(2));
        let noted = watcher.next(Duration::ZERO);
        assert_eq!((noted.len(), noted[0].number), (NOTICES_MAX + 1, 12), "ten were lost, and show");
        assert!(noted.is_sorted_by_key(|noted| noted.number));
        assert!(matches!(noted.last().map(|noted| &noted.notice), Some(Notice::Log { .. })));
        assert_eq!(notices.lines(0, 10).len(), 2);
        drop(watcher);
        assert!(!notices.is_watched());
    }
}
