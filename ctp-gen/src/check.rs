//! Holds a model against a second reader of the same headers: bindgen, whose Rust is read with syn.
//!
//! The second reader shares nothing with [`parse`](crate::parse) but the decoding of the files: it has its own walk
//! over libclang's tree, its own layout in the assertions that it writes, its own mangled names and its own table
//! of virtual methods. What it does not know is counted, never assumed: constants of several characters (C gives
//! them an implementation's number), and the table of a class of callbacks that has a destructor with a body.
//! Default values of parameters and error codes are the parser's alone.

mod bindings;
mod compare;
mod layout;
mod reading;
mod spelling;

use std::path::{Path, PathBuf};

pub use compare::{Agreement, compare};
pub use reading::Reading;

use crate::parse::{Headers, ParseError};

/// Why there is no second reading.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The headers could not be read.
    #[error(transparent)]
    Headers(#[from] ParseError),
    /// The decoded headers could not be put into a temporary folder.
    #[error("cannot put the decoded headers into a temporary folder: {0}")]
    Temporary(#[from] std::io::Error),
    /// bindgen refused the headers.
    #[error("{}: bindgen: {reason}", folder.display())]
    Bindgen {
        /// The folder of headers.
        folder: PathBuf,
        /// What bindgen said.
        reason: String,
    },
    /// bindgen wrote something that this reader does not understand.
    #[error("{}: bindgen wrote what is not understood: {reason}", folder.display())]
    Reading {
        /// The folder of headers.
        folder: PathBuf,
        /// The construct.
        reason: String,
    },
}

/// Reads the headers in `folder` by bindgen and syn.
///
/// # Errors
///
/// Returns what is missing, unreadable, refused by bindgen or not understood in what it wrote.
pub fn read_again(folder: &Path) -> Result<Reading, CheckError> {
    let decoded = tempfile::tempdir()?;
    for (path, text) in Headers::read(folder)?.texts() {
        std::fs::write(decoded.path().join(path.file_name().unwrap_or_default()), text)?;
    }
    let texts = bindings::of(decoded.path())
        .map_err(|reason| CheckError::Bindgen { folder: folder.to_owned(), reason })?;
    Reading::of(&texts).map_err(|reason| CheckError::Reading { folder: folder.to_owned(), reason })
}

/// Returns where the text of a model parts from the text of another, `None` when they are the same byte for byte.
pub fn first_difference(committed: &str, parsed: &str) -> Option<String> {
    if committed == parsed {
        return None;
    }
    let (mut ours, mut theirs) = (committed.lines(), parsed.lines());
    let mut number = 0;
    loop {
        number += 1;
        let (committed, parsed) = (ours.next(), theirs.next());
        if committed != parsed || committed.is_none() {
            let shown = |line: Option<&str>| line.map_or("ends", str::trim).to_owned();
            return Some(format!(
                "line {number}: the model says {}, its headers {}",
                shown(committed),
                shown(parsed)
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_line_that_differs_is_told() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        let told = |committed, parsed| first_difference(committed, parsed).unwrap_or_default();
        assert_eq!(told("a\n b\n", "a\n c\n"), "line 2: the model says b, its headers c");
        assert_eq!(told("a\n", "a\nc\n"), "line 2: the model says ends, its headers c");
        // Alike but for the last line's end.
        assert_eq!(told("a", "a\n"), "line 2: the model says ends, its headers ends");
    }
}
