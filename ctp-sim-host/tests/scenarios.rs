//! Runs every scenario file of the project against instances of this crate, as each library version that it allows.
//!
//! One test per file and version: `cargo test -p ctp-sim-host --test scenarios -- 5.5` runs some. The same files run
//! through the facades in the root's `tests/scenarios.rs`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ctp_sim_host::scenario::{self, Direct, Scenario};
use libtest_mimic::{Arguments, Failed, Trial};

/// The versions whose facades the simulator has.
const VERSIONS: [(u16, u16, u16); 3] = [(6, 3, 15), (6, 7, 11), (6, 7, 13)];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for path in files() {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match read(&path) {
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
    let files = files().len();
    let conclusion = libtest_mimic::run(&arguments, trials);
    println!(
        "{files} scenario files; {} runs passed, {} failed",
        conclusion.num_passed, conclusion.num_failed
    );
    conclusion.exit_code()
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
