//! `cargo xtask bench`: what the project promises, measured.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{foreign, paths, shell, sim, tools, vendor, wheel};

/// What to measure.
#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// The part; all of them when none is given.
    part: Option<Part>,
    /// Rounds of every figure.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Measures builds, too: some ten minutes.
    #[arg(long)]
    builds: bool,
    /// Of the figures of one part, only those whose name contains this; of the served exchange and the gateway, a
    /// group of figures.
    #[arg(long)]
    only: Option<String>,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Part {
    /// Parse, emit and diff.
    Generator,
    /// The simulated exchange, alone and through the C++ ABI.
    Exchange,
    /// The served exchange: latency over loopback, many clients, memory of a day, start.
    Served,
    /// The gateway: what a tick costs CTP's thread, latency to a handler, rates, memory.
    Gateway,
    /// Orders: their way to the library with and without journal, what open ones cost, recovery.
    Orders,
    /// The Python package beside vnpy_ctp and openctp-ctp: rates, latency, a busy main thread.
    Python,
}

/// The version whose facade the exchange is measured through.
const VERSION: &str = "6.7.13";

/// Builds what is measured for release, and runs the benches.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let wanted = |part| arguments.part.is_none_or(|only| only == part);
    vendor::run(&vendor::Arguments::only(&format!("se-{VERSION}")))?;
    tools::run()?;
    release(&["--package", "ctp-bench"])?;
    if wanted(Part::Generator) {
        release(&["--package", "ctp-gen", "--features", "command"])?;
        let mut bench = bench("generator", arguments.rounds);
        bench.arg("--ctp-gen").arg(built("ctp-gen"));
        if arguments.builds {
            bench.arg("--builds");
        }
        shell::run(&mut bench)?;
    }
    if wanted(Part::Exchange) {
        sim::run(&sim::Arguments::only(VERSION))?;
        let mut bench = bench("exchange", arguments.rounds);
        bench.arg("--simulator").arg(paths::simulator().join(format!("se-{VERSION}")));
        if let Some(only) = &arguments.only {
            bench.args(["--only", only]);
        }
        shell::run(&mut bench)?;
    }
    if wanted(Part::Served) {
        sim::run(&sim::Arguments::only(VERSION))?;
        release(&["--package", "ctp", "--bin", "ctp"])?;
        let mut bench = bench("served", arguments.rounds);
        bench.arg("--ctp").arg(built("ctp"));
        bench.arg("--simulator").arg(paths::simulator().join(format!("se-{VERSION}")));
        if let Some(only) = &arguments.only {
            bench.args(["--only", only]);
        }
        shell::run(&mut bench)?;
    }
    for (part, name) in [(Part::Gateway, "gateway"), (Part::Orders, "orders")] {
        if !wanted(part) {
            continue;
        }
        let mut bench = bench(name, arguments.rounds);
        if let Some(only) = &arguments.only {
            bench.args(["--only", only]);
        }
        shell::run(&mut bench)?;
    }
    if wanted(Part::Python) {
        let mut bench = bench("python", arguments.rounds);
        bench.arg("--python").arg(wheel::install()?.program("python"));
        bench.arg("--vnpy").arg(foreign::environment("vnpy_ctp")?.program("python"));
        bench.arg("--locale").arg(paths::simulator().join("libctp_sim_locale.so"));
        bench.arg("--openctp").arg(foreign::environment("openctp-ctp")?.program("python"));
        if let Some(only) = &arguments.only {
            bench.args(["--only", only]);
        }
        shell::run(&mut bench)?;
    }
    Ok(())
}

fn folder() -> PathBuf {
    paths::target().join("bench/tools")
}

fn built(name: &str) -> PathBuf {
    folder().join("release").join(Path::new(name))
}

fn release(words: &[&str]) -> Result<()> {
    let mut command = shell::cargo();
    command.args(["build", "--release"]).args(words).env("CARGO_TARGET_DIR", folder());
    shell::run(&mut command)
}

fn bench(part: &str, rounds: usize) -> std::process::Command {
    let mut bench = std::process::Command::new(built("ctp-bench"));
    bench.arg(part).args(["--rounds", &rounds.to_string()]).env("LIBCLANG_PATH", paths::tools());
    bench
}
