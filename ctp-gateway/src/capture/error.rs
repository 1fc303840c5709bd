//! What can be wrong with a capture.

use std::io;
use std::path::PathBuf;

use super::file::FORMAT_VERSION;

/// What is wrong with a capture. Offsets are bytes from the start of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The file cannot be opened or made.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried: `open` or `create`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Reading failed.
    #[error("cannot read the capture at offset {offset}: {source}")]
    Read {
        /// Where the frame begins.
        offset: u64,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file has no byte: the process ended before the writer began, or the file is another one.
    #[error("the file is empty")]
    Empty,
    /// The file does not begin as a capture does.
    #[error("this is no capture: it begins with {found:02x?} instead of {expected:02x?}")]
    NotACapture {
        /// The first bytes.
        found: Vec<u8>,
        /// What they should be.
        expected: Vec<u8>,
    },
    /// The file is of another version of the format.
    #[error(
        "the capture is of format {found} (offset 8), this build reads {FORMAT_VERSION}; use the build that wrote it"
    )]
    FormatVersion {
        /// The version in the file.
        found: u32,
    },
    /// The records in the file are of another version of the API.
    #[error(
        "the capture (header at offset {offset}) has records of API {found}, this build of {expected}; use the build that wrote it ({gateway})"
    )]
    ApiVersion {
        /// Where the header begins.
        offset: u64,
        /// The version in the file.
        found: String,
        /// The version of this build.
        expected: String,
        /// The gateway that wrote it.
        gateway: String,
    },
    /// The file ends inside a frame: the process or the machine stopped while it was written, or a copy is cut.
    #[error(
        "the capture is torn at offset {offset}: {needed} bytes should follow, {found} do; what is before is whole"
    )]
    Torn {
        /// Where the unfinished frame begins.
        offset: u64,
        /// How many bytes should follow there.
        needed: u64,
        /// How many do.
        found: u64,
    },
    /// The file ends after a whole frame, without an end mark: the process was ended while it recorded.
    #[error(
        "the capture has no end mark at offset {offset}: its process ended without a close; what is before is whole"
    )]
    Unfinished {
        /// Where the end mark should be.
        offset: u64,
    },
    /// A checksum does not fit: bytes were changed, lost or moved after they were written.
    #[error(
        "the capture is damaged in the frame at offset {offset}: {what} does not fit its checksum; what is before is whole"
    )]
    Damaged {
        /// Where the frame begins.
        offset: u64,
        /// The part of the frame.
        what: &'static str,
    },
    /// A frame is whole but says what cannot be.
    #[error("the frame at offset {offset} cannot be read: {reason}")]
    Malformed {
        /// Where the frame begins.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// An input cannot be made again.
    #[error("the step at offset {offset} cannot be replayed: {reason}")]
    NotReplayable {
        /// Where the step begins.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
}

impl CaptureError {
    /// Returns where in the file the fault is, if it is at one place.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::ApiVersion { offset, .. }
            | Self::Read { offset, .. }
            | Self::Torn { offset, .. }
            | Self::Unfinished { offset }
            | Self::Damaged { offset, .. }
            | Self::Malformed { offset, .. }
            | Self::NotReplayable { offset, .. } => Some(*offset),
            Self::FormatVersion { .. } => Some(8),
            Self::Empty | Self::NotACapture { .. } => Some(0),
            Self::Io { .. } => None,
        }
    }

    /// Returns whether the file is whole up to its [`offset`](Self::offset) and only its end is missing, as after a
    /// crash.
    pub fn is_cut(&self) -> bool {
        matches!(self, Self::Torn { .. } | Self::Unfinished { .. })
    }
}
