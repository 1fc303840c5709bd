//! Every scenario through clients that we did not write.
//!
//! As a test it runs a few files through two clients, against what is pinned in `reasons.toml`; with the word `table` before
//! everything else it runs all of them through every client that it is given, and prints client × scenario. Both are what
//! `cargo xtask test` and `cargo xtask conformance` call. docs/conformance.md says more.

mod child;
mod foreign;
mod guard;
mod outcome;
mod reasons;
mod table;

use std::{env, ffi::OsString, fs, path::Path, process::ExitCode};

use clap::Parser as _;
use ctp_sim_host::scenario::{self, Scenario};
use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = env::args_os().collect();
    if arguments.get(1).is_some_and(|word| word == "table") {
        arguments.remove(1);
        return match table::run(&table::Options::parse_from(arguments)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        };
    }
    libtest_mimic::run(&Arguments::from_iter(arguments), guard::trials()).exit_code()
}

/// Returns the names of all scenario files, in order.
fn names() -> Result<Vec<String>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> =
        names.filter_map(|name| name.strip_suffix(".txt").map(str::to_owned)).collect();
    names.sort();
    Ok(names)
}

fn read(name: &str) -> Result<Scenario, String> {
    let path = format!("tests/scenarios/{name}.txt");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path));
    let text = text.map_err(|error| format!("{path}: {error}"))?;
    scenario::parse_file(&path, &text).map_err(|problems| outcome::texts(&problems))
}
