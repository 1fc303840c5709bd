//! The structs, and the proof of their layout.

use std::fmt::Write as _;

use super::{
    Emission, File,
    modules::{self, Module},
    style,
    topics::Section,
};
use crate::{
    api::{Field, Record, ScalarType},
    names,
};

const HEAD: &str = "//! Records of the API, a module per topic; each item is shown here, too.
//!
//! All zero bytes are a valid value of each, and the default.
";

const LAYOUT: &str = "//! Proof that every record has the size and the field offsets of the vendor's struct.
";

pub(super) fn files(emission: &Emission<'_>) -> Vec<File> {
    let structs = modules(emission, |record| record_text(emission, record));
    let imports = |items: &[(&Record, String)]| imports(emission, items.iter().map(|(record, _)| *record));
    let mut files = modules::folder(emission, "records", HEAD, true, structs, imports);
    let layouts = modules(emission, layout_text);
    let imports = |_: &[(&Record, String)]| "use std::mem::{offset_of, size_of};\n".to_owned();
    files.extend(modules::folder(emission, "layout", LAYOUT, false, layouts, imports));
    files
}

fn modules<'a>(
    emission: &Emission<'a>,
    text: impl Fn(&Record) -> String,
) -> Vec<Module<'static, &'a Record>> {
    let module = |section: &Section<'a>| Module {
        topic: section.topic,
        items: section.records.iter().map(|record| (*record, text(record))).collect(),
    };
    emission.sections.iter().map(module).collect()
}

/// Writes one struct.
fn record_text(emission: &Emission<'_>, record: &Record) -> String {
    let (overlay, c_name) = (emission.overlay, &record.c_name);
    let mut text = String::with_capacity(160 * record.fields.len());
    style::doc_of(&mut text, 0, overlay.docs.record(c_name), &format!("C: `{c_name}`."));
    text.push_str("#[repr(C)]\n#[derive(Clone, Copy, Debug, Default, PartialEq)]\n");
    let _ = writeln!(text, "pub struct {} {{", names::record(c_name));
    for field in &record.fields {
        let sentence = overlay.docs.field(c_name, &field.c_name, &field.typedef);
        style::doc_of(&mut text, 4, sentence, &format!("C: `{}` (`{}`).", field.c_name, field.typedef));
        let _ = writeln!(text, "    pub {}: {},", names::field(&field.c_name), rust_type(emission, field));
    }
    text.push_str("}\n");
    text
}

fn rust_type(emission: &Emission<'_>, field: &Field) -> String {
    let plain = match (emission.scalar(field), emission.enumeration(field)) {
        (_, Some(enumeration)) => enumeration.to_owned(),
        (ScalarType::Char, None) => "u8".to_owned(),
        (ScalarType::Text(length), None) => format!("Text<{length}>"),
        (ScalarType::Short, None) => "i16".to_owned(),
        (ScalarType::Int, None) => "i32".to_owned(),
        (ScalarType::UnsignedInt, None) => "u32".to_owned(),
        (ScalarType::LongLong, None) => "i64".to_owned(),
        (ScalarType::Double, None) => "f64".to_owned(),
    };
    if emission.is_secret(field) { format!("Secret<{plain}>") } else { plain }
}

/// Writes what the fields' types need.
fn imports<'r>(emission: &Emission<'_>, records: impl Iterator<Item = &'r Record>) -> String {
    let (mut enumerations, mut secret, mut texts) = (Vec::new(), false, false);
    for field in records.flat_map(|record| &record.fields) {
        enumerations.extend(emission.enumeration(field));
        secret |= emission.is_secret(field);
        texts |= matches!(emission.scalar(field), ScalarType::Text(_));
    }
    let mut text = String::new();
    style::import(&mut text, "use", "crate::enumerations", enumerations);
    if secret {
        text.push_str("use crate::secret::Secret;\n");
    }
    if texts {
        text.push_str("use crate::text::Text;\n");
    }
    text
}

/// Writes the assertions for one struct.
fn layout_text(record: &Record) -> String {
    let mut text = format!(
        "const _: () = {{\n    type R = crate::records::{};\n    assert!(size_of::<R>() == {});\n",
        names::record(&record.c_name),
        record.size
    );
    for field in &record.fields {
        let condition = format!("offset_of!(R, {}) == {}", names::field(&field.c_name), field.offset);
        style::statement(&mut text, 4, "assert!", &condition);
    }
    text.push_str("};\n");
    text
}
