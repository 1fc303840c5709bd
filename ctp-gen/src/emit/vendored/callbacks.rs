//! The callbacks' numbers.

use std::fmt::Write as _;

use super::{Emission, File, requests, style};
use crate::{
    api::{ClassKind, Method, Shape},
    names,
};

const HEAD: &str = "//! Callbacks by number: the slot in the virtual table of the SPI class.

mod md;
mod trader;

pub use md::MdCallback;
pub use trader::TraderCallback;
";

/// The two halves of the API.
pub(super) const HALVES: [Half; 2] = [
    Half { name: "Md", module: "md", spi: ClassKind::MdSpi, api: ClassKind::MdApi },
    Half { name: "Trader", module: "trader", spi: ClassKind::TraderSpi, api: ClassKind::TraderApi },
];

/// Market data or trading.
#[derive(Clone, Copy)]
pub(super) struct Half {
    /// What the names of its types begin with.
    pub(super) name: &'static str,
    /// Module of its own.
    pub(super) module: &'static str,
    pub(super) spi: ClassKind,
    pub(super) api: ClassKind,
}

pub(super) fn files(emission: &Emission<'_>) -> Vec<File> {
    let mut files: Vec<File> = HALVES.iter().map(|half| file(emission, *half)).collect();
    let text = format!("{}{HEAD}", emission.head());
    files.push(File { path: "src/callbacks.rs".to_owned(), text });
    files
}

fn file(emission: &Emission<'_>, half: Half) -> File {
    let methods = &emission.api.class(half.spi).methods;
    let (name, class) = (format!("{}Callback", half.name), half.spi.c_name());
    let mut text = emission.head();
    let _ = writeln!(text, "//! Callbacks of `{class}`.\n");
    let _ =
        writeln!(text, "/// A callback of `{class}`; its number is the slot in the class's virtual table.");
    text.push_str("#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\n#[repr(u16)]\n");
    let _ = writeln!(text, "pub enum {name} {{");
    let answered = requests::answered_by(emission, half);
    for (slot, method) in methods.iter().enumerate() {
        if let Some(sentence) = emission.overlay.docs.method(&method.name) {
            style::doc(&mut text, 4, "///", sentence);
            text.push_str("    ///\n");
        }
        style::doc(&mut text, 4, "///", &carries(method));
        if let Some(requests) = answered.get(method.name.as_str()) {
            let all = format!("{}Request", half.name);
            let links = requests.iter().map(|name| format!("[`{name}`](crate::requests::{all}::{name})"));
            let links = links.collect::<Vec<_>>().join(", ");
            style::doc(&mut text, 4, "///", &format!("Belongs to {links}."));
        }
        let _ = writeln!(text, "    {} = {slot},", method.name);
    }
    text.push_str("}\n\n");
    let names: Vec<&str> = methods.iter().map(|method| method.name.as_str()).collect();
    let _ = writeln!(text, "impl {name} {{");
    all(&mut text, "callbacks", &names);
    text.push_str("\n    /// Returns the callback in a slot.\n    #[must_use]\n");
    text.push_str("    pub fn from_slot(slot: u32) -> Option<Self> {\n");
    text.push_str("        Self::ALL.get(usize::try_from(slot).ok()?).copied()\n    }\n\n");
    c_names(&mut text, &names);
    text.push_str("}\n");
    File { path: format!("src/callbacks/{}.rs", half.module), text }
}

/// Writes the constant with all variants.
pub(super) fn all(text: &mut String, what: &str, names: &[&str]) {
    let _ = writeln!(text, "    /// All {what} in slot order.");
    let line = names.iter().map(|name| format!("Self::{name}")).collect::<Vec<_>>().join(", ");
    if line.len() <= 60 {
        let _ = writeln!(text, "    pub const ALL: [Self; {}] = [{line}];", names.len());
        return;
    }
    let _ = writeln!(text, "    pub const ALL: [Self; {}] = [", names.len());
    for name in names {
        let _ = writeln!(text, "        Self::{name},");
    }
    text.push_str("    ];\n");
}

/// Writes the function that gives the C name of a variant.
pub(super) fn c_names(text: &mut String, names: &[&str]) {
    text.push_str("    /// Returns the C name.\n    #[must_use]\n");
    if names.len() > 90 {
        text.push_str("    #[allow(clippy::too_many_lines)] // a line per name\n");
    }
    text.push_str("    pub const fn name(self) -> &'static str {\n        match self {\n");
    for name in names {
        style::arm(text, 12, &format!("Self::{name}"), &format!("{name:?}"));
    }
    text.push_str("        }\n    }\n");
}

/// Says what a callback brings.
fn carries(method: &Method) -> String {
    // A checked model has only callbacks in its SPI classes.
    let Some(Shape::Callback { record, rsp_info, .. }) = method.callback_shape() else {
        return String::new();
    };
    let link = |c_name: &str| format!("[`{0}`](crate::records::{0})", names::record(c_name));
    let record = record.map(link);
    let rsp_info = rsp_info.then(|| link("CThostFtdcRspInfoField"));
    let parts: Vec<String> = record.into_iter().chain(rsp_info).collect();
    match parts.is_empty() {
        true => "Carries no record.".to_owned(),
        false => format!("Carries {}.", parts.join(" and ")),
    }
}
