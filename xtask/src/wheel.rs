//! `cargo xtask wheel`: the Python package, with the simulator in it, built into `target/wheels/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use ctp_gen::models;

use crate::python::{self, Environment};
use crate::stubs::package;
use crate::{lock, paths, shell, sim, stubs};

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
    let wheels = paths::target().join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels).with_context(|| format!("cannot remove {}", wheels.display()))?;
    }
    let mut command = Command::new(environment.program("maturin"));
    command.current_dir(paths::root()).args(["build", "--release", "--manifest-path", "ctp-py/Cargo.toml"]);
    command.args(["--interpreter", ".venv/bin/python", "--out", "target/wheels"]);
    shell::run(&mut command)?;
    built()
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

/// Copies the demo scripts, which `python -m ctp_py demo` runs.
fn stage_demos() -> Result<()> {
    for name in ["md_demo.py", "td_demo.py"] {
        copy(&paths::root().join("demo").join(name), &package().join("demos").join(name))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}
