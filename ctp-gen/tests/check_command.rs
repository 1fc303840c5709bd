//! `ctp-gen check` and `ctp-gen list` as started.
//!
//! Needs `vendor/` (`cargo xtask vendor`) and libclang (`cargo xtask tools`).

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

const AGREES: &str = "se-6.3.15: model as its headers say; bindgen agrees on 779 typedefs, 353 records, 3,853 fields, \
    1,215 of 1,223 constants, 1 plain enum, 245 methods, 5 functions\n";
const UNKNOWN_TO_BINDGEN: &str = "read by libclang alone, since bindgen does not know them: \
    constants of several characters, default values, error codes\n";

/// A folder as `cargo xtask vendor` makes it, with headers that a test may change.
struct Vendor(TempDir);

impl Vendor {
    fn empty() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn with(label: &str) -> Self {
        let (vendor, to) = (Self::empty(), |vendor: &Self| vendor.headers(label));
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../vendor/{label}/include"));
        fs::create_dir_all(to(&vendor)).expect("a folder");
        let entries = fs::read_dir(&from).unwrap_or_else(|error| {
            panic!("cannot read {}: {error}: run `cargo xtask vendor`", from.display())
        });
        for entry in entries {
            let path = entry.expect("an entry").path();
            fs::copy(&path, to(&vendor).join(path.file_name().expect("a name"))).expect("a copy");
        }
        vendor
    }

    fn headers(&self, label: &str) -> PathBuf {
        self.0.path().join(label).join("include")
    }

    /// Replaces bytes of a header; they must be there once.
    fn edit(&self, label: &str, header: &str, from: &str, to: &str) {
        let path = self.headers(label).join(header);
        let bytes = fs::read(&path).expect("a header");
        let found: Vec<usize> =
            (0..bytes.len()).filter(|start| bytes[*start..].starts_with(from.as_bytes())).collect();
        assert_eq!(found.len(), 1, "{header} has {from} once");
        let changed = [&bytes[..found[0]], to.as_bytes(), &bytes[found[0] + from.len()..]].concat();
        fs::write(&path, changed).expect("a changed header");
    }

    /// Runs `ctp-gen check` on this folder and returns its exit code and what it prints, paths shortened.
    fn check(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let folder = self.0.path().display().to_string();
        let output = ctp_gen(&[&["check", "--vendor", &folder], arguments].concat());
        (output.status.code(), text(&output).replace(&folder, "VENDOR"))
    }
}

fn ctp_gen(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ctp-gen")).args(arguments).output().expect("ctp-gen starts")
}

fn text(output: &Output) -> String {
    [&*output.stdout, &*output.stderr].map(String::from_utf8_lossy).concat()
}

#[test]
fn a_model_that_is_what_its_headers_say_passes() {
    let (code, said) = Vendor::with("se-6.3.15").check(&["6.3.15"]);
    assert_eq!(said, format!("{AGREES}1 agree, 0 differ, 0 without headers; {UNKNOWN_TO_BINDGEN}"));
    assert_eq!(code, Some(0));
}

#[test]
fn other_headers_than_the_models_fail_with_both_readers_findings() {
    let vendor = Vendor::with("se-6.3.15");
    vendor.edit(
        "se-6.3.15",
        "ThostFtdcUserApiDataType.h",
        "typedef char TThostFtdcErrorMsgType[81];",
        "typedef char TThostFtdcErrorMsgType[85];",
    );
    let (code, said) = vendor.check(&["se-6.3.15"]);
    assert_eq!(code, Some(1));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "se-6.3.15: DIFFERS");
    assert!(lines[1].starts_with("    ctp-gen/api/se-6.3.15.json: line "), "{said}");
    let typedef =
        "    ThostFtdcUserApiDataType.h: TThostFtdcErrorMsgType: char[81] in the model, char[85] by bindgen";
    assert_eq!(lines[2], typedef);
    let size = "    ThostFtdcUserApiStruct.h: CThostFtdcRspInfoField: 88 bytes in the model, 92 by bindgen";
    assert!(lines.contains(&size), "{said}");
    assert!(said.contains("0 agree, 1 differ, 0 without headers"), "{said}");
}

#[test]
fn headers_that_are_refused_fail_with_the_place() {
    let vendor = Vendor::with("se-6.3.15");
    vendor.edit(
        "se-6.3.15",
        "ThostFtdcUserApiDataType.h",
        "typedef char TThostFtdcErrorMsgType[81];",
        "typedef wchar_t TThostFtdcErrorMsgType[81];",
    );
    let (code, said) = vendor.check(&["se-6.3.15"]);
    assert_eq!(code, Some(1));
    let refusal = said.lines().nth(1).unwrap_or_default();
    let place = "    VENDOR/se-6.3.15/include/ThostFtdcUserApiDataType.h:";
    assert!(refusal.starts_with(place) && refusal.contains("unsupported type"), "{said}");
}

#[test]
fn missing_headers_fail_unless_only_present_ones_are_asked_for() {
    let vendor = Vendor::with("se-6.3.15");
    let missing = "no headers in VENDOR/se-6.7.13/include; `cargo xtask vendor` puts them there\n";
    let asked = ["se-6.7.13", "se-6.3.15"];
    let (code, said) = vendor.check(&asked);
    assert_eq!(code, Some(1));
    assert_eq!(
        said,
        format!(
            "se-6.7.13: MISSING: {missing}{AGREES}1 agree, 0 differ, 1 without headers; {UNKNOWN_TO_BINDGEN}"
        )
    );
    let (code, said) = vendor.check(&[&asked[..], &["--present-only"]].concat());
    assert_eq!(code, Some(0));
    assert!(said.starts_with(&format!("se-6.7.13: passed over: {missing}{AGREES}")), "{said}");
}

/// Silence would pass for success.
#[test]
fn nothing_checked_is_no_success() {
    let (code, said) = Vendor::empty().check(&["--family", "sopt", "--present-only"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("sopt-3.7.0: passed over"), "{said}");
    assert!(!said.contains("se-6"), "{said}");
}

#[test]
fn a_folder_of_headers_is_read_twice_without_a_model() {
    let vendor = Vendor::with("extra-6.7.13-macos");
    let folder = vendor.headers("extra-6.7.13-macos").display().to_string();
    let (code, said) = vendor.check(&[&folder]);
    let line = "VENDOR/extra-6.7.13-macos/include: headers without a model; bindgen agrees on ";
    assert!(said.starts_with(line), "{said}");
    assert_eq!(code, Some(0));
}

#[test]
fn an_unknown_version_is_refused_with_the_known_ones() {
    let (code, said) = Vendor::empty().check(&["6.7.12"]);
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with("ctp-gen: 6.7.12 is neither a known version") && said.contains("se-6.7.13"),
        "{said}"
    );
}

/// The reason is no difference of a version, and is told once.
#[test]
fn without_libclang_nothing_is_judged() {
    let empty = Vendor::empty();
    let output = Command::new(env!("CARGO_BIN_EXE_ctp-gen"))
        .args(["check", "6.3.15", "6.7.13", "--vendor"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../vendor"))
        .env("LIBCLANG_PATH", empty.0.path())
        .output()
        .expect("ctp-gen starts");
    // A system with a libclang of its own has one to fall back on.
    if output.status.success() {
        assert!(text(&output).starts_with(AGREES));
        return;
    }
    let said = text(&output);
    assert!(said.starts_with("ctp-gen: cannot load libclang: couldn't find"), "{said}");
    assert!(said.contains("`cargo xtask tools`") && said.lines().count() == 1, "{said}");
}

#[test]
fn the_list_has_every_version_with_its_counts() {
    let table = text(&ctp_gen(&["list"]));
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), ctp_gen::models::texts().count() + 1);
    assert!(lines[0].starts_with("version     records  fields  typedefs  constants  TraderSpi"), "{table}");
    let newest =
        "se-6.7.13       519    5666       844       1348        178        140     13     15     299  none";
    assert!(lines[1].starts_with(newest), "{table}");
    assert!(lines.iter().all(|line| line.trim_end() == *line), "{table}");

    let json: serde_json::Value =
        serde_json::from_slice(&ctp_gen(&["list", "--json"]).stdout).expect("valid JSON");
    let row = |label: &str| {
        let mut rows = json.as_array().expect("a list").iter();
        rows.find(|row| row["version"] == label).expect("the version").clone()
    };
    assert_eq!(row("se-6.5.1")["marks"], serde_json::json!(["", "CP"]));
    assert_eq!(row("mini-1.7.7")["family"], "mini");
    assert_eq!(row("sopt-3.7.0")["trader_spi"], 136);
}
