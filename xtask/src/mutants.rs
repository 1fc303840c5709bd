//! `cargo xtask mutants`: the gateway's orders, ledger and journal with one thing changed at a time, which a test has to
//! notice (docs/mutants.md).
//!
//! All mutants are put into one copy of the sources, each behind a switch, and are built once; a trial is a run of the
//! tests that reach the place, with the mutant's number in the environment.

mod compile;
mod find;
mod trial;
mod values;
mod weave;

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail};

pub(crate) use self::compile::{RECORD, stand_in};
use self::trial::{Bench, Outcome};
use self::weave::Source;
use crate::shell::Stopwatch;
use crate::{lock, paths};

/// How many, and which.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many mutants at most, spread evenly over the code; 0 is all of them.
    #[arg(long, default_value_t = 0)]
    sample: usize,
    /// Which sample, from 0: another number takes other mutants.
    #[arg(long, default_value_t = 0)]
    shard: usize,
    /// Only files whose path, from `ctp-gateway/src` on, begins so; default: all that the goal is set for.
    #[arg(long)]
    file: Vec<String>,
    /// Only those that an earlier run did not notice, as its `results.txt` says: a name with another line is another mutant.
    #[arg(long)]
    again: Option<PathBuf>,
    /// How many are tried at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Only shows what would be changed.
    #[arg(long)]
    list: bool,
}

impl Arguments {
    /// Returns what an hour of soak has time for.
    pub(crate) fn of_soak() -> Self {
        Self { sample: 400, shard: 0, file: Vec::new(), again: None, jobs: 2, list: false }
    }
}

/// What must hold: of 100 mutants that compile, so many are noticed.
const CAUGHT_MIN: usize = 95;
/// The code that the goal is set for.
const FILES: [&str; 5] = ["td/orders", "td/session/orders.rs", "td/ledger", "td/recovery", "journal"];
/// The tests that have to notice. Those of sockets and threads would only be slow.
const TESTS: [&str; 3] = ["td::", "journal::", "simulation::"];

/// Tries every mutant, or a sample, and says how many were noticed.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let wanted: Vec<&str> = match arguments.file.is_empty() {
        true => FILES.to_vec(),
        false => arguments.file.iter().map(String::as_str).collect(),
    };
    let missed = arguments.again.as_deref().map(missed_in).transpose()?;
    let sources = find_all(&wanted)?;
    let names: BTreeMap<usize, &str> = sources
        .iter()
        .flat_map(|source| source.mutants.iter().map(|(number, mutant)| (*number, mutant.name.as_str())))
        .collect();
    if names.is_empty() {
        bail!("there is nothing to change in {}", wanted.join(", "));
    }
    if arguments.list {
        names.iter().for_each(|(number, name)| println!("{number}: {name}"));
        return Ok(());
    }
    let _lock = lock::hold("mutants")?;
    let watch = Stopwatch::start();
    let copy = paths::target().join("mutants");
    fs::create_dir_all(&copy)?;
    weave::copy(&copy, names.len())?;
    let (program, left_out) = compile::build(&compile::call(&copy)?, &copy, &sources)?;
    println!("{} mutants, {} do not compile; built in {:.0?}", names.len(), left_out.len(), watch.elapsed());
    let bench = Bench::new(&program, &TESTS, arguments.jobs)?;
    println!("{} tests, what they reach is known after {:.0?}", bench.tests(), watch.elapsed());
    let is_tried = |name: &str| missed.as_ref().is_none_or(|missed| missed.contains(name));
    let all: Vec<usize> = names
        .iter()
        .filter(|(number, name)| !left_out.contains(*number) && is_tried(name))
        .map(|(number, _)| *number)
        .collect();
    let shards = if arguments.sample == 0 { 1 } else { all.len().div_ceil(arguments.sample).max(1) };
    let tried: Vec<usize> = all.iter().skip(arguments.shard % shards).step_by(shards).copied().collect();
    let count = AtomicUsize::new(0);
    // As they come: a run that is stopped leaves what it found out.
    let results = File::create(copy.join("results.txt"))?;
    let outcomes = bench.try_all(&tried, arguments.jobs, |number, outcome| {
        let done = count.fetch_add(1, Ordering::Relaxed) + 1;
        let line = format!("{outcome:?}\t{}\n", names[&number]);
        if let Err(error) = (&results).write_all(line.as_bytes()) {
            eprintln!("results.txt cannot be written: {error}");
        }
        if matches!(outcome, Outcome::Missed | Outcome::NotReached) {
            println!("{done}/{}: {}", tried.len(), line.trim_end());
        }
    });
    println!("{} mutants were tried in {:.0?}, all together", tried.len(), watch.elapsed());
    let results: Vec<(&str, Outcome)> = tried.iter().map(|number| names[number]).zip(outcomes).collect();
    judge(&results)
}

/// Reads from the results of a run which mutants it did not notice.
fn missed_in(results: &Path) -> Result<HashSet<String>> {
    let text =
        fs::read_to_string(results).with_context(|| format!("cannot read {}", paths::shown(results)))?;
    let missed = [Outcome::Missed, Outcome::NotReached].map(|outcome| format!("{outcome:?}"));
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    Ok(lines
        .filter(|(outcome, _)| missed.iter().any(|own| own == outcome))
        .map(|(_, name)| name.to_owned())
        .collect())
}

/// Finds the mutants of all files whose path begins as wanted, and numbers them from 1.
fn find_all(wanted: &[&str]) -> Result<Vec<Source>> {
    let root = paths::root().join("ctp-gateway/src");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut sources = Vec::new();
    let mut number = 0;
    for file in files {
        let path = file.strip_prefix(&root)?.to_owned();
        let shown = path.display().to_string();
        let is_wanted =
            wanted.iter().any(|part| Path::new(&shown).starts_with(part) || shown == format!("{part}.rs"));
        let is_test = path
            .components()
            .any(|part| ["tests", "tests.rs", "fixtures.rs"].contains(&&*part.as_os_str().to_string_lossy()));
        if !is_wanted || is_test {
            continue;
        }
        let text =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", paths::shown(&file)))?;
        let mut mutants = Vec::new();
        for mutant in find::find(&shown, &text)? {
            number += 1;
            mutants.push((number, mutant));
        }
        sources.push(Source { path, text, mutants });
    }
    Ok(sources)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// Says what was noticed, file by file, and compares it with the goal.
fn judge(results: &[(&str, Outcome)]) -> Result<()> {
    let mut files: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for (name, outcome) in results {
        let counts = files.entry(name.split(':').next().unwrap_or(name)).or_default();
        counts[match outcome {
            Outcome::Noticed => 0,
            Outcome::Endless => 1,
            Outcome::Missed => 2,
            Outcome::NotReached => 3,
        }] += 1;
    }
    println!("{:<34} {:>8} {:>8} {:>8} {:>12}", "file", "noticed", "endless", "missed", "not reached");
    for (file, [noticed, endless, missed, unreached]) in &files {
        println!("{file:<34} {noticed:>8} {endless:>8} {missed:>8} {unreached:>12}");
    }
    let caught: usize = files.values().map(|counts| counts[0] + counts[1]).sum();
    let percent = caught * 100 / results.len().max(1);
    println!("{caught} of {} mutants were noticed: {percent} %", results.len());
    if percent < CAUGHT_MIN {
        bail!("{percent} % of the mutants were noticed, and at least {CAUGHT_MIN} % must be");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
