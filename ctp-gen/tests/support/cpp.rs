//! The C++ compiler.

use std::process::Command;

/// Returns the compiler, `CXX` or `c++`, with the standard that the adapters are built with.
pub(crate) fn compiler() -> Command {
    let mut command = Command::new(std::env::var_os("CXX").unwrap_or_else(|| "c++".into()));
    command.arg("-std=c++14");
    command
}

/// Runs a command and returns what it printed; all of it is the error when it fails.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    if output.status.success() { Ok(text) } else { Err(text) }
}
