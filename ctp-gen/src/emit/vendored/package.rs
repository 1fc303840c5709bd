//! What makes the modules a crate: its description, its root, and what people read first.

use std::fmt::Write as _;

use super::{Emission, File};
use crate::Api;

/// What the crate's users do first.
pub(super) const EXAMPLE: &str = "\
use CRATE::records::ReqUserLoginField;
use CRATE::text::{Text, TextError};

fn login() -> Result<ReqUserLoginField, TextError> {
    Ok(ReqUserLoginField {
        broker_id: Text::new(\"9999\")?,
        user_id: Text::new(\"investor\")?,
        password: Text::new(\"secret\")?.into(), // `Debug` does not show it
        ..Default::default()
    })
}
";

pub(super) fn files(emission: &Emission<'_>) -> [File; 2] {
    [("Cargo.toml", cargo_toml(emission)), ("src/lib.rs", root(emission))]
        .map(|(path, text)| File { path: path.to_owned(), text })
}

/// Returns `ctp-se`, and the same as an identifier.
pub(super) fn names(api: &Api) -> (String, String) {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let name = format!("ctp-{}", api.family.chars().map(plain).collect::<String>());
    let identifier = name.replace('-', "_");
    (name, identifier)
}

fn cargo_toml(emission: &Emission<'_>) -> String {
    let api = emission.api;
    let (name, _) = names(api);
    format!(
        "# Emitted by ctp-gen from the API model {label}. Emit anew instead of editing.
[package]
name = \"{name}\"
version = \"{version}\"
description = \"Records, enumerations and the index of requests of the CTP API ({label})\"
edition = \"2021\"
rust-version = \"1.77\"
license = \"Apache-2.0 OR MIT\"
publish = false

[features]
# Declares what cpp/adapter.cpp defines; who turns it on compiles that file.
adapter = []

[dependencies]
encoding_rs = \"0.8\"
",
        label = api.label(),
        version = version(&api.version),
    )
}

/// Returns a version that cargo takes: three numbers of the label.
pub(super) fn version(label: &str) -> String {
    let mut numbers =
        label.split(|letter: char| !letter.is_ascii_digit()).filter_map(|number| number.parse().ok());
    let mut next = || -> u32 { numbers.next().unwrap_or(0) };
    format!("{}.{}.{}", next(), next(), next())
}

fn root(emission: &Emission<'_>) -> String {
    let api = emission.api;
    let mut text = emission.head();
    let (_, identifier) = names(api);
    let comment = |line: &str| format!("//! {line}").trim_end().to_owned() + "\n";
    let example: String = EXAMPLE.replace("CRATE", &identifier).lines().map(comment).collect();
    let _ = writeln!(
        text,
        "//! The CTP API, {} {}: records, enumerations, and the index of requests.
//!
//! ```
{example}//! ```
//!
//! - [`records`]: the structs, laid out as the vendor's, with the offsets proved at compile time.
//! - [`enumerations`]: open ones, which keep a value newer than the header. [`constants`]: the same
//!   under their C names.
//! - [`requests`]: which callbacks answer a request, and what tells that it succeeded.
//! - [`callbacks`] and [`spi`]: the callbacks by number, and traits with a method for each.
//! - [`text`]: GBK in and out. [`secret`]: fields that `Debug` hides. [`price`]: `DBL_MAX` is no value.
//! - `adapter` (feature of that name): the C interface of `cpp/adapter.cpp`.

#![allow(clippy::doc_markdown)] // names of the trade, such as SimNow, are no code
#![allow(clippy::struct_field_names)] // they are the vendor's
",
        api.family, api.version
    );
    let mut modules = vec![
        "callbacks",
        "constants",
        "enumerations",
        "price",
        "records",
        "requests",
        "secret",
        "spi",
        "text",
    ];
    if !api.errors.is_empty() {
        modules.push("errors");
    }
    modules.extend(["adapter", "layout"]);
    modules.sort_unstable();
    for module in modules {
        let _ = match module {
            "adapter" => writeln!(text, "#[cfg(feature = \"adapter\")]\npub mod adapter;"),
            "layout" => writeln!(text, "mod layout;"),
            _ => writeln!(text, "pub mod {module};"),
        };
    }
    let _ = write!(
        text,
        "
/// Family of the API.
pub const API_FAMILY: &str = {:?};

/// Version of the API.
pub const API_VERSION: &str = {:?};
",
        api.family, api.version
    );
    text
}
