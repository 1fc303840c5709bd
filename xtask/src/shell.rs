//! Running other programs.

use std::env;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::Message;

use crate::paths;

/// Prints `command`, runs it with our own standard streams, and fails unless it ends with success.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    eprintln!("$ {line}");
    let status = command.status().with_context(|| format!("cannot start: {line}"))?;
    if !status.success() {
        bail!("failed with {status}: {line}");
    }
    Ok(())
}

/// Runs `command` silently and returns its standard output. Its standard error is shown when it fails.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let line = line(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start: {line}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("failed with {}: {line}\n{}", output.status, said.trim_end());
    }
    Ok(output.stdout)
}

/// Returns `command` as one would type it, without its environment (which may hold secrets).
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = match program.strip_prefix(paths::root()) {
        Ok(ours) => ours.as_os_str(),
        Err(_) => program.file_name().unwrap_or(command.get_program()),
    };
    let words = [program].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Returns a command that runs the cargo that runs us, in the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(paths::root());
    command
}

/// Lets cargo build the program called `name` and returns its path.
pub(crate) fn built(name: &str, options: &[&str]) -> Result<PathBuf> {
    let mut command = cargo();
    artifact(command.arg("build").args(options).args(["--bin", name]), name)
}

/// Runs a build and returns the path of what it made called `name`: a program, a test, or a shared library.
pub(crate) fn artifact(command: &mut Command, name: &str) -> Result<PathBuf> {
    artifact_with(command, name, &[])
}

/// The same for `cargo rustc`, with arguments for the compiler of the last crate.
pub(crate) fn artifact_with(command: &mut Command, name: &str, rustc: &[String]) -> Result<PathBuf> {
    command.args(["--message-format", "json-render-diagnostics"]);
    if !rustc.is_empty() {
        command.arg("--").args(rustc);
    }
    let line = line(command);
    eprintln!("$ {line}");
    let mut cargo =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start: {line}"))?;
    let mut made = None;
    if let Some(output) = cargo.stdout.take() {
        for message in Message::parse_stream(BufReader::new(output)) {
            if let Message::CompilerArtifact(artifact) = message?
                && artifact.target.name == name
            {
                let library = artifact.filenames.into_iter().find(|path| path.extension() == Some("so"));
                made = artifact.executable.or(library).or(made);
            }
        }
    }
    let status = cargo.wait()?;
    ensure!(status.success(), "failed with {status}: {line}");
    Ok(made.with_context(|| format!("cargo made no {name}"))?.into_std_path_buf())
}

/// Measures how long something takes.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
