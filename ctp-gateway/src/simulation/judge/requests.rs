//! Requests: each ends exactly once, in time; what has effects leaves at most once, and "not sent" is the truth.

use std::collections::{BTreeMap, BTreeSet};

use super::At;

/// The requests of users that have not ended.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// By number: what it is and until when it must have ended.
    open: BTreeMap<u64, (String, At)>,
    ended: u64,
}

impl Requests {
    pub(crate) fn asked(&mut self, number: u64, what: String, until: At) {
        self.open.insert(number, (what, until));
    }

    /// Takes note of an end. Returns what it was.
    pub(crate) fn ended(&mut self, number: u64) -> Result<String, String> {
        self.ended += 1;
        match self.open.remove(&number) {
            Some((what, _)) => Ok(what),
            None => Err(format!("request {number} ended twice")),
        }
    }

    /// The caller went away.
    pub(crate) fn dropped(&mut self, number: u64) {
        self.open.remove(&number);
    }

    pub(crate) fn lost(&self, number: u64) -> String {
        let what = self.open.get(&number).map_or("a request", |(what, _)| what);
        format!("request {number} ({what}) was dropped without an answer")
    }

    pub(crate) fn check(&self, now: At) -> Result<(), String> {
        let overdue = self.open.iter().find(|(_, (_, until))| *until < now);
        match overdue {
            Some((number, (what, until))) => {
                Err(format!("request {number} ({what}) should have ended by {}", until.to_string().trim()))
            }
            None => Ok(()),
        }
    }

    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn total(&self) -> u64 {
        self.ended
    }
}

/// Requests that change something: orders, cancels and the like.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// How many a user wished for, and how many left, by the C name.
    wished: BTreeMap<&'static str, u64>,
    left: BTreeMap<&'static str, u64>,
    /// Those that the library took, by request number.
    taken: BTreeSet<i32>,
}

impl Effects {
    pub(crate) fn wished(&mut self, request: &'static str) {
        *self.wished.entry(request).or_default() += 1;
    }

    /// The process died: another numbers its requests anew.
    pub(crate) fn died(&mut self) {
        self.taken.clear();
    }

    /// The session gives the request to the library, which takes it or not.
    pub(crate) fn left(&mut self, request: &'static str, request_id: i32, code: i32) -> Result<(), String> {
        let left = self.left.entry(request).or_default();
        *left += 1;
        let wished = self.wished.get(request).copied().unwrap_or(0);
        if *left > wished {
            return Err(format!("{request} left {left} times, and was wished for {wished} times"));
        }
        if code == 0 && !self.taken.insert(request_id) {
            return Err(format!("{request} left twice under the number {request_id}"));
        }
        Ok(())
    }

    /// The user was told that a request was not sent.
    pub(crate) fn said_not_sent(&self, request_id: i32) -> Result<(), String> {
        match self.taken.contains(&request_id) {
            true => {
                Err(format!("request number {request_id} was said to be not sent, but the library took it"))
            }
            false => Ok(()),
        }
    }
}
