//! The `ctp-gen` command, built once and run as often as needed, with the pinned libclang.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{paths, shell, tools};

/// The features of `ctp-gen` that chores and tests use: one set, so that it is compiled once.
pub(crate) const FEATURES: &str = "command,check";

/// How chores and tests build it: optimised, since it reads a hundred headers. As what others' build scripts use it is not: for
/// them, compiling it takes longer than running it.
pub(crate) const OPTIONS: [&str; 6] =
    ["--package", "ctp-gen", "--features", FEATURES, "--config", "profile.dev.package.ctp-gen.opt-level=1"];

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
        let program = shell::built("ctp-gen", &OPTIONS)?;
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
