//! All conversions between a version and the current model, also of records that no method carries.
//!
//! Adapters and facades hold those that their methods need; tests take all of them from here.

use std::fmt::Write;

use super::{
    adapter::identifier,
    cpp::{Conversions, Direction, declarations, layout_assertions},
};
use crate::{Api, overlay::Overlay};

/// Emits C++ functions `to_current_X` and `from_current_X` for every record of `version` that is not laid out as
/// the current model's, in the namespace of the version's adapter.
///
/// # Errors
///
/// Returns an error that names a record or field of `version` that neither maps to `current` by name nor
/// stands in `overlay/renames.toml`.
pub fn cpp(version: &Api, current: &Api, overlay: &Overlay) -> Result<String, String> {
    let mut conversions = Conversions::new(version, current, overlay)?;
    for record in &version.records {
        if conversions.passes(&record.c_name) || overlay.renames.is_dropped(&record.c_name) {
            continue;
        }
        for direction in [Direction::ToCurrent, Direction::FromCurrent] {
            conversions.function(&record.c_name, direction)?;
        }
    }
    let mut text = format!(
        "// Emitted by ctp-gen from ctp-gen/api/{}.json. Edit the emitter, not this.\n#include <stddef.h>\n#include <string.h>\n",
        version.label()
    );
    let _ = writeln!(text, "namespace {{ namespace ctp_current {{\n{}}} }}", declarations(current, &[]));
    let _ = writeln!(
        text,
        "namespace ctp_{} {{\n{}{}namespace {{\n{}}} }}",
        identifier(version),
        declarations(version, &[]),
        layout_assertions(version),
        conversions.text()
    );
    Ok(text)
}
