//! `ctp sim …` as a user runs it.

use std::process::{Command, Output};

fn sim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ctp")).arg("sim").args(arguments).output().expect("the command starts")
}

/// Runs a command that succeeds and returns what it says.
fn says(arguments: &[&str]) -> String {
    let output = sim(arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Asserts that a command fails with these words and without a panic.
fn fails(arguments: &[&str], words: &str) {
    let output = sim(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    assert!(said.contains(words) && said.contains("error: "), "{arguments:?}: {said}");
    assert!(!said.contains("panicked"), "{arguments:?}: {said}");
}

#[test]
fn lists_come_for_people_and_for_programs() {
    for (list, known) in
        [("coverage", "ReqOrderInsert"), ("settings", "initial_balance"), ("switches", "simnow_style")]
    {
        assert!(says(&[list]).contains(known), "{list}");
        assert!(says(&[list, "--markdown"]).starts_with("| "), "{list}");
        let rows: Vec<serde_json::Value> = serde_json::from_str(&says(&[list, "--json"])).expect("JSON");
        assert!(rows.len() > 20 && rows.iter().all(serde_json::Value::is_object), "{list}");
    }
}

#[test]
fn the_same_day_has_the_same_digest() {
    let day = |seed: &str| {
        let text =
            says(&["day", "--instruments", "4", "--seed", seed, "--journal", "--set", "tick_interval=30s"]);
        let digest = text.lines().find(|line| line.starts_with("SHA-256")).expect("a digest").to_owned();
        assert!(text.contains("next day     20261124"), "{text}");
        digest
    };
    assert_eq!(day("7"), day("7"));
    assert_ne!(day("7"), day("8"));
}

#[test]
fn what_cannot_be_is_named() {
    fails(&["day", "--date", "soon"], "\"soon\" is not a date");
    fails(&["day", "--date", "2026-11-22"], "2026-11-22 is not a trading day; the next one is 2026-11-23");
    fails(&["day", "--instruments", "100000"], "not 100000");
    fails(&["day", "--set", "colour=red"], "colour");
    fails(&["day", "--set", "red"], "NAME=VALUE");
    fails(&["scenario", "no/such.txt"], "cannot read no/such.txt");
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    fails(&["scenario", scenario], "1 of 1 files did not pass");
    fails(&["scenario", scenario, "--version", "six"], "a version such as 6.7.13");
}
