//! Measures what the project promises, beside a floor or a peer in the same run.
//!
//! `cargo xtask bench` builds what is measured and runs this. Every figure is the median of several rounds; a
//! floor does only what cannot be avoided, in the same rounds, so that a slow machine shows in both.

mod builds;
mod exchange;
mod floor;
mod gateway;
mod generator;
mod orders;
mod python;
mod report;
mod rounds;
mod served;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The generator: parse, emit, diff, their memory, and with `--builds` what a build costs.
    Generator(generator::Arguments),
    /// The exchange: ticks and orders a second, a trading day, and with `--simulator` latency and bursts through the ABI.
    Exchange(exchange::Arguments),
    /// The served exchange: latency over loopback, many clients, memory of a day, and how soon it is there.
    Served(served::Arguments),
    /// The gateway: CTP's thread, latency, rates, memory.
    Gateway(gateway::Arguments),
    /// Orders: their way to the library with and without journal, what open ones cost, recovery.
    Orders(orders::Arguments),
    /// The Python package, beside vnpy_ctp and openctp-ctp on the same feed.
    Python(python::Arguments),
    /// Does only what cannot be avoided; run by the benches.
    #[command(hide = true, subcommand)]
    Floor(floor::Floor),
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Generator(arguments) => generator::run(&arguments),
        Command::Exchange(arguments) => exchange::run(&arguments),
        Command::Served(arguments) => served::run(&arguments),
        Command::Gateway(arguments) => gateway::run(&arguments),
        Command::Orders(arguments) => orders::run(&arguments),
        Command::Python(arguments) => python::run(&arguments),
        Command::Floor(floor) => floor.run(),
    }
}

/// Returns the root of the workspace.
fn root() -> PathBuf {
    // This crate's folder lies directly below the root.
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent().map_or(own.clone(), PathBuf::from)
}
