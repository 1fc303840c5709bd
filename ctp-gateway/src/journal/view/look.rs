//! Looking into a view from a program.

use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::{FORMAT, failed};
use crate::journal::JournalError;

/// A value in a row of a view.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cell {
    /// Nothing is known.
    Null,
    /// A number, a count or a time.
    Integer(i64),
    /// A price in CNY per unit of quotation.
    Real(f64),
    /// A text.
    Text(String),
}

/// Reads rows of the view at `path`, also while a session writes it, in this process or in another one. `query` is a
/// statement of SQL with a `?` for each of `values`; the tables are told in `schema.sql` beside this file. Nothing is written.
///
/// In the process of the session this is the only safe way: SQLite's locks are the process's, and another copy of SQLite,
/// such as that of Python's `sqlite3`, takes them away from the session when it closes the file.
///
/// # Errors
///
/// [`JournalError::View`] if there is no view, it is damaged, or the query is none; [`JournalError::Io`] if it is of another
/// version.
pub fn look(path: &Path, query: &str, values: &[&str]) -> Result<Vec<Vec<Cell>>, JournalError> {
    let (connection, format) = open(path).map_err(failed(path))?;
    if format != FORMAT {
        let words = format!("its version is {format}, not {FORMAT}");
        return Err(JournalError::io("read", path)(io::Error::new(io::ErrorKind::InvalidData, words)));
    }
    read(&connection, query, values).map_err(failed(path))
}

/// Opens a view, and returns its version.
fn open(path: &Path) -> rusqlite::Result<(Connection, i64)> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let format = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok((connection, format))
}

fn read(connection: &Connection, query: &str, values: &[&str]) -> rusqlite::Result<Vec<Vec<Cell>>> {
    let mut statement = connection.prepare(query)?;
    let columns = statement.column_count();
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((0..columns).map(|column| row.get_ref(column).map(cell)).collect::<Result<_, _>>()?);
    }
    Ok(found)
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Cell::Text(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}
