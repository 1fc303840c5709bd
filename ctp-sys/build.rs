//! Emits SPI traits, typed requests and one C++ adapter per library version, and compiles the adapters.

use std::{env, error::Error, fs, path::PathBuf};

use ctp_gen::{
    emit::{adapter, api_calls, spi},
    models,
    overlay::Overlay,
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS")? != "linux" || env::var("CARGO_CFG_TARGET_ARCH")? != "x86_64" {
        return Err(
            "ctp-sys supports Linux on x86-64; the vendor publishes no library for this target here".into()
        );
    }
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let (current, overlay) = (models::current(), Overlay::committed());
    fs::write(out_dir.join("spi.rs"), spi::rust(current, overlay))?;
    fs::write(out_dir.join("slots.rs"), api_calls::slots(current))?;
    fs::write(out_dir.join("api_calls.rs"), api_calls::rust(current, overlay))?;
    fs::write(out_dir.join("adapters.rs"), adapter::rust(models::of("se"), overlay))?;

    let mut build = cc::Build::new();
    build.cpp(true).std("c++14").warnings(false).opt_level(1).debug(false);
    for version in models::of("se") {
        let file = out_dir.join(format!("adapter_{}.cpp", adapter::identifier(version)));
        for line in adapter::unmapped(version, current, overlay) {
            println!("cargo::warning={line}");
        }
        let text = adapter::cpp(version, current, overlay)?;
        // An unchanged file keeps its time stamp.
        if fs::read_to_string(&file).ok().as_deref() != Some(&text) {
            fs::write(&file, text)?;
        }
        build.file(file);
    }
    build.try_compile("ctp_adapters")?;
    Ok(())
}
