//! Stamps the API version, and compares vendored headers with the committed models.
//!
//! A vendored header set that is not what its model was made from means that one of them is out of date: the build
//! goes on, since it needs no header, and a warning names the command.

use std::path::Path;

use ctp_gen::{Api, models};
use sha2::{Digest as _, Sha256};

fn main() {
    println!("cargo::rustc-env=CTP_API_VERSION={}", models::current().version);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=vendor");
    // Feature `link`: programs find the linked libraries where they were when they were built.
    if let Ok(folder) = std::env::var("DEP_CTP_ADAPTERS_LIB_DIR") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
        println!("cargo::metadata=lib_dir={folder}");
    }
    for model in models::models() {
        compare(model);
    }
}

/// Warns of every header of a vendored set that its model was not made from.
fn compare(model: &Api) {
    let label = model.label();
    let folder = Path::new("vendor").join(&label).join("include");
    if !folder.is_dir() {
        return;
    }
    for source in &model.sources {
        let path = folder.join(&source.file);
        let shown = path.display();
        match std::fs::read(&path) {
            Ok(content) if digest(&content) == source.sha256 => {}
            Ok(_) => println!(
                "cargo::warning={shown} is not the file that ctp-gen/api/{label}.json was made from; \
                 run `cargo xtask vendor` for the pinned file, or `cargo xtask codegen` for a new model"
            ),
            Err(error) => println!(
                "cargo::warning=cannot read {shown}: {error}; run `cargo xtask vendor` to fetch the headers again"
            ),
        }
    }
}

fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
