//! What happened in a run, a line each: the same seed gives the same lines, byte for byte.

use std::fmt::{Arguments, Write};

use super::clock::At;

#[derive(Debug, Default)]
pub(super) struct Log {
    text: String,
}

impl Log {
    pub(super) fn line(&mut self, at: At, line: Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{at} {line}");
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the last lines.
    pub(super) fn tail(&self, count: usize) -> String {
        let lines: Vec<&str> = self.text.lines().collect();
        let skipped = lines.len().saturating_sub(count);
        lines[skipped..].join("\n")
    }
}
