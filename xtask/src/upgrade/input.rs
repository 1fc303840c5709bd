//! What an upgrade is given: headers, their version, and the libraries that belong to them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use super::Arguments;
use crate::generator::Generator;
use crate::{paths, shell};

/// The headers that every set has.
const HEADERS: [&str; 4] =
    ["ThostFtdcMdApi.h", "ThostFtdcTraderApi.h", "ThostFtdcUserApiDataType.h", "ThostFtdcUserApiStruct.h"];

/// What is taken where a set has it.
const EXTRAS: [&str; 2] = ["DataCollect.h", "error.xml"];

/// The given headers, read.
pub(super) struct Input {
    pub(super) headers: PathBuf,
    pub(super) family: String,
    pub(super) version: String,
    /// Patch mark of the library, where one told the version.
    pub(super) patch: Option<String>,
    /// Files to take over.
    pub(super) files: Vec<Taken>,
}

/// A file that is taken over into `vendor/<family>-<version>/`.
#[derive(Debug, PartialEq)]
pub(super) struct Taken {
    pub(super) from: PathBuf,
    pub(super) to: String,
}

/// What `ctp-gen detect --json` says.
#[derive(Deserialize)]
struct Detected {
    family: String,
    version: String,
    patch: Option<String>,
    evidence: String,
}

impl Input {
    /// Finds out what is given. Nothing is written, and no library is loaded.
    pub(super) fn read(arguments: &Arguments, generator: &Generator) -> Result<Self> {
        let headers = arguments
            .headers
            .canonicalize()
            .with_context(|| format!("no folder of headers at {}", arguments.headers.display()))?;
        ensure!(headers.is_dir(), "not a folder: {}", headers.display());
        for header in HEADERS {
            let path = headers.join(header);
            ensure!(path.is_file(), "{} has no {header}; it is no set of CTP headers", headers.display());
        }
        let library = match &arguments.library {
            Some(folder) => {
                let folder = folder
                    .canonicalize()
                    .with_context(|| format!("no folder of libraries at {}", folder.display()))?;
                ensure!(folder.is_dir(), "not a folder: {}", folder.display());
                Some(folder)
            }
            None => None,
        };

        let detected = detect(generator, library.as_deref().unwrap_or(&headers));
        let (family, version, patch) = match (arguments.version.as_str(), detected) {
            ("auto", Err(error)) => return Err(error),
            ("auto", Ok(found)) => {
                println!("{} {} (from: {})", found.family, found.version, found.evidence);
                if let Some(family) = arguments.family.as_ref().filter(|family| **family != found.family) {
                    bail!(
                        "--family {family}, but {} says {} {}; give --version, too",
                        found.evidence,
                        found.family,
                        found.version
                    );
                }
                (found.family, found.version, found.patch)
            }
            (version, found) => {
                let family = arguments.family.clone().unwrap_or_else(|| family_of(version).to_owned());
                // What was found says more only when it is about this version.
                let same = found.ok().filter(|found| found.family == family && found.version == version);
                (family, version.to_owned(), same.and_then(|found| found.patch))
            }
        };

        let headers_of =
            HEADERS.iter().chain(&EXTRAS).map(|name| (headers.join(name), format!("include/{name}")));
        let mut files: Vec<Taken> =
            headers_of.filter(|(from, _)| from.is_file()).map(|(from, to)| Taken { from, to }).collect();
        let libraries = match &library {
            Some(folder) => libraries_in(folder, &family, &version)?,
            None => libraries_near(&headers, &family, &version)?,
        };
        if let (Some(folder), true) = (&library, libraries.is_empty()) {
            bail!("{} holds no Linux library of {family} {version}", folder.display());
        }
        files.extend(libraries);
        Ok(Self { headers, family, version, patch, files })
    }

    /// Returns `se-6.7.13`.
    pub(super) fn label(&self) -> String {
        format!("{}-{}", self.family, self.version)
    }

    /// Returns where the libraries will be, with what they are.
    pub(super) fn libraries(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        let folder = paths::vendor().join(self.label());
        let kind = |to: &str| {
            [("trader", "traderapi"), ("md", "mduserapi")].into_iter().find(|(_, mark)| to.contains(mark))
        };
        self.files
            .iter()
            .filter(|file| file.to.starts_with("lib/"))
            .filter_map(move |file| kind(&file.to).map(|(kind, _)| (kind, folder.join(&file.to))))
    }
}

fn family_of(version: &str) -> &'static str {
    match version.split('.').next() {
        Some("1") => "mini",
        Some("3") => "sopt",
        _ => "se",
    }
}

fn detect(generator: &Generator, folder: &Path) -> Result<Detected> {
    let said = shell::output(generator.command().arg("detect").arg(folder).arg("--json"))?;
    serde_json::from_slice(&said).context("what ctp-gen detect says is not understood")
}

/// Returns the libraries that lie in the folder of the headers, below it, beside it, or two levels up.
fn libraries_near(headers: &Path, family: &str, version: &str) -> Result<Vec<Taken>> {
    let mut folders = vec![headers.to_owned()];
    folders.extend(subfolders(headers));
    if let Some(parent) = headers.parent() {
        folders.push(parent.to_owned());
        folders.extend(subfolders(parent));
        folders.extend(parent.parent().map(Path::to_owned));
    }
    for folder in folders {
        let found = libraries_in(&folder, family, version)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// Returns the libraries of `folder` when the trader library there says `version`; all or none.
fn libraries_in(folder: &Path, family: &str, version: &str) -> Result<Vec<Taken>> {
    let mut found: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.contains(".so") && path.is_file() {
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            found.push((path, bytes));
        }
    }
    found.retain(|(_, bytes)| bytes.starts_with(b"\x7fELF"));
    found.sort();
    let named = |mark: &str| {
        found.iter().find(|(path, _)| path.file_name().unwrap_or_default().to_string_lossy().contains(mark))
    };
    // One mini delivery carries market data of an older version: the trader decides.
    let Some((trader, _)) = named("traderapi").filter(|(_, bytes)| says(bytes, version)) else {
        return Ok(Vec::new());
    };
    let [trader_name, md_name] = match family {
        "mini" => ["libthosttraderapi.so", "libthostmduserapi.so"],
        "sopt" => ["soptthosttraderapi_se.so", "soptthostmduserapi_se.so"],
        _ => ["thosttraderapi_se.so", "thostmduserapi_se.so"],
    };
    let others = [("mduserapi", md_name), ("DataCollect", "LinuxDataCollect.so")];
    let others = others.into_iter().filter_map(|(mark, to)| named(mark).map(|(from, _)| (from, to)));
    Ok([(trader, trader_name)]
        .into_iter()
        .chain(others)
        .map(|(from, to)| Taken { from: from.clone(), to: format!("lib/{to}") })
        .collect())
}

/// Returns whether a text of the library begins with `version`: `v6.7.13_20260225 …`, `6.3.15_…`, `V1.7.7`.
fn says(library: &[u8], version: &str) -> bool {
    let version = version.as_bytes();
    let begins = |at: usize| {
        let before = &library[..at];
        let before = before.strip_suffix(b"v").or_else(|| before.strip_suffix(b"V")).unwrap_or(before);
        before.last().is_none_or(|byte| *byte == 0)
    };
    let ends = |at: usize| library.get(at + version.len()).is_none_or(|byte| matches!(byte, 0 | b'_' | b' '));
    library.windows(version.len()).enumerate().any(|(at, found)| found == version && begins(at) && ends(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_says_its_version_at_the_beginning_of_a_text() {
        for text in ["\x7fELF\0v6.7.1_20230101 1:2:3\0", "\0V6.7.1\0", "\x006.7.1_P1_2023"] {
            assert!(says(text.as_bytes(), "6.7.1"), "{text:?}");
        }
        for text in ["\0v6.7.11_20250617\0", "\0openssl 6.7.1\0", "\x0016.7.1_\0", "6.7"] {
            assert!(!says(text.as_bytes(), "6.7.1"), "{text:?}");
        }
    }

    #[test]
    fn libraries_are_taken_with_their_vendors_names_when_the_trader_says_the_version() {
        let root = tempfile::tempdir().unwrap();
        let (headers, linux) = (root.path().join("header"), root.path().join("linux"));
        for folder in [&headers, &linux, &root.path().join("win")] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(root.path().join("win/thosttraderapi_se.so"), "\0v6.7.1_\0").unwrap();
        fs::write(linux.join("libthosttraderapi_se-83be9146.so"), "\x7fELF\0v6.7.1_20230101\0").unwrap();
        fs::write(linux.join("libthostmduserapi_se.so"), "\x7fELF\0v6.7.0_20230101\0").unwrap();
        let found = libraries_near(&headers, "se", "6.7.1").unwrap();
        let to: Vec<_> = found.iter().map(|file| file.to.as_str()).collect();
        assert_eq!(to, ["lib/thosttraderapi_se.so", "lib/thostmduserapi_se.so"]);
        assert_eq!(libraries_near(&headers, "se", "6.7.0").unwrap(), []);
        assert_eq!(libraries_near(&headers, "mini", "6.7.1").unwrap()[0].to, "lib/libthosttraderapi.so");
    }
}
