//! `cargo xtask codegen`: the committed API models, made from the vendor's headers.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};

use crate::generator::Generator;
use crate::vendor::manifest::Set;
use crate::{paths, shell, vendor};

/// What to do with the models.
#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// Only compare: fail unless every committed model is, byte for byte, what the headers say.
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

/// Fails unless every committed model is, byte for byte, what the headers say.
pub(crate) fn check() -> Result<()> {
    let generator = Generator::build()?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut differing = Vec::new();
    for version in vendor::manifest()?.versions() {
        let made = folder.path().join("model.json");
        parse(&generator, version, &made)?;
        let committed = committed_model(version);
        let is_same = fs::read(&made)? == fs::read(&committed).unwrap_or_default();
        println!("{}: {}", paths::shown(&committed), if is_same { "as its headers say" } else { "DIFFERS" });
        if !is_same {
            differing.push(version.folder());
        }
    }
    ensure!(
        differing.is_empty(),
        "models differ from their headers: {}; `cargo xtask codegen` makes them anew, for review as a diff",
        differing.join(", ")
    );
    Ok(())
}

fn write() -> Result<()> {
    let generator = Generator::build()?;
    for version in vendor::manifest()?.versions() {
        parse(&generator, version, &committed_model(version))?;
    }
    Ok(())
}

fn parse(generator: &Generator, version: &Set, output: &PathBuf) -> Result<()> {
    let headers = headers(version);
    if !headers.is_dir() {
        bail!("{} is missing; `cargo xtask vendor` puts it there", paths::shown(&headers));
    }
    let mut command = generator.command();
    command
        .arg("parse")
        .arg(paths::shown(&headers))
        .args(["--family", &version.family, "--version", &version.version])
        .arg("-o")
        .arg(output);
    shell::output(&mut command).map(drop)
}

fn headers(version: &Set) -> PathBuf {
    paths::vendor().join(version.folder()).join("include")
}

fn committed_model(version: &Set) -> PathBuf {
    paths::root().join("ctp-gen/api").join(format!("{}.json", version.folder()))
}
