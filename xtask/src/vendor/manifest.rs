//! The manifest of pinned packages, `vendor/manifest.toml`.

use std::collections::HashSet;
use std::path::Path;
use std::{fmt, fs};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// Everything that is pinned.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// Versions of the vendor's API, newest first.
    #[serde(rename = "version")]
    pub(crate) versions: Vec<Version>,
    /// Programs and libraries that only our own chores need.
    #[serde(rename = "tool")]
    pub(crate) tools: Vec<Tool>,
}

/// One version of the vendor's API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Version {
    /// `se`, `mini` or `sopt`.
    pub(crate) family: String,
    /// `6.7.13`.
    pub(crate) version: String,
    /// How the headers are encoded as delivered.
    pub(crate) encoding: Encoding,
    /// Where the files come from.
    #[serde(rename = "archive")]
    pub(crate) archives: Vec<Archive>,
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
    pub(crate) sha256: Digest,
    pub(crate) files: Vec<PinnedFile>,
}

/// The kind of a package.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Registry {
    /// A source archive of the Python package index.
    PypiSdist,
    /// A wheel of the Python package index.
    PypiWheel,
    /// A crate of crates.io.
    Crate,
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
    /// Reads and checks the manifest at `path`.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not usable", path.display()))
    }

    /// Parses and checks a manifest.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text)?;
        let mut seen = HashSet::new();
        for version in &manifest.versions {
            version.check()?;
            ensure!(seen.insert(version.folder()), "{} stands there twice", version.folder());
        }
        for tool in &manifest.tools {
            tool.archive.check()?;
        }
        Ok(manifest)
    }

    /// Returns the versions called for: of `family` when given, and those in `names` unless it is empty.
    pub(crate) fn select(&self, family: Option<&str>, names: &[String]) -> Result<Vec<&Version>> {
        let in_family: Vec<&Version> = self
            .versions
            .iter()
            .filter(|version| family.is_none_or(|family| version.family == family))
            .collect();
        let known = || self.versions.iter().map(Version::folder).collect::<Vec<_>>().join(", ");
        if in_family.is_empty() {
            bail!(
                "no version of family {} is pinned in vendor/manifest.toml; known: {}",
                family.unwrap_or("any"),
                known()
            );
        }
        for name in names {
            if !in_family.iter().any(|version| version.version == *name) {
                bail!("version {name} is not pinned in vendor/manifest.toml; known: {}", known());
            }
        }
        Ok(in_family
            .into_iter()
            .filter(|version| names.is_empty() || names.contains(&version.version))
            .collect())
    }

    /// Returns the pinned tool called `name`.
    pub(crate) fn tool(&self, name: &str) -> Result<&Tool> {
        self.tools
            .iter()
            .find(|tool| tool.name == name)
            .with_context(|| format!("vendor/manifest.toml pins no tool called {name}"))
    }
}

impl Version {
    /// Returns the name of the version's folder: `se-6.7.13`.
    pub(crate) fn folder(&self) -> String {
        format!("{}-{}", self.family, self.version)
    }

    /// Returns every file that the version's folder holds.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PinnedFile> {
        self.archives.iter().flat_map(|archive| &archive.files)
    }

    fn check(&self) -> Result<()> {
        let is_label = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_')
        };
        ensure!(is_label(&self.family), "not a family: {}", self.family);
        ensure!(is_label(&self.version), "not a version: {}", self.version);
        let mut seen = HashSet::new();
        for archive in &self.archives {
            archive.check()?;
        }
        for file in self.files() {
            let in_place = file.to.starts_with("include/") || file.to.starts_with("lib/");
            ensure!(in_place, "{}: goes to neither include/ nor lib/: {}", self.folder(), file.to);
            ensure!(seen.insert(&file.to), "{}: two files go to {}", self.folder(), file.to);
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
