//! What the command does with the folder that it writes into.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn emit(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctp-gen"));
    command.arg("emit").args(arguments).arg("--out").arg("out").current_dir(folder);
    command.output().expect("ctp-gen runs")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn an_emission_takes_the_place_of_the_one_before() {
    let work = tempfile::tempdir().expect("a folder");
    let out = work.path().join("out");
    assert!(emit(&["6.7.13"], work.path()).status.success());
    // Lists every file.
    let listed = read(&out.join(".ctp-gen"));
    assert!(listed.lines().all(|line| line[66..].split('/').all(|part| !part.is_empty() && part != "..")));
    for line in listed.lines() {
        assert!(out.join(&line[66..]).is_file(), "{line}");
    }
    // 6.3.15 has neither SPBM nor RULE records. What a person edited is kept, and what is not ours.
    let (gone, edited, own) = (
        out.join("src/layout/portfolio_margin.rs"),
        out.join("src/records/portfolio_margin.rs"),
        out.join("own.rs"),
    );
    assert!(gone.is_file());
    fs::write(&edited, "// mine").expect("a written file");
    fs::write(&own, "// mine").expect("a written file");
    let done = emit(&["6.3.15"], work.path());
    assert!(done.status.success(), "{done:?}");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(said.contains("portfolio_margin.rs") && said.contains("was edited: kept"), "{said}");
    assert!(!gone.exists() && edited.is_file() && own.is_file());
    assert!(read(&out.join("Cargo.toml")).contains("version = \"6.3.15\""));
    assert!(read(&out.join("src/records/orders.rs")).contains("API model se-6.3.15"));
}

#[test]
fn an_error_in_the_making_writes_nothing() {
    let work = tempfile::tempdir().expect("a folder");
    let model = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("api/se-6.7.13.json"));
    let cut: String = model.chars().take(model.len() / 2).collect();
    fs::write(work.path().join("cut.json"), cut).expect("a written file");
    for (arguments, message) in [
        (vec!["cut.json"], "not an API model"),
        // Found only while the adapter is made.
        (vec!["6.7.13", "--current", "6.3.15"], "has no counterpart in se-6.3.15"),
        (vec!["7.0.0"], "7.0.0 is neither a known version"),
        (vec!["--family", "nobody"], "no model is of family nobody"),
    ] {
        let done = emit(&arguments, work.path());
        assert_eq!(done.status.code(), Some(1), "{done:?}");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(said.contains(message), "{said}");
        assert!(!work.path().join("out").exists());
    }
}

#[test]
fn a_request_that_nobody_has_described_is_taken_by_its_name_with_a_warning() {
    let work = tempfile::tempdir().expect("a folder");
    let model = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("api/se-6.7.13.json"));
    let model = model.replace("QryCombLeg\"", "QryNobodyKnows\"");
    fs::write(work.path().join("model.json"), model).expect("a written file");
    let done = emit(&["model.json"], work.path());
    assert!(done.status.success(), "{done:?}");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let proposal = "ReqQryNobodyKnows = { success = \"query\", answer = \"OnRspQryNobodyKnows\" }";
    assert!(said.contains(proposal), "{said}");
    assert!(read(&work.path().join("out/REQUESTS.md")).contains("| query | `OnRspQryNobodyKnows` |"));
}

#[test]
fn a_file_of_somebody_else_is_never_replaced() {
    let work = tempfile::tempdir().expect("a folder");
    fs::create_dir(work.path().join("out")).expect("a folder");
    fs::write(work.path().join("out/README.md"), "mine\n").expect("a written file");
    let done = emit(&[], work.path());
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(said.contains("out/README.md was not written by ctp-gen; give --out an empty folder"), "{said}");
    let left: Vec<_> = fs::read_dir(work.path().join("out")).expect("a folder").collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(read(&work.path().join("out/README.md")), "mine\n");
}

#[test]
fn the_crate_of_an_adapter_between_versions_has_the_records_of_the_current_one() {
    let work = tempfile::tempdir().expect("a folder");
    assert!(emit(&["6.3.15", "--current", "6.7.13"], work.path()).status.success());
    let out = work.path().join("out");
    assert!(read(&out.join("src/lib.rs")).contains("API_VERSION: &str = \"6.7.13\""));
    assert!(read(&out.join("src/adapter.rs")).contains("fn ctp_adapter_se_6_3_15_trader()"));
    assert!(read(&out.join("cpp/adapter.cpp")).contains("namespace ctp_se_6_3_15 {"));
}
