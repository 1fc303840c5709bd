//! Putting a set's files into its folder: all of them or none.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::fetch::Source;
use super::manifest::{Archive, PinnedFile, Registry, Set};
use super::unpack::{self, VerifiedFile};
use crate::digest::Digest;

/// The file that records in a set's folder what it was made from.
const PINS: &str = "pins.toml";

/// What [`place`] found.
#[derive(Debug, PartialEq)]
pub(crate) enum Placed {
    /// The folder was already what the manifest says.
    AlreadyRight,
    /// The folder was made.
    Made,
    /// The folder was there, but not what the manifest says, and was replaced.
    Replaced,
}

/// Makes `vendor/<family>-<version>` what the manifest says.
///
/// Every digest is checked before the first byte is written. The files are written to a folder beside the final one,
/// which is then renamed, so that a failure leaves the vendor folder as it was.
pub(crate) fn place(set: &Set, vendor: &Path, source: &dyn Source) -> Result<Placed> {
    let folder = vendor.join(set.folder());
    let pins = toml::to_string(set).context("cannot write the pins")?;
    if is_right(set, &folder, &pins) {
        return Ok(Placed::AlreadyRight);
    }
    let mut files = Vec::new();
    for archive in &set.archives {
        files.extend(match archive.registry {
            Registry::Local => kept(archive, &folder)?,
            _ => unpack::unpack(archive, &source.archive(archive)?)?,
        });
    }
    put(set, vendor, &files)
}

/// Makes `vendor/<folder>` hold just `files`, in one step.
pub(crate) fn put(set: &Set, vendor: &Path, files: &[VerifiedFile]) -> Result<Placed> {
    let folder = vendor.join(set.folder());
    let pins = toml::to_string(set).context("cannot write the pins")?;
    let staging = tempfile::Builder::new()
        .prefix(".staging-")
        .tempdir_in(vendor)
        .with_context(|| format!("cannot write to {}", vendor.display()))?;
    let staged = staging.path().join("new");
    write(&staged, files, &pins)?;
    if !folder.exists() {
        fs::rename(&staged, &folder).with_context(|| format!("cannot make {}", folder.display()))?;
        return Ok(Placed::Made);
    }
    let old = staging.path().join("old");
    fs::rename(&folder, &old).with_context(|| format!("cannot replace {}", folder.display()))?;
    if let Err(error) = fs::rename(&staged, &folder) {
        fs::rename(&old, &folder).with_context(|| format!("cannot restore {}", folder.display()))?;
        return Err(error).with_context(|| format!("cannot make {}", folder.display()));
    }
    Ok(Placed::Replaced)
}

/// Removes what a killed run may have left in the vendor folder.
pub(crate) fn remove_leftovers(vendor: &Path) -> Result<()> {
    for entry in fs::read_dir(vendor).with_context(|| format!("cannot read {}", vendor.display()))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(".staging-") {
            fs::remove_dir_all(entry.path())
                .with_context(|| format!("cannot remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Returns the files of `folder` that come from no package: they can only be kept.
fn kept(archive: &Archive, folder: &Path) -> Result<Vec<VerifiedFile>> {
    let keep = |file: &PinnedFile| {
        let path = folder.join(&file.to);
        let shown = path.display();
        let help = format!(
            "{archive}: name the package that has it in vendor/manifest, or let `cargo xtask upgrade` take it over"
        );
        let bytes = fs::read(&path).with_context(|| format!("{shown} is missing; it came from a {help}"))?;
        let found = Digest::of(&bytes);
        ensure!(
            found == file.sha256,
            "{shown} has sha256 {found}, pinned is {}; it came from a {help}",
            file.sha256
        );
        Ok(VerifiedFile { to: file.to.clone(), bytes })
    };
    archive.files.iter().map(keep).collect()
}

fn write(folder: &Path, files: &[VerifiedFile], pins: &str) -> Result<()> {
    let write_one = |to: &str, bytes: &[u8]| -> Result<()> {
        let path = folder.join(to);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
        }
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    };
    write_one(PINS, pins.as_bytes())?;
    files.iter().try_for_each(|file| write_one(&file.to, &file.bytes))
}

/// Returns whether `folder` holds exactly what the manifest says.
fn is_right(set: &Set, folder: &Path, pins: &str) -> bool {
    let expected: BTreeSet<PathBuf> =
        set.files().map(|file| folder.join(&file.to)).chain([folder.join(PINS)]).collect();
    fs::read_to_string(folder.join(PINS)).is_ok_and(|found| found == pins)
        && set
            .files()
            .all(|file| fs::read(folder.join(&file.to)).is_ok_and(|bytes| Digest::of(&bytes) == file.sha256))
        && found_files(folder).is_ok_and(|found| found == expected)
}

/// Returns every file below `folder`.
fn found_files(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(found_files(&entry.path())?);
        } else {
            files.insert(entry.path());
        }
    }
    Ok(files)
}
