//! `ctp-gen emit`: every output of one model, for people who want to look.

use std::{error::Error, fs, path::Path};

use ctp_gen::{
    Api,
    emit::{Output, adapter, formatted},
    overlay::Overlay,
};

/// Writes every output of the model file `model` into `folder`.
///
/// All texts are made before the first is written, and each replaces its file at once: an error leaves
/// nothing half-written.
pub(super) fn run(model: &Path, current: Option<&Path>, folder: &Path) -> Result<(), Box<dyn Error>> {
    let version = read(model)?;
    let current = current.map_or_else(|| Ok(version.clone()), read)?;
    let overlay = Overlay::committed();
    let texts = Output::ALL
        .into_iter()
        .map(|output| Ok((output, formatted(output, output.emit(&version, &current, overlay)?)?)))
        .collect::<Result<Vec<_>, String>>()?;
    for line in adapter::unmapped(&version, &current, overlay) {
        eprintln!("ctp-gen: warning: {line}");
    }
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    for (output, text) in &texts {
        replace(&folder.join(output.file_name()), text)?;
        println!("{:>7} lines  {}", text.lines().count(), folder.join(output.file_name()).display());
    }
    Ok(())
}

/// Reads a model file.
fn read(path: &Path) -> Result<Api, String> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Api::from_json(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes `text` beside `path` and renames it, so that `path` is never half-written.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), String> {
    let refuse = |error| format!("cannot write {}: {error}", path.display());
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}.partial", std::process::id()));
    fs::write(&partial, text).and_then(|()| fs::rename(&partial, path)).map_err(|error| {
        // What is left of it helps nobody, and the first error is the one to tell.
        let _ = fs::remove_file(&partial);
        refuse(error)
    })
}
