//! Why a store cannot be used.

use std::io;
use std::path::PathBuf;

use crate::recording::RecordingError;

/// Why a store cannot be opened. Each names the file and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such file.
    #[error("{}: there is no such store; `ctp sim serve --store FILE` makes one", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file or the one beside it cannot be read or written.
    #[error("{}: {source}; check that the folder exists and may be written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another server has it.
    #[error(
        "{} is in use by another server (process {process}): stop that one, or choose another file",
        path.display()
    )]
    InUse {
        /// The file.
        path: PathBuf,
        /// The process, or what is known of it.
        process: String,
    },
    /// The file is no store of ours.
    #[error("{} is not a store of the simulator: {found}; choose another file, nothing was changed", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: String,
    },
    /// The file is of another version.
    #[error(
        "{} has format {found}, this build reads {known}: use the build that wrote it, or choose another file",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: String,
        /// What this build reads.
        known: String,
    },
    /// The file was written with other record layouts.
    #[error(
        "{} was written with another model of the CTP records ({found}, this build has {known}): use the build that wrote \
         it ({build}), or begin a new file",
        path.display()
    )]
    Model {
        /// The file.
        path: PathBuf,
        /// The digest in the file.
        found: String,
        /// The digest of this build.
        known: String,
        /// The build that wrote it.
        build: String,
    },
    /// The exchange in the file has other settings.
    #[error("{} holds an exchange with other settings: {difference}; leave them out, or begin a new file", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
    /// The file is damaged.
    #[error("{} is damaged: {place}: {what}; restore it from a copy, or begin a new file (nothing was changed)", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// Rows that were written are gone.
    #[error(
        "{} lacks its last rows: {written} were written, {found} are there; is {}-wal missing, or cut? After a power \
         failure `ctp sim store {} --accept-loss` goes on with what is there",
        path.display(), path.display(), path.display()
    )]
    Lost {
        /// The file.
        path: PathBuf,
        /// Rows written.
        written: u64,
        /// Rows found.
        found: u64,
    },
    /// The inputs do not lead where they led before.
    #[error(
        "{}: row {row}, {at}: the exchange does not come to the state that it had ({difference}); it was written by build \
         {build}, this is {own}: use that build, or begin a new file",
        path.display(), own = super::file::BUILD
    )]
    Differs {
        /// The file.
        path: PathBuf,
        /// The last row before the difference was noticed.
        row: u64,
        /// When, in China's time.
        at: String,
        /// What differs.
        difference: String,
        /// The build that wrote it.
        build: String,
    },
    /// The recording is not the one that the exchange began with.
    #[error("the recording {} is not the one that the store's exchange plays: restore it, or begin a new file", path.display())]
    OtherRecording {
        /// The recording.
        path: PathBuf,
    },
    /// SQLite says something else.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// The settings cannot be.
    #[error(transparent)]
    Config(#[from] ctp_sim::ConfigError),
    /// The recording cannot be played.
    #[error(transparent)]
    Recording(#[from] RecordingError),
}
