//! Commands that print what a file says, and how they end.

use std::io::{self, BufWriter, StdoutLock, Write};
use std::process::ExitCode;

use ctp_gateway::capture::CaptureError;
use ctp_gateway::journal::JournalError;

/// Standard output.
pub(super) type Out = BufWriter<StdoutLock<'static>>;

/// Why a command failed.
pub(super) enum Failure {
    /// The output could not be written; its reader may have gone away.
    Output(io::Error),
    Words(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<CaptureError> for Failure {
    fn from(error: CaptureError) -> Self {
        Self::Words(error.to_string())
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::Words(error.to_string())
    }
}

/// Runs a command that prints, and says why it failed. A reader that has gone away is no failure: nobody is left to be told.
pub(super) fn print(command: impl FnOnce(&mut Out) -> Result<(), Failure>) -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let result = command(&mut out).and_then(|()| Ok(out.flush()?));
    // What was found before the fault is said before it.
    let _ = out.flush();
    let complaint = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(Failure::Output(error)) => format!("cannot write: {error}"),
        Err(Failure::Words(words)) => words,
    };
    eprintln!("error: {complaint}");
    ExitCode::FAILURE
}
