//! The Python package beside two that people use, on the same feed in the same rounds.
//!
//! Every measurement is a process of its own (`python/client.py`); the packages take turns.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::gateway::front;
use crate::report::{self, Figure, Promise};
use crate::root;
use crate::rounds::Rounds;

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
    /// Only tasks whose name contains this: noop, four, all, latency, busy, attribute.
    #[arg(long)]
    only: Option<String>,
}

const OURS: &str = "ctp_py";
const DICTS: &str = "ctp_py.vnpy";
const VNPY: &str = "vnpy_ctp";
const OPENCTP: &str = "openctp_ctp";

/// A task, its ticks, and who does it.
struct Task {
    name: &'static str,
    count: u32,
    packages: &'static [&'static str],
}

const TASKS: [Task; 6] = [
    Task { name: "noop", count: 200_000, packages: &[OURS, DICTS, VNPY, OPENCTP] },
    Task { name: "four", count: 200_000, packages: &[OURS, VNPY, OPENCTP] },
    Task { name: "all", count: 100_000, packages: &[OURS, VNPY, OPENCTP] },
    Task { name: "latency", count: 3_000, packages: &[OURS, DICTS, VNPY, OPENCTP] },
    Task { name: "busy", count: 50_000, packages: &[OURS] },
    Task { name: "attribute", count: 1_000, packages: &[OURS] },
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
    let wanted = |task: &&Task| arguments.only.as_deref().is_none_or(|only| task.name.contains(only));
    for round in 0..arguments.rounds {
        for task in TASKS.iter().filter(wanted) {
            for package in task.packages {
                eprintln!("round {}: {} with {package}", round + 1, task.name);
                for (word, number) in measure(arguments, &library, task, package)? {
                    seen.entry((task.name, package, word)).or_default().push(number);
                }
            }
        }
    }
    let figures = figures(&seen);
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
    listed.is_ok_and(|listed| String::from_utf8_lossy(&listed.stdout).to_lowercase().contains("zh_cn.gb18030"))
}

/// One figure of ours, with a peer's of the same rounds beside it.
fn figures(seen: &Seen) -> Vec<Figure> {
    let rounds = |task, package, word: &str, change: fn(f64) -> f64| {
        let numbers = seen.get(&(task, package, word.to_owned()))?;
        Some(Rounds::new(numbers.iter().map(|number| change(*number)).collect()))
    };
    let per_second = |ns: f64| 1e9 / ns;
    let micro = |ns: f64| ns / 1e3;
    let milli = |ns: f64| ns / 1e6;
    let same = |ns: f64| ns;
    let mut figures = Vec::new();
    let mut add =
        |name: &str, unit, limit, promise, ours: Option<Rounds>, peer: Option<(&'static str, Rounds)>| {
            if let Some(rounds) = ours {
                figures.push(Figure { name: name.to_owned(), unit, limit, promise, rounds, floor: peer });
            }
        };
    let with = |name, rounds: Option<Rounds>| rounds.map(|rounds| (name, rounds));
    for (peer, name) in [(VNPY, "vnpy_ctp"), (OPENCTP, "openctp-ctp")] {
        let ours = rounds("noop", OURS, "tick", per_second);
        let theirs = with(name, rounds("noop", peer, "tick", per_second));
        add("callbacks, counted only", "/s", 500_000.0, Promise::AtLeast, ours, theirs);
    }
    for (task, name, limit) in
        [("noop", "counted only", 0.5), ("four", "four fields", 1.0), ("all", "all fields", 5.0)]
    {
        for (peer, whose) in [(VNPY, "vnpy_ctp"), (OPENCTP, "openctp-ctp")] {
            let ours = rounds(task, OURS, "cpu", micro);
            let theirs = with(whose, rounds(task, peer, "cpu", micro));
            add(&format!("delivery's time per tick, {name}"), "µs", limit, Promise::AtMost, ours, theirs);
        }
    }
    for (peer, name) in [(VNPY, "vnpy_ctp"), (OPENCTP, "openctp-ctp")] {
        let ours = rounds("latency", OURS, "p50", micro);
        let theirs = with(name, rounds("latency", peer, "p50", micro));
        add("tick to handler, 1,000/s, p50", "µs", 15.0, Promise::AtMost, ours, theirs);
    }
    let p50 = with("first fifth", rounds("busy", OURS, "first", milli));
    add(
        "busy main thread, 10,000/s, p50",
        "ms",
        5.0,
        Promise::AtMost,
        rounds("busy", OURS, "p50", milli),
        None,
    );
    add("the same, last fifth", "ms", 5.0, Promise::AtMost, rounds("busy", OURS, "last", milli), p50);
    let longest = rounds("busy", OURS, "callback_longest", milli);
    add("the same, longest callback on CTP's thread", "ms", 1.0, Promise::AtMost, longest, None);
    let dicts = rounds("noop", DICTS, "tick", per_second);
    let theirs = with("vnpy_ctp", rounds("noop", VNPY, "tick", per_second));
    add("dictionaries (ctp_py.vnpy), counted only", "/s", 0.0, Promise::Told, dicts, theirs);
    let dicts = rounds("latency", DICTS, "p50", micro);
    let theirs = with("vnpy_ctp", rounds("latency", VNPY, "p50", micro));
    add("dictionaries, tick to handler, 1,000/s, p50", "µs", 0.0, Promise::Told, dicts, theirs);
    let attribute = rounds("attribute", OURS, "attribute", same);
    add("an attribute read", "ns", 60.0, Promise::AtMost, attribute, None);
    let callback = rounds("latency", OURS, "callback", same);
    add("a callback on CTP's thread, 1,000/s, p50", "ns", 0.0, Promise::Told, callback, None);
    figures
}
