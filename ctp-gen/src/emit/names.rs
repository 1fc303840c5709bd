//! Every name that the descriptors of `ctp-types` tell, in one text.
//!
//! A `&'static str` is 16 bytes, and 24 more for the loader in a shared library; the descriptors hold some 20,000. So they
//! hold places in one text, of 4 bytes each, and names that lie within longer ones take no text at all.

use std::{collections::HashMap, fmt::Write as _};

use proc_macro2::Ident;

use super::{enumerations, ident};
use crate::{Api, api::ClassKind, names};

/// Emits the text of all names that the records, enumerations, methods and error codes of `apis` have, and a constant
/// for the place of each.
pub fn rust<'a>(apis: impl IntoIterator<Item = &'a Api>) -> String {
    let mut all = Names::default();
    let mut models = Vec::new();
    for api in apis {
        models.push(format!("ctp-gen/api/{}.json", api.label()));
        all.add_model(api);
    }
    let mut text = format!("// Emitted by ctp-gen from {}. Edit the emitter, not this.\n", models.join(", "));
    let _ = writeln!(text, "pub(crate) static TEXT: &str = {:?};", all.text);
    let mut places: Vec<_> = all.places.iter().collect();
    places.sort_unstable();
    for (name, start) in places {
        let (constant, length) = (constant(name), name.len());
        let _ =
            writeln!(text, "pub(crate) const {constant}: crate::Name = crate::Name::at({start}, {length});");
    }
    text
}

/// Returns the constant of a name: the name itself; with `__` before it what Rust takes for no identifier, as `3DES`,
/// `type` or `unsigned int`.
pub(super) fn constant(name: &str) -> Ident {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let is_identifier = name.chars().all(is_plain) && !name.starts_with(|first: char| first.is_ascii_digit());
    if is_identifier && !names::is_keyword(name) {
        ident(name)
    } else {
        ident(&format!("__{}", name.replace(|letter| !is_plain(letter), "_")))
    }
}

/// Names, each once.
#[derive(Default)]
struct Names {
    text: String,
    /// Where each begins.
    places: HashMap<String, usize>,
}

impl Names {
    fn add_model(&mut self, api: &Api) {
        for record in &api.records {
            self.add_around(&record.c_name, names::record(&record.c_name));
            for field in &record.fields {
                self.add_around(&field.typedef, names::enumeration(&field.typedef));
                self.add(&field.c_name);
                self.add(&names::field(&field.c_name));
            }
        }
        for enumeration in enumerations::of_characters(api) {
            self.add_around(&enumeration.typedef, names::enumeration(&enumeration.typedef));
            for constant in &enumeration.constants {
                self.add_around(&constant.name, names::constant(&constant.name));
            }
        }
        let classes = [ClassKind::MdApi, ClassKind::MdSpi, ClassKind::TraderApi, ClassKind::TraderSpi];
        for method in classes.into_iter().flat_map(|kind| &api.class(kind).methods) {
            self.add(&method.name);
        }
        for error in &api.errors {
            self.add(&error.symbol);
        }
    }

    fn add(&mut self, name: &str) {
        if !self.places.contains_key(name) {
            self.places.insert(name.to_owned(), self.text.len());
            self.text.push_str(name);
        }
    }

    /// Adds a name, and a part of it as a name that lies within.
    fn add_around(&mut self, name: &str, part: &str) {
        self.add(name);
        if let (Some(within), false) = (name.find(part), self.places.contains_key(part)) {
            self.places.insert(part.to_owned(), self.places[name] + within);
        }
    }
}
