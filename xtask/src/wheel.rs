//! `cargo xtask wheel`: the Python package, with the simulator in it, built into `target/wheels/`.

mod contents;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use ctp_gen::models;

use crate::python::{self, Environment};
use crate::stubs::package;
use crate::{glibc, lock, paths, shell, sim, stubs};

/// How the module's own crate is compiled: in one piece, and equal functions are one, since most of it are conversions.
const SMALL: [&str; 6] = ["-C", "opt-level=2", "-C", "codegen-units=1", "-C", "link-arg=-Wl,--icf=all"];

/// Builds the wheel and returns its path.
pub(crate) fn run() -> Result<PathBuf> {
    sim::run(&sim::Arguments::default())?;
    let _lock = lock::hold("python")?;
    build(&python::project()?)
}

/// Builds the wheel, installs it into `.venv` and returns that environment.
pub(crate) fn install() -> Result<Environment> {
    sim::run(&sim::Arguments::default())?;
    let _lock = lock::hold("python")?;
    let environment = python::project()?;
    let wheel = build(&environment)?;
    environment.install_wheel(&wheel)?;
    Ok(environment)
}

/// Returns the wheel that [`run`] or [`install`] built.
pub(crate) fn built() -> Result<PathBuf> {
    let wheels = paths::target().join("wheels");
    let mut built = fs::read_dir(&wheels)
        .with_context(|| format!("cannot read {}: run `cargo xtask wheel`", wheels.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    ensure!(built.len() == 1, "one wheel was expected, there are {}", built.len());
    Ok(built.remove(0))
}

fn build(environment: &Environment) -> Result<PathBuf> {
    stage_simulator()?;
    stubs::run()?;
    stage_demos()?;
    stage_command()?;
    let wheels = paths::target().join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels).with_context(|| format!("cannot remove {}", wheels.display()))?;
    }
    let mut command = Command::new(environment.program("maturin"));
    command.current_dir(paths::root()).args(["build", "--release", "--manifest-path", "ctp-py/Cargo.toml"]);
    // maturin looks at the module; what else lies in the wheel was looked at when it was built.
    command.args(["--interpreter", ".venv/bin/python", "--out", "target/wheels", "--manylinux", "2_28"]);
    shell::run(command.arg("--").args(glibc::rustc_arguments()?).args(SMALL))?;
    let wheel = built()?;
    for line in contents::check(&wheel)? {
        println!("{line}");
    }
    Ok(wheel)
}

/// Copies the simulator's libraries to where the package looks for them.
fn stage_simulator() -> Result<()> {
    let from = paths::simulator();
    let to = package().join("_sim");
    if to.exists() {
        fs::remove_dir_all(&to).with_context(|| format!("cannot remove {}", to.display()))?;
    }
    for name in ["libctp_sim.so"].into_iter().chain(sim::LOCALE) {
        copy(&from.join(name), &to.join(name))?;
    }
    for api in models::models() {
        let version = from.join(api.label());
        for entry in fs::read_dir(&version).with_context(|| format!("cannot read {}", version.display()))? {
            let entry = entry?;
            copy(&entry.path(), &to.join(api.label()).join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Builds the command `ctp`, which `python -m ctp_py` runs.
fn stage_command() -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args(["rustc", "--release", "--package", "ctp", "--bin", "ctp"]);
    let mut arguments = glibc::rustc_arguments()?;
    arguments.extend(["-C".to_owned(), "strip=symbols".to_owned()]);
    let built = shell::artifact_with(&mut cargo, "ctp", &arguments)?;
    glibc::check(&built)?;
    copy(&built, &command())
}

/// Returns the command `ctp` as it lies in the wheel that [`run`] or [`install`] built.
pub(crate) fn command() -> PathBuf {
    package().join("_bin/ctp")
}

/// Copies the demo scripts, which `python -m ctp_py demo` runs.
fn stage_demos() -> Result<()> {
    for name in demos()? {
        copy(&paths::root().join("demo").join(&name), &package().join("demos").join(&name))?;
    }
    Ok(())
}

/// Returns the file names of the Python demos, sorted.
pub(crate) fn demos() -> Result<Vec<String>> {
    let folder = paths::root().join("demo");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with("_demo.py") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}
