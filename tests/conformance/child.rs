//! The process in which a foreign client lives: requests and answers are lines of JSON, and every answer has a deadline.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use serde_json::Value;

/// Bytes of what the client wrote to standard error that a failure shows.
const SAID_MAX: u64 = 600;

/// A process that is asked.
pub(crate) struct Process {
    child: Child,
    requests: ChildStdin,
    answers: Receiver<String>,
    patience: Duration,
    said: File,
}

impl Process {
    /// Starts `command`, which may take `patience` for each answer.
    pub(crate) fn start(command: &mut Command, patience: Duration) -> Result<Self, String> {
        let shown = format!("{command:?}");
        let started = |error| format!("cannot start {shown}: {error}");
        let said = tempfile::tempfile().map_err(|error| format!("cannot make a temporary file: {error}"))?;
        let stderr = said.try_clone().map_err(|error| format!("cannot share a temporary file: {error}"))?;
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr).spawn().map_err(started)?;
        let (Some(requests), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the process has no pipes".to_owned());
        };
        let (line_tx, answers) = channel();
        // Ends with the process, whose end of the pipe closes.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if line_tx.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, requests, answers, patience, said })
    }

    /// Asks and returns the answer. After an error the process is over.
    pub(crate) fn ask(&mut self, request: &Value) -> Result<Value, String> {
        // A process that is over closes the other pipe as well, which is where its end is seen.
        let _ = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        match self.answers.recv_timeout(self.patience) {
            Ok(line) => line.parse().map_err(|error| format!("{line:?} is no answer: {error}")),
            Err(RecvTimeoutError::Timeout) => {
                let _ = self.child.kill();
                Err(self.over(&format!("the client hangs: no answer within {:?}", self.patience)))
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status =
                    self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(self.over(&format!("the client is gone ({status})")))
            }
        }
    }

    /// Returns what happened, with the end of what the process said.
    fn over(&mut self, what: &str) -> String {
        let mut said = Vec::new();
        let length = self.said.seek(SeekFrom::End(0)).unwrap_or(0);
        let from = SeekFrom::Start(length.saturating_sub(SAID_MAX));
        let read = self.said.seek(from).and_then(|_| self.said.read_to_end(&mut said));
        let said = String::from_utf8_lossy(&said);
        match read.is_ok() && !said.trim().is_empty() {
            true => format!("{what}; it said: {}", said.trim()),
            false => what.to_owned(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
