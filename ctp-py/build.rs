//! Emits what callbacks carry, which decides how their Python methods are called, the constants and the requests.

use std::{env, error::Error, fs, path::PathBuf};

use ctp_gen::{Api, emit, models, overlay::Overlay};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(out_dir.join("shapes.rs"), emit::python::shapes(models::current()))?;
    fs::write(out_dir.join("tables.rs"), emit::python::tables(models::current()))?;
    let family: Vec<&Api> = models::of("se").collect();
    let requests = emit::requests::python_table(models::current(), &family, Overlay::committed())?;
    fs::write(out_dir.join("requests.rs"), requests)?;
    Ok(())
}
