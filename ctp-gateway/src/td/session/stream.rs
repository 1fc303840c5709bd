//! A private stream that leaves things out: what a query shows, and nobody pushes.
//!
//! A stream that goes on from a number (`Resume`, `FromSequence`) says nothing until the counter gets there, and a counter that
//! was started anew within the day may have begun below it (`ctp-behaviour.md` §9.1). Nobody tells; but then a query shows what
//! happened on a link that stands, and no push comes after it. A stream of the whole day cannot leave anything out.

use std::time::{Duration, Instant};

use crate::config::Resume;
use crate::state::LinkLoss;
use crate::td::session::TdSession;

/// How long after a query the push of what it showed first may come.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is known of the private stream.
#[derive(Debug)]
pub(super) struct Stream {
    /// Whether it goes on from a number.
    may_skip: bool,
    /// Whether it was found to leave things out, so that fresh API objects ask for the whole day.
    is_behind: bool,
    /// Until when a push is awaited, since a query was first with its news.
    awaited: Option<Instant>,
}

impl Stream {
    pub(super) fn new(resume: Resume) -> Self {
        let may_skip = matches!(resume, Resume::Resume | Resume::FromSequence(_));
        Self { may_skip, is_behind: false, awaited: None }
    }

    /// Returns whether the whole day is asked for, whatever is configured.
    pub(super) fn replays_day(&self) -> bool {
        self.is_behind
    }

    /// A query was the first to tell of something that happened on the present link.
    fn shown(&mut self, now: Instant) {
        if self.may_skip {
            self.awaited.get_or_insert(now + PATIENCE);
        }
    }

    /// Something was pushed, or nothing can be any more: the link broke.
    pub(super) fn pushed(&mut self) {
        self.awaited = None;
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.awaited
    }

    /// Returns whether what was awaited has not come: once, as the stream of the fresh object leaves nothing out.
    fn finds_gap(&mut self, now: Instant) -> bool {
        let finds = self.awaited.is_some_and(|until| until <= now);
        if finds {
            *self = Self { may_skip: false, is_behind: true, awaited: None };
        }
        finds
    }
}

impl TdSession {
    /// Notes that a query told something of orders or trades. Before the session has caught up with its login, a query is
    /// expected to be first.
    pub(super) fn note_shown(&mut self, now: Instant) {
        if !self.assurance.recovery.is_recovering() {
            self.stream.shown(now);
        }
    }

    /// Gives the link up if its private stream leaves things out.
    pub(super) fn judge_stream(&mut self, now: Instant) {
        if self.stream.finds_gap(now) {
            let mut moves = Vec::new();
            self.handshake.renew(now, LinkLoss::StreamBehind, &mut moves);
            self.carry_out(now, moves);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_and_never_pushed_is_a_gap_once() {
        let start = Instant::now();
        for resume in [Resume::Resume, Resume::FromSequence(20)] {
            let mut stream = Stream::new(resume);
            assert!(!stream.finds_gap(start + PATIENCE * 9));
            stream.shown(start);
            stream.shown(start + PATIENCE / 2);
            assert_eq!(stream.next_deadline(), Some(start + PATIENCE));
            assert!(!stream.finds_gap(start + PATIENCE / 2) && !stream.replays_day());
            assert!(stream.finds_gap(start + PATIENCE) && stream.replays_day());
            assert_eq!(stream.next_deadline(), None);
            stream.shown(start);
            assert!(!stream.finds_gap(start + PATIENCE) && stream.replays_day());
        }
    }

    #[test]
    fn a_push_proves_that_the_stream_goes_on() {
        let start = Instant::now();
        let mut stream = Stream::new(Resume::Resume);
        stream.shown(start);
        stream.pushed();
        assert_eq!(stream.next_deadline(), None);
        assert!(!stream.finds_gap(start + PATIENCE));
        stream.shown(start + PATIENCE);
        assert!(stream.finds_gap(start + PATIENCE * 2));
    }

    #[test]
    fn a_stream_of_the_whole_day_or_of_none_of_it_leaves_nothing_out() {
        let start = Instant::now();
        for resume in [Resume::Restart, Resume::Quick] {
            let mut stream = Stream::new(resume);
            stream.shown(start);
            assert!(!stream.finds_gap(start + PATIENCE) && !stream.replays_day());
        }
    }
}
