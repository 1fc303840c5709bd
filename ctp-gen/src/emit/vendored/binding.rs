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
        for (what, constant, method) in [
            ("the factory function", "FACTORY", factory),
            // The oldest headers have none.
            ("`GetApiVersion`", "VERSION", class.static_method("GetApiVersion")),
        ] {
            let Some(symbol) = method.map(|method| &method.symbol) else { continue };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{emit::adapter::PRELUDE, models, overlay::Overlay};

    #[test]
    fn headers_without_a_version_function_have_no_symbol_of_one() {
        let mut api = models::current().clone();
        for class in &mut api.classes {
            class.statics.retain(|method| method.name != "GetApiVersion");
        }
        assert_eq!(api.check(), Ok(()));
        let text = file(&Emission::new(&api, Overlay::committed()), &api).text;
        assert!(text.contains("const MD_FACTORY") && text.contains("const TRADER_FACTORY"), "{text}");
        assert!(!text.contains("const MD_VERSION") && !text.contains("const TRADER_VERSION"), "{text}");
    }

    /// Returns every function of a declaration of the interface: its name, then its parameters' names.
    fn functions(text: &str, start: &str) -> Vec<String> {
        let (_, rest) = text.split_once(start).expect("the interface");
        let (body, _) = rest.split_once("\n}").expect("its end");
        let without_docs: Vec<&str> =
            body.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let text = without_docs.join(" ");
        // C: `type (*name)(type a, type b);`, Rust: `name: unsafe extern "C" fn(a: type, b: type) -> type,`.
        let is_c = text.contains("(*");
        let pieces: Vec<&str> = if is_c { text.split("(*").skip(1).collect() } else { rust_functions(&text) };
        let function = |piece: &str| {
            let (name, rest) = piece.split_once(if is_c { ")(" } else { "fn(" }).expect("parameters");
            let (parameters, _) = rest.split_once(')').expect("their end");
            let name = name.split(':').next().unwrap_or(name).trim();
            let parameter = |text: &str| match is_c {
                true => text.rsplit([' ', '*']).next().unwrap_or_default().to_owned(),
                false => text.split(':').next().unwrap_or_default().trim().to_owned(),
            };
            let names: Vec<String> =
                parameters.split(',').map(parameter).filter(|name| !name.is_empty()).collect();
            format!("{name}({})", names.join(", "))
        };
        pieces.into_iter().map(function).collect()
    }

    /// Divides the fields of a Rust struct of functions.
    fn rust_functions(text: &str) -> Vec<&str> {
        text.split("pub(crate) ")
            .flat_map(|part| part.split("pub "))
            .filter(|part| part.contains("fn("))
            .collect()
    }

    /// The emitted adapter, the binding that loads it, and the crate that others vendor speak of one interface.
    #[test]
    fn the_c_interface_is_the_same_wherever_it_is_written() {
        let c = functions(PRELUDE, "struct ctp_adapter {");
        assert_eq!(c.len(), 13, "{c:?}");
        assert_eq!(c[11], "call(api, method, record, request_id)");
        let vendored = include_str!("support/adapter.rs");
        assert_eq!(functions(vendored, "pub struct Adapter {"), c);
        let binding = include_str!("../../../../ctp-sys/src/adapter.rs");
        assert_eq!(functions(binding, "pub(crate) struct Adapter {"), c);
    }
}
