//! What happened at an exchange, for people who watch it: a short log and a few counts. No part of what clients receive.

use std::collections::VecDeque;

use ctp_sim::{Command, Delivery, Input, Output, Timestamp};
use ctp_types::{MdCallback, RspInfoField, RspUserLoginField, TraderCallback, TraderRequest};
use serde::{Deserialize, Serialize};

/// Lines that are kept.
const LINES_MAX: usize = 1_000;

/// The longest line, in characters.
const LINE_LENGTH_MAX: usize = 240;

/// What is counted and noted of an exchange.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    pub(crate) counts: Counts,
    lines: VecDeque<Line>,
    next: u64,
}

/// What an exchange has done since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Ticks given to clients, each client counted.
    pub ticks: u64,
    /// Orders asked for.
    pub orders: u64,
    /// Trades told to clients, each session counted.
    pub trades: u64,
    /// Requests of every kind.
    pub requests: u64,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Counts from 0 without gaps.
    pub number: u64,
    /// The exchange's time in China.
    pub time: String,
    /// `session`, `login`, `refusal`, `command`, `fault` …
    pub kind: String,
    /// What happened.
    pub text: String,
}

impl Activity {
    /// Adds a line to the log.
    pub(crate) fn note(&mut self, at: Timestamp, kind: &str, text: &str) {
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        let text = text.chars().take(LINE_LENGTH_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.lines.push_back(Line { number: self.next, time: at.china(), kind: kind.to_owned(), text });
        self.next += 1;
    }

    /// Returns the lines from a number on, at most so many of the newest.
    pub(crate) fn lines(&self, from: u64, limit: usize) -> Vec<Line> {
        let wanted = self.lines.iter().filter(|line| line.number >= from).count().min(limit);
        self.lines.iter().skip(self.lines.len() - wanted).cloned().collect()
    }

    /// Sees what goes in.
    pub(crate) fn see_input(&mut self, at: Timestamp, input: &Input) {
        match input {
            Input::Trader { request, .. } => {
                self.counts.requests += 1;
                if *request == TraderRequest::ReqOrderInsert {
                    self.counts.orders += 1;
                }
            }
            Input::Md { .. } | Input::Subscribe { .. } | Input::Unsubscribe { .. } => {
                self.counts.requests += 1
            }
            Input::Connect { session, kind, api_version: (major, minor, patch) } => {
                let text = format!("session {} connects: {kind:?} {major}.{minor}.{patch}", session.0);
                self.note(at, "session", &text);
            }
            Input::Disconnect { session } => {
                self.note(at, "session", &format!("session {} is gone", session.0))
            }
            Input::Command(Command::Tick(_) | Command::Feed(_) | Command::Replay(_)) => {}
            Input::Command(command) => self.note(at, "command", &format!("{command:?}")),
            _ => {}
        }
    }

    /// Sees what comes out.
    pub(crate) fn see_output(&mut self, at: Timestamp, output: &Output) {
        let session = output.session.0;
        match &output.delivery {
            Delivery::Md { callback: MdCallback::OnRtnDepthMarketData, .. } => self.counts.ticks += 1,
            Delivery::Trader { callback: TraderCallback::OnRtnTrade, .. } => self.counts.trades += 1,
            Delivery::Trader { callback: TraderCallback::OnRspUserLogin, record, rsp_info, .. } => {
                let record = record.as_ref().and_then(|record| record.get::<RspUserLoginField>());
                let user = record.map_or_else(String::new, |login| login.user_id.to_str().into_owned());
                match rsp_info.as_ref().filter(|info| info.error_id != 0) {
                    None => self.note(at, "login", &format!("session {session}: {user} logged in")),
                    Some(info) => {
                        self.note(
                            at,
                            "refusal",
                            &format!("session {session}: login of {user}: {}", reason(info)),
                        );
                    }
                }
            }
            Delivery::Md { callback: MdCallback::OnRspUserLogin, rsp_info, .. } => {
                match rsp_info.as_ref().filter(|info| info.error_id != 0) {
                    None => self.note(at, "login", &format!("session {session}: market data logged in")),
                    Some(info) => {
                        self.note(at, "refusal", &format!("session {session}: login: {}", reason(info)))
                    }
                }
            }
            Delivery::Trader {
                callback:
                    callback @ (TraderCallback::OnRspOrderInsert
                    | TraderCallback::OnRspOrderAction
                    | TraderCallback::OnRspError),
                rsp_info: Some(info),
                ..
            } if info.error_id != 0 => {
                let text = format!("session {session}: {}: {}", callback.name(), reason(info));
                self.note(at, "refusal", &text);
            }
            Delivery::Close { reason } => {
                self.note(at, "session", &format!("session {session} is disconnected, reason {reason:#x}"));
            }
            _ => {}
        }
    }
}

fn reason(info: &RspInfoField) -> String {
    format!("{} {}", info.error_id, info.error_msg.to_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_lines_go_and_numbers_stay() {
        let mut activity = Activity::default();
        for number in 0..LINES_MAX + 5 {
            activity.note(Timestamp(0), "test", &format!("line\n{number}"));
        }
        let lines = activity.lines(0, usize::MAX);
        assert_eq!((lines.len(), lines[0].number, lines[0].text.as_str()), (LINES_MAX, 5, "line 5"));
        let last = activity.lines(1_003, 10);
        assert_eq!(last.iter().map(|line| line.number).collect::<Vec<_>>(), [1_003, 1_004]);
        assert_eq!(activity.lines(0, 1)[0].number, 1_004, "the newest of what is too much");
        assert!(activity.lines(5_000, 10).is_empty());
    }
}
