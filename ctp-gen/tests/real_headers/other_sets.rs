//! Header sets that have no model of their own: other hands' copies, Windows, macOS, evaluation builds. They are
//! read and emitted without a change of code.

use std::path::Path;

use ctp_gen::{
    emit::{Output, vendored},
    overlay::Overlay,
    parse::parse_folder,
};
use serde::Deserialize;

use crate::{
    cpp::{compiler, output},
    layout::formatted,
    proof, symbols, vendor,
};

/// A row of `vendor/manifest/headers.toml`.
#[derive(Deserialize)]
pub(crate) struct Set {
    pub(crate) name: String,
    family: String,
    version: String,
}

#[derive(Deserialize)]
struct Manifest {
    headers: Vec<Set>,
}

/// Returns the sets that the manifest lists.
pub(crate) fn listed() -> Vec<Set> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vendor/manifest/headers.toml");
    let manifest: Manifest = toml::from_str(&vendor::read(&path)).unwrap_or_else(|error| panic!("{error}"));
    manifest.headers
}

/// The set parses to a closed model, every output is emitted from it, the C++ compiles, and layout, slots,
/// values and names are those that the compiler finds in the headers.
pub(crate) fn check(set: &Set) -> Result<(), String> {
    let include = vendor::headers(&set.name);
    let api = parse_folder(&include, &set.family, &set.version).map_err(|error| error.to_string())?;
    api.check()?;
    let (overlay, _) = Overlay::committed().completed(&api);
    let folder = vendor::temporary();
    for kind in Output::ALL {
        let text = formatted(kind, kind.emit(&api, &api, &overlay)?)?;
        std::fs::write(folder.path().join(kind.file_name()), text).map_err(|error| error.to_string())?;
    }
    let files = vendored::files(&api, &api, &overlay)?;
    if let Some(long) =
        files.iter().find(|file| file.path.ends_with(".rs") && file.text.lines().count() > 3_000)
    {
        return Err(format!("{} is too long to read", long.path));
    }
    let files = [Output::Adapter, Output::FacadeMd, Output::FacadeTrader].map(Output::file_name);
    output(compiler().args(["-fsyntax-only", "-w"]).args(files).current_dir(folder.path()))?;
    proof::against(&api, &include)?;
    symbols::in_headers(&api, &include)
}
