//! A few files through two clients, as a test: an unexpected pass is as red as an unexpected failure.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::{
    child::Process,
    foreign::{PACKAGES, Package, Places},
    outcome::{self, Verdict},
    reasons::Reasons,
};

/// The clients, which come as wheels.
const CLIENTS: [&str; 2] = ["openctp-ctp", "ctp-python"];

/// Files that touch every part of a client: log-in, streams, ticks, orders, refusals, queries, reconnects.
const FILES: [&str; 15] = [
    "1.4-resume",
    "2.2-reconnect-pause",
    "2.5-refused-logins",
    "2.6-settlement-statement",
    "2.7-several-sessions",
    "3.1-return-codes",
    "3.5-reference-filters",
    "4.1-subscribe",
    "4.2-levels",
    "5.5-d-partial-fills-full",
    "5.5-e-cancel",
    "5.5-h-texts",
    "5.5-k-conditional-triggers",
    "7-for-quote",
    "9.1-from-a-number",
];

/// Returns the tests.
pub(crate) fn trials() -> Vec<Trial> {
    let clients = PACKAGES.iter().filter(|package| CLIENTS.contains(&package.name));
    let all = clients.flat_map(|package| FILES.iter().map(move |file| (*package, *file)));
    let mut trials: Vec<Trial> = all
        .map(|(package, file)| {
            Trial::test(format!("{} {file}", package.name), move || {
                check(package, file).map_err(Failed::from)
            })
        })
        .collect();
    trials.push(Trial::test("a client that ends is told with what it said", || {
        ends("echo Ouch >&2; exit 3", Duration::from_secs(20), &["gone", "exit status: 3", "Ouch"])
    }));
    trials.push(Trial::test("a client that hangs is ended", || {
        ends("exec sleep 600", Duration::from_millis(200), &["hangs"])
    }));
    trials
}

/// Asks a process that does not answer, and looks for what must be said of it.
fn ends(script: &str, patience: Duration, wanted: &[&str]) -> Result<(), Failed> {
    let mut command = Command::new("sh");
    let mut process = Process::start(command.args(["-c", script]), patience)?;
    let error = process.ask(&json!({ "do": "hello" })).err().unwrap_or_default();
    match wanted.iter().all(|part| error.contains(part)) {
        true => Ok(()),
        false => Err(format!("{error:?} does not say {wanted:?}").into()),
    }
}

fn check(package: Package, file: &str) -> Result<(), String> {
    let reasons = Reasons::read(&crate::names()?)?;
    let scenario = crate::read(file)?;
    let outcome = outcome::run(&scenario, package, &Places { python: python(package.name)? });
    let expected = match scenario.versions.allow(package.version) {
        true => reasons.expected(package.name, file),
        false => Verdict::OtherVersion,
    };
    match outcome.verdict == expected {
        true => Ok(()),
        false => Err(format!(
            "{}, expected {} by tests/conformance/reasons.toml\n{}",
            outcome.verdict.text(),
            expected.text(),
            outcome.text
        )),
    }
}

/// Returns the Python of a client, as `cargo xtask foreign` installs it: below `CTP_FOREIGN_DIR` or `target/foreign`.
fn python(client: &str) -> Result<PathBuf, String> {
    let folder = match env::var_os("CTP_FOREIGN_DIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("target/foreign"),
    };
    let python = folder.join(client).join("bin/python");
    match python.is_file() {
        true => Ok(python),
        false => Err(format!("no {}; run `cargo xtask foreign {client}`", python.display())),
    }
}
