//! The generator's promises: parse, emit, diff, memory.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};

use crate::report::{self, Figure, Promise};
use crate::rounds::{Cost, Rounds, cost};
use crate::{builds, root};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The `ctp-gen` command to measure, built for release.
    #[arg(long)]
    ctp_gen: PathBuf,
    /// Rounds of every figure.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Measures builds, too: minutes.
    #[arg(long)]
    builds: bool,
}

/// The version that is measured, and the one before it.
const VERSION: &str = "6.7.13";
const BEFORE: &str = "6.7.11";

/// Measures, prints the table, and writes `target/bench/generator.json`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!(arguments.rounds > 0, "no figure without a round; give --rounds 1 or more");
    ensure!(
        arguments.ctp_gen.is_file(),
        "{} is missing; `cargo xtask bench` builds it",
        arguments.ctp_gen.display()
    );
    let headers = root().join(format!("vendor/se-{VERSION}/include"));
    ensure!(headers.is_dir(), "{} is missing; run `cargo xtask vendor {VERSION}`", headers.display());
    let work = tempfile::tempdir().context("cannot make a folder")?;
    let mut figures = processes(arguments, &headers, work.path())?;
    if arguments.builds {
        figures.extend(builds::figures(arguments.rounds)?);
    }
    print!("{}", report::table(&figures));
    report::write(&root().join("target/bench/generator.json"), &figures)
}

/// A process to measure beside its floor.
struct Bench {
    name: String,
    limit_s: f64,
    own: Command,
    floor_name: &'static str,
    floor: Command,
}

fn processes(arguments: &Arguments, headers: &Path, work: &Path) -> Result<Vec<Figure>> {
    let floor = |words: &[&str], paths: &[&Path]| -> Result<Command> {
        let mut command = Command::new(env::current_exe().context("where am I?")?);
        command.arg("floor").args(words).args(paths);
        Ok(command)
    };
    let ctp_gen = |words: &[&str]| {
        let mut command = Command::new(&arguments.ctp_gen);
        command.args(words).current_dir(work);
        command
    };
    let model = |version: &str| root().join(format!("ctp-gen/api/se-{version}.json"));
    let (emitted, written) = (work.join("emitted"), work.join("written"));
    let mut parse = ctp_gen(&["parse", "--version", VERSION, "-o", "model.json"]);
    parse.arg(headers);
    let benches = [
        Bench {
            name: format!("parse of {VERSION}"),
            limit_s: 1.5,
            own: parse,
            floor_name: "libclang alone",
            floor: floor(&["parse"], &[headers])?,
        },
        Bench {
            name: format!("emit of everything for {VERSION}"),
            limit_s: 0.3,
            own: ctp_gen(&["emit", VERSION, "--out", "emitted"]),
            floor_name: "writing the same files",
            floor: floor(&["write"], &[&emitted, &written])?,
        },
        Bench {
            name: format!("diff {BEFORE} {VERSION}"),
            limit_s: 0.05,
            own: ctp_gen(&["diff", BEFORE, VERSION]),
            floor_name: "reading both models as JSON",
            floor: floor(&["read"], &[&model(BEFORE), &model(VERSION)])?,
        },
    ];
    let mut figures = Vec::new();
    let mut peaks: Vec<Vec<f64>> = Vec::new();
    for mut bench in benches {
        let (own, floor) = rounds(&mut bench, arguments.rounds)?;
        let seconds =
            |costs: &[Cost]| Rounds::new(costs.iter().map(|cost| cost.wall.as_secs_f64()).collect());
        figures.push(Figure {
            name: bench.name,
            unit: "s",
            limit: bench.limit_s,
            promise: Promise::AtMost,
            rounds: seconds(&own),
            floor: Some((bench.floor_name, seconds(&floor))),
        });
        peaks.push(own.iter().map(|cost| mebibytes(cost.peak_kib)).collect());
    }
    // The most of the three in each round.
    let most = (0..arguments.rounds).map(|round| peaks.iter().map(|peaks| peaks[round]).fold(0.0, f64::max));
    figures.push(Figure {
        name: "memory of parse, emit and diff, the greatest".to_owned(),
        unit: "MiB",
        limit: 300.0,
        promise: Promise::AtMost,
        rounds: Rounds::new(most.collect()),
        floor: None,
    });
    let _ = fs::remove_dir_all(&written);
    Ok(figures)
}

/// Runs both once to warm the caches, then in turn, so that a busy moment of the machine hits both.
fn rounds(bench: &mut Bench, rounds: usize) -> Result<(Vec<Cost>, Vec<Cost>)> {
    cost(&mut bench.own)?;
    cost(&mut bench.floor)?;
    let (mut own, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        own.push(cost(&mut bench.own)?);
        floor.push(cost(&mut bench.floor)?);
    }
    Ok((own, floor))
}

#[expect(clippy::cast_precision_loss, reason = "no process here holds 2^53 KiB")]
fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
