//! The tables for people.

use ctp_sim::{Exchange, Timestamp};
use rusqlite::Connection;

pub(super) const NAMES: [&str; 0] = [];

pub(super) const SCHEMA: &str = "
CREATE TABLE shown (at TEXT NOT NULL, row INTEGER NOT NULL);
";

#[derive(Default)]
pub(super) struct Shown {
    row: Option<(u64, Timestamp)>,
}

pub(super) struct News {
    at: String,
    row: u64,
}

impl Shown {
    pub(super) fn news(&mut self, _exchange: &Exchange, row: u64, reached: Timestamp) -> Option<News> {
        if self.row.replace((row, reached)) == Some((row, reached)) {
            return None;
        }
        Some(News { at: reached.china(), row })
    }
}

impl News {
    pub(super) fn write(self, connection: &mut Connection) -> rusqlite::Result<()> {
        let transaction = connection.transaction()?;
        transaction.execute("DELETE FROM shown", [])?;
        transaction.execute("INSERT INTO shown VALUES (?, ?)", (self.at, self.row as i64))?;
        transaction.commit()
    }
}
