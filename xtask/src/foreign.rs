//! Python clients that we did not write, each in a virtual environment of its own below `target/foreign/`.
//!
//! What is installed stands in `vendor/manifest/foreign/`: `NAME.txt` pins the client by sha256, `NAME.build.txt` what
//! builds it, where it comes as source. Both are requirement files of pip.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::digest::Digest;
use crate::python::Environment;
use crate::{lock, paths, shell};

/// Installs one client, or all that are pinned.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Clients, for example openctp-ctp; all that are pinned when none is given.
    clients: Vec<String>,
}

/// Installs the clients called for.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let names = match arguments.clients.as_slice() {
        [] => names()?,
        clients => clients.to_vec(),
    };
    for name in &names {
        environment(name)?;
        println!("{}", paths::shown(&folder(name)));
    }
    Ok(())
}

/// Returns the names of all clients that are pinned.
pub(crate) fn names() -> Result<Vec<String>> {
    let folder = pins();
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let file = entry?.file_name();
        let name = file.to_str().and_then(|file| file.strip_suffix(".txt"));
        names.extend(name.filter(|name| !name.ends_with(".build")).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Returns the environment of the client called `name`, with the client in it, installed when it is not there yet.
pub(crate) fn environment(name: &str) -> Result<Environment> {
    let client = pins().join(format!("{name}.txt"));
    if !client.is_file() {
        bail!("no client {name:?} is pinned in vendor/manifest/foreign; known: {}", names()?.join(", "));
    }
    let _lock = lock::hold(&format!("foreign-{name}"))?;
    let environment = Environment::at(&folder(name))?;
    let builders = pins().join(format!("{name}.build.txt"));
    let builders = builders.is_file().then_some(builders);
    let stamp = folder(name).join("client.sha256");
    let wanted = digest(builders.iter().chain([&client]))?.to_string();
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(environment);
    }
    eprintln!("installing {name} into {}", paths::shown(&folder(name)));
    for requirements in builders.iter().chain([&client]) {
        install(&environment, requirements)?;
    }
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(environment)
}

/// Returns the folder of a client's environment.
pub(crate) fn folder(name: &str) -> PathBuf {
    paths::target().join("foreign").join(name)
}

fn pins() -> PathBuf {
    paths::vendor().join("manifest").join("foreign")
}

fn digest<'a>(files: impl Iterator<Item = &'a PathBuf>) -> Result<Digest> {
    let mut text = Vec::new();
    for file in files {
        text.extend(fs::read(file).with_context(|| format!("cannot read {}", file.display()))?);
    }
    Ok(Digest::of(&text))
}

/// Installs exactly what the file pins; nothing that it does not name, and nothing without its digest.
fn install(environment: &Environment, requirements: &Path) -> Result<()> {
    let mut command = environment.python();
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    command.args(["--require-hashes", "--no-build-isolation", "--requirement"]).arg(requirements);
    command.env("PATH", path_with(environment)?);
    shell::output(&mut command).with_context(|| {
        format!("cannot install {} (a source archive needs a C++ compiler)", paths::shown(requirements))
    })?;
    Ok(())
}

/// Returns the search path with the environment's programs first: builders look for ninja and python3 there.
fn path_with(environment: &Environment) -> Result<OsString> {
    let programs = environment.program("python").parent().map(Path::to_owned);
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(programs.into_iter().chain(env::split_paths(&path)))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pinned_client_has_a_digest() {
        let names = names().unwrap();
        assert!(
            names.iter().any(|name| name == "openctp-ctp") && names.iter().any(|name| name == "ctp-python")
        );
        for name in names {
            let text = fs::read_to_string(pins().join(format!("{name}.txt"))).unwrap();
            assert!(text.contains("--hash=sha256:"), "{name}");
        }
    }

    #[test]
    fn an_unknown_client_is_told_with_those_that_are_known() {
        let error = environment("nobody").err().expect("not pinned").to_string();
        assert!(error.contains("nobody") && error.contains("openctp-ctp"), "{error}");
    }
}
