//! Emits records, enumerations, constants, methods and error codes of the current model.

use std::{env, error::Error, fs, path::PathBuf};

use ctp_gen::{emit, models, overlay::Overlay};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let api = models::current();
    let overlay = Overlay::committed();
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    for (file, text) in [
        ("records.rs", emit::records::rust(api, overlay)),
        ("enumerations.rs", emit::enumerations::rust(api, overlay)),
        ("constants.rs", emit::constants::rust(api, overlay)),
        ("methods.rs", emit::methods::rust(api, overlay)?),
        ("errors.rs", emit::errors::rust(api)),
    ] {
        fs::write(out_dir.join(file), text)?;
    }
    Ok(())
}
