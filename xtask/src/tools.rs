//! `cargo xtask tools`: libclang, put into `target/tools/` for `ctp-gen parse`.

use std::fs;

use anyhow::{Context as _, Result};

use crate::digest::Digest;
use crate::vendor::fetch::{Cache, Source as _};
use crate::vendor::{self, unpack};
use crate::{lock, paths};

/// Puts libclang in place, or says that it already is.
pub(crate) fn run() -> Result<()> {
    let manifest = vendor::manifest()?;
    let archive = &manifest.tool("libclang")?.archive;
    let _lock = lock::hold("tools")?;
    let folder = paths::tools();
    let is_right = archive
        .files
        .iter()
        .all(|file| fs::read(folder.join(&file.to)).is_ok_and(|bytes| Digest::of(&bytes) == file.sha256));
    if is_right {
        println!("target/tools is already right");
        return Ok(());
    }
    let cache = Cache::at(paths::archive_cache())?;
    let files = unpack::unpack(archive, &cache.archive(archive)?)?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let staging = tempfile::Builder::new()
        .prefix(".staging-")
        .tempdir_in(&folder)
        .with_context(|| format!("cannot write to {}", folder.display()))?;
    for file in &files {
        let staged = staging.path().join("file");
        fs::write(&staged, &file.bytes).with_context(|| format!("cannot write {}", staged.display()))?;
        let path = folder.join(&file.to);
        fs::rename(&staged, &path).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{} made from {archive}", paths::shown(&path));
    }
    Ok(())
}
