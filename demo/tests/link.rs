//! Feature `link`: programs built with one library linked, in a target folder of their own.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The target by name: its programs have a folder of their own, beside those without the feature, and what
/// build scripts are made of is built already.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Runs cargo with the libraries in `folder` to link.
fn cargo(folder: &Path, arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root)
        .env("CTP_LIB_DIR", folder)
        .env("CARGO_TARGET_DIR", target())
        .env("CARGO_BUILD_TARGET", TARGET)
        .output()
        .expect("cargo starts")
}

/// The target folder of this test.
fn target() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_md_demo"));
    program.ancestors().nth(2).expect("the target folder").to_owned()
}

fn succeeds(what: &str, output: &Output) -> String {
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {text}");
    text
}

#[test]
fn programs_run_with_one_library_linked() {
    let simulator = ctp::sys::find_simulator("6.7.13").expect("built by `cargo xtask sim`");
    let other = ctp::sys::find_simulator("6.3.15").expect("built by `cargo xtask sim`").md;
    let folder = simulator.md.parent().expect("a folder").canonicalize().expect("it is there");

    let run = ["run", "--package", "demo", "--features", "link", "--bin", "md_demo", "--", "--ticks", "1"];
    succeeds("md_demo by cargo", &cargo(&folder, &run));

    // Without cargo's environment too: the library is found where it was linked from.
    let program = target().join(TARGET).join("debug/md_demo");
    let said = Command::new(&program).args(["--ticks", "1"]).env_remove("LD_LIBRARY_PATH").output();
    let said = succeeds("md_demo", &said.expect("the demo starts"));
    assert!(said.contains("6.7.13_CTPSIM"), "{said}");

    let mut command = Command::new(&program);
    let refused = command.args(["--front", "sim://other", "--library"]).arg(&other).output();
    let refused = refused.expect("the demo starts");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("the program is linked with"), "{said}");

    let tests = ["test", "--package", "ctp-sys", "--features", "link", "--test", "linked"];
    let said = succeeds("the binding's tests", &cargo(&folder, &tests));
    assert!(said.contains("3 passed"), "{said}");
}

#[test]
fn a_folder_that_programs_could_not_start_with_fails_the_build() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    // Out of a Python wheel, whose builder gave the libraries inner names.
    let wheel = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vendor/se-6.7.2/lib");
    assert!(wheel.is_dir(), "{} is missing; run `cargo xtask vendor`", wheel.display());
    for (folder, reason) in [
        (empty.path(), "has neither thostmduserapi_se.so and thosttraderapi_se.so"),
        (&wheel.canonicalize().expect("it is there"), "calls itself libthostmduserapi_se-89cab7d5.so"),
    ] {
        let output = cargo(folder, &["build", "--package", "ctp-sys", "--features", "link"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{said}");
        assert!(said.contains(reason), "{said}");
    }
}
