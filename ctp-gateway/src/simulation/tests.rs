//! Runs of many seeds, of single ones, and of those that failed once.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::plan::Plan;
use super::tally::Tally;
use super::world::{Ran, World};

/// How many seeds `cargo test` runs.
const SEEDS: u64 = 500;
/// How many failures are enough to see.
const FAILURES_MAX: usize = 3;

/// How many lines of its log a failure shows; `CTP_GATEWAY_LOG=1` shows them all.
const TAIL: usize = 60;

/// Runs a seed.
///
/// # Errors
///
/// Returns what was broken, the end of the log, and how to run the seed again.
fn run(seed: u64) -> Result<Ran, String> {
    let again = format!("CTP_GATEWAY_SEED={seed} cargo test -p ctp-gateway --lib simulation -- --nocapture");
    let lines = if std::env::var_os("CTP_GATEWAY_LOG").is_some() { usize::MAX } else { TAIL };
    match catch_unwind(AssertUnwindSafe(|| World::new(Plan::of_seed(seed)).run())) {
        Ok(ran) => match &ran.verdict {
            Ok(()) => Ok(ran),
            Err(what) => Err(format!("{}\nseed {seed}: {what}\n  {again}", ran.log.tail(lines))),
        },
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
            Ok(ran) => return eprint!("{}", ran.log.text()),
            Err(failure) => panic!("{failure}"),
        }
    }
    let seeds = number("CTP_GATEWAY_SEEDS").unwrap_or(SEEDS);
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    for seed in 0..seeds {
        match run(seed) {
            Ok(ran) => tally.add(&ran.tally),
            Err(failure) => failures.push(failure),
        }
        if failures.len() == FAILURES_MAX {
            break;
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
    eprint!("{seeds} seeds:\n{tally}");
    let missing = tally.missing();
    assert!(seeds < SEEDS || missing.is_empty(), "what never happened is not tested: {missing:?}");
}

#[test]
fn a_seed_gives_the_same_log_whenever_it_runs() {
    for seed in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89] {
        let [first, second] = [run(seed), run(seed)].map(|ran| ran.map(|ran| ran.log.text().to_owned()));
        assert!(first == second, "seed {seed} gave two different logs");
    }
}

/// Seeds that failed once, with what they found.
#[test]
fn seeds_that_failed_once() {
    for (seed, found) in [
        // A tick from before an unsubscription verified the subscription after it, which was never sent.
        (125, "subscriptions"),
        // The fresh API object connected before its session had heard of it, and was never used.
        (128, "fresh object"),
        // A subscription was sent in the step that gave the link up for its silence.
        (429, "silence"),
        // A session that waited for a new password was not closed by a close.
        (1_094, "close"),
        // The late answer to an ended subscription verified the next one, which was lost.
        (1_180, "late answer"),
    ] {
        if let Err(failure) = run(seed) {
            panic!("{found}: {failure}");
        }
    }
}
