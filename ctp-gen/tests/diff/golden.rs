//! The three outputs over a small pair of models, in `expected/`; `UPDATE_EXPECTED=1` writes them.

use std::{fs, path::Path};

use ctp_gen::{
    diff::{Diff, upgrades},
    overlay::{Docs, Renames},
};

use crate::{
    difference,
    small::{before, enumeration, error, factory, method, record, typedef},
};

/// Returns a comparison in which every kind of change stands.
fn everything() -> Diff {
    let mut after = before();
    after.version = "1.1.0".into();
    after.typedefs[0] = typedef("IDType char[81]");
    after.typedefs.extend(["OldIDType char[31]", "OtherType char"].map(typedef));
    after.typedefs.retain(|typedef| typedef.name != "SpareType");
    after.enumerations = vec![
        enumeration("KindType", &[("K_Buy", "0"), ("K_Sell", "3"), ("K_Lend", "2"), ("K_More", "1")]),
        enumeration("OtherType", &[("O_Pipe", "|")]),
    ];
    after.plain_enums[0].values.push(("THOST_TERT_QUICK".into(), 2));
    let order = [
        "reserve1 OldIDType 0",
        "Kind KindType 31",
        "Lots VolumeType 32",
        "Price PriceType 40",
        "ID IDType 48",
    ];
    after.records = vec![
        record("Order", 136, &order),
        record("RspInfo", 16, &["New PriceType 0", "ErrorID VolumeType 8"]),
        record("More", 4, &["Volume VolumeType 0"]),
        record("Idle", 62, &["First OldIDType 0", "Second OldIDType 31"]),
    ];
    after.classes[0].methods.insert(1, method("void OnRspError(RspInfo)"));
    after.classes[1].methods[2].name = "ReqQueryOrder".into();
    after.classes[1].methods[0] = method("int Release()");
    after.classes[1].methods.push(method("int ReqMore(More,int)"));
    let parameters = ["const char * pszFlowPath", "bool bIsProductionMode = true"];
    after.classes[1].statics = vec![factory("_ZN6CreateEPKcb", &parameters)];
    after.errors = vec![error("NONE", 0), error("NO_MONEY", 32), error("LATE", 90)];
    Diff::with_renames(&before(), &after, &Renames::default())
}

fn docs() -> Docs {
    let methods = "ReqMore = \"Asks for more (更多).\"";
    Docs::from_toml("CThostFtdcMoreField = \"More (更多).\"", "", "", "", methods).expect("valid docs")
}

fn check(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff/expected").join(file);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&path, text).expect("the folder is writable");
        return;
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "{} differs (- committed, + now; accept with UPDATE_EXPECTED=1):\n{}",
        path.display(),
        difference::of(&committed, text)
    );
}

#[test]
fn text() {
    check("everything.txt", &everything().to_text(false));
}

#[test]
fn markdown() {
    check("everything.md", &everything().to_markdown(&docs()));
}

#[test]
fn json() {
    let text = everything().to_json();
    check("everything.json", &text);
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&value["format"], &value["breaks"]), (&1.into(), &serde_json::json!(["binary", "source"])));
}

#[test]
fn colours_change_no_character() {
    let coloured = everything().to_text(true);
    assert!(coloured.contains("\u{1b}[31m"));
    let mut plain = String::new();
    for part in coloured.split('\u{1b}') {
        let text =
            part.strip_prefix('[').and_then(|code| code.split_once('m')).map_or(part, |(_, text)| text);
        plain.push_str(text);
    }
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&plain), lines(&everything().to_text(false)));
}

#[test]
fn pages_are_of_consecutive_versions_and_the_index_lists_them() {
    let version = |version: &str| ctp_gen::Api { version: version.into(), ..before() };
    let models = [version("1.2.0"), version("1.1.0"), version("1.0.0")];
    let pages = upgrades::pages(&[models.iter().collect(), vec![&models[0]]], &docs());
    let files: Vec<_> = pages.iter().map(|page| page.file.as_str()).collect();
    assert_eq!(files, ["se-1.1.0-to-1.2.0.md", "se-1.0.0-to-1.1.0.md", "README.md"]);
    assert!(pages.iter().all(|page| page.text.starts_with(upgrades::MARKER)));
    assert!(
        pages[2].text.contains("| [1.1.0 → 1.2.0](se-1.1.0-to-1.2.0.md) | nothing |"),
        "{}",
        pages[2].text
    );
}
