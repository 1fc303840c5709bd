//! From CTP's thread to a handler: busy-polling, as an async task, and as many tasks.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use tokio::runtime::{Builder, Runtime};

use super::front::{Front, Session, What};
use super::{at_most, floor, monotonic_ns, percentile, ratios, told};
use crate::report::Figure;

/// Ticks of a round of busy-polling, and how far apart.
const POLLED: (u64, u64) = (50_000, 20_000);
/// Ticks of a slice of a round of waking, and how far apart: far enough for everybody to fall asleep, and, with the
/// longer one, for idle cores, too.
const WOKEN: (u64, u64) = (300, 1_000_000);
const WOKEN_OFTEN: (u64, u64) = (2_000, 100_000);
/// How often ticks and bare wakes take turns in a round.
const SLICES: usize = 10;
const CAPACITY: usize = 1 << 14;
/// Longer than a round takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn figures(library: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let (mut line, mut polled, mut polled_p99) = (vec![], vec![], vec![]);
    let (mut seldom, mut often, mut pool) = (Woken::default(), Woken::default(), Woken::default());
    for _ in 0..rounds {
        line.push(floor::ping_pong()?);
        let (p50, p99) = polling(library)?;
        polled.push(p50);
        polled_p99.push(p99);
        often.round(library, &current_thread()?, WOKEN_OFTEN)?;
        seldom.round(library, &current_thread()?, WOKEN)?;
        pool.round(library, &multi_thread()?, WOKEN_OFTEN)?;
    }
    let transfer = Some(("a cache line to another core", &line[..]));
    let poll = ratios(&polled, &line);
    let (limit, times) = ((15.0, "µs"), (1.5, "×"));
    let mut figures = vec![
        at_most("tick to a busy-polling handler, p50", (600.0, "ns"), polled, transfer),
        at_most("the same, times a cache line to another core", (5.0, "×"), poll, None),
        told("tick to a busy-polling handler, p99", "ns", polled_p99, None),
    ];
    for (woken, rate) in [(often, "10,000"), (seldom, "1,000")] {
        let name = format!("tick to an async task, {rate} ticks/s");
        let factor = ratios(&woken.own, &woken.bare);
        figures.push(at_most(format!("{name}, p50"), limit, woken.own, Some((PARK, &woken.bare[..]))));
        figures.push(at_most("the same, times park and unpark", times, factor, None));
        figures.push(told(format!("{name}, p99"), "µs", woken.own_p99, Some((PARK, &woken.bare_p99[..]))));
    }
    let name = "tick to an async task on a runtime of two threads, 10,000 ticks/s, p50";
    figures.push(told(name, "µs", pool.own, Some((PARK, &pool.bare[..]))));
    Ok(figures)
}

const PARK: &str = "park and unpark";

/// The rounds of a task that waits, and of a thread that is parked, in microseconds.
#[derive(Default)]
struct Woken {
    own: Vec<f64>,
    own_p99: Vec<f64>,
    bare: Vec<f64>,
    bare_p99: Vec<f64>,
}

impl Woken {
    fn round(&mut self, library: &Path, runtime: &Runtime, woken: (u64, u64)) -> Result<()> {
        let (mut own, mut bare) = waiting(library, runtime, woken)?;
        self.own.push(percentile(&mut own, 50));
        self.own_p99.push(percentile(&mut own, 99));
        self.bare.push(percentile(&mut bare, 50));
        self.bare_p99.push(percentile(&mut bare, 99));
        Ok(())
    }
}

fn current_thread() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

fn multi_thread() -> Result<Runtime> {
    Ok(Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// Returns the nanoseconds, p50 and p99, until a thread that polls all the time has a tick.
fn polling(library: &Path) -> Result<(f64, f64)> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut session = runtime.block_on(Session::start(library, CAPACITY))?;
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, mut ticks) = (Arc::clone(&stop), session.client.ticks());
    let consumer = thread::spawn(move || {
        let mut samples = Vec::with_capacity(POLLED.0 as usize);
        while !stopped.load(Ordering::Relaxed) {
            while let Some(tick) = ticks.try_next() {
                samples.push(monotonic_ns() as f64 - tick.record.pre_delta);
            }
            std::hint::spin_loop();
        }
        samples
    });
    let done = session.front.run(What::Run, POLLED.0, POLLED.1);
    stop.store(true, Ordering::Relaxed);
    let mut samples = consumer.join().map_err(|_| anyhow!("the consumer failed"))?;
    done?;
    runtime.block_on(session.client.close())?;
    let (came, sent) = (samples.len() as u64, POLLED.0);
    ensure!(came >= sent / 2, "only {came} of {sent} ticks came");
    Ok((percentile(&mut samples, 50), percentile(&mut samples, 99)))
}

/// Returns the microseconds until a waiting task has a tick, and until a parked thread is woken, in turn: how deep an
/// idle core sleeps changes from one second to the next, and both shall meet the same.
fn waiting(library: &Path, runtime: &Runtime, woken: (u64, u64)) -> Result<(Vec<f64>, Vec<f64>)> {
    runtime.block_on(async {
        let session = Session::start(library, CAPACITY).await?;
        let (mut ticks, mut front) = (session.client.ticks(), session.front);
        let (mut samples, mut floor) = (vec![], vec![]);
        for _ in 0..SLICES {
            let running = spawn_run(front, woken);
            let reading = async {
                for _ in 0..woken.0 {
                    let tick = ticks.next().await.context("the stream ended")?;
                    samples.push((monotonic_ns() as f64 - tick.record.pre_delta) / 1e3);
                }
                anyhow::Ok(())
            };
            tokio::time::timeout(PATIENCE, reading).await.context("not every tick came")??;
            front = running.await??;
            let parked =
                tokio::task::spawn_blocking(move || floor::unpark(woken.0 as usize, woken.1.cast_signed()));
            floor.extend(parked.await??);
        }
        session.client.close().await?;
        Ok((samples, floor))
    })
}

/// Lets the library send, and gives it back when it has.
fn spawn_run(mut front: Front, (count, interval): (u64, u64)) -> tokio::task::JoinHandle<Result<Front>> {
    tokio::task::spawn_blocking(move || front.run(What::Run, count, interval).map(|_| front))
}

/// Tasks that wait for every tick, in turn.
const TASKS: [usize; 4] = [1, 10, 100, 1_000];
/// Ticks for many tasks, and how far apart.
const SHARED: (u64, u64) = (200, 5_000_000);

/// Measures how long it takes until the last of many waiting tasks has a tick.
pub(super) fn tasks(library: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let mut own: [Vec<f64>; TASKS.len()] = Default::default();
    let mut bare: [Vec<f64>; TASKS.len()] = Default::default();
    for _ in 0..rounds {
        for (at, count) in TASKS.into_iter().enumerate() {
            own[at].push(last_of(library, count)?);
            bare[at].push(last_told(count)?);
        }
    }
    let figures = TASKS.into_iter().zip(own).zip(&bare).map(|((count, own), bare)| {
        let name = format!("tick to the last of {count} waiting tasks, p50");
        told(name, "µs", own, Some(("a number by tokio's `broadcast` to as many", &bare[..])))
    });
    Ok(figures.collect())
}

/// Counts who has a tick; the last one tells when it was.
struct Last {
    left: AtomicU64,
    tasks: u64,
}

impl Last {
    fn new(tasks: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicU64::new(tasks as u64), tasks: tasks as u64 })
    }

    /// Returns the microseconds since `stamp_ns` to the last caller of a turn.
    fn arrive(&self, stamp_ns: f64) -> Option<f64> {
        if self.left.fetch_sub(1, Ordering::AcqRel) > 1 {
            return None;
        }
        self.left.store(self.tasks, Ordering::Release);
        Some((monotonic_ns() as f64 - stamp_ns) / 1e3)
    }
}

fn last_of(library: &Path, tasks: usize) -> Result<f64> {
    current_thread()?.block_on(async {
        let session = Session::start(library, CAPACITY).await?;
        let last = Last::new(tasks);
        let readers: Vec<_> = (0..tasks)
            .map(|_| {
                let (mut ticks, last) = (session.client.ticks(), Arc::clone(&last));
                tokio::spawn(async move {
                    let mut samples = Vec::new();
                    for _ in 0..SHARED.0 {
                        let Some(tick) = ticks.next().await else { break };
                        samples.extend(last.arrive(tick.record.pre_delta));
                    }
                    samples
                })
            })
            .collect();
        tokio::task::yield_now().await;
        let running = spawn_run(session.front, SHARED);
        let mut samples = Vec::new();
        for reader in readers {
            samples.extend(tokio::time::timeout(PATIENCE, reader).await.context("not every tick came")??);
        }
        running.await??;
        session.client.close().await?;
        Ok(percentile(&mut samples, 50))
    })
}

/// Returns the same for tasks that wait for a number from a thread.
fn last_told(tasks: usize) -> Result<f64> {
    current_thread()?.block_on(async {
        let (sender, _) = tokio::sync::broadcast::channel(CAPACITY);
        let last = Last::new(tasks);
        let readers: Vec<_> = (0..tasks)
            .map(|_| {
                let (mut stamps, last) = (sender.subscribe(), Arc::clone(&last));
                tokio::spawn(async move {
                    let mut samples = Vec::new();
                    while let Ok(stamp_ns) = stamps.recv().await {
                        samples.extend(last.arrive(stamp_ns));
                    }
                    samples
                })
            })
            .collect();
        let telling = thread::spawn(move || {
            for _ in 0..SHARED.0 {
                thread::sleep(Duration::from_nanos(SHARED.1));
                // The tasks outlive this.
                let _ = sender.send(monotonic_ns() as f64);
            }
        });
        let mut samples = Vec::new();
        for reader in readers {
            samples.extend(tokio::time::timeout(PATIENCE, reader).await.context("not every number came")??);
        }
        telling.join().map_err(|_| anyhow!("the thread that tells failed"))?;
        Ok(percentile(&mut samples, 50))
    })
}
