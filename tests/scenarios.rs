//! Runs every scenario file in `tests/scenarios/` through the simulator's facades, one test per file and version, and
//! with the newest version also against a served exchange, over a connection (`served` stands behind the version):
//! `cargo test --test scenarios -- 5.5` runs some. The language is described in `docs/scenarios.md`.

#[path = "common/facade.rs"]
mod facade;
#[path = "common/one.rs"]
mod one;

use std::{fs, path::Path, process::ExitCode};

use ctp_sim_host::scenario::{self, Scenario};
use facade::Facade;
use libtest_mimic::{Arguments, Failed, Trial};

/// The oldest line, the newest before numbers in the private stream, the newest.
const VERSIONS: [(&str, (u16, u16, u16)); 3] =
    [("6.3.15", (6, 3, 15)), ("6.7.11", (6, 7, 11)), ("6.7.13", (6, 7, 13))];

/// The version that also runs over a connection.
const SERVED: &str = "6.7.13";

/// Scenarios that cannot be expressed over a connection, with the reason.
const NOT_SERVED: [(&str, &str); 0] = [];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let facades: Vec<_> = VERSIONS
        .iter()
        .filter(|(label, _)| one::is_asked(&arguments, label))
        .map(|(label, version)| {
            let facade = Facade::load(label, *version).map_err(|error| error.to_string());
            (*label, *version, facade)
        })
        .collect();
    let files = files();
    let mut trials = Vec::new();
    for file in files.iter().filter(|file| one::is_asked(&arguments, file)) {
        match read(file) {
            Ok(scenario) => {
                for (label, version, facade) in &facades {
                    if scenario.versions.allow(*version) {
                        trials.push(trial(format!("{file} {label}"), &scenario, facade.clone()));
                    }
                }
                let served = facades
                    .iter()
                    .find(|(label, version, _)| *label == SERVED && scenario.versions.allow(*version));
                let Some((label, _, facade)) = served else { continue };
                if !NOT_SERVED.iter().any(|(name, _)| name == file) {
                    let facade = facade.clone().map(|facade| facade.served());
                    trials.push(trial(format!("{file} {label} served"), &scenario, facade));
                }
            }
            Err(problems) => {
                trials.push(Trial::test(file.clone(), move || Err(Failed::from(problems))));
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    for (file, reason) in NOT_SERVED {
        eprintln!("{file} does not run over a connection: {reason}");
    }
    // On standard error: runners read the list of tests from the other.
    eprintln!(
        "{} scenario files; of the runs {} passed, {} failed",
        files.len(),
        conclusion.num_passed,
        conclusion.num_failed
    );
    one::ended(&arguments, &conclusion)
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

fn read(file: &str) -> Result<Scenario, String> {
    let path = format!("tests/scenarios/{file}.txt");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path));
    let text = text.map_err(|error| format!("{path}: {error}"))?;
    scenario::parse_file(&path, &text).map_err(|problems| texts(&problems))
}

fn texts<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Returns the names of all scenario files, in order.
fn files() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> =
        names.filter_map(|name| name.strip_suffix(".txt").map(str::to_owned)).collect();
    names.sort();
    names
}
