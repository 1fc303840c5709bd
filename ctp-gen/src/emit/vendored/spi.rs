//! The traits that receive callbacks.

use std::fmt::Write as _;

use super::{
    Emission, File,
    callbacks::{HALVES, Half},
    style,
};
use crate::{
    api::{Method, Shape},
    names,
};

pub(super) fn files(emission: &Emission<'_>) -> Vec<File> {
    let mut files: Vec<File> = HALVES.iter().map(|half| file(emission, *half)).collect();
    let text = format!("{}{}", emission.head(), include_str!("support/spi.rs"));
    files.push(File { path: "src/spi.rs".to_owned(), text });
    files
}

fn file(emission: &Emission<'_>, half: Half) -> File {
    let methods = &emission.api.class(half.spi).methods;
    let (name, callback) = (format!("{}Spi", half.name), format!("{}Callback", half.name));
    let mut text = emission.head();
    let _ = writeln!(text, "//! Callbacks of `{}`.\n", half.spi.c_name());
    let _ = writeln!(text, "use super::Event;\nuse crate::callbacks::{callback};");
    let records = methods.iter().flat_map(|method| &method.parameters);
    let records = records.filter_map(|parameter| parameter.c_type.strip_suffix(" *")).map(names::record);
    style::import(&mut text, "use", "crate::records", records.collect());
    text.push('\n');
    let thread = "All come from the library's worker thread, one after another: copy and return.";
    style::doc_of(&mut text, 0, Some(&format!("Callbacks of `{}`.", half.spi.c_name())), thread);
    let _ = writeln!(
        text,
        "#[allow(unused_variables, clippy::too_many_arguments)] // empty bodies, signatures as in the header
pub trait {name} {{"
    );
    for (position, method) in methods.iter().enumerate() {
        text.push_str(if position > 0 { "\n" } else { "" });
        let sentence = emission.overlay.docs.method(&method.name);
        style::doc_of(&mut text, 4, sentence, &format!("C: `{}`.", method.name));
        style::empty_method(&mut text, 4, &names::method(&method.name), &parameters(method));
    }
    let _ = writeln!(
        text,
        "}}

/// Passes a callback on to the method with its name.
///
/// # Safety
///
/// The pointers of `event` are null or point to live records of the kinds that `callback` carries.
#[allow(clippy::too_many_lines)] // a line per callback
pub unsafe fn dispatch<S>(spi: &S, callback: {callback}, event: Event)
where
    S: {name} + ?Sized,
{{
    // SAFETY: the caller vouches for the pointers.
    unsafe {{
        let (info, id, last) = (event.rsp_info(), event.number, event.is_last);
        match callback {{"
    );
    for method in methods {
        // A checked model has only callbacks in its SPI classes.
        let Some(Shape::Callback { record, rsp_info, number, is_last }) = method.callback_shape() else {
            continue;
        };
        let parts = [
            record.map(|_| "event.record()"),
            rsp_info.then_some("info"),
            number.then_some("id"),
            is_last.then_some("last"),
        ];
        let arguments = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let value = format!("spi.{}({arguments})", names::method(&method.name));
        style::unit_arm(&mut text, 12, &format!("{callback}::{}", method.name), &value);
    }
    text.push_str("        }\n    }\n}\n");
    File { path: format!("src/spi/{}.rs", half.module), text }
}

fn parameters(method: &Method) -> Vec<String> {
    let parameter = |parameter: &crate::api::Parameter| {
        let name = names::parameter(&parameter.name);
        match parameter.c_type.as_str() {
            "int" => format!("{name}: i32"),
            "bool" => format!("{name}: bool"),
            record => format!("{name}: Option<&{}>", names::record(record.trim_end_matches(" *"))),
        }
    };
    method.parameters.iter().map(parameter).collect()
}
