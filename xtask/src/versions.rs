//! `cargo xtask versions`: what is known of every version, as the tests themselves find it now.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use ctp_gen::api::ClassKind;
use ctp_gen::{Api, models};

use crate::generator::{self, FEATURES, Generator};
use crate::vendor::manifest::{Kind, Manifest};
use crate::{paths, shell, vendor};

/// The tests of `ctp-gen/tests/real_headers` that every version with a model has.
const PROOF: [&str; 3] = ["model", "layout", "symbols"];

/// Runs the proof and the real libraries, and prints the table; fails when any of it does.
pub(crate) fn run() -> Result<()> {
    vendor::run(&vendor::Arguments::default())?;
    let readers = said(Generator::build()?.command().arg("check"))?;
    let proof = tests(shell::cargo().arg("test").args(generator::OPTIONS), "real_headers", &[])?;
    let real = tests(shell::cargo().args(["test", "--package", "ctp"]), "real_libraries", &["--nocapture"])?;
    let found = Found {
        readers: readers.said.lines().filter(|line| line.contains("bindgen agrees")).map(label_of).collect(),
        proofs: proof_results(&proof.said),
        libraries: library_results(&real.said),
    };
    let rows = rows(&vendor::manifest()?, &found);
    print!("\n{}", table(&rows));
    ensure!(readers.passed, "the readers differ: cargo xtask codegen --check");
    ensure!(
        proof.passed,
        "not every version is proved: cargo test -p ctp-gen --features {FEATURES} --test real_headers"
    );
    ensure!(real.passed, "not every library runs: cargo test --test real_libraries");
    let faults: Vec<&str> =
        rows.iter().filter(|row| row.iter().any(|cell| is_fault(cell))).map(|row| row[0].as_str()).collect();
    ensure!(faults.is_empty(), "no result of: {}", faults.join(", "));
    Ok(())
}

/// What the tests found.
#[derive(Default)]
struct Found {
    /// Versions whose model both readers agree on.
    readers: BTreeSet<String>,
    /// Tests of `real_headers`, and whether they passed.
    proofs: BTreeMap<String, bool>,
    /// What became of the libraries of each folder.
    libraries: BTreeMap<String, Vec<String>>,
}

/// What a program said.
struct Said {
    said: String,
    passed: bool,
}

fn tests(command: &mut Command, name: &str, options: &[&str]) -> Result<Said> {
    command.args(["--test", name, "--"]).args(options).env("LIBCLANG_PATH", paths::tools());
    let said = said(command)?;
    ensure!(said.said.contains("test result: "), "no tests ran: {}", shell::line(command));
    Ok(said)
}

/// Runs `command`, shows what it says, and returns it, whether it fails or not.
fn said(command: &mut Command) -> Result<Said> {
    let line = shell::line(command);
    eprintln!("$ {line}");
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start: {line}"))?;
    std::io::stderr().write_all(&output.stdout).context("cannot write to standard error")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(Said { said, passed: output.status.success() })
}

/// Returns `se-6.7.13` of the line `se-6.7.13: …`.
fn label_of(line: &str) -> String {
    line.split(':').next().unwrap_or_default().to_owned()
}

/// Returns `se-6.7.13::layout` → passed, from lines such as `test se-6.7.13::layout ... ok`.
fn proof_results(said: &str) -> BTreeMap<String, bool> {
    let result = |line: &str| {
        let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
        Some((name.trim().to_owned(), outcome.trim() == "ok"))
    };
    said.lines().filter_map(result).collect()
}

/// Returns what the test of real libraries says of each folder: `ran` for each library that went through, or the
/// refusal.
fn library_results(said: &str) -> BTreeMap<String, Vec<String>> {
    let mut results: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in said.lines() {
        let Some((folder, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim();
        let said = if rest.contains(" connected twice, closed in ") {
            "ran"
        } else if rest.starts_with("refused: ") {
            "refused"
        } else {
            continue;
        };
        results.entry(folder.to_owned()).or_default().push(said.to_owned());
    }
    results
}

/// Returns the head and one row per folder of the manifest.
fn rows(manifest: &Manifest, found: &Found) -> Vec<[String; 6]> {
    let Found { readers, proofs, libraries } = found;
    let head = ["folder", "records", "methods", "readers", "proof", "real libraries (md, trader)"];
    let head = head.map(str::to_owned);
    let rows = manifest.sets.iter().map(|set| {
        let folder = set.folder();
        let [records, methods] = counts(models::find(&folder).filter(|_| set.kind == Kind::Version));
        let agree = match (set.kind, readers.contains(&folder)) {
            (Kind::Version, true) => "agree",
            (Kind::Version, false) => "DIFFER",
            _ => "-",
        };
        let proof = match set.kind {
            Kind::Version => outcome(&PROOF.map(|test| proofs.get(&format!("{folder}::{test}")).copied())),
            Kind::Headers => outcome(&[proofs.get(&format!("{folder}::proof")).copied()]),
            Kind::Libraries => "-".to_owned(),
        };
        let library = match libraries.get(&folder) {
            Some(said) if said.len() == 2 && said.iter().all(|said| said == "ran") => "both ran".to_owned(),
            Some(said) if said.len() == 2 && said.iter().all(|said| said == "refused") => {
                "both refused".to_owned()
            }
            Some(_) => "FAILED".to_owned(),
            None if set.files().any(|file| file.to.contains("traderapi")) => "FAILED".to_owned(),
            None => "-".to_owned(),
        };
        [folder, records, methods, agree.to_owned(), proof, library]
    });
    std::iter::once(head).chain(rows).collect()
}

fn counts(api: Option<&Api>) -> [String; 2] {
    let Some(api) = api else { return ["-", "-"].map(str::to_owned) };
    let methods = ClassKind::ALL.map(|kind| api.class(kind).methods.len());
    let [md_spi, md_api, trader_spi, trader_api] = methods;
    let total: usize = methods.iter().sum();
    [api.records.len().to_string(), format!("{total} ({trader_spi} + {trader_api} + {md_spi} + {md_api})")]
}

fn outcome(tests: &[Option<bool>]) -> String {
    match tests {
        _ if tests.iter().all(|test| *test == Some(true)) => "proved",
        _ if tests.contains(&None) => "NOT RUN",
        _ => "FAILED",
    }
    .to_owned()
}

fn is_fault(cell: &str) -> bool {
    ["FAILED", "DIFFER", "NOT RUN"].contains(&cell)
}

/// Lays the rows out as a Markdown table.
fn table(rows: &[[String; 6]]) -> String {
    let widths: [usize; 6] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let line = |cells: &[String; 6]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!(" {cell:width$} "));
        format!("|{}|\n", cells.collect::<Vec<_>>().join("|"))
    };
    let rule = line(&widths.map(|width| "-".repeat(width)));
    let mut lines = rows.iter().map(line);
    let head = lines.next().unwrap_or_default();
    format!("{head}{rule}{}methods: TraderSpi + TraderApi + MdSpi + MdApi\n", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_off_what_the_tests_say() {
        let proofs = proof_results(
            "running 3 tests\ntest se-6.7.13::layout    ... ok\ntest se-6.7.13::model ... FAILED\n\
             test result: ok. 3 passed\n",
        );
        assert_eq!(proofs.len(), 2);
        assert!(proofs["se-6.7.13::layout"] && !proofs["se-6.7.13::model"]);

        let libraries = library_results(
            "se-6.7.13       md v6.7.13_20260225 connected twice, closed in 3ms\n\
             se-6.7.13       trader v6.7.13_20260225 connected twice, closed in 3ms, the code of x\n\
             openctp-6.6.7   refused: there is no model\nsomething else\n",
        );
        assert_eq!(libraries["se-6.7.13"], ["ran", "ran"]);
        assert_eq!(libraries["openctp-6.6.7"], ["refused"]);
        assert_eq!(libraries.len(), 2);
    }

    #[test]
    fn what_did_not_run_is_not_taken_for_success() {
        let manifest = vendor::manifest().unwrap();
        let rows = rows(&manifest, &Found::default());
        assert_eq!(rows.len(), manifest.sets.len() + 1);
        let row = |folder: &str| rows.iter().find(|row| row[0] == folder).unwrap().clone();
        assert_eq!(row("se-6.7.13")[3..], ["DIFFER", "NOT RUN", "FAILED"]);
        assert_eq!(row("mini-1.7.5")[4..], ["NOT RUN", "-"]);
        assert_eq!(row("openctp-6.6.7")[1..], ["-", "-", "-", "-", "FAILED"]);
        assert_eq!(outcome(&[Some(true), Some(false)]), "FAILED");
        assert_eq!(row("se-6.7.13")[1..3], ["519", "346 (178 + 140 + 13 + 15)"]);
    }
}
