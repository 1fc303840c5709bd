//! `ctp-gen check`: are the models what the headers say, and does the second reader agree.

#[cfg(feature = "check")]
#[path = "check/judge.rs"]
mod judge;
#[cfg(feature = "check")]
#[path = "check/subject.rs"]
mod subject;

use std::{error::Error, path::PathBuf, process::ExitCode};

/// What to check, and where the headers are.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Versions (6.7.11, se-6.7.11, mini-1.7.7), or folders of headers, whatever they are of; every version with a
    /// model when not given.
    #[arg(value_name = "VERSION")]
    versions: Vec<String>,
    /// Folder with the headers of each version in FAMILY-VERSION/include, as `cargo xtask vendor` makes it.
    #[arg(long, default_value = "vendor")]
    vendor: PathBuf,
    /// Family of versions without one, and of folders of headers; se when not given.
    #[arg(long)]
    family: Option<String>,
    /// Passes over versions whose headers are not there.
    #[arg(long)]
    present_only: bool,
}

/// Says what to build: bindgen is heavy, and no other command needs it.
#[cfg(not(feature = "check"))]
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let Arguments { versions: _, vendor: _, family: _, present_only: _ } = arguments;
    Err("this ctp-gen was built without the second reader; \
         `cargo run --package ctp-gen --features command,check -- check` has it"
        .into())
}

/// Holds the models against their headers.
#[cfg(feature = "check")]
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    judge::run(arguments)
}
