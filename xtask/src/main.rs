//! Chores of the project: `cargo xtask <chore>`.
//!
//! One file per chore. Every chore may be run alone, twice in a row, and beside another one.

mod bench;
mod check;
mod codegen;
mod conformance;
mod demo;
mod digest;
mod foreign;
mod generator;
mod glibc;
mod lock;
mod mutants;
mod paths;
mod python;
mod sanitize;
mod shell;
mod sim;
mod soak;
mod stages;
mod stubs;
mod test;
mod tools;
mod upgrade;
mod vendor;
mod versions;
mod wheel;

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
    /// Set everything up and run the market-data and trading demos, in Rust and Python, on the simulator.
    Demo,
    /// Set everything up and run every test; ends with a table of stages and seconds.
    Test,
    /// Check format, lints, documentation, dependency rules, tracked files and models.
    Check,
    /// Put the pinned vendor headers and libraries into `vendor/<family>-<version>/`.
    Vendor(vendor::Arguments),
    /// Put libclang into target/tools/, for `ctp-gen parse`.
    Tools,
    /// Make the API models in ctp-gen/api/ anew from the vendor's headers.
    Codegen(codegen::Arguments),
    /// Take a new version over from a folder of headers: model, differences, proof, and what is left for a person.
    Upgrade(upgrade::Arguments),
    /// Print the table of versions: records, methods, proof and real libraries, from the tests themselves.
    Versions,
    /// Build the simulator's libraries into target/sim/.
    Sim(sim::Arguments),
    /// Measure what the project promises, beside a floor in the same rounds.
    Bench(bench::Arguments),
    /// Run thousands of seeds, fuzz targets and memory checks, for an hour at most; ends with a table of stages.
    Soak(soak::Arguments),
    /// Change one thing at a time in the gateway's orders, ledger and journal, and see that a test notices.
    Mutants(mutants::Arguments),
    /// Run the gateway's scenarios under AddressSanitizer and valgrind, and the models of ctp-ring.
    Sanitize(sanitize::Arguments),
    /// Write the type stubs into the Python package: what the model says, and ctp-py/stubs/*.pyi.
    Stubs,
    /// Build the Python wheel, with the simulator in it, into target/wheels/.
    Wheel,
    /// Install the pinned Python clients that we did not write, each into target/foreign/NAME/.
    Foreign(foreign::Arguments),
    /// Run every scenario through the Python clients that we did not write and print client × scenario.
    Conformance(conformance::Arguments),
}

fn main() -> ExitCode {
    if let Some(record) = std::env::var_os(mutants::RECORD) {
        return told(mutants::stand_in(record.as_ref()));
    }
    told(match Arguments::parse().chore {
        Chore::Demo => demo::run(),
        Chore::Test => test::run(),
        Chore::Check => check::run(),
        Chore::Vendor(arguments) => vendor::run(&arguments),
        Chore::Tools => tools::run(),
        Chore::Codegen(arguments) => codegen::run(&arguments),
        Chore::Upgrade(arguments) => upgrade::run(&arguments),
        Chore::Versions => versions::run(),
        Chore::Sim(arguments) => sim::run(&arguments),
        Chore::Bench(arguments) => bench::run(&arguments),
        Chore::Soak(arguments) => soak::run(&arguments),
        Chore::Mutants(arguments) => mutants::run(&arguments),
        Chore::Sanitize(arguments) => sanitize::run(&arguments),
        Chore::Foreign(arguments) => foreign::run(&arguments),
        Chore::Conformance(arguments) => conformance::run(&arguments),
        Chore::Stubs => stubs::run(),
        Chore::Wheel => wheel::run().map(|wheel| println!("{}", paths::shown(&wheel))),
    })
}

fn told(done: anyhow::Result<()>) -> ExitCode {
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
