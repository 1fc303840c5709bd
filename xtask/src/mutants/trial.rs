//! Which tests reach which mutant, and whether they notice it.

use std::collections::HashMap;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::compile::package;
use crate::shell::{self, Stopwatch};

/// Seeds of the simulation that each mutant is put through.
const SEEDS: &str = "40";
/// Tests that are put into one process last at most so long together.
const TOGETHER: Duration = Duration::from_millis(1_500);
/// What a mutant that grows without an end may take of disk (in blocks of 512 bytes) and memory (in KiB).
const BOUNDS: &str = "ulimit -c 0; ulimit -f 1000000; ulimit -v 6000000;";
/// A test that lasts so long may wait for real time and fail on a busy machine: it has to fail twice.
const SLOW: Duration = Duration::from_millis(500);
/// How many times as long as without a mutant a test may compute, and how many seconds it may at least.
const FACTOR: u64 = 6;
const SECONDS_MIN: u64 = 5;
/// Seconds after which one that computes nothing is over: it waits for what never comes.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// How often it is looked whether a run has ended.
const LOOK: Duration = Duration::from_millis(10);

/// A test with what it reaches.
struct Test {
    name: String,
    lasts: Duration,
}

/// The test program, and its tests by the mutants that they reach.
pub(super) struct Bench {
    program: PathBuf,
    tests: Vec<Test>,
    /// For each mutant the tests that reach it, the shortest first.
    reached: HashMap<usize, Vec<usize>>,
}

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A test failed.
    Noticed,
    /// A test did not end: that is noticed, too.
    Endless,
    /// Every test that reaches it passed.
    Missed,
    /// No test reaches it.
    NotReached,
}

impl Bench {
    /// Runs each test alone and notes what it reaches.
    ///
    /// # Errors
    ///
    /// Returns an error if a test fails without a mutant.
    pub(super) fn new(program: &Path, wanted: &[&str], jobs: usize) -> Result<Self> {
        let listed = shell::output(Command::new(program).args(["--list", "--format", "terse"]))?;
        let text = String::from_utf8_lossy(&listed).into_owned();
        let names = text.lines().filter_map(|line| line.strip_suffix(": test"));
        let names: Vec<&str> =
            names.filter(|name| wanted.iter().any(|part| name.starts_with(part))).collect();
        ensure!(!names.is_empty(), "there are no tests of {}", wanted.join(", "));
        let looked = each(jobs, names.len(), |index| look(program, names[index], index));
        let mut tests = Vec::new();
        let mut reached: HashMap<usize, Vec<usize>> = HashMap::new();
        for (name, looked) in names.iter().zip(looked) {
            let (lasts, numbers) = looked.with_context(|| format!("{name} fails without a mutant"))?;
            numbers.into_iter().for_each(|number| reached.entry(number).or_default().push(tests.len()));
            tests.push(Test { name: (*name).to_owned(), lasts });
        }
        reached.values_mut().for_each(|indexes| indexes.sort_by_key(|index| tests[*index].lasts));
        Ok(Self { program: program.to_owned(), tests, reached })
    }

    pub(super) fn tests(&self) -> usize {
        self.tests.len()
    }

    /// Tries mutants, each with all tests that reach it until one notices.
    pub(super) fn try_all(
        &self,
        numbers: &[usize],
        jobs: usize,
        tell: impl Fn(usize, Outcome) + Sync,
    ) -> Vec<Outcome> {
        each(jobs, numbers.len(), |index| {
            let outcome = self.try_one(numbers[index]);
            tell(numbers[index], outcome);
            outcome
        })
    }

    fn try_one(&self, number: usize) -> Outcome {
        let Some(tests) = self.reached.get(&number) else { return Outcome::NotReached };
        let mut left = tests.as_slice();
        while !left.is_empty() {
            let mut together = Duration::ZERO;
            let fits = left.iter().take_while(|index| {
                together += self.tests[**index].lasts;
                together <= TOGETHER
            });
            let (now, later) = left.split_at(fits.count().max(1));
            left = later;
            let lasts: Duration = now.iter().map(|index| self.tests[*index].lasts).sum();
            let names: Vec<&str> = now.iter().map(|index| self.tests[*index].name.as_str()).collect();
            let is_slow = now.iter().any(|index| self.tests[*index].lasts >= SLOW);
            let run = || run(&self.program, &names, lasts, ("CTP_MUTANT", number.to_string()));
            match run() {
                Ran::Failed if is_slow && run() == Ran::Passed => {}
                Ran::Passed => {}
                Ran::Failed => return Outcome::Noticed,
                Ran::Endless => return Outcome::Endless,
            }
        }
        Outcome::Missed
    }
}

/// How a run of tests ended.
#[derive(Debug, PartialEq, Eq)]
enum Ran {
    Passed,
    Failed,
    Endless,
}

/// Runs a test without a mutant.
fn look(program: &Path, name: &str, index: usize) -> Result<(Duration, Vec<usize>)> {
    let path = program.with_file_name(format!("reached-{index}"));
    if path.exists() {
        fs::remove_file(&path)?;
    }
    let watch = Stopwatch::start();
    let ran = run(program, &[name], WAIT_MAX, ("CTP_MUTANTS_REACHED", path.display().to_string()));
    let lasts = watch.elapsed();
    ensure!(ran == Ran::Passed, "it ended as {ran:?}");
    let mut text = String::new();
    if path.exists() {
        text = fs::read_to_string(&path)?;
        fs::remove_file(&path)?;
    }
    Ok((lasts, text.lines().filter_map(|line| line.parse().ok()).collect()))
}

/// Runs tests in one process. What they may compute is bounded in time of the processor, which a busy machine does not change.
fn run(program: &Path, names: &[&str], lasts: Duration, (variable, value): (&str, String)) -> Ran {
    let seconds = lasts.as_secs() * FACTOR + SECONDS_MIN;
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("ulimit -t {seconds}; {BOUNDS} exec \"$0\" \"$@\""))
        .arg(program)
        .args(["--exact", "--test-threads", "1", "--quiet"])
        .args(names)
        .env(variable, value)
        .env("CTP_GATEWAY_SEEDS", SEEDS)
        // The first failure is enough, the simplest is not looked for.
        .env("PROPTEST_MAX_SHRINK_ITERS", "0")
        .env("CARGO_MANIFEST_DIR", package())
        .env("RUST_BACKTRACE", "0")
        .current_dir(package())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return Ran::Failed };
    // Counted in looks: while the machine, or this group of processes, is stopped, no time passes.
    let mut waited = Duration::ZERO;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ran::Passed,
            // SIGXCPU, and what follows it.
            Ok(Some(status)) if matches!(status.signal(), Some(24 | 9)) => return Ran::Endless,
            Ok(Some(_)) | Err(_) => return Ran::Failed,
            Ok(None) if waited > WAIT_MAX + lasts * 2 => {
                // It may have ended meanwhile.
                let _ = child.kill();
                let _ = child.wait();
                return Ran::Endless;
            }
            Ok(None) => {
                thread::sleep(LOOK);
                waited += LOOK;
            }
        }
    }
}

/// Does something for each index below `count`, `jobs` at a time, and returns what came of it in order.
fn each<T: Send>(jobs: usize, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(count));
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    let result = work(index);
                    if let Ok(mut done) = done.lock() {
                        done.push((index, result));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
