//! The Python package beside two that people use, on the same feed in the same rounds.
//!
//! Every measurement is a process of its own (`python/client.py`); the packages take turns.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::gateway::{floor::unpark, front, percentile};
use crate::report::{self, Figure, Promise};
use crate::root;
use crate::rounds::Rounds;

use Limit::{AtLeast, AtMost, Told};

/// What to measure with.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Rounds of every figure.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The Python that has our package.
    #[arg(long)]
    python: PathBuf,
    /// The Python that has vnpy_ctp.
    #[arg(long)]
    vnpy: PathBuf,
    /// The Python that has openctp-ctp.
    #[arg(long)]
    openctp: PathBuf,
    /// The simulator's stand-in for the locale zh_CN.GB18030, which the others abort without; used when the system has
    /// none.
    #[arg(long)]
    locale: PathBuf,
    /// Only tasks whose name contains this: noop, dicts, four, all, columns, latency, busy, attribute,
    /// import.
    #[arg(long)]
    only: Option<String>,
}

const OURS: &str = "ctp_py";
/// Whose delivery thread polls instead of sleeping.
const SPIN: &str = "ctp_py.spin";
const DICTS: &str = "ctp_py.vnpy";
const VNPY: &str = "vnpy_ctp";
const OPENCTP: &str = "openctp_ctp";
/// Who takes our columns.
const TAKERS: [&str; 3] = ["numpy", "pyarrow", "polars"];

/// A task, its ticks, and who does it.
struct Task {
    name: &'static str,
    count: u32,
    packages: &'static [&'static str],
}

const TASKS: [Task; 9] = [
    Task { name: "noop", count: 200_000, packages: &[OURS, VNPY, OPENCTP] },
    // No more than the drop-in keeps for a slow callback.
    Task { name: "dicts", count: 16_000, packages: &[DICTS, VNPY] },
    Task { name: "four", count: 200_000, packages: &[OURS, VNPY, OPENCTP] },
    Task { name: "all", count: 100_000, packages: &[OURS, VNPY, OPENCTP] },
    Task { name: "columns", count: 500_000, packages: &TAKERS },
    Task { name: "latency", count: 3_000, packages: &[OURS, SPIN, VNPY, OPENCTP] },
    Task { name: "busy", count: 50_000, packages: &[OURS] },
    Task { name: "attribute", count: 1_000, packages: &[OURS] },
    Task { name: "import", count: 1, packages: &[OURS] },
];

/// What was measured, by task, package and word of the answer: one number a round.
type Seen = HashMap<(&'static str, &'static str, String), Vec<f64>>;

/// Runs all tasks, prints the table and writes `target/bench/python.json`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let folder = root().join("target/bench/python");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // The name that vnpy_ctp and openctp-ctp ask for.
    let library = folder.join("libthostmduserapi_se.so");
    front::compile_one(&library, include_str!("gateway/front.cpp"))?;
    let mut seen = Seen::new();
    let mut floor = Vec::new();
    let wanted = |task: &&Task| arguments.only.as_deref().is_none_or(|only| task.name.contains(only));
    for round in 0..arguments.rounds {
        if TASKS.iter().filter(wanted).any(|task| task.name == "latency") {
            floor.push(percentile(&mut unpark(1_000, 1_000_000)?, 50));
        }
        for task in TASKS.iter().filter(wanted) {
            for package in task.packages {
                eprintln!("round {}: {} with {package}", round + 1, task.name);
                for (word, number) in measure(arguments, &library, task, package)? {
                    seen.entry((task.name, package, word)).or_default().push(number);
                }
            }
        }
    }
    let figures = figures(&seen, floor);
    print!("{}", report::table(&figures));
    report::write(&root().join("target/bench/python.json"), &figures)
}

fn measure(
    arguments: &Arguments,
    library: &Path,
    task: &Task,
    package: &str,
) -> Result<HashMap<String, f64>> {
    let python = match package {
        VNPY => &arguments.vnpy,
        OPENCTP => &arguments.openctp,
        _ => &arguments.python,
    };
    let mut command = Command::new(python);
    command.args(["-c", include_str!("python/client.py"), package, task.name, &task.count.to_string()]);
    command.arg(library);
    let mut preloaded = Vec::new();
    if [VNPY, OPENCTP].contains(&package) && !has_locale() {
        preloaded.push(arguments.locale.as_path());
    }
    match package {
        VNPY => drop(command.env("LD_LIBRARY_PATH", library.parent().unwrap_or(library))),
        // Its search path goes before LD_LIBRARY_PATH.
        OPENCTP => preloaded.push(library),
        _ => {}
    }
    if !preloaded.is_empty() {
        command.env("LD_PRELOAD", std::env::join_paths(preloaded)?);
    }
    let output = command.output().with_context(|| format!("cannot run {}", python.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().rev().find(|line| line.starts_with('{'));
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() && line.is_some(), "{package} {}:\n{text}{errors}", task.name);
    Ok(serde_json::from_str(line.unwrap_or_default())?)
}

/// Returns whether the system has the locale that vnpy_ctp and openctp-ctp decode text with.
fn has_locale() -> bool {
    let listed = Command::new("locale").arg("-a").output();
    listed
        .is_ok_and(|listed| String::from_utf8_lossy(&listed.stdout).to_lowercase().contains("zh_cn.gb18030"))
}

/// The figures: ours with what is promised, the others', and how many times better ours are, round by round.
fn figures(seen: &Seen, floor: Vec<f64>) -> Vec<Figure> {
    let mut table = Table { seen, figures: Vec::new() };
    let rate = Unit { name: "/s", of: |ns| 1e9 / ns };
    let micro = Unit { name: "µs", of: |ns| ns / 1e3 };
    let milli = Unit { name: "ms", of: |ns| ns / 1e6 };
    let nano = Unit { name: "ns", of: |ns| ns };
    let count = Unit { name: "", of: |count| count };
    let peers = [("vnpy_ctp", VNPY), ("openctp-ctp", OPENCTP)];

    let what = "callbacks, counted only";
    table.add(what, rate, AtLeast(500_000.0), ("noop", OURS, "tick"));
    for ((name, peer), times) in peers.into_iter().zip([10.0, 4.0]) {
        table.add(&format!("{what}: {name}"), rate, Told, ("noop", peer, "tick"));
        table.times(&format!("{what}: times {name}"), times, ("noop", "tick"), peer, OURS);
    }
    for (task, fields, limit) in
        [("noop", "counted only", 0.5), ("four", "four fields", 1.0), ("all", "all fields", 5.0)]
    {
        let what = format!("delivery's processor time per tick, {fields}");
        table.add(&what, micro, AtMost(limit), (task, OURS, "cpu"));
        for (name, peer) in peers {
            table.add(&format!("{what}: {name}"), micro, Told, (task, peer, "cpu"));
        }
    }
    for taker in TAKERS {
        let what = format!("columns for {taker}");
        table.add(
            &format!("{what}, by the reader's processor time"),
            rate,
            AtLeast(2_000_000.0),
            ("columns", taker, "cpu"),
        );
        table.add(
            &format!("{what}, by the clock, feed and session beside it"),
            rate,
            Told,
            ("columns", taker, "tick"),
        );
        table.add(&format!("{what}: taking them, per tick"), nano, Told, ("columns", taker, "take"));
        table.add(&format!("{what}: ticks in a batch"), count, Told, ("columns", taker, "size"));
        table.add(&format!("{what}: lost"), count, AtMost(0.0), ("columns", taker, "lost"));
    }
    let what = "tick to handler, 1,000/s, p50";
    table.add(what, micro, AtMost(15.0), ("latency", OURS, "p50"));
    if let Some(figure) = table.figures.last_mut().filter(|_| !floor.is_empty()) {
        figure.floor = Some(("a thread that is woken, p50", Rounds::new(floor)));
    }
    for (name, peer) in peers {
        table.add(&format!("{what}: {name}"), micro, Told, ("latency", peer, "p50"));
    }
    table.times(&format!("{what}: times vnpy_ctp"), 4.0, ("latency", "p50"), VNPY, OURS);
    table.add(&format!("{what}, spin=True"), micro, AtMost(15.0), ("latency", SPIN, "p50"));
    table.times(&format!("{what}, spin=True: times vnpy_ctp"), 4.0, ("latency", "p50"), VNPY, SPIN);
    let what = "busy main thread, 10,000/s";
    table.add(&format!("{what}, p50"), milli, AtMost(5.0), ("busy", OURS, "p50"));
    table.add(&format!("{what}, p50 of the first fifth"), milli, Told, ("busy", OURS, "first"));
    table.add(&format!("{what}, p50 of the last fifth"), milli, AtMost(5.0), ("busy", OURS, "last"));
    table.add(
        &format!("{what}, longest callback on CTP's thread"),
        milli,
        AtMost(1.0),
        ("busy", OURS, "callback_longest"),
    );
    let what = "dictionaries (ctp_py.vnpy), counted only";
    table.add(what, rate, Told, ("dicts", DICTS, "tick"));
    table.times(&format!("{what}: times vnpy_ctp"), 1.5, ("dicts", "tick"), VNPY, DICTS);
    table.add("an attribute read", nano, AtMost(60.0), ("attribute", OURS, "attribute"));
    table.add("import ctp_py", milli, AtMost(80.0), ("import", OURS, "import"));
    table.add(
        "CTP's thread slept in 50,000 callbacks, busy main thread",
        count,
        AtMost(0.0),
        ("busy", OURS, "sleeps"),
    );
    table.add("a callback on CTP's thread, 1,000/s, p50", nano, Told, ("latency", OURS, "callback"));
    table.figures
}

/// What is promised of a figure.
enum Limit {
    AtMost(f64),
    AtLeast(f64),
    Told,
}

/// A unit, and how it is made of nanoseconds.
#[derive(Clone, Copy)]
struct Unit {
    name: &'static str,
    of: fn(f64) -> f64,
}

/// The figures so far.
struct Table<'a> {
    seen: &'a Seen,
    figures: Vec<Figure>,
}

impl Table<'_> {
    /// Adds what was measured; nothing when it was not.
    fn add(&mut self, name: &str, unit: Unit, limit: Limit, what: (&'static str, &'static str, &str)) {
        let Some(numbers) = self.seen.get(&(what.0, what.1, what.2.to_owned())) else { return };
        self.push(name, unit.name, limit, numbers.iter().map(|number| (unit.of)(*number)).collect());
    }

    /// Adds how many times longer a peer takes than we do, at least `times`.
    fn times(
        &mut self,
        name: &str,
        times: f64,
        (task, word): (&'static str, &str),
        peer: &'static str,
        ours: &'static str,
    ) {
        let rounds = |package| self.seen.get(&(task, package, word.to_owned()));
        let (Some(theirs), Some(own)) = (rounds(peer), rounds(ours)) else { return };
        let ratios = theirs.iter().zip(own).map(|(theirs, own)| theirs / own).collect();
        self.push(name, "times", AtLeast(times), ratios);
    }

    fn push(&mut self, name: &str, unit: &'static str, limit: Limit, numbers: Vec<f64>) {
        let (limit, promise) = match limit {
            AtMost(limit) => (limit, Promise::AtMost),
            AtLeast(limit) => (limit, Promise::AtLeast),
            Told => (0.0, Promise::Told),
        };
        let rounds = Rounds::new(numbers);
        self.figures.push(Figure { name: name.to_owned(), unit, limit, promise, rounds, floor: None });
    }
}
