//! Runs every scenario file of the project against instances of this crate, as each library version that it allows.
//!
//! One test per file and version: `cargo test -p ctp-sim-host --test scenarios -- 5.5` runs some. The same files run
//! through the facades in the root's `tests/scenarios.rs`.

#[path = "../../tests/common/one.rs"]
mod one;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ctp_sim_host::scenario::{self, Direct, Scenario};
use libtest_mimic::{Arguments, Failed, Trial};

/// The versions whose facades the simulator has.
const VERSIONS: [(u16, u16, u16); 3] = [(6, 3, 15), (6, 7, 11), (6, 7, 13)];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    let files = files();
    let asked = files
        .iter()
        .map(|path| (name_of(path), path))
        .filter(|(name, _)| one::is_asked(&arguments, name))
        .map(|(name, path)| (name, read(path)));
    for (name, read) in asked.chain(examples()) {
        match read {
            Ok(scenario) => {
                for version in VERSIONS.into_iter().filter(|version| scenario.versions.allow(*version)) {
                    let scenario = scenario.clone();
                    let (major, minor, patch) = version;
                    trials.push(Trial::test(format!("{name} {major}.{minor}.{patch}"), move || {
                        let report = scenario::run(&scenario, &Direct { version });
                        match report.failures.is_empty() {
                            true => Ok(()),
                            false => Err(texts(&report.failures).into()),
                        }
                    }));
                }
            }
            Err(problems) => trials.push(Trial::test(name, move || Err(Failed::from(problems.clone())))),
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    // On standard error: runners read the list of tests from the other.
    eprintln!(
        "{} scenario files; {} runs passed, {} failed",
        files.len(),
        conclusion.num_passed,
        conclusion.num_failed
    );
    one::ended(&arguments, &conclusion)
}

fn name_of(path: &Path) -> String {
    path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Returns the examples of the documentation, named by the line where each begins.
fn examples() -> Vec<(String, Result<Scenario, String>)> {
    const SHOWN: &str = "docs/scenarios.md";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(SHOWN);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("```scenario\n") {
        let (example, after) = after.split_once("```").unwrap_or((after, ""));
        let line = text[..text.len() - rest.len() + before.len()].lines().count() + 2;
        // So that a mistake is named with its line in the page.
        let example = format!("{}{example}", "\n".repeat(line - 1));
        let read = scenario::parse_file(SHOWN, &example).map_err(|problems| texts(&problems));
        found.push((format!("{SHOWN}:{line}"), read));
        rest = after;
    }
    assert!(!found.is_empty(), "{SHOWN} has no example");
    found
}

fn read(path: &Path) -> Result<Scenario, String> {
    let shown = format!("tests/scenarios/{}", path.file_name().unwrap_or_default().to_string_lossy());
    let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    scenario::parse_file(&shown, &text).map_err(|problems| texts(&problems))
}

fn texts<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Returns every scenario file, in order.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    files
}
