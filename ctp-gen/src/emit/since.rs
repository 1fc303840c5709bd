//! Since which version a method or resume type exists: what a refusal of an older library tells.

use std::fmt::Write;

use crate::{Api, api::ClassKind, overlay::Overlay};

/// Emits a table per API class: C name and oldest version of `family` that has it, for every method of
/// `current` and every value of its plain enumerations. `family` is newest first.
pub fn rust(current: &Api, family: &[&Api], overlay: &Overlay) -> String {
    let mut text =
        format!("// Emitted by ctp-gen from the models of {}. Edit the emitter, not this.\n", current.family);
    let oldest = |has: &dyn Fn(&Api) -> bool| {
        family.iter().rfind(|version| has(version)).map(|version| version.version.as_str())
    };
    for (kind, name) in [(ClassKind::MdApi, "MD"), (ClassKind::TraderApi, "TRADER")] {
        let _ = writeln!(text, "pub(super) static {name}: &[(&str, &str)] = &[");
        let mut row = |c_name: &str, since: Option<&str>| {
            let _ = since.map(|since| writeln!(text, "    ({c_name:?}, {since:?}),"));
        };
        for method in &current.class(kind).methods {
            row(&method.name, oldest_with_method(family, overlay, kind, &method.name));
        }
        for (value, _) in current.plain_enums.iter().flat_map(|plain_enum| &plain_enum.values) {
            let has = |version: &Api| {
                version
                    .plain_enums
                    .iter()
                    .any(|plain_enum| plain_enum.values.iter().any(|(name, _)| name == value))
            };
            row(value, oldest(&has));
        }
        text.push_str("];\n");
    }
    text
}

/// Returns the oldest version of `family` (newest first) whose class `kind` has the method that is now called `name`.
pub(super) fn oldest_with_method<'a>(
    family: &[&'a Api],
    overlay: &Overlay,
    kind: ClassKind,
    name: &str,
) -> Option<&'a str> {
    let is_it = |older: &str| older == name || overlay.renames.current_method(kind.c_name(), older) == name;
    let has = |version: &&&Api| version.class(kind).methods.iter().any(|method| is_it(&method.name));
    family.iter().rfind(has).map(|version| version.version.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;

    #[test]
    fn the_oldest_version_is_named_under_current_names() {
        let text = rust(models::current(), &models::of("se").collect::<Vec<_>>(), Overlay::committed());
        for row in [
            r#"("ReqOrderInsert", "6.3.15")"#,
            r#"("GetFrontInfo", "6.7.7")"#,
            r#"("ReqQryMaxOrderVolume", "6.3.15")"#,
            r#"("THOST_TERT_RESUME_FROM_SEQ_NO", "6.7.13")"#,
        ] {
            assert!(text.contains(row), "{row} is missing in\n{text}");
        }
    }
}
