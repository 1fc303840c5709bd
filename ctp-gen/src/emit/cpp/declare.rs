//! Structs and abstract classes of one version, from the model: no vendor header is needed.

use std::fmt::Write;

use super::parameter_list;
use crate::{
    Api,
    api::{ClassKind, Record},
};

/// Writes the plain enumerations, all records, and the given classes.
///
/// Only the classes that the translation unit needs are declared, `Spi` before `Api`.
pub(crate) fn declarations(api: &Api, classes: &[ClassKind]) -> String {
    let mut text = String::new();
    for plain_enum in &api.plain_enums {
        let values: Vec<String> =
            plain_enum.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let _ = writeln!(text, "enum {} {{ {} }};", plain_enum.name, values.join(", "));
    }
    for record in &api.records {
        declare_record(&mut text, api, record);
    }
    for kind in classes {
        declare_class(&mut text, api, *kind);
    }
    text
}

/// Writes the assertions that the compiler gives every record the model's layout.
pub(crate) fn layout_assertions(api: &Api) -> String {
    let mut text = String::new();
    for record in &api.records {
        let name = &record.c_name;
        let _ = writeln!(text, "static_assert(sizeof({name}) == {}, \"size of {name}\");", record.size);
        for field in &record.fields {
            let _ = writeln!(
                text,
                "static_assert(offsetof({name}, {0}) == {1}, \"{name}::{0}\");",
                field.c_name, field.offset
            );
        }
    }
    text
}

fn declare_record(text: &mut String, api: &Api, record: &Record) {
    let _ = write!(text, "struct {} {{", record.c_name);
    for field in &record.fields {
        let _ = match api.scalar(field).c_parts() {
            (c_type, Some(length)) => write!(text, " {c_type} {}[{length}];", field.c_name),
            (c_type, None) => write!(text, " {c_type} {};", field.c_name),
        };
    }
    text.push_str(" };\n");
}

fn declare_class(text: &mut String, api: &Api, kind: ClassKind) {
    let class = api.class(kind);
    let is_spi = matches!(kind, ClassKind::MdSpi | ClassKind::TraderSpi);
    let _ = writeln!(text, "class {} {{\npublic:", class.c_name);
    for method in &class.statics {
        // On the method, not on the class, whose virtual table would be exported with it.
        let parameters = parameter_list(&method.parameters, false);
        let _ = writeln!(text, "    CTP_EXPORT static {} {}({parameters});", method.returns, method.name);
    }
    for method in &class.methods {
        let body = if is_spi { "{}" } else { "= 0;" };
        let parameters = parameter_list(&method.parameters, false);
        let _ = writeln!(text, "    virtual {} {}({parameters}) {body}", method.returns, method.name);
    }
    // As in the vendor's headers: no virtual destructor, so no slot for one.
    let _ = writeln!(text, "protected:\n    ~{}() {{}}\n}};", class.c_name);
}
