//! The committed sentences name things that exist, and are written in our form.

use std::collections::HashSet;

use super::*;
use crate::{models, overlay::Overlay};

fn docs() -> &'static Docs {
    &Overlay::committed().docs
}

fn unknown<'a, V>(entries: &'a HashMap<String, V>, known: &HashSet<&str>) -> Vec<&'a str> {
    entries.keys().map(String::as_str).filter(|name| !known.contains(name)).collect()
}

fn sentences() -> impl Iterator<Item = (&'static str, &'static str)> {
    let docs = docs();
    let flat = [&docs.records, &docs.typedefs, &docs.values, &docs.methods, &docs.fields.any];
    flat.into_iter()
        .chain(docs.fields.records.values())
        .flatten()
        .map(|(name, sentence)| (name.as_str(), sentence.as_str()))
}

#[test]
fn every_entry_names_something_in_a_committed_model() {
    let docs = docs();
    let records = || models::models().flat_map(|api| &api.records);
    let fields = records().flat_map(|record| &record.fields).map(|field| field.c_name.as_str()).collect();
    let typedefs = models::models().flat_map(|api| &api.typedefs);
    let constants =
        models::models().flat_map(|api| &api.enumerations).flat_map(|enumeration| &enumeration.constants);
    let methods = models::models().flat_map(|api| &api.classes).flat_map(|class| &class.methods);
    let record_names = records().map(|record| record.c_name.as_str()).collect();
    let none: Vec<&str> = Vec::new();
    assert_eq!(unknown(&docs.records, &record_names), none, "records.toml");
    assert_eq!(unknown(&docs.fields.records, &record_names), none, "fields.toml");
    assert_eq!(unknown(&docs.fields.any, &fields), none, "fields.toml, any");
    assert_eq!(unknown(&docs.typedefs, &typedefs.map(|typedef| typedef.name.as_str()).collect()), none);
    assert_eq!(unknown(&docs.values, &constants.map(|constant| constant.name.as_str()).collect()), none);
    assert_eq!(unknown(&docs.methods, &methods.map(|method| method.name.as_str()).collect()), none);
    for (record, entries) in &docs.fields.records {
        let own: HashSet<&str> = records()
            .filter(|found| found.c_name == *record)
            .flat_map(|found| &found.fields)
            .map(|field| field.c_name.as_str())
            .collect();
        assert_eq!(unknown(entries, &own), none, "fields.toml, {record}");
    }
}

/// One English sentence of plain ASCII, and one term of the trade in the last parentheses.
#[test]
fn every_sentence_ends_with_the_term_of_the_trade_and_a_period() {
    for (name, sentence) in sentences() {
        let parts = sentence.strip_suffix(").").and_then(|rest| rest.rsplit_once(" ("));
        let (english, term) =
            parts.unwrap_or_else(|| panic!("{name}: {sentence:?} lacks \" (…).\" at its end"));
        assert!(english.is_ascii(), "{name}: {english:?} is not plain English");
        assert!(english.starts_with(|first: char| first.is_ascii_uppercase()), "{name}: {english:?}");
        assert!(
            !english.ends_with('.') && !english.contains(['\n', '\\', '"', '`', '[', '<']),
            "{name}: {english:?}"
        );
        let chinese = |letter: char| ('\u{4e00}'..='\u{9fff}').contains(&letter);
        assert!(term.contains(chinese), "{name}: {term:?} has no Chinese term");
        let plain = |letter: char| chinese(letter) || letter.is_ascii_alphanumeric() || letter == '/';
        assert!(term.chars().all(plain), "{name}: {term:?} is more than a term");
        // Terms are short; a long one would be a sentence that belongs to somebody else.
        assert!(term.chars().count() <= 20, "{name}: {term:?} is too long for a term");
    }
}

#[test]
fn what_a_trader_meets_first_is_described() {
    let (docs, api) = (docs(), models::current());
    for record in [
        "InputOrder",
        "Order",
        "Trade",
        "DepthMarketData",
        "Instrument",
        "InvestorPosition",
        "TradingAccount",
    ] {
        let c_name = format!("CThostFtdc{record}Field");
        assert!(docs.record(&c_name).is_some(), "{c_name}");
        for field in &api.record(&c_name).expect("a record").fields {
            let sentence = docs.field(&c_name, &field.c_name, &field.typedef);
            assert!(
                sentence.is_some() || field.c_name.starts_with("reserve"),
                "{c_name}.{}: {}",
                field.c_name,
                field.typedef
            );
        }
    }
    for class in &api.classes {
        for method in &class.methods {
            assert!(docs.method(&method.name).is_some(), "{}::{}", class.c_name, method.name);
        }
    }
}

/// A secret says so, and what says so is one.
#[test]
fn what_is_never_shown_is_a_secret() {
    let secrets = &Overlay::committed().secrets.typedefs;
    for record in &models::current().records {
        for field in &record.fields {
            let sentence = docs().field(&record.c_name, &field.c_name, &field.typedef);
            let says_so = sentence.is_some_and(|sentence| sentence.contains("never shown"));
            let name = format!("{}.{} ({})", record.c_name, field.c_name, field.typedef);
            assert_eq!(says_so, secrets.contains(&field.typedef), "{name}: {sentence:?}");
        }
    }
}

#[test]
fn a_field_takes_its_own_sentence_then_its_names_then_its_types() {
    let docs = Docs::from_toml(
        "",
        "[any]\nVolume = \"Lots (手).\"\n[CThostFtdcTradeField]\nVolume = \"Lots traded (成交量).\"",
        "TThostFtdcVolumeType = \"A number of lots (数量).\"",
        "",
        "",
    )
    .expect("valid files");
    let volume = "TThostFtdcVolumeType";
    assert_eq!(docs.field("CThostFtdcTradeField", "Volume", volume), Some("Lots traded (成交量)."));
    assert_eq!(docs.field("CThostFtdcOrderField", "Volume", volume), Some("Lots (手)."));
    assert_eq!(docs.field("CThostFtdcOrderField", "VolumeTotal", volume), Some("A number of lots (数量)."));
    assert_eq!(docs.field("CThostFtdcOrderField", "VolumeTotal", "TThostFtdcPriceType"), None);
}
