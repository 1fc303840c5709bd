//! Getting archives: from the cache, else from their registry. Nothing that is fetched is built or run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, bail, ensure};

use super::manifest::{Archive, Registry};
use super::unpack::{self, VerifiedArchive};
use crate::{paths, python, shell};

/// Something that hands out archives.
pub(crate) trait Source {
    /// Returns the archive after its digest was found right.
    fn archive(&self, archive: &Archive) -> Result<VerifiedArchive>;
}

/// Archives on disk, fetched when they are missing.
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Returns the cache in `folder`, which is made when it is missing.
    pub(crate) fn at(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder })
    }
}

impl Source for Cache {
    fn archive(&self, archive: &Archive) -> Result<VerifiedArchive> {
        let path = self.folder.join(archive.file_name());
        if let Ok(bytes) = fs::read(&path) {
            match unpack::verify(archive, bytes) {
                Ok(verified) => return Ok(verified),
                Err(error) => eprintln!("{}: {error}; fetching it again", paths::shown(&path)),
            }
        }
        eprintln!("fetching {archive}");
        let download = tempfile::Builder::new()
            .prefix(".download-")
            .tempdir_in(&self.folder)
            .with_context(|| format!("cannot write to {}", self.folder.display()))?;
        let fetched = fetch(archive, download.path()).with_context(|| {
            format!("cannot fetch {archive} (offline? put the archive at {})", path.display())
        })?;
        let bytes = fs::read(&fetched).with_context(|| format!("cannot read {}", fetched.display()))?;
        let verified = unpack::verify(archive, bytes)?;
        fs::rename(&fetched, &path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(verified)
    }
}

/// Fetches `archive` into `folder` and returns the path of its file.
fn fetch(archive: &Archive, folder: &Path) -> Result<PathBuf> {
    match archive.registry {
        Registry::PypiSdist => fetch_from_pypi(archive, folder, "--no-binary"),
        Registry::PypiWheel => fetch_from_pypi(archive, folder, "--only-binary"),
        Registry::Crate => fetch_crate(archive, folder),
        Registry::Local => bail!("it comes from no registry"),
    }
}

fn fetch_from_pypi(archive: &Archive, folder: &Path, format: &str) -> Result<PathBuf> {
    let mut command = Command::new(python::unearth()?);
    command.arg(format).arg("--download").arg(folder);
    command.arg(format!("{}=={}", archive.package, archive.release));
    if let Some(index) = python::package_index() {
        command.arg("--index-url").arg(index);
    }
    // Not through `shell`: its messages would show the index, which may hold a password.
    let output = command.output().context("cannot start unearth")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "unearth failed with {}: {}",
        output.status,
        said.lines().last().unwrap_or_default()
    );
    only_file(folder)
}

/// Returns the only file of `folder`.
fn only_file(folder: &Path) -> Result<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    ensure!(files.len() == 1, "one file was expected, {} came", files.len());
    Ok(files.remove(0))
}

/// Lets cargo fetch the crate as data: a scratch package names it, and only `cargo fetch` is run.
fn fetch_crate(archive: &Archive, folder: &Path) -> Result<PathBuf> {
    if cached_crate(archive)?.is_none() {
        let scratch = folder.join("scratch");
        fs::create_dir_all(scratch.join("src"))?;
        fs::write(scratch.join("src/lib.rs"), "")?;
        let manifest = format!(
            "[package]\nname = \"scratch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             {} = {{ version = \"={}\", default-features = false }}\n",
            archive.package, archive.release
        );
        fs::write(scratch.join("Cargo.toml"), manifest)?;
        shell::output(shell::cargo().arg("fetch").arg("--manifest-path").arg(scratch.join("Cargo.toml")))?;
    }
    let cached =
        cached_crate(archive)?.context("cargo fetched it, but its .crate is not in cargo's cache")?;
    // A copy: cargo's own cache stays as it is.
    let path = folder.join(archive.file_name());
    fs::copy(&cached, &path).with_context(|| format!("cannot copy {}", cached.display()))?;
    Ok(path)
}

/// Returns the path of the `.crate` in cargo's cache, if cargo has fetched it.
fn cached_crate(archive: &Archive) -> Result<Option<PathBuf>> {
    let home = match env::var_os("CARGO_HOME").filter(|home| !home.is_empty()) {
        Some(home) => PathBuf::from(home),
        None => env::home_dir().context("neither CARGO_HOME nor a home folder is set")?.join(".cargo"),
    };
    let Ok(registries) = fs::read_dir(home.join("registry/cache")) else {
        return Ok(None);
    };
    for registry in registries {
        let path = registry?.path().join(archive.file_name());
        if path.is_file() {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
