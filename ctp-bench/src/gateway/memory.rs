//! Memory: of ten million ticks, of a thousand sessions, and of a consumer that stands still.
//!
//! Each figure has a process of its own, so that nothing but what is measured moves its memory.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::front::{Run, Session, What as Send};
use super::{again, at_most, told};
use crate::report::Figure;

/// What a process measures.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum What {
    /// Ten million ticks to a consumer.
    Ticks,
    /// A thousand sessions, one after the other.
    Cycles,
    /// A consumer that stands still.
    Stall,
}

const TICKS: u64 = 10_000_000;
/// Slow enough for a consumer on a busy machine: some seconds in all.
const TICK_INTERVAL_NS: u64 = 500;
const CYCLES: usize = 1_000;
/// Before the first figure is taken: what is made once is made then.
const WARM_CYCLES: usize = 50;
/// 30 s at 20,000 ticks a second.
const STALLED: (u64, u64) = (600_000, 50_000);
/// What a user has who says nothing about it.
const CAPACITY: usize = 1 << 16;

/// Runs what is flat by promise.
pub(super) fn figures(folder: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let mut ticks = Vec::new();
    for _ in 0..rounds {
        ticks.push(read(What::Ticks, start(folder, What::Ticks)?)?[0]);
    }
    // All rounds at once: a session waits most of its life, for what is inside a library to begin and end.
    let running = (0..rounds).map(|_| start(folder, What::Cycles)).collect::<Result<Vec<_>>>()?;
    let cycles =
        running.into_iter().map(|child| Ok(read(What::Cycles, child)?[0])).collect::<Result<Vec<_>>>()?;
    Ok(vec![
        at_most("memory: growth over 10 million ticks", (1.0, "MiB"), ticks, None),
        at_most("memory: growth over 1,000 connects and closes", (1.0, "MiB"), cycles, None),
    ])
}

/// Runs the consumer that stands still, once: it takes half a minute.
pub(super) fn stall(folder: &Path) -> Result<Vec<Figure>> {
    let [mib, p50, p999, longest, bare_p50, bare_p999, bare_longest] =
        read(What::Stall, start(folder, What::Stall)?)?[..]
    else {
        anyhow::bail!("the process that measures printed something else");
    };
    let what = "the time and a copy in C++";
    Ok(vec![
        at_most("memory: 30 s of 20,000 ticks a second that nobody takes", (256.0, "MiB"), vec![mib], None),
        at_most("CTP's thread meanwhile, p50", (150.0, "ns"), vec![p50], Some((what, &[bare_p50]))),
        told("CTP's thread meanwhile, p99.9", "ns", vec![p999], Some((what, &[bare_p999]))),
        told("CTP's thread meanwhile, longest", "ns", vec![longest], Some((what, &[bare_longest]))),
    ])
}

/// Starts a process that measures.
fn start(folder: &Path, what: What) -> Result<Child> {
    let mut command = again("gateway", folder)?;
    command
        .args(["--memory", &name(what)])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().context("cannot run the bench again")
}

/// Waits until a process has measured, and returns what it prints.
fn read(what: What, child: Child) -> Result<Vec<f64>> {
    let (name, output) = (name(what), child.wait_with_output()?);
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "memory of {name}: {}\n{errors}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    ensure!(!numbers.is_empty(), "memory of {name}: nothing was printed");
    Ok(numbers)
}

fn name(what: What) -> String {
    format!("{what:?}").to_lowercase()
}

/// Measures in this process and prints the figures.
pub(super) fn child(library: &Path, what: What) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        match what {
            What::Ticks => println!("{}", ticks(library).await?),
            What::Cycles => println!("{}", cycles(library).await?),
            What::Stall => stalled(library).await?,
        }
        Ok(())
    })
}

/// Returns the MiB by which memory grew over the ticks, behind as many as fill everything once.
async fn ticks(library: &Path) -> Result<f64> {
    let session = Session::start(library, CAPACITY).await?;
    let (mut front, mut ticks) = (session.front, session.client.ticks());
    let running = tokio::task::spawn_blocking(move || -> Result<(f64, f64)> {
        front.run(Send::Run, 2 * CAPACITY as u64, TICK_INTERVAL_NS)?;
        let before = resident_mib()?;
        front.run(Send::Run, TICKS, TICK_INTERVAL_NS)?;
        Ok((before, resident_mib()?))
    });
    let mut count = 0_u64;
    while count + ticks.dropped() < TICKS + 2 * CAPACITY as u64 {
        match tokio::time::timeout(Duration::from_secs(5), ticks.next()).await {
            Ok(Some(_)) => count += 1,
            Ok(None) | Err(_) => break,
        }
    }
    let (before, after) = running.await??;
    ensure!(count > TICKS / 2, "only {count} ticks came: that measures nothing");
    session.client.close().await?;
    Ok(after - before)
}

/// Returns the MiB by which memory grew over the sessions.
async fn cycles(library: &Path) -> Result<f64> {
    let mut before = 0.0;
    for cycle in 0..WARM_CYCLES + CYCLES {
        if cycle == WARM_CYCLES {
            before = resident_mib()?;
        }
        let session = Session::start(library, 1 << 10).await?;
        session.client.close().await?;
    }
    Ok(resident_mib()? - before)
}

/// Prints the memory that the ticks took, and what they cost CTP's thread.
async fn stalled(library: &Path) -> Result<()> {
    let before = resident_mib()?;
    let session = Session::start(library, CAPACITY).await?;
    let (mut front, mut ticks) = (session.front, session.client.ticks());
    let _first = tokio::time::timeout(Duration::ZERO, ticks.next()).await;
    let (bare, own) = tokio::task::spawn_blocking(move || -> Result<(Run, Run)> {
        let bare = front.run(Send::Bare, STALLED.0 / 10, STALLED.1)?;
        Ok((bare, front.run(Send::Run, STALLED.0, STALLED.1)?))
    })
    .await??;
    let mib = resident_mib()? - before;
    let mut count = 0;
    while ticks.try_next().is_some() {
        count += 1;
    }
    let dropped = ticks.dropped();
    ensure!(count + dropped == STALLED.0, "{count} read and {dropped} lost are not {}", STALLED.0);
    let numbers = [mib, own.p50, own.p999, own.longest, bare.p50, bare.p999, bare.longest];
    println!("{}", numbers.map(|number| number.to_string()).join(" "));
    session.client.close().await?;
    Ok(())
}

/// Returns the memory that this process holds, in MiB.
fn resident_mib() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/self/status").context("no memory figures")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no resident memory")?;
    let kib: f64 = line.split_whitespace().next().and_then(|word| word.parse().ok()).context("no number")?;
    Ok(kib / 1_024.0)
}
