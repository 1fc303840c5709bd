//! The served exchange's promises: latency over loopback, many clients, memory, start.

mod fan;
mod latency;
mod memory;
mod peer;
mod server;
mod start;

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
    /// The `ctp` command, whose `sim serve` is measured.
    #[arg(long)]
    ctp: PathBuf,
    /// The folder of the simulator's libraries, for the latency through the C++ ABI.
    #[arg(long)]
    simulator: Option<PathBuf>,
    /// Only the figures whose group contains this: latency, facade, fan, memory, start, embedded.
    #[arg(long)]
    only: Option<String>,
}

/// Measures, prints the table, and writes `target/bench/served.json`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!(arguments.rounds > 0, "no figure without a round; give --rounds 1 or more");
    let wanted = |group: &str| arguments.only.as_ref().is_none_or(|only| group.contains(only));
    let mut figures: Vec<Figure> = Vec::new();
    if wanted("embedded") {
        figures.push(start::embedded(arguments.rounds)?);
    }
    if wanted("start") {
        figures.push(start::served(&arguments.ctp, arguments.rounds)?);
    }
    if wanted("latency") {
        figures.extend(latency::figures(&arguments.ctp, arguments.rounds)?);
    }
    if let Some(simulator) = arguments.simulator.as_ref().filter(|_| wanted("facade")) {
        figures.extend(latency::facade(&arguments.ctp, simulator, arguments.rounds)?);
    }
    if wanted("fan") {
        figures.extend(fan::figures(&arguments.ctp, arguments.rounds)?);
    }
    if wanted("memory") {
        figures.push(memory::figure(&arguments.ctp)?);
    }
    print!("{}", report::table(&figures));
    report::write(&root().join("target/bench/served.json"), &figures)
}

/// Returns what of a hundred samples so many are not above.
fn percentile(samples: &mut [f64], of_hundred: usize) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() * of_hundred / 100).copied().unwrap_or(f64::NAN)
}
