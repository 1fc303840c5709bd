//! `cargo xtask check`: everything that can be judged without running the product.

mod dependencies;
mod repository;
mod source;

use anyhow::Result;

use crate::generator::FEATURES;
use crate::stages::Stages;
use crate::{codegen, shell};

/// Runs every check; fails when one of them does.
pub(crate) fn run() -> Result<()> {
    let mut stages = Stages::default();
    stages.run("tracked files", &[], repository::check);
    stages.run("conflicts", &[], source::check_conflicts);
    stages.run("unsafe code", &[], source::check);
    stages.run("dependencies", &[], dependencies::check);
    stages.run("format", &[], format);
    stages.run("lints", &[], lint);
    stages.run("documentation", &[], document);
    stages.run("models", &[], models);
    stages.finish()
}

fn format() -> Result<()> {
    shell::run(shell::cargo().args(["fmt", "--all", "--", "--check"]))
}

fn lint() -> Result<()> {
    let deny = ["--", "--deny", "warnings"];
    shell::run(shell::cargo().args(["clippy", "--workspace", "--all-targets"]).args(deny))?;
    // What only the generator's command compiles.
    let generator = ["clippy", "--package", "ctp-gen", "--features", FEATURES, "--all-targets"];
    shell::run(shell::cargo().args(generator).args(deny))
}

fn document() -> Result<()> {
    shell::run(shell::cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-Dwarnings"))
}

fn models() -> Result<()> {
    if codegen::is_possible()? {
        return codegen::check();
    }
    println!(
        "not compared: needs the vendor's headers and libclang (`cargo xtask codegen --check` fetches them)"
    );
    Ok(())
}
