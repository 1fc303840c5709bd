//! The open enumerations.

use std::fmt::Write as _;

use super::{
    Emission, File,
    modules::{self, Module},
    style,
};
use crate::{
    api::{Enumeration, PlainEnum},
    names,
};

/// Names of values that a match may have before clippy finds the function long.
const MANY: usize = 90;

pub(super) fn files(emission: &Emission<'_>) -> Vec<File> {
    let modules = emission.sections.iter().map(|section| Module {
        topic: section.topic,
        items: section
            .enumerations
            .iter()
            .filter(|enumeration| emission.enumerations.contains(enumeration.typedef.as_str()))
            .map(|enumeration| ((), enumeration_text(emission, enumeration)))
            .collect(),
    });
    let mut head = include_str!("support/enumerations.rs").to_owned();
    for plain_enum in &emission.api.plain_enums {
        head.push('\n');
        plain_enum_text(&mut head, plain_enum);
    }
    modules::folder(emission, "enumerations", &head, true, modules.collect(), |_| String::new())
}

/// Writes one newtype with its values.
fn enumeration_text(emission: &Emission<'_>, enumeration: &Enumeration) -> String {
    let (docs, c_name) = (&emission.overlay.docs, &enumeration.typedef);
    let name = names::enumeration(c_name);
    let mut text = String::new();
    style::doc_of(&mut text, 0, docs.typedef(c_name), &format!("C: `{c_name}`."));
    text.push_str(
        "#[repr(transparent)]\n#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]\n",
    );
    let _ = writeln!(text, "pub struct {name}(u8);\n\nimpl {name} {{");
    for constant in &enumeration.constants {
        let c_constant = &constant.name;
        style::doc_of(
            &mut text,
            4,
            docs.value(c_constant),
            &format!("C: `{c_constant}`, `'{}'`.", constant.value),
        );
        let associated = names::screaming(names::constant(c_constant));
        let _ = writeln!(text, "    pub const {associated}: Self = Self(b'{}');", constant.value);
    }
    text.push_str(
        "\n    /// Returns the name in the header without its prefix, or `None` where the header has none.\n",
    );
    text.push_str("    #[must_use]\n");
    if enumeration.constants.len() > MANY {
        text.push_str("    #[allow(clippy::too_many_lines)] // a line per value\n");
    }
    text.push_str("    pub const fn name(self) -> Option<&'static str> {\n        match self.0 {\n");
    let mut seen = [false; 256];
    for constant in &enumeration.constants {
        // A second name of a value is a constant all the same.
        let value = constant.value.bytes().next().unwrap_or_default();
        if !std::mem::replace(&mut seen[usize::from(value)], true) {
            let name = format!("Some({:?})", names::constant(&constant.name));
            style::arm(&mut text, 12, &format!("b'{}'", constant.value), &name);
        }
    }
    let _ = writeln!(text, "            _ => None,\n        }}\n    }}\n}}\n\nopen_enumeration!({name});");
    text
}

/// Writes a plain C enumeration: `THOST_TE_RESUME_TYPE` is `ResumeType`.
fn plain_enum_text(text: &mut String, plain_enum: &PlainEnum) {
    let name = camel_case(after_prefix(&plain_enum.name));
    let (doc, c_name) = (sentence(&plain_enum.name), &plain_enum.name);
    style::doc_of(text, 0, doc, &format!("C: `{c_name}`."));
    text.push_str("#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\n#[repr(i32)]\n");
    let _ = writeln!(text, "pub enum {name} {{");
    for (value, number) in &plain_enum.values {
        style::doc_of(text, 4, sentence(value), &format!("C: `{value}`."));
        let _ = writeln!(text, "    {} = {number},", camel_case(after_prefix(value)));
    }
    text.push_str("}\n");
}

/// Returns what the one plain enumeration that CTP has, and its values, mean.
fn sentence(c_name: &str) -> Option<&'static str> {
    Some(match c_name {
        "THOST_TE_RESUME_TYPE" => "What of a private or public stream is replayed at login.",
        "THOST_TERT_RESTART" => "The whole trading day is replayed.",
        "THOST_TERT_RESUME" => "The stream goes on after the number in the flow file.",
        "THOST_TERT_QUICK" => "Only what happens after this login.",
        "THOST_TERT_NONE" => "The public stream is not wanted.",
        "THOST_TERT_RESUME_FROM_SEQ_NO" => "The private stream goes on from a number.",
        _ => return None,
    })
}

/// Returns `RESUME_TYPE` of `THOST_TE_RESUME_TYPE`.
fn after_prefix(c_name: &str) -> &str {
    c_name.splitn(3, '_').nth(2).unwrap_or(c_name)
}

fn camel_case(screaming: &str) -> String {
    let mut name = String::with_capacity(screaming.len());
    for word in screaming.split('_') {
        let mut letters = word.chars();
        name.extend(letters.next());
        name.extend(letters.map(|letter| letter.to_ascii_lowercase()));
    }
    name
}
