//! The raw constants under their C names.

use std::fmt::Write as _;

use super::{
    Emission, File,
    modules::{self, Module},
    style,
};
use crate::{
    api::{Enumeration, ScalarType},
    names,
};

const HEAD: &str =
    "//! Constants under their C names, so that people can search for them; a module per topic.

#![allow(non_upper_case_globals)] // C names
";

pub(super) fn files(emission: &Emission<'_>) -> Vec<File> {
    let modules = emission.sections.iter().map(|section| Module {
        topic: section.topic,
        items: section.enumerations.iter().map(|one| ((), group(emission, one))).collect(),
    });
    modules::folder(emission, "constants", HEAD, true, modules.collect(), |_| String::new())
}

/// Writes the constants of one typedef.
fn group(emission: &Emission<'_>, enumeration: &Enumeration) -> String {
    let c_name = &enumeration.typedef;
    let is_text =
        enumeration.is_text() || matches!(emission.scalars.get(c_name.as_str()), Some(ScalarType::Text(_)));
    let mut text = format!("// {c_name}\n\n");
    for constant in &enumeration.constants {
        let name = &constant.name;
        let rest = if emission.enumerations.contains(c_name.as_str()) {
            let (enumeration, value) = (names::enumeration(c_name), names::constant(name));
            let value = names::screaming(value);
            format!("[`{enumeration}::{value}`](crate::enumerations::{enumeration}::{value}).")
        } else {
            format!("A value of `{c_name}`.")
        };
        style::doc_of(&mut text, 0, emission.overlay.docs.value(name), &rest);
        let (kind, literal) = if is_text {
            ("&str", format!("{:?}", constant.value))
        } else {
            ("u8", format!("b'{}'", constant.value))
        };
        let line = format!("pub const {name}: {kind} = {literal};");
        if line.len() <= 100 {
            let _ = writeln!(text, "{line}");
        } else {
            let _ = writeln!(text, "pub const {name}: {kind} =\n    {literal};");
        }
    }
    text
}
