//! The emitted crates in somebody's workspace: no warning, and a program that does what it should.

use std::{fs, path::Path, process::Command};

use ctp_gen::models;

use crate::{cpp, files, write};

/// A program that uses the crate of the newest `se` version.
const PROGRAM: &str = include_str!("program.rs");

#[test]
fn a_workspace_with_the_emitted_crates_builds_without_a_warning_and_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let families = models::families();
    for family in &families {
        let api = models::current_of(family).expect("a model");
        write(&files(api), &root.join(family));
    }
    let members: Vec<String> = families.iter().map(|family| format!("{family:?}")).collect();
    let file = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a made folder");
        fs::write(path, text).expect("a written file");
    };
    file(
        "Cargo.toml",
        &format!("[workspace]\nresolver = \"2\"\nmembers = [{}, \"program\"]\n", members.join(", ")),
    );
    file(
        "program/Cargo.toml",
        "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[dependencies]\nctp-se = { path = \"../se\", features = [\"adapter\"] }\n",
    );
    file(
        "program/build.rs",
        "//! Links the C++ adapter.\n\nfn main() {\n    println!(\"cargo:rustc-link-search=native={}\", env!(\"CARGO_MANIFEST_DIR\"));\n    println!(\"cargo:rustc-link-lib=static=ctp_adapter\");\n    println!(\"cargo:rustc-link-lib=stdc++\");\n}\n",
    );
    file("program/src/main.rs", PROGRAM);
    compile_adapter(root);

    cargo(
        root,
        &["clippy", "--workspace", "--all-features"],
        &["--", "-D", "warnings", "-D", "missing_docs"],
    );
    cargo(root, &["doc", "--workspace", "--no-deps", "--all-features"], &[]);
    cargo(root, &["test", "--doc", "-p", "ctp-se"], &[]);
    let said = cargo(root, &["run", "-p", "program"], &[]);
    assert_eq!(said, "all as it should be\n");
}

/// Makes `program/libctp_adapter.a` of the emitted C++.
fn compile_adapter(root: &Path) {
    let object = root.join("program/adapter.o");
    let mut compile = cpp::compiler();
    compile.args(["-std=c++14", "-c", "-Wall", "-Wno-unused"]).arg(root.join("se/cpp/adapter.cpp"));
    let said = cpp::output(compile.arg("-o").arg(&object));
    assert_eq!(said.as_deref(), Ok(""));
    let mut archive = Command::new("ar");
    let done = archive.arg("crs").arg(root.join("program/libctp_adapter.a")).arg(&object).status();
    assert!(done.expect("ar, beside the C++ compiler").success());
}

/// Runs cargo without a network and returns what it printed; a warning of rustdoc fails it.
fn cargo(root: &Path, arguments: &[&str], rest: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // Flags of whoever runs the tests are not those of a stranger's workspace.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTDOCFLAGS", "-D warnings");
    command.env("CARGO_TARGET_DIR", root.join("target")).current_dir(root);
    command.args(arguments).args(["--offline", "--quiet"]).args(rest);
    let done = command.output().expect("cargo runs");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "cargo {}:\n{said}", arguments.join(" "));
    String::from_utf8_lossy(&done.stdout).into_owned()
}
