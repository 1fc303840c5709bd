//! What `ctp-gen emit` makes of the committed models: its files, its index, its shape, and a program that
//! uses it.

mod consumer;
#[path = "../support/cpp.rs"]
mod cpp;
mod folder;
mod index;

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
    process::Command,
};

use ctp_gen::{
    Api,
    emit::vendored::{self, File},
    models, names,
    overlay::Overlay,
};

/// Emits a model for itself.
fn files(api: &Api) -> Vec<File> {
    vendored::files(api, api, Overlay::committed()).unwrap_or_else(|error| panic!("{}: {error}", api.label()))
}

/// Writes files into a folder.
fn write(files: &[File], folder: &Path) {
    for file in files {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a made folder");
        fs::write(path, &file.text).expect("a written file");
    }
}

#[test]
fn no_file_of_any_model_is_long_or_untidy() {
    for api in models::models() {
        let label = api.label();
        let mut paths = BTreeSet::new();
        for File { path, text } in files(api) {
            assert!(paths.insert(path.clone()), "{label}: {path} is emitted twice");
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{label}: the end of {path}");
            if path.ends_with(".rs") {
                assert!(text.lines().count() < 3_000, "{label}: {path} has {} lines", text.lines().count());
                let untidy = text.lines().find(|line| line.ends_with(' ') || line.contains('\t'));
                assert_eq!(untidy, None, "{label}: {path}");
            }
        }
    }
}

#[test]
fn everything_of_every_model_is_emitted_once() {
    for api in models::models() {
        let files = files(api);
        let mut declared: HashMap<(&str, &str), usize> = HashMap::new();
        for file in files.iter().filter(|file| file.path.starts_with("src/")) {
            let folder = file.path.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default();
            for line in file.text.lines() {
                let name = ["pub struct ", "pub const ", "    type R = crate::records::"]
                    .into_iter()
                    .find_map(|head| line.strip_prefix(head));
                let Some(name) = name.and_then(|rest| rest.split([' ', '(', ':', ';']).next()) else {
                    continue;
                };
                *declared.entry((folder, name)).or_default() += 1;
            }
        }
        let once = |folder: &str, name: &str| {
            assert_eq!(declared.get(&(folder, name)), Some(&1), "{}: {folder} {name}", api.label());
        };
        for record in &api.records {
            once("records", names::record(&record.c_name));
            once("layout", names::record(&record.c_name));
        }
        for enumeration in &api.enumerations {
            enumeration.constants.iter().for_each(|constant| once("constants", &constant.name));
        }
        for error in &api.errors {
            once("errors", &error.symbol.to_ascii_uppercase());
        }
    }
}

/// Of whatever edition: imports and the order of names are laid out differently by edition.
#[test]
fn rustfmt_finds_nothing_to_change() {
    let oldest = models::of("se").last().expect("a model");
    for api in models::families().into_iter().filter_map(models::current_of).chain([oldest]) {
        let folder = tempfile::tempdir().expect("a folder");
        write(&files(api), folder.path());
        // So that no configuration of a folder above counts.
        std::fs::write(folder.path().join("rustfmt.toml"), "").expect("an empty file");
        for edition in ["2015", "2021", "2024"] {
            let mut rustfmt = Command::new("rustfmt");
            rustfmt.args(["--check", "--edition", edition]).arg(folder.path().join("src/lib.rs"));
            let done = rustfmt.output().expect("rustfmt, a component of the toolchain");
            let said = String::from_utf8_lossy(&done.stdout).into_owned();
            assert!(done.status.success(), "{} in edition {edition}:\n{said}", api.label());
        }
    }
}
