//! A whole crate for people: what somebody drops into a repository of their own and reads there.
//!
//! The build scripts of the workspace take the compact text of the other emitters. This one is written to
//! be read: plain structs with a doc comment each, a module per topic, and an index of the requests. Its text
//! has rustfmt's shape from the start, and needs nothing but `std` and `encoding_rs` (GBK tables are
//! nothing to copy around).

mod binding;
mod callbacks;
mod constants;
mod enumerations;
mod errors;
mod modules;
mod package;
mod readme;
mod records;
mod requests;
mod spi;
mod style;
mod topics;

use std::collections::{HashMap, HashSet};

use super::{Output, python};
use crate::{
    Api,
    api::{Field, ScalarType},
    names,
    overlay::Overlay,
};
use topics::Section;

/// Lines that a file of a topic has at most; a topic with more is divided.
const LINES: usize = 2_800;

/// An emitted file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Path inside the crate's folder, with `/`.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// Emits the crate: the records of `current`, and C++ between them and the library of `version`.
///
/// # Errors
///
/// Returns an error that names what the model or an overlay lacks.
pub fn files(version: &Api, current: &Api, overlay: &Overlay) -> Result<Vec<File>, String> {
    let emission = Emission::new(current, overlay);
    let mut files = Vec::from(package::files(&emission));
    files.push(readme::file(&emission, version));
    files.push(binding::file(&emission, version));
    files.extend(support(&emission));
    files.extend(enumerations::files(&emission));
    files.extend(constants::files(&emission));
    files.extend(records::files(&emission));
    files.extend(callbacks::files(&emission));
    files.extend(requests::files(&emission)?);
    files.extend(spi::files(&emission));
    files.extend(errors::file(&emission));
    for output in [Output::Adapter, Output::FacadeMd, Output::FacadeTrader] {
        let text = output.emit(version, current, overlay)?;
        files.push(File { path: format!("cpp/{}", output.file_name()), text });
    }
    for (name, text) in python::stubs(current, overlay) {
        files.push(File { path: format!("python/{name}"), text });
    }
    Ok(files)
}

/// Modules that are the same in every emission.
fn support(emission: &Emission<'_>) -> impl Iterator<Item = File> {
    let texts = [
        ("src/price.rs", include_str!("vendored/support/price.rs")),
        ("src/secret.rs", include_str!("vendored/support/secret.rs")),
        ("src/text.rs", include_str!("vendored/support/text.rs")),
    ];
    let head = emission.head();
    texts.into_iter().map(move |(path, text)| File { path: path.to_owned(), text: format!("{head}{text}") })
}

/// What the emitters of a crate share.
struct Emission<'a> {
    api: &'a Api,
    overlay: &'a Overlay,
    sections: Vec<Section<'a>>,
    scalars: HashMap<&'a str, ScalarType>,
    /// The typedefs that are emitted as enumerations.
    enumerations: HashSet<&'a str>,
}

impl<'a> Emission<'a> {
    fn new(api: &'a Api, overlay: &'a Overlay) -> Self {
        let scalars: HashMap<&str, ScalarType> =
            api.typedefs.iter().map(|typedef| (typedef.name.as_str(), typedef.scalar)).collect();
        let characters = api.enumerations.iter().filter(|enumeration| {
            !enumeration.is_text() && scalars.get(enumeration.typedef.as_str()) == Some(&ScalarType::Char)
        });
        let enumerations = characters.map(|enumeration| enumeration.typedef.as_str()).collect();
        Self { api, overlay, sections: topics::divide(api), scalars, enumerations }
    }

    /// Returns the first line of an emitted Rust file.
    fn head(&self) -> String {
        let label = self.api.label();
        format!("// Emitted by ctp-gen from the API model {label}. Emit anew instead of editing.\n\n")
    }

    fn scalar(&self, field: &Field) -> ScalarType {
        self.scalars.get(field.typedef.as_str()).copied().unwrap_or_else(|| self.api.scalar(field))
    }

    /// Returns the enumeration that a field holds.
    fn enumeration<'f>(&self, field: &'f Field) -> Option<&'f str> {
        self.enumerations.contains(field.typedef.as_str()).then(|| names::enumeration(&field.typedef))
    }

    fn is_secret(&self, field: &Field) -> bool {
        self.overlay.secrets.typedefs.contains(&field.typedef)
    }
}
