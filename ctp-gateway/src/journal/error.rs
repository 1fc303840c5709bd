//! Why a journal cannot be written or read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::segment::FORMAT_VERSION;

/// Why a journal cannot be written or read.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The operating system refused.
    #[error("cannot {what} {}: {source}{}", path.display(), hint(source))]
    Io {
        /// What was tried, for example `write`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: Arc<io::Error>,
    },
    /// Another session writes into the folder.
    #[error(
        "the journal in {} is written by {holder}; end that session, or give this one an instance or folder of its own",
        folder.display()
    )]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// Who holds it, as far as it is known.
        holder: String,
    },
    /// The folder holds another account's journal.
    #[error(
        "the journal in {} is of account {found}, not of {expected}; give each account a folder of its own",
        folder.display()
    )]
    Account {
        /// The folder.
        folder: PathBuf,
        /// Whose journal it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
    /// The records of the day are of another version of the API.
    #[error(
        "{} has records of API {found}, this build of {expected}; end the day with the gateway that wrote it ({gateway}), \
         or move the folder away: the counter's answers then tell alone what was sent",
        path.display()
    )]
    ApiVersion {
        /// The segment.
        path: PathBuf,
        /// The version in the segment.
        found: String,
        /// The version of this build.
        expected: &'static str,
        /// The version of the gateway that wrote it.
        gateway: String,
    },
    /// The file is of another version of the format.
    #[error("{} is of format {found}, this build reads {FORMAT_VERSION}; use the build that wrote it", path.display())]
    FormatVersion {
        /// The segment.
        path: PathBuf,
        /// The version in the segment.
        found: u32,
    },
    /// The view of the journal failed.
    #[error("the view {} failed: {source}; delete it, it is made anew from the journal", path.display())]
    View {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },
}

impl JournalError {
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what, path: path.to_owned(), source: Arc::new(source) }
    }
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => "; the disk is full, make room",
        io::ErrorKind::QuotaExceeded => "; the quota is used up, make room",
        io::ErrorKind::FileTooLarge => "; the limit of file sizes is reached (ulimit -f), raise it",
        io::ErrorKind::PermissionDenied => "; give this user the right to write there",
        io::ErrorKind::ReadOnlyFilesystem => "; the file system is read-only, give another folder",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_done_about_it_is_said() {
        for (kind, words) in [
            (io::ErrorKind::StorageFull, "the disk is full, make room"),
            (io::ErrorKind::QuotaExceeded, "the quota is used up, make room"),
            (io::ErrorKind::FileTooLarge, "(ulimit -f), raise it"),
            (io::ErrorKind::PermissionDenied, "give this user the right to write there"),
            (io::ErrorKind::ReadOnlyFilesystem, "give another folder"),
        ] {
            let said = JournalError::io("write", Path::new("j/1"))(kind.into()).to_string();
            assert!(said.starts_with("cannot write j/1: ") && said.ends_with(words), "{said}");
        }
        let said = JournalError::io("write", Path::new("j/1"))(io::Error::other("smoke")).to_string();
        assert_eq!(said, "cannot write j/1: smoke");
    }
}
