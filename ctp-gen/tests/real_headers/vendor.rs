//! The vendor's headers, and broken copies of them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// The four headers and the error table.
const FILES: [&str; 5] = [
    "ThostFtdcUserApiDataType.h",
    "ThostFtdcUserApiStruct.h",
    "ThostFtdcMdApi.h",
    "ThostFtdcTraderApi.h",
    "error.xml",
];

/// Returns the folder of the vendor's headers in `vendor/<name>`; a version alone is one of `se`.
///
/// # Panics
///
/// Panics with the command to run when they are not there: nothing is skipped.
pub(crate) fn headers(name: &str) -> PathBuf {
    let family = if name.starts_with(|first: char| first.is_ascii_digit()) { "se-" } else { "" };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../vendor/{family}{name}/include"));
    assert!(folder.is_dir(), "the vendor's headers of {name} are missing: run `cargo xtask vendor`");
    folder
}

/// A copy of a version's headers that a test may change.
pub(crate) struct Copy(TempDir);

impl Copy {
    pub(crate) fn of(version: &str) -> Self {
        let copy = Self(temporary());
        FILES.iter().for_each(|file| copy.take(file, version));
        copy
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Replaces one file by that of another version.
    pub(crate) fn take(&self, file: &str, version: &str) {
        self.put(file, &read(&headers(version).join(file)));
    }

    /// Changes the text of one file; the change must be one.
    pub(crate) fn edit(&self, file: &str, change: impl Fn(&str) -> String) {
        let text = read(&self.path().join(file));
        let changed = change(&text);
        assert_ne!(changed, text, "{file} is as it was");
        self.put(file, &changed);
    }

    /// Takes the declaration of one virtual method out of a header.
    pub(crate) fn remove_method(&self, file: &str, method: &str) {
        let declares = |line: &str| line.contains("virtual ") && line.contains(&format!(" {method}("));
        self.edit(file, |text| {
            assert_eq!(
                text.lines().filter(|line| declares(line)).count(),
                1,
                "{file} declares {method} once"
            );
            text.lines().filter(|line| !declares(line)).map(|line| format!("{line}\n")).collect()
        });
    }

    fn put(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }
}

/// Makes a folder that goes with the test.
pub(crate) fn temporary() -> TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("cannot make a folder: {error}"))
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}
