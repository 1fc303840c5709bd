//! Which family and version a folder of headers is of, where something says it.
//!
//! The headers themselves carry no version. What does, from the strongest to the weakest: a library beside
//! them, headers that a committed model was made from, declarations that are those of one, the folder's name.

mod mark;

use std::{
    fs,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{Api, api::Source, models, parse};

pub use mark::VersionMark;

/// What was found out about a folder of headers.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Detected {
    /// `se`, `mini` or `sopt`.
    pub family: String,
    /// Version, for example `6.7.9`.
    pub version: String,
    /// Patch mark, for example `P1`.
    pub patch: Option<String>,
    /// What told it.
    pub evidence: String,
}

/// Returns family and version of the headers in `folder`, or `None` when nothing tells them.
///
/// Libraries are searched in the folder, below it, up to two levels up, and, where it is called `header` or
/// `include`, in the folders beside it; none is loaded.
pub fn detect(folder: &Path) -> Option<Detected> {
    from_library(folder)
        .or_else(|| from_known_headers(folder))
        .or_else(|| from_declarations(folder))
        .or_else(|| from_name(folder))
}

/// Returns the family that numbers its versions like this; the generator knows no other.
fn family(version: &VersionMark) -> Option<&'static str> {
    match version.numbers[0] {
        1 => Some("mini"),
        3 => Some("sopt"),
        6 => Some("se"),
        _ => None,
    }
}

fn detected(mark: VersionMark, evidence: String) -> Option<Detected> {
    let family = family(&mark)?.to_owned();
    Some(Detected { family, version: mark.label(), patch: mark.patch, evidence })
}

/// The trader library decides: one mini delivery carries market data and trading of different versions.
fn from_library(folder: &Path) -> Option<Detected> {
    let folder = folder.canonicalize().ok()?;
    let mut folders = vec![folder.clone()];
    folders.extend(subfolders(&folder));
    if let Some(parent) = folder.parent() {
        folders.push(parent.to_owned());
        // Beside `header` or `include` stand other parts of the delivery (ctpwrapper: header/, linux/); beside
        // any other folder, other deliveries.
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
        if name.starts_with("header") || name.starts_with("inc") {
            folders.extend(subfolders(parent));
        }
        // vnpy_ctp: api/include/ctp/*.h, api/*.so.
        folders.extend(parent.parent().map(Path::to_owned));
    }
    for side in ["traderapi", "mduserapi"] {
        for path in folders.iter().flat_map(|folder| libraries(folder, side)) {
            let mark = fs::read(&path).ok().and_then(|bytes| mark::in_library(&bytes));
            let found = mark.and_then(|mark| detected(mark, format!("library {}", shown(&path, &folder))));
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

/// Returns `path` as seen from the folder of the headers.
fn shown(path: &Path, folder: &Path) -> String {
    let parent = folder.parent().unwrap_or(folder);
    match path.strip_prefix(folder) {
        Ok(below) => below.display().to_string(),
        Err(_) => path.strip_prefix(parent).map_or_else(
            |_| path.display().to_string(),
            |beside| Path::new("..").join(beside).display().to_string(),
        ),
    }
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = entries(folder).into_iter().filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn libraries(folder: &Path, side: &str) -> Vec<PathBuf> {
    let is_library = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
        let known = [".so", ".dll", ".dylib"].iter().any(|ending| name.ends_with(ending));
        name.contains("thost") && name.contains(side) && (known || !name.contains('.')) && path.is_file()
    };
    let mut found: Vec<PathBuf> = entries(folder).into_iter().filter(is_library).collect();
    found.sort();
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).map_or_else(|_| Vec::new(), |entries| entries.flatten().map(|e| e.path()).collect())
}

/// Headers that are, byte for byte, those of a committed model.
fn from_known_headers(folder: &Path) -> Option<Detected> {
    let is_source = |source: &Source| {
        let bytes = fs::read(folder.join(&source.file));
        bytes.is_ok_and(|bytes| sha256(&bytes) == source.sha256)
    };
    let headers = |api: &Api| {
        let mut headers = api.sources.iter().filter(|source| source.file.starts_with("Thost")).peekable();
        headers.peek().is_some() && headers.all(is_source)
    };
    let api = models::models().find(|api| headers(api))?;
    Some(Detected {
        family: api.family.clone(),
        version: api.version.clone(),
        patch: None,
        evidence: format!("the headers are those of the model {}", api.label()),
    })
}

/// Headers in another encoding, or of another system, that declare what a committed model does.
fn from_declarations(folder: &Path) -> Option<Detected> {
    let known = parse::known_as(&parse::parse_folder(folder, "se", "unknown").ok()?)?;
    Some(Detected {
        family: known.family.clone(),
        version: known.version.clone(),
        patch: None,
        evidence: format!("headers that declare what the model {} does", known.label()),
    })
}

/// `v6.7.11_20250617_api_traderapi_se_linux64`, `CTPMini_V1.7.5_linux64_api_20260115`, and the folders above.
fn from_name(folder: &Path) -> Option<Detected> {
    let folder = folder.canonicalize().ok()?;
    let names: Vec<&str> =
        folder.ancestors().take(4).filter_map(|folder| folder.file_name()?.to_str()).collect();
    // Many a thing has a version 1 or 3 (`vnpy-3.9.1`): one of mini and sopt is called an API, or stands where
    // the family is named (`ctpsopt/v3.7.3`).
    let is_api = |name: &str, family: &str| {
        let names_family = |name: &&str| name.to_ascii_lowercase().contains(family);
        family == "se" || name.to_ascii_lowercase().contains("api") || names.iter().any(names_family)
    };
    names.iter().find_map(|name| {
        let found = detected(mark::in_name(name)?, format!("the folder's name {name}"))?;
        is_api(name, &found.family).then_some(found)
    })
}

/// Returns the SHA-256 of `bytes` in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, bytes).expect("a file");
        }
        folder
    }

    #[test]
    fn a_library_beside_the_headers_tells_the_version_and_the_trader_decides() {
        let folder = folder_with(&[
            ("header/ThostFtdcTraderApi.h", b"class"),
            ("linux/libthosttraderapi_se.so", b"\x7fELF\0v6.7.9_P1_20250319 10:58:13.9561\0rest"),
            ("linux/libthostmduserapi_se.so", b"\x7fELF\0v6.7.8_20240918 14:34:34.8082\0rest"),
        ]);
        let found = detect(&folder.path().join("header")).expect("a version");
        assert_eq!((found.family.as_str(), found.version.as_str()), ("se", "6.7.9"));
        assert_eq!(found.patch.as_deref(), Some("P1"));
        assert_eq!(found.evidence, "library ../linux/libthosttraderapi_se.so");
    }

    #[test]
    fn the_library_of_another_delivery_beside_the_headers_tells_nothing() {
        let library = b"\x7fELF\0v6.3.15_20190220 15:47:00\0rest";
        let folder =
            folder_with(&[("new/ThostFtdcTraderApi.h", b"class"), ("old/thosttraderapi.so", library)]);
        assert_eq!(detect(&folder.path().join("new")), None);
        assert_eq!(detect(&folder.path().join("old")).map(|found| found.version).as_deref(), Some("6.3.15"));
    }

    #[test]
    fn a_folder_name_tells_the_version_when_nothing_else_does() {
        let folder = folder_with(&[("CTPMini_V1.6.9_linux64_api_20240527/x", b"")]);
        let found = detect(&folder.path().join("CTPMini_V1.6.9_linux64_api_20240527")).expect("a version");
        assert_eq!((found.family.as_str(), found.version.as_str(), found.patch), ("mini", "1.6.9", None));
        for name in ["v3.7.3_20240910_api_traderapi_linux64_se", "ctpsopt/v3.7.3/20240910_windows_se"] {
            let folder = folder_with(&[(&format!("{name}/x"), b"")]);
            let found = detect(&folder.path().join(name)).expect("a version");
            assert_eq!((found.family.as_str(), found.version.as_str()), ("sopt", "3.7.3"), "{name}");
        }
        let folder = folder_with(&[("vnpy-3.9.1/headers/x", b"")]);
        assert_eq!(detect(&folder.path().join("vnpy-3.9.1/headers")), None);
        assert_eq!(detect(&folder.path().join("nowhere")), None);
    }
}
