//! The `ctp-gen` command, built once and run as often as needed, with the pinned libclang.

use std::io::BufReader;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use cargo_metadata::Message;

use crate::{paths, shell, tools};

/// The features of `ctp-gen` that chores and tests use: one set, so that it is compiled once.
pub(crate) const FEATURES: &str = "command,check";

/// The built command.
pub(crate) struct Generator {
    program: PathBuf,
}

impl Generator {
    /// Puts libclang in place and lets cargo build the command.
    pub(crate) fn build() -> Result<Self> {
        tools::run()?;
        Self::rebuild()
    }

    /// Lets cargo build the command, with the models that are there now.
    pub(crate) fn rebuild() -> Result<Self> {
        let mut command = shell::cargo();
        command.args(["build", "--package", "ctp-gen", "--features", FEATURES, "--bin", "ctp-gen"]);
        command.args(["--message-format", "json-render-diagnostics"]);
        let line = shell::line(&command);
        eprintln!("$ {line}");
        let mut cargo =
            command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start: {line}"))?;
        let mut program = None;
        if let Some(output) = cargo.stdout.take() {
            for message in Message::parse_stream(BufReader::new(output)) {
                if let Message::CompilerArtifact(artifact) = message?
                    && artifact.target.name == "ctp-gen"
                {
                    program = artifact.executable.or(program);
                }
            }
        }
        let status = cargo.wait()?;
        ensure!(status.success(), "failed with {status}: {line}");
        let program = program.context("cargo built no program ctp-gen")?.into_std_path_buf();
        Ok(Self { program })
    }

    /// Returns a command that runs the generator, in the workspace.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // The pinned libclang, whatever the system has.
        command.current_dir(paths::root()).env("LIBCLANG_PATH", paths::tools());
        command
    }
}
