//! The committed models and what is emitted from them, held against the vendor's real headers.
//!
//! Needs `vendor/` (`cargo xtask vendor`) and libclang (`cargo xtask tools`).

mod bad_input;
#[path = "../support/cpp.rs"]
mod cpp;
mod proof;
mod removed_method;
mod vendor;

use std::path::Path;

use ctp_gen::{api::ClassKind, models, parse::parse_folder};

/// Parsing reproduces the committed model byte for byte.
fn reproduces(version: &str) {
    let parsed =
        parse_folder(&vendor::headers(version), "se", version).unwrap_or_else(|error| panic!("{error}"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("api/se-{version}.json"));
    let (parsed, committed) = (parsed.to_json(), vendor::read(&path));
    let difference =
        parsed.lines().zip(committed.lines()).position(|(parsed, committed)| parsed != committed);
    assert!(
        parsed == committed,
        "{} is not what the headers give, from line {} on: run `cargo xtask codegen`",
        path.display(),
        difference.map_or(committed.lines().count(), |line| line + 1)
    );
}

/// Layout and slots are those of the real headers, in both directions.
fn is_proved(version: &str) {
    let label = format!("se-{version}");
    let api = models::models().find(|api| api.label() == label).expect("a committed model");
    let said = proof::run(api, &vendor::headers(version)).unwrap_or_else(|said| panic!("{label}:\n{said}"));
    let methods = |kind| api.class(kind).methods.len();
    let apis = methods(ClassKind::MdApi) + methods(ClassKind::TraderApi);
    // Each callback by slot and by name, and the end of both tables.
    let spis = 2 * (methods(ClassKind::MdSpi) + methods(ClassKind::TraderSpi)) + 2;
    assert_eq!(said, format!("{} calls, 0 faults\n", apis + spis));
}

#[test]
fn parsing_se_6_7_13_reproduces_the_model() {
    reproduces("6.7.13");
}

#[test]
fn parsing_se_6_7_11_reproduces_the_model() {
    reproduces("6.7.11");
}

#[test]
fn parsing_se_6_3_15_reproduces_the_model() {
    reproduces("6.3.15");
}

#[test]
fn layout_and_slots_of_se_6_7_13_are_the_vendors() {
    is_proved("6.7.13");
}

#[test]
fn layout_and_slots_of_se_6_7_11_are_the_vendors() {
    is_proved("6.7.11");
}

#[test]
fn layout_and_slots_of_se_6_3_15_are_the_vendors() {
    is_proved("6.3.15");
}

/// The proof has teeth: two callbacks, two requests of like parameters, or two fields changed places.
#[test]
fn a_wrong_model_is_not_proved() {
    let model = models::models().find(|api| api.label() == "se-6.3.15").expect("a committed model");
    let include = vendor::headers("6.3.15");
    let mut api = model.clone();
    for class in &mut api.classes {
        let swapped = match class.c_name.as_str() {
            "CThostFtdcTraderSpi" => ["OnRspParkedOrderInsert", "OnRtnOrder"],
            "CThostFtdcTraderApi" => ["ReqQryOrder", "ReqQryTrade"],
            _ => continue,
        };
        let [a, b] = swapped.map(|name| class.slot(name).expect("a method"));
        class.methods.swap(a, b);
    }
    let said = proof::run(&api, &include).expect_err("the slots are wrong");
    for fault in [
        "slot of CThostFtdcTraderSpi: calling OnRtnOrder reached OnRspParkedOrderInsert",
        "our SPI class CThostFtdcTraderSpi: calling OnRtnOrder reached OnRspParkedOrderInsert",
        "the real API class CThostFtdcTraderApi: calling ReqQryOrder reached ReqQryTrade",
    ] {
        assert!(said.contains(fault), "{said}");
    }

    let mut api = model.clone();
    let record = api.records.iter_mut().find(|record| record.c_name == "CThostFtdcRspInfoField");
    record.expect("a record").fields[1].offset += 4;
    let said = proof::run(&api, &include).expect_err("the layout is wrong");
    assert!(said.contains("CThostFtdcRspInfoField::ErrorMsg"), "{said}");
}
