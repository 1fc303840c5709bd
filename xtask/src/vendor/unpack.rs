//! Reading pinned files out of an archive, in memory. Nothing is written, built or run here.

use std::collections::HashMap;
use std::io::{Cursor, Read as _};

use anyhow::{Context as _, Result, bail, ensure};
use flate2::read::GzDecoder;

use super::manifest::{Archive, PinnedFile, is_plain_path};
use crate::digest::Digest;

/// The bytes of an archive whose digest is the pinned one.
pub(crate) struct VerifiedArchive(Vec<u8>);

/// A file whose digest is the pinned one, and where it goes.
pub(crate) struct VerifiedFile {
    pub(crate) to: String,
    pub(crate) bytes: Vec<u8>,
}

/// Checks `bytes` against the digest that `archive` pins. Only what passes here is ever unpacked.
pub(crate) fn verify(archive: &Archive, bytes: Vec<u8>) -> Result<VerifiedArchive> {
    let found = Digest::of(&bytes);
    let pinned = archive.sha256.as_ref().with_context(|| format!("{archive} is no archive"))?;
    ensure!(found == *pinned, "{archive} is refused: its sha256 is {found}, vendor/manifest pins {pinned}");
    Ok(VerifiedArchive(bytes))
}

/// Reads every file that `archive` pins and checks its digest.
///
/// # Errors
///
/// A pinned file is missing, doubled, not a regular file or has another digest, or any entry of the archive, wanted
/// or not, has a path that leaves the archive.
pub(crate) fn unpack(archive: &Archive, bytes: &VerifiedArchive) -> Result<Vec<VerifiedFile>> {
    let mut wanted = Wanted::new(archive);
    let is_zip = bytes.0.starts_with(b"PK\x03\x04");
    if is_zip { read_zip(&mut wanted, &bytes.0) } else { read_tar_gz(&mut wanted, &bytes.0) }
        .with_context(|| format!("{archive} cannot be unpacked"))?;
    archive.files.iter().map(|file| wanted.take(archive, file)).collect()
}

fn read_tar_gz(wanted: &mut Wanted, bytes: &[u8]) -> Result<()> {
    let mut tar = tar::Archive::new(GzDecoder::new(bytes));
    for entry in tar.entries()? {
        let mut entry = entry?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let is_regular = entry.header().entry_type().is_file();
        if entry.header().entry_type().is_pax_global_extensions() {
            continue;
        }
        if wanted.accepts(&path, is_regular)? {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            wanted.insert(path, content)?;
        }
    }
    Ok(())
}

fn read_zip(wanted: &mut Wanted, bytes: &[u8]) -> Result<()> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes))?;
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index)?;
        let path = entry.name()?.into_owned();
        let is_regular = entry.is_file() && !entry.is_symlink();
        if wanted.accepts(&path, is_regular)? {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            wanted.insert(path, content)?;
        }
    }
    Ok(())
}

/// The pinned files, filled while the archive is read.
struct Wanted {
    found: HashMap<String, Option<Vec<u8>>>,
}

impl Wanted {
    fn new(archive: &Archive) -> Self {
        Self { found: archive.files.iter().map(|file| (file.from.clone(), None)).collect() }
    }

    /// Returns whether the entry at `path` is wanted; refuses a path that leaves the archive.
    fn accepts(&self, path: &str, is_regular: bool) -> Result<bool> {
        ensure!(is_plain_path(path.trim_end_matches('/')), "an entry leaves its folder: {path}");
        let is_wanted = self.found.contains_key(path);
        ensure!(!is_wanted || is_regular, "not a regular file: {path}");
        Ok(is_wanted)
    }

    fn insert(&mut self, path: String, content: Vec<u8>) -> Result<()> {
        if self.found.insert(path.clone(), Some(content)).flatten().is_some() {
            bail!("two entries have the path {path}");
        }
        Ok(())
    }

    fn take(&mut self, archive: &Archive, file: &PinnedFile) -> Result<VerifiedFile> {
        let content = self.found.get(&file.from).and_then(Option::as_ref);
        let bytes = content.with_context(|| format!("{archive} has no file {}", file.from))?.clone();
        let found = Digest::of(&bytes);
        ensure!(
            found == file.sha256,
            "{} of {archive} is refused: its sha256 is {found}, vendor/manifest pins {}",
            file.from,
            file.sha256
        );
        Ok(VerifiedFile { to: file.to.clone(), bytes })
    }
}
