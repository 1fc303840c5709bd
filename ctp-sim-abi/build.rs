//! Emits the names of the API methods by slot, and marks the library as one that is never unloaded:
//! its exchanges run as long as the process.

use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

use ctp_gen::{api::ClassKind, models};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS")? == "linux" {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
    let mut text = String::new();
    for (name, kind) in [("MD", ClassKind::MdApi), ("TRADER", ClassKind::TraderApi)] {
        writeln!(text, "/// The methods of `CThostFtdc{kind:?}` in slot order.")?;
        let methods: Vec<&str> =
            models::current().class(kind).methods.iter().map(|method| method.name.as_str()).collect();
        writeln!(text, "pub(crate) const {name}: &[&str] = &{methods:?};")?;
    }
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(out_dir.join("methods.rs"), text)?;
    Ok(())
}
