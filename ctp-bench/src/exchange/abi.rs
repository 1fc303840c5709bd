//! Through the C++ ABI in one process: a client compiled here, against the vendor's headers and one of our facades.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::report::{Figure, Promise};
use crate::root;
use crate::rounds::Rounds;

/// What all of these figures begin with.
pub(crate) const NAME: &str = "through the C++ ABI";
/// The version whose headers and facade are used.
const HEADERS: &str = "vendor/se-6.7.13/include";
const CLIENT: &str = include_str!("client.cpp");

/// Measures with the facade in the folder `facade`, beside which is the simulator.
pub(crate) fn figures(facade: &Path, rounds: usize) -> Result<Vec<Figure>> {
    read(&measure(facade, rounds, None)?, rounds)
}

/// Measures the same over a served exchange at the address `front`, which has the name `bench`.
pub(crate) fn served(facade: &Path, rounds: usize, front: &str) -> Result<Vec<Figure>> {
    let text = measure(facade, rounds, Some(front))?;
    let figure = |what: &str, limit, key, floor: (&'static str, &str)| {
        Ok(Figure {
            name: format!("served, {NAME}: {what}"),
            unit: "µs",
            limit,
            promise: Promise::AtMost,
            rounds: values(&text, key, rounds)?,
            floor: Some((floor.0, values(&text, floor.1, rounds)?)),
        })
    };
    let (p50, p99) = (("a TCP echo", "floor_echo_p50"), ("a TCP echo", "floor_echo_p99"));
    [
        figure("insert to trade, next order from the callback, p50", 150.0, "callback_p50", p50),
        figure("insert to trade, next order from the callback, p99", 1_000.0, "callback_p99", p99),
        figure("insert to trade, from another thread, p50", 150.0, "thread_p50", p50),
        figure("insert to trade, from another thread, p99", 1_000.0, "thread_p99", p99),
    ]
    .into_iter()
    .collect()
}

/// Runs the client and returns what it prints.
fn measure(facade: &Path, rounds: usize, front: Option<&str>) -> Result<String> {
    let facade = facade
        .canonicalize()
        .with_context(|| format!("{} is missing; `cargo xtask sim` makes it", facade.display()))?;
    let work = tempfile::tempdir().context("cannot make a folder")?;
    let program = compile(&facade, work.path())?;
    let core = facade.with_file_name("libctp_sim.so");
    let output = Command::new(&program)
        .arg(work.path())
        .arg(rounds.to_string())
        .arg(core)
        .args(front)
        .env_remove("CTP_SIM_POISON")
        .output()
        .context("cannot run the client")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the client failed with {}: {errors}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn compile(facade: &Path, work: &Path) -> Result<std::path::PathBuf> {
    let (source, program) = (work.join("client.cpp"), work.join("client"));
    std::fs::write(&source, CLIENT)?;
    let mut compiler = Command::new(env::var_os("CXX").unwrap_or_else(|| "c++".into()));
    compiler.args(["-std=c++14", "-O2", "-w", "-pthread"]).arg("-I").arg(root().join(HEADERS)).arg(&source);
    for library in ["thosttraderapi_se.so", "thostmduserapi_se.so"] {
        compiler.arg(facade.join(library));
    }
    compiler.arg(format!("-Wl,-rpath,{}", facade.display())).arg("-ldl").arg("-o").arg(&program);
    let output = compiler.output().context("cannot run the C++ compiler")?;
    ensure!(
        output.status.success(),
        "the client does not compile:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(program)
}

/// Reads the client's `<figure> <value>` lines.
fn read(text: &str, rounds: usize) -> Result<Vec<Figure>> {
    let values = |name: &str| values(text, name, rounds);
    let figure = |what: &str, unit, (promise, limit), key, floor: Option<(&'static str, &str)>| {
        Ok(Figure {
            name: format!("{NAME}: {what}"),
            unit,
            limit,
            promise,
            rounds: values(key)?,
            floor: floor.map(|(what, key)| values(key).map(|rounds| (what, rounds))).transpose()?,
        })
    };
    let told = Some(("one thread telling another", "floor_thread_p50"));
    let told_p99 = Some(("one thread telling another", "floor_thread_p99"));
    let (at_most, at_least) = (Promise::AtMost, Promise::AtLeast);
    [
        figure(
            "insert to trade, next order from the callback, p50",
            "µs",
            (at_most, 25.0),
            "callback_p50",
            told,
        ),
        figure(
            "insert to trade, next order from the callback, p99",
            "µs",
            (at_most, 100.0),
            "callback_p99",
            told_p99,
        ),
        figure("insert to trade, from another thread, p50", "µs", (at_most, 25.0), "thread_p50", told),
        figure("insert to trade, from another thread, p99", "µs", (at_most, 100.0), "thread_p99", told_p99),
        figure("orders, insert to trade, one after the other", "/s", (at_least, 100_000.0), "orders", None),
        figure(
            "burst of ticks to an empty SPI",
            "/s",
            (at_least, 5_000_000.0),
            "burst",
            Some(("the virtual calls alone", "floor_burst")),
        ),
    ]
    .into_iter()
    .collect()
}

/// Returns the rounds of a figure.
fn values(text: &str, name: &str, rounds: usize) -> Result<Rounds> {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let found: Vec<f64> =
        lines.filter(|(key, _)| *key == name).filter_map(|(_, value)| value.parse().ok()).collect();
    ensure!(found.len() == rounds, "{} of {rounds} rounds of {name} in:\n{text}", found.len());
    Ok(Rounds::new(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_round_is_named() {
        let error = read("callback_p50 1.5\ncallback_p50 2.5\n", 3).expect_err("a round is missing");
        assert!(error.to_string().starts_with("2 of 3 rounds of callback_p50"), "{error}");
    }
}
