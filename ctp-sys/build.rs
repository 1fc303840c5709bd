//! Emits SPI traits, typed requests and one C++ adapter per library version, and compiles the adapters.

#[path = "build/adapters.rs"]
mod adapters;
#[cfg(feature = "link")]
#[path = "build/link.rs"]
mod link;

use std::{env, error::Error, fs, path::PathBuf};

use ctp_gen::{
    emit::{adapter, api_calls, since, spi},
    models,
    overlay::Overlay,
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    if env::var("CARGO_CFG_TARGET_OS")? != "linux" || env::var("CARGO_CFG_TARGET_ARCH")? != "x86_64" {
        return Err(
            "ctp-sys supports Linux on x86-64; the vendor publishes no library for this target here".into()
        );
    }
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let overlay = Overlay::committed();
    let mut sources = Vec::new();
    for family in models::families() {
        let current = models::current_of(family).ok_or_else(|| format!("family {family} has no model"))?;
        let folder = out_dir.join(family);
        fs::create_dir_all(&folder)?;
        let versions: Vec<_> = models::of(family).collect();
        fs::write(folder.join("spi.rs"), spi::rust(current, overlay))?;
        fs::write(folder.join("api_calls.rs"), api_calls::rust(current, overlay))?;
        fs::write(folder.join("since.rs"), since::rust(current, &versions, overlay))?;
        for version in versions {
            for line in adapter::unmapped(version, current, overlay) {
                println!("cargo::warning={line}");
            }
            let name = format!("adapter_{}", adapter::identifier(version));
            sources.push(adapters::Source { name, text: adapter::cpp(version, current, overlay)? });
        }
    }
    fs::write(out_dir.join("adapters.rs"), adapter::rust(models::models(), overlay))?;
    #[cfg(feature = "link")]
    link::emit(&out_dir)?;
    adapters::compile(&out_dir, &sources)
}
