//! `cargo xtask vendor`: the pinned vendor headers and libraries, put into folders of `vendor/`.

pub(crate) mod fetch;
pub(crate) mod manifest;
pub(crate) mod place;
pub(crate) mod unpack;

#[cfg(test)]
mod tests;

use anyhow::{Context as _, Result};

use self::fetch::Cache;
use self::manifest::Manifest;
use self::place::Placed;
use crate::{lock, paths};

/// What to put in place.
#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// Versions (6.7.13) or folders (se-6.7.13, openctp-6.6.7); all pinned ones when none is given.
    versions: Vec<String>,
    /// Only this family: se, mini or sopt.
    #[arg(long)]
    family: Option<String>,
}

impl Arguments {
    /// Returns the arguments that call for one set.
    pub(crate) fn only(version: &str) -> Self {
        Self { versions: vec![version.to_owned()], family: None }
    }
}

/// Puts every version called for in place, or says that it already is.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let manifest = manifest()?;
    let sets = manifest.select(arguments.family.as_deref(), &arguments.versions)?;
    let _lock = lock::hold("vendor")?;
    let vendor = paths::vendor();
    place::remove_leftovers(&vendor)?;
    let cache = Cache::at(paths::archive_cache())?;
    for set in sets {
        let name = set.folder();
        let placed =
            place::place(set, &vendor, &cache).with_context(|| format!("vendor/{name} was not made"))?;
        match placed {
            Placed::AlreadyRight => println!("vendor/{name} is already right"),
            Placed::Made => println!("vendor/{name} made: {} files", set.files().count()),
            Placed::Replaced => println!("vendor/{name} was not what the manifest says, replaced"),
        }
    }
    Ok(())
}

/// Reads `vendor/manifest/*.toml`.
pub(crate) fn manifest() -> Result<Manifest> {
    Manifest::read(&paths::vendor().join("manifest"))
}
