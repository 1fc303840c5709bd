//! Runs of many seeds, of single ones, and of those that failed once.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::plan::Plan;
use super::world::World;

/// How many seeds `cargo test` runs.
const SEEDS: u64 = 500;
/// How many failures are enough to see.
const FAILURES_MAX: usize = 3;

/// How many lines of its log a failure shows; `CTP_GATEWAY_LOG=1` shows them all.
const TAIL: usize = 60;

/// Runs a seed. Returns its log.
///
/// # Errors
///
/// Returns what was broken, the end of the log, and how to run the seed again.
fn run(seed: u64) -> Result<String, String> {
    let whole = std::env::var_os("CTP_GATEWAY_LOG").is_some();
    let again = format!("CTP_GATEWAY_SEED={seed} cargo test -p ctp-gateway --lib simulation -- --nocapture");
    let ran = catch_unwind(AssertUnwindSafe(|| World::new(Plan::of_seed(seed)).run()));
    match ran {
        Ok((log, Ok(()))) => Ok(log.text().to_owned()),
        Ok((log, Err(what))) => Err(format!(
            "{}\nseed {seed}: {what}\n  {again}",
            log.tail(if whole { usize::MAX } else { TAIL })
        )),
        Err(panic) => {
            let what = panic.downcast_ref::<String>().cloned();
            let what = what.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(format!("seed {seed}: panic: {}\n  {again}", what.unwrap_or_default()))
        }
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a whole number, found {text:?}")))
}

/// `CTP_GATEWAY_SEED=n` runs one seed and shows its log; `CTP_GATEWAY_SEEDS=n` runs so many.
#[test]
fn whatever_goes_wrong_everything_comes_right() {
    if let Some(seed) = number("CTP_GATEWAY_SEED") {
        match run(seed) {
            Ok(log) => return eprint!("{log}"),
            Err(failure) => panic!("{failure}"),
        }
    }
    let seeds = number("CTP_GATEWAY_SEEDS").unwrap_or(SEEDS);
    let failures: Vec<String> = (0..seeds).filter_map(|seed| run(seed).err()).take(FAILURES_MAX).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

#[test]
fn a_seed_gives_the_same_log_whenever_it_runs() {
    for seed in [1, 2, 3, 5, 8, 13, 21, 34] {
        let [first, second] = [run(seed), run(seed)];
        assert!(first == second, "seed {seed} gave two different logs");
    }
}
