//! Chores of the project: `cargo xtask <chore>`.
//!
//! One file per chore. Every chore may be run alone, twice in a row, and beside another one.

mod check;
mod codegen;
mod digest;
mod lock;
mod paths;
mod python;
mod shell;
mod stages;
mod tools;
mod vendor;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the CTP gateway.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Check format, lints, documentation, dependency rules, tracked files and models.
    Check,
    /// Put the pinned vendor headers and libraries into vendor/<family>-<version>/.
    Vendor(vendor::Arguments),
    /// Put libclang into target/tools/, for `ctp-gen parse`.
    Tools,
    /// Make the API models in ctp-gen/api/ from the vendor's headers.
    Codegen(codegen::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Check => check::run(),
        Chore::Vendor(arguments) => vendor::run(&arguments),
        Chore::Tools => tools::run(),
        Chore::Codegen(arguments) => codegen::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  because: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}
