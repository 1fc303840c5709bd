//! The command on folders that are no header set: an error with its place, exit code 1, nothing written.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use crate::{Test, vendor};

pub(crate) const TESTS: &[Test] = &[
    ("an_empty_folder", an_empty_folder),
    ("a_folder_that_is_not_there", a_folder_that_is_not_there),
    ("a_truncated_header", a_truncated_header),
    ("structs_of_one_version_with_an_api_of_another", structs_of_one_version_with_an_api_of_another),
    ("pieces_of_two_versions_whose_types_fit", pieces_of_two_versions_whose_types_fit),
    ("a_version_is_told_by_what_the_headers_declare", a_version_is_told_by_what_the_headers_declare),
];

fn ctp_gen(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctp-gen"));
    command.args(arguments).current_dir(folder).output().unwrap_or_else(|error| panic!("{error}"))
}

/// Parses `folder` over a file that exists; returns the message after `ctp-gen: `.
fn refused(folder: &Path) -> String {
    let work = vendor::temporary();
    fs::write(work.path().join("model.json"), "untouched").expect("a written file");
    let folder = folder.display().to_string();
    let done = ctp_gen(&["parse", &folder, "--version", "6.7.13", "--output", "model.json"], work.path());
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert_eq!(files(work.path()), ["model.json"]);
    assert_eq!(vendor::read(&work.path().join("model.json")), "untouched");
    let said = String::from_utf8_lossy(&done.stderr).replace(&folder, "HEADERS");
    assert_eq!(said.lines().count(), 1, "{said}");
    said.trim_end().strip_prefix("ctp-gen: ").unwrap_or(&said).to_owned()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn an_empty_folder() {
    let folder = vendor::temporary();
    assert_eq!(
        refused(folder.path()),
        "cannot read HEADERS/ThostFtdcUserApiDataType.h: No such file or directory (os error 2)"
    );
}

fn a_folder_that_is_not_there() {
    let folder = vendor::temporary().path().join("nowhere");
    assert!(refused(&folder).starts_with("cannot read HEADERS/ThostFtdcUserApiDataType.h: "));
}

/// Cut at every tenth of its length, each header is refused at a line of its own.
fn a_truncated_header() {
    for file in
        ["ThostFtdcUserApiDataType.h", "ThostFtdcUserApiStruct.h", "ThostFtdcMdApi.h", "ThostFtdcTraderApi.h"]
    {
        for tenth in [1, 5, 9] {
            let copy = vendor::Copy::of("6.7.13");
            copy.edit(file, |text| text.chars().take(text.chars().count() * tenth / 10).collect());
            let said = refused(copy.path());
            let line = said.strip_prefix(&format!("HEADERS/{file}:")).and_then(|rest| rest.split_once(": "));
            assert!(line.is_some_and(|(line, _)| line.parse::<u32>().is_ok()), "{file} {tenth}/10: {said}");
        }
    }
}

fn structs_of_one_version_with_an_api_of_another() {
    let copy = vendor::Copy::of("6.7.13");
    copy.take("ThostFtdcUserApiStruct.h", "6.3.15");
    let said = refused(copy.path());
    assert!(said.starts_with("HEADERS/ThostFtdc") && said.contains("unknown type name"), "{said}");

    let copy = vendor::Copy::of("6.3.15");
    copy.take("ThostFtdcTraderApi.h", "6.7.13");
    let said = refused(copy.path());
    assert!(
        said.starts_with("HEADERS/ThostFtdcTraderApi.h:") && said.contains("unknown type name"),
        "{said}"
    );
}

fn pieces_of_two_versions_whose_types_fit() {
    for (file, other) in [("ThostFtdcTraderApi.h", "6.7.11"), ("ThostFtdcMdApi.h", "6.3.15")] {
        let copy = vendor::Copy::of("6.7.13");
        copy.take(file, other);
        let said = refused(copy.path());
        assert!(said.starts_with(&format!("HEADERS/{file}:1: this is {file} of se {other}")), "{said}");
        let work = vendor::temporary();
        let folder = copy.path().display().to_string();
        let done =
            ctp_gen(&["parse", &folder, "--version", "6.7.13", "--mixed", "--output", "m.json"], work.path());
        assert!(done.status.success(), "{done:?}");
    }
}

/// Encoding, line ends and what a folder is called tell nothing here: the declarations do.
fn a_version_is_told_by_what_the_headers_declare() {
    let copy = vendor::Copy::of("6.7.11");
    copy.edit("ThostFtdcTraderApi.h", |text| text.replace('\n', "\r\n"));
    let folder = copy.path().display().to_string();
    let done = ctp_gen(&["detect", &folder], Path::new("."));
    assert_eq!(
        String::from_utf8_lossy(&done.stdout),
        "se 6.7.11, from headers that declare what the model se-6.7.11 does\n"
    );
}
