//! What an operator sees of the exchange: rows that a person or a program reads, not records of the API.
//!
//! Nothing here changes the exchange: what is looked at, and when, has no part in what clients receive.
//! Money is in CNY, prices per unit, volumes in lots, times those of China. A price that there is not is `None`.

mod market;
mod money;
mod orders;
mod records;
mod streams;

use std::fmt::Debug;

use ctp_types::Text;
use serde::{Deserialize, Serialize};

pub use market::{Book, Instrument, InstrumentsWanted, Level};
pub use money::{Account, Position};
pub use orders::{Order, Trade};
pub use streams::Message;

/// Which rows are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    /// Of one investor only.
    pub investor: Option<String>,
    /// Of one instrument only.
    pub instrument: Option<String>,
    /// Only orders that may still trade, or only those that ended.
    pub live: Option<bool>,
    /// The newest first; default: the oldest.
    pub newest: bool,
    /// How many to leave out.
    pub offset: usize,
    /// How many at most; default 100.
    pub limit: Option<usize>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether there are more behind them.
    pub more: bool,
}

/// Rows given when no limit is asked for.
pub const LIMIT: usize = 100;

/// The most rows of one answer: they stay below 1 MiB.
pub const LIMIT_MAX: usize = 1_000;

impl Wanted {
    /// Returns the part of a list that is wanted, and whether there is more.
    fn page<T>(&self, rows: impl DoubleEndedIterator<Item = T>) -> Page<T> {
        if self.newest {
            part(rows.rev(), self.offset, self.limit)
        } else {
            part(rows, self.offset, self.limit)
        }
    }
}

/// Returns some rows of a list.
fn part<T>(rows: impl Iterator<Item = T>, offset: usize, limit: Option<usize>) -> Page<T> {
    let limit = limit.unwrap_or(LIMIT).min(LIMIT_MAX);
    let mut rest = rows.skip(offset);
    let rows: Vec<T> = rest.by_ref().take(limit).collect();
    Page { rows, more: rest.next().is_some() }
}

/// Returns a constant's name as a word: `AllTraded` is `all-traded`.
fn word(value: impl Debug) -> String {
    let full = format!("{value:?}");
    let name = full.rsplit("::").next().unwrap_or_default();
    let mut word = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

fn owned<const N: usize>(text: &Text<N>) -> String {
    text.to_str().trim().to_owned()
}
