//! `cargo xtask soak`: what takes too long for `test`: thousands of seeds, fuzzing, memory checks.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell::Stopwatch;
use crate::stages::Stages;
use crate::{paths, shell};

/// How long and how much.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Minutes to spend at most, builds included; a third goes to seeds, the rest to fuzzing.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// Seeds of the property tests, the hammering and the gateway's simulation. Of the first two fewer are run when the
    /// minutes do not suffice.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
}

/// The targets in `ctp-sim/fuzz`, with their share of the time in percent.
const TARGETS: [(&str, u64); 5] = [
    ("exchange_inputs", 50),
    ("scenario_text", 12),
    ("replay_csv", 12),
    ("settings_text", 12),
    ("wire_frames", 14),
];
/// The version of `cargo fuzz` that is installed into `target/tools/`.
const CARGO_FUZZ: &str = "0.13.2";
/// Seeds that a minute suffices for on two cores, roughly: more minutes are never promised than there are.
const SEEDS_PER_MINUTE: u64 = 2_000;
/// How often a server with a store is killed.
const STORE_KILLS: u32 = 20;
/// How often a process that trades through the gateway is killed.
const TRADER_KILLS: u32 = 100;
/// Random days that are cut; six times as many stores are damaged.
const STORE_CASES: u32 = 60;
/// Seconds that one target runs at least.
const FUZZ_SECONDS_MIN: u64 = 10;

/// Runs every stage; fails when one of them does.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.minutes == 0 {
        bail!("--minutes must be at least 1, found 0");
    }
    let watch = Stopwatch::start();
    let seeds = arguments.seeds.min(arguments.minutes.div_ceil(3) * SEEDS_PER_MINUTE);
    let mut stages = Stages::default();
    stages.run("build for release", &[], || shell::run(seeded(seeds).arg("--no-run")));
    stages.run("hammering, properties", &["build for release"], || {
        eprintln!("{seeds} seeds");
        shell::run(seeded(seeds).args(["--", "--nocapture"]))
    });
    stages.run("gateway's simulation", &[], || shell::run(&mut simulation(arguments.seeds)));
    stages.run("changed code is noticed", &[], || crate::mutants::run(&crate::mutants::Arguments::of_soak()));
    stages.run("C boundary in valgrind", &[], valgrind);
    crate::sanitize::add_all(&mut stages);
    stages.run("simulator", &[], || crate::sim::run(&crate::sim::Arguments::default()));
    stages.run("stores killed and cut", &["simulator"], stores);
    stages.run("traders killed", &["simulator"], || {
        let mut command = shell::cargo();
        command.args(["test", "--package", "ctp", "--test", "kill", "--", "--nocapture"]);
        shell::run(command.env("CTP_KILLS", TRADER_KILLS.to_string()))
    });
    stages.run("cargo fuzz", &[], install_fuzz);
    stages.run("build fuzz targets", &["cargo fuzz"], || shell::run(&mut fuzz("build")));
    let left = (arguments.minutes * 60).saturating_sub(watch.elapsed().as_secs());
    for (target, share) in TARGETS {
        let seconds = (left * share / 100).max(FUZZ_SECONDS_MIN);
        stages.run(target, &["build fuzz targets"], || {
            let limits = ["-max_len=4096", "-rss_limit_mb=4096", "-timeout=20", "-print_final_stats=1"];
            let mut command = fuzz("run");
            command.args([target, "--"]).args(limits).arg(format!("-max_total_time={seconds}"));
            shell::run(&mut command)
        });
    }
    stages.finish()
}

/// The simulator's tests from seeds, with debug assertions though built for release.
fn seeded(seeds: u64) -> Command {
    let mut command = shell::cargo();
    command
        .args(["test", "--release", "--package", "ctp-sim", "--lib", "--tests", "--no-fail-fast"])
        .env("CARGO_TARGET_DIR", folder())
        .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true")
        .env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true")
        .env("CTP_SIM_SEEDS", seeds.to_string())
        .env("PROPTEST_CASES", seeds.to_string());
    command
}

/// The gateway's sessions against the exchange in virtual time, from seeds (docs/simulation.md).
fn simulation(seeds: u64) -> Command {
    let mut command = shell::cargo();
    command
        .args(["test", "--release", "--package", "ctp-gateway", "--lib", "simulation::", "--", "--nocapture"])
        .env("CARGO_TARGET_DIR", folder())
        .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true")
        .env("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true")
        .env("CTP_GATEWAY_SEEDS", seeds.to_string());
    command
}

/// Kills a server with a store again and again while clients trade, and cuts and damages stores at random places.
fn stores() -> Result<()> {
    let mut command = shell::cargo();
    command.args(["test", "--package", "ctp", "--test", "store", "--", "--nocapture"]);
    shell::run(command.env("CTP_STORE_KILLS", STORE_KILLS.to_string()))?;
    let mut command = shell::cargo();
    command.args(["test", "--package", "ctp-sim-host", "--features", "serve", "--lib", "store::"]);
    shell::run(command.env("PROPTEST_CASES", STORE_CASES.to_string()))
}

/// Runs the test of the C boundary, from connecting to a filled order, under valgrind, where there is one. The facades in
/// front of it hold no memory of their own but records on the stack.
fn valgrind() -> Result<()> {
    if shell::output(Command::new("valgrind").arg("--version")).is_err() {
        eprintln!("no valgrind here: AddressSanitizer watches the fuzz targets below");
        return Ok(());
    }
    let mut command = shell::cargo();
    command
        .args(["test", "--package", "ctp-sim-abi", "--test", "c_interface", "--", "--test-threads", "1"])
        .env("CARGO_TARGET_DIR", folder())
        .env(
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER",
            "valgrind --quiet --error-exitcode=99 --leak-check=no --fair-sched=yes",
        );
    shell::run(&mut command)
}

fn install_fuzz() -> Result<()> {
    let is_there = shell::output(Command::new(tool()).arg("--version"))
        .is_ok_and(|version| String::from_utf8_lossy(&version).contains(CARGO_FUZZ));
    if is_there {
        return Ok(());
    }
    let mut command = shell::cargo();
    command.args(["install", "--locked", "--force", "--version", CARGO_FUZZ, "--root"]).arg(paths::tools());
    shell::run(command.arg("cargo-fuzz").env("CARGO_TARGET_DIR", folder()))
}

fn tool() -> PathBuf {
    paths::tools().join("bin/cargo-fuzz")
}

/// Returns `cargo fuzz SUBCOMMAND` for our targets, on whatever toolchain runs us: sanitizers are a feature of the compiler that a
/// stable one has, too, once it is told so.
fn fuzz(subcommand: &str) -> Command {
    let mut command = Command::new(tool());
    command
        .args(["fuzz", subcommand, "--fuzz-dir", "."])
        .current_dir(paths::root().join("ctp-sim/fuzz"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", folder());
    command
}

fn folder() -> PathBuf {
    paths::target().join("soak")
}
