//! The manifest of pinned packages: `vendor/manifest/*.toml`, one file per family or purpose.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// Everything that is pinned.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    /// Folders of the vendor's files: those with a model first, of each family newest first.
    pub(crate) sets: Vec<Set>,
    /// Programs and libraries that only our own chores need.
    pub(crate) tools: Vec<Tool>,
}

/// One file of the manifest.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    #[serde(default, rename = "version")]
    versions: Vec<Set>,
    #[serde(default)]
    headers: Vec<Set>,
    #[serde(default)]
    libraries: Vec<Set>,
    #[serde(default, rename = "tool")]
    tools: Vec<Tool>,
}

/// What one folder of `vendor/` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Set {
    #[serde(skip)]
    pub(crate) kind: Kind,
    /// Name of the folder, of sets that are no version with a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// `se`, `mini` or `sopt`.
    pub(crate) family: String,
    /// `6.7.13`.
    pub(crate) version: String,
    /// How the headers are encoded as delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encoding: Option<Encoding>,
    /// Where the files come from.
    #[serde(rename = "archive")]
    pub(crate) archives: Vec<Archive>,
}

/// What a set is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Headers with a committed model, and the libraries that belong to them: `[[version]]`.
    #[default]
    Version,
    /// Headers without a model, which must parse all the same: `[[headers]]`.
    Headers,
    /// Libraries alone: `[[libraries]]`.
    Libraries,
}

/// A pinned tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) archive: Archive,
}

/// The encoding of a header set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "utf-8-bom")]
    Utf8Bom,
    Gbk,
    Gb18030,
}

/// One archive of a package registry, and the files taken from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Archive {
    pub(crate) registry: Registry,
    pub(crate) package: String,
    pub(crate) release: String,
    /// Of the archive; only files of this machine ([`Registry::Local`]) come from none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<Digest>,
    pub(crate) files: Vec<PinnedFile>,
}

/// The kind of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Registry {
    /// A source archive of the Python package index.
    PypiSdist,
    /// A wheel of the Python package index.
    PypiWheel,
    /// A crate of crates.io.
    Crate,
    /// A folder of one machine, taken over by `cargo xtask upgrade`, until a package is named.
    Local,
}

/// A file taken from an archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PinnedFile {
    /// Path inside the archive.
    pub(crate) from: String,
    /// Path inside the folder that it is put into.
    pub(crate) to: String,
    pub(crate) sha256: Digest,
}

impl Manifest {
    /// Reads and checks every part in `folder`.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let mut manifest = Self::default();
        for path in Self::parts(folder)? {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            manifest.add(&text).with_context(|| format!("{} is not usable", path.display()))?;
        }
        manifest.check().with_context(|| format!("{} is not usable", folder.display()))
    }

    /// Parses and checks a manifest of one part.
    #[cfg(test)]
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut manifest = Self::default();
        manifest.add(text)?;
        manifest.check()
    }

    /// Returns the files of the manifest: the families first, in their order, then the others by name.
    fn parts(folder: &Path) -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let mut paths: Vec<PathBuf> =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        let rank = |path: &PathBuf| {
            let family = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
            let place = ["se", "mini", "sopt"].iter().position(|name| *name == family);
            (place.unwrap_or(usize::MAX), family)
        };
        paths.sort_by_key(rank);
        Ok(paths)
    }

    fn add(&mut self, text: &str) -> Result<()> {
        let part: Part = toml::from_str(text)?;
        for (kind, sets) in
            [(Kind::Version, part.versions), (Kind::Headers, part.headers), (Kind::Libraries, part.libraries)]
        {
            self.sets.extend(sets.into_iter().map(|set| Set { kind, ..set }));
        }
        self.tools.extend(part.tools);
        Ok(())
    }

    fn check(mut self) -> Result<Self> {
        let mut seen = HashSet::new();
        for set in &self.sets {
            set.check()?;
            ensure!(seen.insert(set.folder()), "{} stands there twice", set.folder());
        }
        for tool in &self.tools {
            tool.archive.check()?;
            ensure!(tool.archive.registry != Registry::Local, "{} comes from no package", tool.name);
        }
        // Stable: within a kind, the order of the files.
        self.sets.sort_by_key(|set| set.kind != Kind::Version);
        Ok(self)
    }

    /// Returns the versions that have a model.
    pub(crate) fn versions(&self) -> impl Iterator<Item = &Set> {
        self.sets.iter().filter(|set| set.kind == Kind::Version)
    }

    /// Returns the sets called for: of `family` when given, and those in `names` unless it is empty. A name is that
    /// of a folder (`se-6.7.13`, `openctp-6.6.7`) or of a version (`6.7.13`), which may be several folders'.
    pub(crate) fn select(&self, family: Option<&str>, names: &[String]) -> Result<Vec<&Set>> {
        let in_family: Vec<&Set> =
            self.sets.iter().filter(|set| family.is_none_or(|family| set.family == family)).collect();
        let known = || self.sets.iter().map(Set::folder).collect::<Vec<_>>().join(", ");
        if in_family.is_empty() {
            bail!(
                "no version of family {} is pinned in vendor/manifest; known: {}",
                family.unwrap_or("any"),
                known()
            );
        }
        let is_called = |set: &Set, name: &String| set.version == *name || set.folder() == *name;
        for name in names {
            if !in_family.iter().any(|set| is_called(set, name)) {
                bail!("version {name} is not pinned in vendor/manifest; known: {}", known());
            }
        }
        Ok(in_family
            .into_iter()
            .filter(|set| names.is_empty() || names.iter().any(|name| is_called(set, name)))
            .collect())
    }

    /// Returns the pinned tool called `name`.
    pub(crate) fn tool(&self, name: &str) -> Result<&Tool> {
        self.tools
            .iter()
            .find(|tool| tool.name == name)
            .with_context(|| format!("vendor/manifest pins no tool called {name}"))
    }
}

impl Set {
    /// Returns the name of the set's folder: `se-6.7.13`.
    pub(crate) fn folder(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("{}-{}", self.family, self.version))
    }

    /// Returns every file that the set's folder holds.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PinnedFile> {
        self.archives.iter().flat_map(|archive| &archive.files)
    }

    fn check(&self) -> Result<()> {
        let is_label = |text: &str, also: &str| {
            text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
        };
        ensure!(is_label(&self.family, ""), "not a family: {}", self.family);
        ensure!(is_label(&self.version, "._"), "not a version: {}", self.version);
        let folder = self.folder();
        ensure!(is_label(&folder, "._-"), "not a name of a folder: {folder}");
        ensure!(
            self.name.is_some() == (self.kind != Kind::Version),
            "{folder}: headers and libraries without a model have a name, versions have none"
        );
        ensure!(
            self.encoding.is_some() == (self.kind != Kind::Libraries),
            "{folder}: headers have an encoding, libraries have none"
        );
        let mut seen = HashSet::new();
        for archive in &self.archives {
            archive.check().with_context(|| format!("{folder} is not usable"))?;
        }
        for file in self.files() {
            let in_include = file.to.starts_with("include/") && self.kind != Kind::Libraries;
            let in_lib = file.to.starts_with("lib/") && self.kind != Kind::Headers;
            ensure!(in_include || in_lib, "{folder}: has no place in such a folder: {}", file.to);
            ensure!(seen.insert(&file.to), "{folder}: two files go to {}", file.to);
        }
        Ok(())
    }
}

impl Archive {
    /// Returns the name of the archive's file in the cache.
    pub(crate) fn file_name(&self) -> String {
        let extension = match self.registry {
            Registry::PypiSdist => "tar.gz",
            Registry::PypiWheel => "whl",
            Registry::Crate => "crate",
            Registry::Local => "local",
        };
        format!("{}-{}.{extension}", self.package, self.release)
    }

    fn check(&self) -> Result<()> {
        for text in [&self.package, &self.release] {
            let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-+".contains(c));
            ensure!(
                plain && text.starts_with(|c: char| c.is_ascii_alphanumeric()),
                "not a package or release: {text}"
            );
        }
        ensure!(
            self.sha256.is_some() == (self.registry != Registry::Local),
            "{self}: an archive has a sha256, a folder of this machine has none"
        );
        ensure!(!self.files.is_empty(), "{self}: no file is taken from it");
        for file in &self.files {
            ensure!(is_plain_path(&file.from), "{self}: not a plain relative path: {}", file.from);
            ensure!(is_plain_path(&file.to), "{self}: not a plain relative path: {}", file.to);
        }
        Ok(())
    }
}

impl fmt::Display for Archive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.registry {
            Registry::PypiSdist => "Python source archive",
            Registry::PypiWheel => "Python wheel",
            Registry::Crate => "crate",
            Registry::Local => "folder of one machine",
        };
        write!(formatter, "{kind} {} {}", self.package, self.release)
    }
}

/// Returns whether `path` is relative and stays below the folder that it is joined to.
pub(crate) fn is_plain_path(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\0', '\\'])
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}
