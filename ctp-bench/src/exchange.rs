//! The exchange's promises: ticks and orders of the pure state machine, latency and bursts through the C++ ABI.

pub(crate) mod abi;
mod day;
mod drive;
mod pure;

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::report::{self, Figure};
use crate::root;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Rounds of every figure.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The folder of the simulator's libraries, for the figures through the ABI.
    #[arg(long)]
    simulator: Option<PathBuf>,
    /// Only the figures whose name contains this.
    #[arg(long)]
    only: Option<String>,
}

/// Measures, prints the table, and writes `target/bench/exchange.json`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!(arguments.rounds > 0, "no figure without a round; give --rounds 1 or more");
    let wanted = |name: &str| arguments.only.as_ref().is_none_or(|only| name.contains(only));
    let mut figures: Vec<Figure> = Vec::new();
    for bench in pure::benches() {
        if wanted(&bench.name) {
            figures.push(bench.figure(arguments.rounds)?);
        }
    }
    if wanted(day::NAME) {
        figures.push(day::figure(arguments.rounds)?);
    }
    if let Some(simulator) = arguments.simulator.as_ref().filter(|_| wanted(abi::NAME)) {
        figures.extend(abi::figures(simulator, arguments.rounds)?);
    }
    print!("{}", report::table(&figures));
    report::write(&root().join("target/bench/exchange.json"), &figures)
}
