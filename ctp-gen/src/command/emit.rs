//! `ctp-gen emit`: a model as a crate for people to vendor.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    error::Error,
    fmt::Write as _,
    fs, io,
    path::{Component, Path, PathBuf},
};

use clap::Args;
use ctp_gen::{
    Api,
    emit::{
        adapter,
        vendored::{self, File},
    },
    models,
    overlay::Overlay,
};
use sha2::{Digest, Sha256};

use crate::model;

/// Lists what an emission wrote, in the format of `sha256sum`.
const MANIFEST: &str = ".ctp-gen";

/// What every emitted file says in its first lines.
const MARK: &str = "Emitted by ctp-gen";

/// What to emit, and where it goes.
#[derive(Args)]
pub(super) struct Emit {
    /// Version (6.7.13, mini-1.7.7), model file or folder of headers; the newest version when not given.
    model: Option<String>,
    /// Family that the version or the headers are of, where they do not say so themselves.
    #[arg(long)]
    family: Option<String>,
    /// Folder for the crate; made where it is missing, brought up to date where it is of an earlier emission.
    #[arg(long)]
    out: PathBuf,
    /// Version, model file or folder of headers whose records the crate has, where they are not the model's own: the C++ adapter
    /// and facades then convert between the two.
    #[arg(long)]
    current: Option<String>,
}

impl Emit {
    /// Writes the crate. All texts are made before the first is written, and each replaces its file at once:
    /// an error in the making leaves nothing half-written.
    pub(super) fn run(&self) -> Result<(), Box<dyn Error>> {
        let family = self.family.as_deref();
        let version = match (&self.model, family) {
            (Some(model), _) => model::resolve(model, family)?,
            (None, Some(family)) => Cow::Borrowed(newest(family)?),
            (None, None) => Cow::Borrowed(models::current()),
        };
        let current = match &self.current {
            Some(current) => model::resolve(current, family)?,
            None => version.clone(),
        };
        let (overlay, proposals) = Overlay::committed().completed(&current);
        let files = vendored::files(&version, &current, &overlay)?;
        let old = written_before(&self.out)?;
        refuse_foreign(&self.out, &files, &old)?;
        for proposal in proposals {
            eprintln!(
                "ctp-gen: warning: not in overlay/requests.toml, taken by its callbacks' names: {proposal}"
            );
        }
        for line in adapter::unmapped(&version, &current, &overlay) {
            eprintln!("ctp-gen: warning: {line}");
        }
        write(&self.out, &files, &old)?;
        let lines: usize = files.iter().map(|file| file.text.lines().count()).sum();
        println!("{}: {}, {} files, {lines} lines", self.out.display(), current.label(), files.len());
        Ok(())
    }
}

fn newest(family: &str) -> Result<&'static Api, String> {
    let known = models::families().join(", ");
    models::current_of(family).ok_or_else(|| format!("no model is of family {family}; there are {known}"))
}

/// Returns digest by path of what the emission before wrote into `folder`.
fn written_before(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let path = folder.join(MANIFEST);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        read => read.map_err(|error| format!("cannot read {}: {error}", path.display()))?,
    };
    let inside = |path: &str| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    let rows = text.lines().filter_map(|line| line.split_once("  "));
    Ok(rows
        .filter(|(_, path)| inside(path))
        .map(|(digest, path)| (path.to_owned(), digest.to_owned()))
        .collect())
}

/// Makes sure that no file of somebody else's is replaced.
fn refuse_foreign(folder: &Path, files: &[File], old: &BTreeMap<String, String>) -> Result<(), String> {
    for file in files.iter().filter(|file| !old.contains_key(&file.path)) {
        let path = folder.join(&file.path);
        let Ok(bytes) = fs::read(&path) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        if !text.lines().take(3).any(|line| line.contains(MARK)) {
            return Err(format!(
                "{} was not written by ctp-gen; give --out an empty folder or one of an earlier emission",
                path.display()
            ));
        }
    }
    Ok(())
}

/// Writes the files, removes those of the emission before that are no longer written, and lists them.
fn write(folder: &Path, files: &[File], old: &BTreeMap<String, String>) -> Result<(), String> {
    let mut manifest = BTreeMap::new();
    for file in files {
        let path = folder.join(&file.path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| format!("cannot make {}: {error}", parent.display()))?;
        // An unchanged file keeps its time stamp, and what was built from it.
        if fs::read(&path).ok().as_deref() != Some(file.text.as_bytes()) {
            replace(&path, &file.text)?;
        }
        manifest.insert(file.path.as_str(), digest(file.text.as_bytes()));
    }
    for (name, before) in old.iter().filter(|(name, _)| !manifest.contains_key(name.as_str())) {
        let path = folder.join(name);
        match fs::read(&path) {
            Ok(bytes) if digest(&bytes) == *before => fs::remove_file(&path)
                .map_err(|error| format!("cannot remove {}: {error}", path.display()))?,
            Ok(_) => {
                eprintln!("ctp-gen: warning: {} is no longer emitted, but was edited: kept", path.display())
            }
            Err(_) => {}
        }
        // Goes with its last file; a folder that still has one stays.
        if let Some(parent) = path.parent().filter(|parent| *parent != folder) {
            let _ = fs::remove_dir(parent);
        }
    }
    let mut text = String::new();
    for (name, digest) in manifest {
        let _ = writeln!(text, "{digest}  {name}");
    }
    replace(&folder.join(MANIFEST), &text)
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Writes `text` beside `path` and renames it, so that `path` is never half-written.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), String> {
    let refuse = |error| format!("cannot write {}: {error}", path.display());
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}.partial", std::process::id()));
    fs::write(&partial, text).and_then(|()| fs::rename(&partial, path)).map_err(|error| {
        // What is left of it helps nobody, and the first error is the one to tell.
        let _ = fs::remove_file(&partial);
        refuse(error)
    })
}
