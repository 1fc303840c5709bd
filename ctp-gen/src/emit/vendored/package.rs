//! What makes the modules a crate: its description, its root, and what people read first.

use std::fmt::Write as _;

use super::{
    Emission, File,
    callbacks::{HALVES, Half},
};
use crate::{Api, api::ClassKind, emit::adapter};

pub(super) fn files(emission: &Emission<'_>, version: &Api) -> Vec<File> {
    let files = [
        ("Cargo.toml", cargo_toml(emission)),
        ("README.md", readme(emission, version)),
        ("src/lib.rs", root(emission)),
        ("src/adapter.rs", adapter_module(emission, version)),
    ];
    files.into_iter().map(|(path, text)| File { path: path.to_owned(), text }).collect()
}

/// Returns `ctp-se`, and the same as an identifier.
fn names(api: &Api) -> (String, String) {
    (format!("ctp-{}", api.family), format!("ctp_{}", api.family.replace('-', "_")))
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
        version = package_version(&api.version),
    )
}

/// Returns a version that cargo takes: three numbers of the label.
fn package_version(label: &str) -> String {
    let mut numbers =
        label.split(|letter: char| !letter.is_ascii_digit()).filter_map(|number| number.parse().ok());
    let mut next = || -> u32 { numbers.next().unwrap_or(0) };
    format!("{}.{}.{}", next(), next(), next())
}

fn root(emission: &Emission<'_>) -> String {
    let api = emission.api;
    let mut text = emission.head();
    let _ = writeln!(
        text,
        "//! Records, enumerations and the index of requests of the CTP API, {} {}.
//!
//! - [`records`]: the structs, laid out as the vendor's, with the offsets proved at compile time.
//! - [`enumerations`]: open ones, which keep a value newer than the header. [`constants`]: the same
//!   under their C names.
//! - [`requests`]: which callbacks answer a request, and what tells that it succeeded.
//! - [`callbacks`] and [`spi`]: the callbacks by number, and traits with a method for each.
//! - [`text`]: GBK in and out. [`secret`]: fields that `Debug` hides. [`price`]: `DBL_MAX` is no value.
//! - `adapter` (feature of that name): the C interface of `cpp/adapter.cpp`.

#![allow(
    clippy::doc_markdown,     // names of the trade, such as SimNow, are no code
    clippy::struct_field_names, // they are the vendor's
)]
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

fn adapter_module(emission: &Emission<'_>, version: &Api) -> String {
    let mut text = format!("{}{}", emission.head(), include_str!("support/adapter.rs"));
    let name = adapter::identifier(version);
    let _ = writeln!(text, "\nextern \"C\" {{");
    for Half { module, .. } in HALVES {
        let _ = writeln!(text, "    fn ctp_adapter_{name}_{module}() -> *const Adapter;");
    }
    text.push_str("}\n");
    for half in HALVES {
        let class = version.class(half.api);
        let factory = class.statics.iter().find(|method| method.name.starts_with("Create"));
        let symbol =
            |method: Option<&crate::api::Static>| method.map_or_else(String::new, |one| one.symbol.clone());
        let (module, upper, c_name) = (half.module, half.module.to_ascii_uppercase(), half.api.c_name());
        let _ = write!(
            text,
            "
/// Returns the adapter of `{c_name}`.
#[must_use]
pub fn {module}() -> &'static Adapter {{
    // SAFETY: the function takes nothing and returns the address of a constant of this type.
    unsafe {{ &*ctp_adapter_{name}_{module}() }}
}}
"
        );
        for (what, constant, symbol) in [
            ("the factory function", "FACTORY", symbol(factory)),
            ("`GetApiVersion`", "VERSION", symbol(class.static_method("GetApiVersion"))),
        ] {
            let head = format!("pub const {upper}_{constant}: &str =");
            let _ = writeln!(text, "\n/// Symbol of {what} of `{c_name}`.");
            let line = format!("{head} \"{symbol}\";");
            let _ = match line.len() <= 100 {
                true => writeln!(text, "{line}"),
                false => writeln!(text, "{head}\n    \"{symbol}\";"),
            };
        }
    }
    text
}

fn readme(emission: &Emission<'_>, version: &Api) -> String {
    let api = emission.api;
    let (name, identifier) = names(api);
    let (label, library) = (api.label(), version.label());
    let methods = |kind: ClassKind| api.class(kind).methods.len();
    let order = if api.record("CThostFtdcReqUserLoginField").is_some() { EXAMPLE } else { "" };
    let topics = emission
        .sections
        .iter()
        .filter(|section| !section.records.is_empty() || !section.enumerations.is_empty());
    let topics: String =
        topics.map(|section| format!("- `{}`: {}\n", section.topic.name, section.topic.doc)).collect();
    let current = if label == library { String::new() } else { format!(" --current {label}") };
    format!(
        "<!-- Emitted by ctp-gen from the API model {label}. Emit anew instead of editing. -->

# {name} {version}

Records, enumerations and the index of requests of the CTP API, `{family}` {api_version}: {records} records,
{enumerations} enumerations with {constants} constants, {requests} calls and {callbacks} callbacks. The facts come from the vendor's headers, the
sentences are ours.

Made by `ctp-gen emit {library}{current} --out DIR`; the same command with another version brings the folder up to date and
removes what it no longer writes (`.ctp-gen` lists the files; `sha256sum -c .ctp-gen` tells whether one was edited).

## Use

```toml
[dependencies]
{name} = {{ path = \"{name}\" }}
```
{order}
## What is here

- `src/`: the crate. It needs nothing but `std` and `encoding_rs`, whose GBK tables are nothing to copy. Modules of
  records, enumerations and constants go by topic, see below.
- [`REQUESTS.md`](REQUESTS.md): every request with the callbacks that answer it.
- `cpp/adapter.cpp`: the library {library} behind C functions that speak the records of this crate; `src/adapter.rs` declares them (feature
  `adapter`). One C++14 file, no vendor header.
- `cpp/facade_md.cpp`, `cpp/facade_trader.cpp`: the other way round, the vendor's exported names in front of a core of our
  own (the simulator's).
- `python/`: type stubs of the Python package.

Topics:

{topics}",
        version = package_version(&api.version),
        family = api.family,
        api_version = api.version,
        records = api.records.len(),
        enumerations = api.enumerations.len(),
        constants = api.constant_count(),
        requests = methods(ClassKind::MdApi) + methods(ClassKind::TraderApi),
        callbacks = methods(ClassKind::MdSpi) + methods(ClassKind::TraderSpi),
        order = order.replace("CRATE", &identifier),
    )
}

const EXAMPLE: &str = "
```rust
use CRATE::records::ReqUserLoginField;
use CRATE::text::{Text, TextError};

fn login() -> Result<ReqUserLoginField, TextError> {
    Ok(ReqUserLoginField {
        broker_id: Text::new(\"9999\")?,
        user_id: Text::new(\"investor\")?,
        // `Debug` of the record does not show it.
        password: Text::new(\"secret\")?.into(),
        ..Default::default()
    })
}
```
";
