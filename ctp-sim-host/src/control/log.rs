//! What happened, for people.

use serde::{Deserialize, Serialize};

use super::ControlError;
use super::operation::{Operation, Request, Run, optional};
use crate::notice::Line;
use crate::simulator::Simulator;

/// Lines given when no limit is asked for.
const LIMIT: usize = 100;

pub(super) const OPERATIONS: &[Operation] = &[Operation {
    name: Log::NAME,
    help: "tells what happened: connections, logins, refusals, commands, plans; 1,000 lines are kept",
    arguments: &[
        optional("from", "the number of the first line wanted; default 0").number(),
        optional("limit", "how many of the newest at most; default 100").number(),
    ],
    answer: "lines, next",
    example: "limit=20",
    run: Run::of::<Log>(),
}];

/// Asks for the log.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The number of the first line wanted.
    pub from: u64,
    /// How many of the newest at most; default 100.
    pub limit: Option<usize>,
}

/// Lines of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// The oldest first.
    pub lines: Vec<Line>,
    /// What `from` is to be for the lines after these.
    pub next: u64,
}

impl Request for Log {
    const NAME: &'static str = "log";
    type Answer = Lines;

    fn carry_out(self, exchange: &Simulator) -> Result<Lines, ControlError> {
        let lines = exchange.log(self.from, self.limit.unwrap_or(LIMIT));
        let next = lines.last().map_or(self.from, |line| line.number + 1);
        Ok(Lines { lines, next })
    }
}
