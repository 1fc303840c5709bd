//! Every row of the fault catalogue that a counter can cause: its plan in `tests/faults/`, and what a client sees of it.
//!
//! A plan `F12-no-rsp-info.toml` is shown by a scenario `F12-no-rsp-info.txt`, run through the facades of three versions
//! (`docs/scenarios.md`), or where that cannot say it by a test in one of the modules below. `rows.toml` says of each row
//! what is done about it; `docs/faults.md` has the table. `cargo test --test faults -- F12` runs some.

mod common;
#[path = "common/facade.rs"]
mod facade;
#[path = "common/one.rs"]
mod one;
#[path = "faults/process.rs"]
mod process;
#[path = "faults/table.rs"]
mod table;
#[path = "faults/threads.rs"]
mod threads;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use ctp_sim_host::scenario::{self, Direct, Scenario};
use facade::Facade;
use libtest_mimic::{Arguments, Failed, Trial};

/// The oldest line, the newest before numbers in the private stream, the newest.
const VERSIONS: [(&str, (u16, u16, u16)); 3] =
    [("6.3.15", (6, 3, 15)), ("6.7.11", (6, 7, 11)), ("6.7.13", (6, 7, 13))];

fn main() -> ExitCode {
    // A client that is to be aborted is a process of its own.
    if let Some(code) = process::child() {
        return code;
    }
    let arguments = Arguments::from_args();
    let facades: Vec<_> = VERSIONS
        .iter()
        // What is without its plan runs as the newest, which is not in its name.
        .filter(|(label, _)| [*label, "without"].into_iter().any(|word| one::is_asked(&arguments, word)))
        .map(|(label, version)| {
            let facade = Facade::load(label, *version).map_err(|error| error.to_string());
            (*label, *version, facade)
        })
        .collect();
    let mut trials = Vec::new();
    for path in files("txt") {
        let name = stem(&path);
        if !one::is_asked(&arguments, &name) {
            continue;
        }
        match read(&path) {
            Ok(scenario) => {
                let allowed = || facades.iter().filter(|(_, version, _)| scenario.versions.allow(*version));
                for (label, _, facade) in allowed() {
                    trials.push(trial(format!("{name} {label}"), &scenario, facade.clone()));
                }
                if let Some((label, version, facade)) = allowed().next_back() {
                    let served = facade.clone().map(|facade| facade.served());
                    trials.push(trial(format!("{name} {label} served"), &scenario, served));
                    trials.push(counterproof(&name, &scenario, *version));
                }
            }
            Err(problems) => trials.push(Trial::test(name, move || Err(Failed::from(problems)))),
        }
    }
    trials.extend(tests(table::TESTS).chain(tests(process::TESTS)).chain(tests(threads::TESTS)));
    one::ended(&arguments, &libtest_mimic::run(&arguments, trials))
}

/// A test that is no scenario: its name, and what it does.
type Test = (&'static str, fn());

fn tests(tests: &'static [Test]) -> impl Iterator<Item = Trial> {
    tests.iter().map(|(name, test)| {
        Trial::test(*name, || {
            test();
            Ok(())
        })
    })
}

fn trial(name: String, scenario: &Scenario, facade: Result<Facade, String>) -> Trial {
    let scenario = scenario.clone();
    Trial::test(name, move || {
        let report = scenario::run(&scenario, &facade?);
        match report.failures.is_empty() {
            true => Ok(()),
            false => Err(texts(&report.failures).into()),
        }
    })
}

/// Without its plan a scenario does not pass, so that it is the plan that the client sees.
fn counterproof(name: &str, scenario: &Scenario, version: (u16, u16, u16)) -> Trial {
    let name = format!("{name} not without its plan");
    assert!(scenario.has_faults(), "{name}: no `faults:` line");
    let scenario = scenario.clone().without_faults();
    Trial::test(name, move || {
        let report = scenario::run(&scenario, &Direct { version });
        match report.failures.len() == report.rows {
            true => Ok(()),
            false => Err("the scenario passes without its fault plan: it shows nothing".into()),
        }
    })
}

fn read(path: &Path) -> Result<Scenario, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    // The plans are named from the scenario's folder.
    scenario::parse_file(&path.display().to_string(), &text).map_err(|problems| texts(&problems))
}

fn texts<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Returns the folder of plans and scenarios.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults")
}

/// Returns the files of one kind, in order.
fn files(extension: &str) -> Vec<PathBuf> {
    let folder = folder();
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
