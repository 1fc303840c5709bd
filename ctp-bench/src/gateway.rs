//! The gateway's promises: what a tick costs CTP's thread, how soon a handler has it, rates, memory.
//!
//! The ticks come from a library that is compiled here against the vendor's headers (`front.cpp`) and loaded as any
//! other: its one thread calls the vendor's SPI class, so every figure has the adapter, the guard and the session's SPI
//! in it. It knows when it called, which no real library tells.

pub(crate) mod floor;
pub(crate) mod front;
mod latency;
mod memory;
mod rate;
mod ring;
mod thread;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::report::{self, Figure, Promise};
use crate::root;
use crate::rounds::Rounds;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Rounds of every figure.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only the figures whose group contains this: ring, thread, latency, tasks, rate, memory, stall.
    #[arg(long)]
    only: Option<String>,
    /// The folder of the compiled library; set by the bench when it runs itself.
    #[arg(long, hide = true)]
    library: Option<PathBuf>,
    /// Measures one figure of memory in this process and prints it; set by the bench when it runs itself.
    #[arg(long, hide = true)]
    memory: Option<memory::What>,
}

/// Measures, prints the table, and writes `target/bench/gateway.json`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!(arguments.rounds > 0, "no figure without a round; give --rounds 1 or more");
    let Some(folder) = &arguments.library else {
        return run_counted(arguments);
    };
    if let Some(what) = arguments.memory {
        return memory::child(&front::library(folder), what);
    }
    let wanted = |group: &str| arguments.only.as_ref().is_none_or(|only| group.contains(only));
    let (library, rounds) = (front::library(folder), arguments.rounds);
    let mut figures: Vec<Figure> = Vec::new();
    if wanted("ring") {
        figures.extend(ring::figures(rounds)?);
    }
    if wanted("thread") {
        figures.extend(thread::figures(&library, rounds)?);
    }
    if wanted("latency") {
        figures.extend(latency::figures(&library, rounds)?);
    }
    if wanted("tasks") {
        figures.extend(latency::tasks(&library, rounds)?);
    }
    if wanted("rate") {
        figures.extend(rate::figures(&library, rounds)?);
    }
    if wanted("memory") {
        figures.extend(memory::figures(folder, rounds)?);
    }
    if wanted("stall") {
        figures.extend(memory::stall(folder)?);
    }
    print!("{}", report::table(&figures));
    report::write(&root().join("target/bench/gateway.json"), &figures)
}

/// Runs this again with what counts allocations, which has to be there from the start.
fn run_counted(arguments: &Arguments) -> Result<()> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    front::compile(folder.path())?;
    let mut command = again("gateway", folder.path())?;
    command.args(["--rounds", &arguments.rounds.to_string()]);
    if let Some(only) = &arguments.only {
        command.args(["--only", only]);
    }
    let status = command.status().context("cannot run the bench again")?;
    ensure!(status.success(), "the bench failed with {status}");
    Ok(())
}

/// Returns the command that runs this program with the libraries in `folder`.
pub(crate) fn again(part: &str, folder: &Path) -> Result<Command> {
    let mut command = Command::new(env::current_exe().context("the bench does not know its own path")?);
    command.args([part, "--library"]).arg(folder).env("LD_PRELOAD", front::counter(folder));
    Ok(command)
}

/// Returns a figure that shall be at most `limit`.
pub(crate) fn at_most(
    name: impl Into<String>,
    (limit, unit): (f64, &'static str),
    rounds: Vec<f64>,
    floor: Option<(&'static str, &[f64])>,
) -> Figure {
    Figure {
        name: name.into(),
        unit,
        limit,
        promise: Promise::AtMost,
        rounds: Rounds::new(rounds),
        floor: floor.map(|(what, rounds)| (what, Rounds::new(rounds.to_vec()))),
    }
}

/// Returns a figure of which nothing is promised.
pub(crate) fn told(
    name: impl Into<String>,
    unit: &'static str,
    rounds: Vec<f64>,
    floor: Option<(&'static str, &[f64])>,
) -> Figure {
    Figure { promise: Promise::Told, ..at_most(name, (0.0, unit), rounds, floor) }
}

/// Returns how many times as much as the floor each round took.
pub(crate) fn ratios(own: &[f64], floor: &[f64]) -> Vec<f64> {
    own.iter().zip(floor).map(|(own, floor)| own / floor).collect()
}

/// Returns the nanoseconds of `CLOCK_MONOTONIC`, the clock that the library stamps with.
pub(crate) fn monotonic_ns() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

/// Returns what of a hundred samples so many are not above.
pub(crate) fn percentile(samples: &mut [f64], of_hundred: usize) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() * of_hundred / 100).copied().unwrap_or(f64::NAN)
}
