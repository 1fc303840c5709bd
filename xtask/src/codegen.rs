//! `cargo xtask codegen`: the committed API models, made from the vendor's headers.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::generator::Generator;
use crate::vendor::manifest::Set;
use crate::{paths, shell, vendor};

/// What to do with the models.
#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// Only compare: fail unless every committed model is, byte for byte, what the headers say, the second reader
    /// agrees, and the pages in docs/upgrades are those of the models.
    #[arg(long)]
    check: bool,
}

/// Makes the models of all pinned versions, or compares them.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    vendor::run(&vendor::Arguments::default())?;
    if arguments.check { check() } else { write() }
}

/// Returns whether the headers of every pinned version and libclang are in place.
pub(crate) fn is_possible() -> Result<bool> {
    let manifest = vendor::manifest()?;
    let has_headers = manifest.versions().all(|version| headers(version).is_dir());
    Ok(has_headers && paths::tools().join("libclang.so").is_file())
}

/// Fails unless every committed model is what both readers find in the headers; one process reads them all.
pub(crate) fn check() -> Result<()> {
    let generator = Generator::build()?;
    shell::run(generator.command().arg("check"))?;
    shell::run(generator.command().args(["docs", "--check"]))
}

fn write() -> Result<()> {
    let generator = Generator::build()?;
    for version in vendor::manifest()?.versions() {
        parse(&generator, version, &committed_model(version))?;
    }
    // With the models that are there now.
    shell::run(Generator::rebuild()?.command().arg("docs"))
}

fn parse(generator: &Generator, version: &Set, output: &Path) -> Result<()> {
    let headers = headers(version);
    if !headers.is_dir() {
        bail!("{} is missing; `cargo xtask vendor` puts it there", paths::shown(&headers));
    }
    let mut command = generator.command();
    command.arg("parse").arg(paths::shown(&headers));
    command.args(["--family", &version.family, "--version", &version.version, "--output"]).arg(output);
    shell::output(&mut command)?;
    println!("{}: made from {}", paths::shown(output), paths::shown(&headers));
    Ok(())
}

fn headers(version: &Set) -> PathBuf {
    paths::vendor().join(version.folder()).join("include")
}

fn committed_model(version: &Set) -> PathBuf {
    paths::root().join("ctp-gen/api").join(format!("{}.json", version.folder()))
}
