//! `cargo xtask mutants`: the gateway's orders, ledger, recovery and journal with one thing changed at a time, which a test
//! has to notice (docs/simulation.md).

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::{paths, shell};

/// How many, and which.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many mutants at most, spread evenly over the code; 0 is all of them, which takes many hours.
    #[arg(long, default_value_t = 120)]
    sample: usize,
    /// Which sample, from 0: another number takes other mutants.
    #[arg(long, default_value_t = 0)]
    shard: usize,
    /// Only these files (globs in the repository); default: all that the goal is set for.
    #[arg(long)]
    file: Vec<String>,
    /// How many are tried at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

impl Arguments {
    /// Returns what an hour of soak has time for.
    pub(crate) fn of_soak() -> Self {
        Self { sample: 40, shard: 0, file: Vec::new(), jobs: 2 }
    }
}

/// What must hold: of 100 mutants that compile, so many are noticed.
const CAUGHT_MIN: usize = 95;
/// The version of `cargo mutants` that is installed into `target/tools/`.
const CARGO_MUTANTS: &str = "27.1.0";
/// The code that the goal is set for.
const FILES: [&str; 7] = [
    "ctp-gateway/src/td/book.rs",
    "ctp-gateway/src/td/order.rs",
    "ctp-gateway/src/td/orders/**",
    "ctp-gateway/src/td/session/orders.rs",
    "ctp-gateway/src/td/ledger/**",
    "ctp-gateway/src/td/recovery/**",
    "ctp-gateway/src/journal/**",
];
/// The tests that have to notice. Those of sockets and threads would only be slow.
const TESTS: [&str; 3] = ["td::", "journal::", "simulation::"];
/// Seeds of the simulation that each mutant is put through.
const SEEDS: &str = "60";
/// Seconds that the tests of one mutant may take: what runs in circles counts as noticed.
const TIMEOUT: &str = "120";

/// Runs a sample of mutants and says how many were noticed.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    install()?;
    let listed = shell::output(mutants(arguments).arg("--list"))?;
    let count = String::from_utf8_lossy(&listed).lines().filter(|line| !line.trim().is_empty()).count();
    if count == 0 {
        bail!("there is nothing to change in {}", files(arguments).join(", "));
    }
    let shards = if arguments.sample == 0 { 1 } else { count.div_ceil(arguments.sample) };
    let shard = arguments.shard % shards;
    println!("{count} mutants; shard {shard} of {shards}");
    let output = folder();
    std::fs::create_dir_all(&output)?;
    let mut command = mutants(arguments);
    command
        .args(["--shard", &format!("{shard}/{shards}"), "--sharding", "round-robin"])
        .args(["--jobs", &arguments.jobs.to_string(), "--timeout", TIMEOUT, "--no-shuffle", "--output"])
        .arg(&output)
        .args(["--", "--lib", "--"])
        .args(TESTS)
        .env("CTP_GATEWAY_SEEDS", SEEDS)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env_remove("CARGO_TARGET_DIR");
    // It fails when one was not noticed; the goal is judged here.
    let _ = command.status()?;
    judge(&output)
}

/// Compares what was noticed with the goal.
fn judge(output: &std::path::Path) -> Result<()> {
    let lines = |name: &str| -> Result<Vec<String>> {
        let text = std::fs::read_to_string(output.join("mutants.out").join(name))?;
        Ok(text.lines().map(str::to_owned).collect())
    };
    let (caught, timeout, missed) = (lines("caught.txt")?, lines("timeout.txt")?, lines("missed.txt")?);
    let noticed = caught.len() + timeout.len();
    let all = noticed + missed.len();
    if all == 0 {
        bail!("no mutant was tried; see {}", paths::shown(output));
    }
    missed.iter().for_each(|line| println!("not noticed: {line}"));
    let percent = noticed * 100 / all;
    println!("{noticed} of {all} mutants were noticed: {percent} %");
    if percent < CAUGHT_MIN {
        bail!("{percent} % of the mutants were noticed, and at least {CAUGHT_MIN} % must be");
    }
    Ok(())
}

fn mutants(arguments: &Arguments) -> Command {
    let mut command = Command::new(tool());
    command.args(["mutants", "--package", "ctp-gateway", "--dir"]).arg(paths::root());
    for file in files(arguments) {
        command.args(["--file", &file]);
    }
    command.args(["--exclude", "**/tests.rs", "--exclude", "**/tests/**"]);
    command
}

fn files(arguments: &Arguments) -> Vec<String> {
    if arguments.file.is_empty() { FILES.map(str::to_owned).to_vec() } else { arguments.file.clone() }
}

fn install() -> Result<()> {
    let is_there = shell::output(Command::new(tool()).args(["mutants", "--version"]))
        .is_ok_and(|version| String::from_utf8_lossy(&version).contains(CARGO_MUTANTS));
    if is_there {
        return Ok(());
    }
    let mut command = shell::cargo();
    command
        .args(["install", "--locked", "--force", "--version", CARGO_MUTANTS, "--root"])
        .arg(paths::tools());
    shell::run(command.arg("cargo-mutants").env("CARGO_TARGET_DIR", folder()))
}

fn tool() -> PathBuf {
    paths::tools().join("bin/cargo-mutants")
}

fn folder() -> PathBuf {
    paths::target().join("mutants")
}
