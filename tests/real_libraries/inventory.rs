//! The vendor's libraries that are pinned in `vendor/manifest/`: nobody pins one that is not tested.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

/// The libraries of one package.
#[derive(Clone, Debug)]
pub(crate) struct LibrarySet {
    /// Folder in `vendor/`.
    pub(crate) folder: String,
    /// `se`, `mini` or `sopt`.
    pub(crate) family: String,
    /// The model that it is for, for example `se-6.7.13`.
    pub(crate) model: String,
    /// Of the market data library.
    pub(crate) md: Pinned,
    /// Of the trader library.
    pub(crate) trader: Pinned,
}

/// A pinned file.
#[derive(Clone, Debug)]
pub(crate) struct Pinned {
    pub(crate) path: PathBuf,
    pub(crate) sha256: String,
    /// The beginning of the original's digest, where a builder of wheels renamed the library inside.
    pub(crate) original: Option<String>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    version: Vec<Set>,
    #[serde(default)]
    libraries: Vec<Set>,
}

#[derive(Deserialize)]
struct Set {
    name: Option<String>,
    family: String,
    version: String,
    archive: Vec<Archive>,
}

#[derive(Deserialize)]
struct Archive {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    from: String,
    to: String,
    sha256: String,
}

/// Returns every pinned set of libraries, in the order of the manifest's files.
pub(crate) fn library_sets() -> Vec<LibrarySet> {
    let vendor = Path::new(env!("CARGO_MANIFEST_DIR")).join("vendor");
    let mut parts: Vec<_> = fs::read_dir(vendor.join("manifest"))
        .expect("vendor/manifest")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    parts.sort();
    let sets = parts.iter().flat_map(|path| {
        let text = fs::read_to_string(path).expect("readable");
        let Part { version, libraries } =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        version.into_iter().chain(libraries)
    });
    sets.filter_map(|set| LibrarySet::of(set, &vendor)).collect()
}

impl LibrarySet {
    /// Returns the libraries of a set, `None` where it has none.
    fn of(set: Set, vendor: &Path) -> Option<Self> {
        let folder = set.name.unwrap_or_else(|| format!("{}-{}", set.family, set.version));
        let find = |what: &str| {
            let mut files = set.archive.iter().flat_map(|archive| &archive.files);
            let file = files.find(|file| file.to.starts_with("lib/") && file.to.contains(what))?;
            let path = vendor.join(&folder).join(&file.to);
            assert!(path.exists(), "vendor/{folder}/{} is missing; run `cargo xtask vendor`", file.to);
            let renamed = file.from.strip_suffix(".so").and_then(|stem| stem.rsplit_once("_se-"));
            let original = renamed.map(|(_, digest)| digest.to_owned());
            Some(Pinned { path, sha256: file.sha256.clone(), original })
        };
        let (md, trader) = (find("thostmduserapi")?, find("thosttraderapi")?);
        let model = format!("{}-{}", set.family, set.version);
        Some(Self { family: set.family, model, md, trader, folder })
    }

    /// Returns the folder whose trader library this one is, byte for byte or but for its inner name.
    pub(crate) fn same_as<'a>(&self, others: &'a [Self]) -> Option<&'a str> {
        let original = self.trader.original.as_deref().unwrap_or(&self.trader.sha256);
        let other = others.iter().find(|other| {
            other.folder != self.folder
                && (other.trader.sha256.starts_with(original)
                    || other.trader.original.as_deref() == Some(original))
        });
        other.map(|other| other.folder.as_str())
    }
}
