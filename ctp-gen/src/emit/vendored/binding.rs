//! The Rust side of `cpp/adapter.cpp`.

use std::fmt::Write as _;

use super::{
    Emission, File,
    callbacks::{HALVES, Half},
};
use crate::{Api, emit::adapter};

/// Emits the mirror of the C interface, with the functions and symbols of `version`.
pub(super) fn file(emission: &Emission<'_>, version: &Api) -> File {
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
    File { path: "src/adapter.rs".to_owned(), text }
}
