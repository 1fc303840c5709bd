//! Emits records, enumerations, constants, methods and error codes of each family's current model.

use std::{env, error::Error, fs, path::PathBuf};

use ctp_gen::{emit, models, overlay::Overlay};

/// The families that have a module.
const FAMILIES: [&str; 3] = ["se", "mini", "sopt"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let overlay = Overlay::committed();
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let of = |family| models::current_of(family).ok_or_else(|| format!("family {family} has no model"));
    let apis = FAMILIES.into_iter().map(of).collect::<Result<Vec<_>, _>>()?;
    fs::write(out_dir.join("names.rs"), emit::names::rust(apis.iter().copied()))?;
    for (family, api) in FAMILIES.into_iter().zip(apis) {
        let folder = out_dir.join(family);
        fs::create_dir_all(&folder)?;
        for (file, text) in [
            ("records.rs", emit::records::rust(api, overlay)),
            ("enumerations.rs", emit::enumerations::rust(api, overlay)),
            ("constants.rs", emit::constants::rust(api, overlay)),
            ("methods.rs", emit::methods::rust(api, overlay)?),
            ("errors.rs", emit::errors::rust(api)),
        ] {
            fs::write(folder.join(file), text)?;
        }
    }
    Ok(())
}
