//! Taking back what an upgrade wrote, when a later step fails, or when it was killed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Copies of what was there before, kept on disk until the upgrade is through.
pub(super) struct Undo {
    root: PathBuf,
    journal: PathBuf,
    paths: Vec<String>,
}

/// The list of protected paths inside the journal; path number N has its copy at `N`, if there was anything.
const LIST: &str = "paths";

impl Undo {
    /// Takes back what a killed run left, and begins anew. `journal` is a folder of its own; paths are below `root`.
    pub(super) fn begin(root: &Path, journal: &Path) -> Result<Self> {
        let list = journal.join(LIST);
        let paths = match fs::read_to_string(&list) {
            Ok(list) => list.lines().map(str::to_owned).collect(),
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", list.display())),
        };
        let mut undo = Self { root: root.to_owned(), journal: journal.to_owned(), paths };
        if !undo.paths.is_empty() {
            eprintln!("an upgrade did not end; taking back what it wrote");
        }
        undo.roll_back()?;
        Ok(undo)
    }

    /// Keeps what is at `path`, a file or a folder, or that nothing is there. To be called before it is written.
    pub(super) fn protect(&mut self, path: &Path) -> Result<()> {
        let relative = path.strip_prefix(&self.root).unwrap_or(path).display().to_string();
        if self.paths.contains(&relative) {
            return Ok(());
        }
        let kept = self.journal.join(self.paths.len().to_string());
        make_folder(&self.journal)?;
        if path.exists() {
            copy(path, &kept)?;
        }
        self.paths.push(relative);
        // Renamed into place: half a list would name other paths, and they would be removed.
        let (fresh, list) = (self.journal.join("fresh"), self.journal.join(LIST));
        fs::write(&fresh, self.paths.join("\n"))
            .and_then(|()| fs::rename(&fresh, &list))
            .with_context(|| format!("cannot write {}", list.display()))
    }

    /// Writes `text` to `path`, which is protected first.
    pub(super) fn write(&mut self, path: &Path, text: &str) -> Result<()> {
        self.protect(path)?;
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Makes every protected path what it was.
    pub(super) fn roll_back(&mut self) -> Result<()> {
        for (number, path) in self.paths.iter().enumerate() {
            let (path, kept) = (self.root.join(path), self.journal.join(number.to_string()));
            remove(&path)?;
            if kept.exists() {
                copy(&kept, &path)?;
            }
        }
        self.forget()
    }

    /// Drops the copies: what was written stays.
    pub(super) fn forget(&mut self) -> Result<()> {
        self.paths.clear();
        // The list first: one that outlives its copies says that nothing was there before.
        remove(&self.journal.join(LIST))?;
        remove(&self.journal)
    }
}

fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

fn remove(path: &Path) -> Result<()> {
    let removed = match path.symlink_metadata() {
        Err(_) => return Ok(()),
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    removed.with_context(|| format!("cannot remove {}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        make_folder(to)?;
        for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Option<String> {
        fs::read_to_string(path).ok()
    }

    /// Changes a file, a folder and a file that was not there; returns the root.
    fn changed() -> (tempfile::TempDir, Undo) {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir(at("docs")).unwrap();
        fs::write(at("docs/old.md"), "old").unwrap();
        fs::write(at("file"), "before").unwrap();
        let mut undo = Undo::begin(root.path(), &at("journal")).unwrap();
        undo.write(&at("file"), "after").unwrap();
        undo.write(&at("api/new.json"), "new").unwrap();
        undo.protect(&at("docs")).unwrap();
        fs::remove_file(at("docs/old.md")).unwrap();
        fs::write(at("docs/new.md"), "new").unwrap();
        (root, undo)
    }

    fn assert_as_before(root: &Path) {
        assert_eq!(read(&root.join("file")).as_deref(), Some("before"));
        assert_eq!(read(&root.join("docs/old.md")).as_deref(), Some("old"));
        assert!(!root.join("docs/new.md").exists() && !root.join("api/new.json").exists());
        assert!(!root.join("journal").exists());
    }

    #[test]
    fn what_was_written_is_taken_back() {
        let (root, mut undo) = changed();
        undo.roll_back().unwrap();
        assert_as_before(root.path());
    }

    #[test]
    fn what_a_killed_upgrade_wrote_is_taken_back_by_the_next() {
        let (root, undo) = changed();
        drop(undo);
        Undo::begin(root.path(), &root.path().join("journal")).unwrap();
        assert_as_before(root.path());
    }

    /// A kill between the list and the copies, while they are dropped.
    #[test]
    fn copies_without_a_list_are_dropped() {
        let (root, undo) = changed();
        fs::remove_file(undo.journal.join(LIST)).unwrap();
        Undo::begin(root.path(), &root.path().join("journal")).unwrap();
        assert_eq!(read(&root.path().join("file")).as_deref(), Some("after"));
        assert!(!root.path().join("journal").exists());
    }

    /// What cannot be read may be all that is left of what was there: it is not dropped.
    #[test]
    fn a_list_that_cannot_be_read_is_kept() {
        let (root, undo) = changed();
        fs::write(undo.journal.join(LIST), [0xFF]).unwrap();
        assert!(Undo::begin(root.path(), &root.path().join("journal")).is_err());
        assert_eq!(read(&root.path().join("journal/0")).as_deref(), Some("before"));
    }

    #[test]
    fn what_is_through_stays() {
        let (root, mut undo) = changed();
        undo.forget().unwrap();
        Undo::begin(root.path(), &root.path().join("journal")).unwrap();
        assert_eq!(read(&root.path().join("file")).as_deref(), Some("after"));
        assert_eq!(read(&root.path().join("docs/new.md")).as_deref(), Some("new"));
    }
}
