//! Emits the requests of both kinds of session.

use std::{env, error::Error, fs, path::PathBuf};

use ctp_gen::{Api, api::ClassKind, emit::requests, models, overlay::Overlay};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let family: Vec<&Api> = models::of("se").collect();
    for (file, kind) in [("md_requests.rs", ClassKind::MdApi), ("trader_requests.rs", ClassKind::TraderApi)] {
        let text = requests::rust(models::current(), &family, Overlay::committed(), kind)?;
        fs::write(out_dir.join(file), text)?;
    }
    Ok(())
}
