//! `ctp-gen docs`: the pages of `docs/upgrades`.

use std::{
    collections::BTreeSet,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use ctp_gen::{
    Api,
    diff::upgrades::{self, MARKER, Page},
    models,
    overlay::Overlay,
};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Folder of the pages.
    #[arg(long, default_value = "docs/upgrades")]
    out: PathBuf,
    /// Writes nothing; fails when a page is missing, stale or of no pair of versions.
    #[arg(long)]
    check: bool,
}

/// Writes or compares the pages of every pair of consecutive versions.
pub(super) fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let families: Vec<Vec<&Api>> =
        models::families().into_iter().map(|family| models::of(family).collect()).collect();
    let pages = upgrades::pages(&families, &Overlay::committed().docs);
    let folder = &arguments.out;
    let stale: Vec<&Page> =
        pages.iter().filter(|page| !is_written(&folder.join(&page.file), &page.text)).collect();
    let orphans = orphans(folder, &pages)?;
    if arguments.check {
        let names = stale.iter().map(|page| page.file.clone()).chain(orphans.iter().map(|path| shown(path)));
        let names: Vec<String> = names.collect();
        if !names.is_empty() {
            let (folder, names) = (folder.display(), names.join(", "));
            return Err(
                format!("stale in {folder}: {names}; `ctp-gen docs --out {folder}` writes them").into()
            );
        }
        println!("{}: {} pages are up to date", folder.display(), pages.len());
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    for page in &stale {
        super::emit::replace(&folder.join(&page.file), &page.text)?;
    }
    for path in &orphans {
        fs::remove_file(path).map_err(|error| format!("cannot remove {}: {error}", path.display()))?;
    }
    let (written, removed) = (stale.len(), orphans.len());
    println!("{}: {} pages, {written} written, {removed} removed", folder.display(), pages.len());
    Ok(())
}

fn is_written(path: &Path, text: &str) -> bool {
    fs::read(path).is_ok_and(|found| found == text.as_bytes())
}

/// Returns the pages in `folder` that this command once wrote and that no pair of versions has.
fn orphans(folder: &Path, pages: &[Page]) -> Result<BTreeSet<PathBuf>, Box<dyn Error>> {
    let mut orphans = BTreeSet::new();
    let Ok(entries) = fs::read_dir(folder) else { return Ok(orphans) };
    for entry in entries {
        let path = entry?.path();
        let is_page =
            pages.iter().any(|page| path.file_name().is_some_and(|file| file == page.file.as_str()));
        let is_ours = || fs::read_to_string(&path).is_ok_and(|text| text.starts_with(MARKER));
        if !is_page && path.is_file() && is_ours() {
            orphans.insert(path);
        }
    }
    Ok(orphans)
}

fn shown(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
