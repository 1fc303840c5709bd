//! `ctp-gen diff` and `ctp-gen docs` as commands.

use std::{
    fs,
    process::{Command, Output},
};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctp-gen"));
    command.args(arguments).env_remove("NO_COLOR").output().expect("the command starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

#[test]
fn text_has_no_colours_in_a_pipe_unless_asked_for() {
    let plain = run(&["diff", "6.7.8", "se-6.7.9"]);
    assert_eq!(plain.status.code(), Some(0), "{}", stderr(&plain));
    let text = stdout(&plain);
    assert!(text.starts_with("se-6.7.8 → se-6.7.9\n"), "{text}");
    assert!(text.contains(" B    ~ THOST_FTDC_TPID_TranferChkProperty  'D' → 'i'\n"), "{text}");
    assert!(text.contains("\n    + 126  ReqQryCombLeg           QryCombLegField\n"), "{text}");
    assert!(!text.contains('\u{1b}'));
    let coloured = stdout(&run(&["diff", "6.7.8", "6.7.9", "--color", "always"]));
    assert!(coloured.contains("\u{1b}[31mB\u{1b}[0m"));
}

#[test]
fn markdown_is_the_committed_page() {
    let page = stdout(&run(&["diff", "6.7.8", "6.7.9", "--format", "markdown"]));
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/upgrades/se-6.7.8-to-6.7.9.md");
    let committed = fs::read_to_string(committed).expect("the committed page");
    assert!(committed.ends_with(&page), "{page}");
    assert!(page.starts_with("# se 6.7.8 → 6.7.9\n"));
}

#[test]
fn json_names_both_sides_and_every_change() {
    let output = run(&["diff", "3.7.3", "3.7.5", "--family", "sopt", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(value["from"], serde_json::json!({"family": "sopt", "version": "3.7.3"}));
    assert_eq!(value["summary"]["records"]["changed"], 2);
    assert_eq!(value["records"]["changed"].as_array().map(Vec::len), Some(2));
}

#[test]
fn equal_models_say_so_and_exit_codes_are_as_gits() {
    let same = run(&["diff", "6.7.13", "6.7.13", "--exit-code"]);
    assert_eq!(
        (same.status.code(), stdout(&same).as_str()),
        (Some(0), "se-6.7.13 (6.7.13) and se-6.7.13 (6.7.13) declare the same\n")
    );
    assert_eq!(run(&["diff", "6.7.11", "6.7.13", "--exit-code"]).status.code(), Some(2));
    assert_eq!(run(&["diff", "6.7.11", "6.7.13"]).status.code(), Some(0));
}

#[test]
fn a_model_file_may_stand_for_a_version() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/api/mini-1.7.5.json");
    let text = stdout(&run(&["diff", file, "mini-1.7.7"]));
    assert!(text.starts_with("mini-1.7.5 → mini-1.7.7\n"), "{text}");
}

#[test]
fn two_deliveries_of_one_version_are_told_apart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("delivered.json");
    let model =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/api/se-6.7.9.json")).expect("a model");
    let changed = model.replace(
        "\"name\": \"THOST_FTDC_D_Sell\", \"value\": \"1\"",
        "\"name\": \"THOST_FTDC_D_Sell\", \"value\": \"2\"",
    );
    fs::write(&file, changed).expect("writable");
    let text = stdout(&run(&["diff", "6.7.9", &file.to_string_lossy()]));
    assert!(text.starts_with("se-6.7.9 (6.7.9) → se-6.7.9 ("), "{text}");
    assert!(text.contains("delivered.json)\n") && text.contains("THOST_FTDC_D_Sell  '1' → '2'"), "{text}");
}

#[test]
fn what_cannot_be_compared_is_an_error() {
    let unknown = run(&["diff", "6.7.12", "6.7.13"]);
    assert_eq!((unknown.status.code(), stdout(&unknown).as_str()), (Some(1), ""));
    let message = stderr(&unknown);
    assert!(message.starts_with("ctp-gen: 6.7.12 is neither a known version nor a model file"), "{message}");
    assert!(message.contains("se-6.7.13, se-6.7.11") && message.contains("sopt-3.7.5"), "{message}");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("model.json");
    fs::write(&file, "{}").expect("writable");
    let broken = run(&["diff", &file.to_string_lossy(), "6.7.13"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(stderr(&broken).contains("model.json: not an API model: "), "{}", stderr(&broken));
    // An empty folder has no headers.
    assert_eq!(run(&["diff", &folder.path().to_string_lossy(), "6.7.13"]).status.code(), Some(1));
}

#[test]
fn docs_are_written_compared_and_cleared_of_what_no_pair_has() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("upgrades");
    let arguments = ["docs", "--out", &out.to_string_lossy()];
    let check = [&arguments[..], &["--check"]].concat();
    assert_eq!(run(&check).status.code(), Some(1), "nothing is written yet");
    assert_eq!(run(&arguments).status.code(), Some(0));
    assert_eq!(run(&check).status.code(), Some(0));

    let page = out.join("se-6.7.8-to-6.7.9.md");
    let text = fs::read_to_string(&page).expect("the page");
    fs::write(&page, text.replace("TranferChkProperty", "Other")).expect("writable");
    fs::write(out.join("se-1.0.0-to-1.1.0.md"), &text).expect("writable");
    fs::write(out.join("notes.md"), "by hand").expect("writable");
    let stale = run(&check);
    assert_eq!(stale.status.code(), Some(1));
    let message = stderr(&stale);
    assert!(message.contains("se-6.7.8-to-6.7.9.md, se-1.0.0-to-1.1.0.md; `ctp-gen docs --out"), "{message}");

    assert_eq!(run(&arguments).status.code(), Some(0));
    assert_eq!(fs::read_to_string(&page).ok(), Some(text));
    assert!(!out.join("se-1.0.0-to-1.1.0.md").exists() && out.join("notes.md").exists());
}
