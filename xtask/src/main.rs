//! Chores of the project: `cargo xtask <chore>`.
//!
//! One file per chore. Every chore may be run alone, twice in a row, and beside another one.

mod digest;
mod lock;
mod paths;
mod python;
mod shell;
mod tools;
mod vendor;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Chores of the CTP gateway.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Put the pinned vendor headers and libraries into vendor/<family>-<version>/.
    Vendor(vendor::Arguments),
    /// Put libclang into target/tools/, for `ctp-gen parse`.
    Tools,
}

fn main() -> Result<()> {
    match Arguments::parse().chore {
        Chore::Vendor(arguments) => vendor::run(&arguments),
        Chore::Tools => tools::run(),
    }
}
