//! Golden tests: every behaviour of the generator has one small header in `fixtures/`, and what comes out
//! of it stands in `fixtures/expected/`.
//!
//! The tests are listed from the folder; every C++ text is compiled, too. `UPDATE_EXPECTED=1` writes what comes out; review it as a
//! difference.

#[path = "../support/cpp.rs"]
mod cpp;
mod difference;
mod fixture;
#[path = "../support/header_set.rs"]
mod header_set;
#[path = "../support/layout.rs"]
mod layout;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use libtest_mimic::{Arguments, Failed, Trial};

use fixture::Fixture;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let expected = folder.join("expected");
    let headers: Vec<PathBuf> =
        files(&folder).filter(|path| path.extension().is_some_and(|e| e == "h")).collect();
    let names: BTreeSet<String> = headers.iter().map(|header| stem(header)).collect();

    let no_orphan = {
        let expected = expected.clone();
        Trial::test("every_expected_file_has_a_fixture", move || {
            let orphan = files(&expected).find(|path| !names.contains(&stem(path)));
            orphan.map_or(Ok(()), |path| Err(format!("{} has no fixture", path.display()).into()))
        })
    };
    let trials = headers.into_iter().map(|header| {
        let expected = expected.clone();
        Trial::test(stem(&header), move || check(&header, &expected))
    });
    libtest_mimic::run(&arguments, trials.chain([no_orphan]).collect()).exit_code()
}

/// Compares what comes out of one fixture with the files committed for it.
fn check(header: &Path, expected: &Path) -> Result<(), Failed> {
    let name = stem(header);
    let fixture = Fixture::read(&fs::read_to_string(header)?)?;
    let mut found = BTreeSet::new();
    for (output, text) in fixture.run()? {
        let file = format!("{name}.{output}");
        let path = expected.join(&file);
        found.insert(file);
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&path, &text)?;
            continue;
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        if committed != text {
            let difference = difference::of(&committed, &text);
            return Err(format!(
                "{} differs (- committed, + now; accept with UPDATE_EXPECTED=1):\n{difference}",
                path.display()
            )
            .into());
        }
    }
    let stale = files(expected).find(|path| {
        stem(path) == name
            && path.file_name().is_some_and(|file| !found.contains(file.to_string_lossy().as_ref()))
    });
    stale.map_or(Ok(()), |path| Err(format!("{} is no longer emitted", path.display()).into()))
}

/// Returns the files of a folder in order.
fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
    let paths: BTreeSet<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.into_iter()
}

/// Returns the name of a file up to its first dot.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}
