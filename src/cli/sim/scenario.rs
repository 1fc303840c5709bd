//! `ctp sim scenario`: scenario files against the simulator.

use std::fmt::Write as _;
use std::path::PathBuf;

use ctp_sim_host::scenario::{self, Direct, Scenario};

use super::Error;

/// The versions whose clients behave differently.
const VERSIONS: [(u16, u16, u16); 3] = [(6, 3, 15), (6, 7, 11), (6, 7, 13)];

/// Runs the files and returns a line for each; what is wrong goes to standard error as it is found.
pub(super) fn run(files: &[PathBuf], version: Option<&str>) -> Result<String, Error> {
    let only = version.map(parse_version).transpose()?;
    let mut text = String::new();
    let mut failed = 0;
    for path in files {
        let content =
            std::fs::read_to_string(path).map_err(|cause| Error::File { path: path.clone(), cause })?;
        match scenario::parse_file(&path.display().to_string(), &content) {
            Ok(scenario) => {
                let passed = run_one(&scenario, only);
                failed += usize::from(!passed);
                let _ = writeln!(text, "{}: {}", path.display(), if passed { "passed" } else { "failed" });
            }
            Err(problems) => {
                failed += 1;
                problems.iter().for_each(|problem| eprintln!("{problem}"));
            }
        }
    }
    match failed {
        0 => Ok(text),
        _ => {
            eprint!("{text}");
            Err(Error::Scenarios(format!("{failed} of {} files", files.len())))
        }
    }
}

/// Runs a scenario as every version wanted that it allows.
fn run_one(scenario: &Scenario, only: Option<(u16, u16, u16)>) -> bool {
    let versions = VERSIONS.into_iter().chain(only.filter(|only| !VERSIONS.contains(only)));
    let wanted = versions.filter(|version| only.is_none_or(|only| only == *version));
    let mut passed = true;
    for version in wanted.filter(|version| scenario.versions.allow(*version)) {
        for failure in scenario::run(scenario, &Direct { version }).failures {
            eprintln!("{failure}");
            passed = false;
        }
    }
    passed
}

fn parse_version(text: &str) -> Result<(u16, u16, u16), Error> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    match [parts.next(), parts.next(), parts.next(), parts.next()] {
        [Some(Some(major)), Some(Some(minor)), Some(Some(patch)), None] => Ok((major, minor, patch)),
        _ => Err(Error::Option {
            option: "--version",
            value: text.to_owned(),
            expected: "a version such as 6.7.13",
        }),
    }
}
