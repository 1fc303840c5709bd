//! The figures.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ctp_gateway::journal::{JournalConfig, Segments};
use ctp_gateway::{NewOrder, TdClient};
use ctp_types::{Direction, OffsetFlag};
use tokio::runtime::{Builder, Runtime};

use super::counter::{self, Session};
use crate::gateway::{at_most, front, monotonic_ns, percentile, ratios, told};
use crate::report::Figure;

/// Orders of a slice of a round, and how far apart: what an order starts is over before the next.
const ORDERS: (usize, i64) = (1_000, 100_000);
/// Orders of a burst, and the time between two.
const BURST: usize = 20;
const BETWEEN: Duration = Duration::from_millis(2);
/// How often the kinds take turns in a round.
const SLICES: usize = 5;
/// Nanoseconds before an order in which its task does not yield any more.
const NEAR: i64 = 5_000;
/// Before each slice: the view of a journal has caught up, and takes no core from others.
const PAUSE: Duration = Duration::from_millis(300);
/// About as many bytes as an order takes in the journal.
const ENTRY: usize = 320;
/// Ticks of a round, and how far apart.
const TICKS: (u64, u64) = (3_000, 200_000);
/// Events of a slice, of how many orders, and how many are open.
const EVENTS: usize = 4_000;
const MOVED: usize = 10;
const OPEN: [usize; 2] = [10, 10_000];
/// Events that a journal remembers.
const REMEMBERED: usize = 100_000;
const PATIENCE: Duration = Duration::from_secs(60);

fn runtime() -> Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().context("no runtime")
}

fn order(price: f64) -> NewOrder {
    NewOrder::limit("rb2701", Direction::BUY, OffsetFlag::OPEN, 1, price).exchange("SHFE")
}

/// Waits until `due` without sleeping, as who trades on ticks does. No PAUSE: under KVM a loop of them leaves the guest.
fn spin_until(due: i64) {
    while monotonic_ns() < due {}
}

/// From where orders are placed.
#[derive(Clone, Copy)]
enum Place {
    /// A task of the session's own runtime, which has one thread: what the session knows stays in that core's cache.
    Task,
    /// Another thread than the session's: after each event its memory comes from the other core.
    Thread,
}

impl Place {
    fn runtime(self) -> Result<Runtime> {
        match self {
            Self::Task => Builder::new_current_thread().enable_all().build().context("no runtime"),
            Self::Thread => runtime(),
        }
    }

    /// Places orders, each of which is made before it is due. Its time is when it was due, so that the last look at the
    /// clock counts too.
    fn place_many(self, runtime: &Runtime, client: &TdClient) -> Result<()> {
        std::thread::sleep(PAUSE);
        let (count, interval) = ORDERS;
        let mut due = monotonic_ns();
        for _ in 0..count {
            // What the machine took away is not made up for.
            due = (due + interval).max(monotonic_ns() + NEAR);
            let wanted = order(due as f64);
            match self {
                Self::Task => runtime.block_on(place_at(client, &wanted, due))?,
                Self::Thread => {
                    spin_until(due);
                    client.place_now(&wanted)?;
                }
            }
        }
        Ok(())
    }
}

/// Places an order when it is due, and lets the session work before.
async fn place_at(client: &TdClient, wanted: &NewOrder, due: i64) -> Result<()> {
    while monotonic_ns() < due - NEAR {
        tokio::task::yield_now().await;
    }
    spin_until(due);
    client.place_now(wanted)?;
    Ok(())
}

/// Places orders in bursts, back to back: nothing has left the caches but before the first. Making the order counts too.
async fn place_bursts(client: &TdClient) -> Result<()> {
    for _ in 0..ORDERS.0 / BURST {
        tokio::time::sleep(BETWEEN).await;
        for _ in 0..BURST {
            client.place_now(&order(monotonic_ns() as f64))?;
        }
    }
    Ok(())
}

/// Returns the nanoseconds that it takes to make an order.
fn making() -> f64 {
    let start = Instant::now();
    for price in 0..ORDERS.0 {
        std::hint::black_box(order(std::hint::black_box(price as f64)));
    }
    start.elapsed().as_nanos() as f64 / ORDERS.0 as f64
}

/// Each kind's rounds.
#[derive(Default)]
struct Kind {
    p10: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
}

impl Kind {
    /// Takes the middle of a round's slices, each p10, p50 and p99.
    fn round(&mut self, slices: &[[f64; 3]]) {
        for (at, figures) in [&mut self.p10, &mut self.p50, &mut self.p99].into_iter().enumerate() {
            let mut slices: Vec<f64> = slices.iter().map(|slice| slice[at]).collect();
            figures.push(percentile(&mut slices, 50));
        }
    }
}

pub(super) fn place(folder: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let library = counter::library(folder);
    let dir = tempfile::tempdir()?;
    let ways = [(Place::Task, false), (Place::Task, true), (Place::Thread, false), (Place::Thread, true)];
    let mut sessions = Vec::new();
    for (at, (place, is_journaled)) in ways.into_iter().enumerate() {
        let journal = if is_journaled { JournalConfig::default() } else { JournalConfig::off() };
        let (runtime, own) = (place.runtime()?, dir.path().join(at.to_string()));
        let session = runtime.block_on(Session::start(&library, &own, journal)).context("no session")?;
        sessions.push((place, runtime, session));
    }
    let (mut kinds, mut bursts): ([Kind; 4], [Kind; 4]) = Default::default();
    let (mut call, mut write, mut made) = (Kind::default(), Kind::default(), Vec::new());
    let (mut lone, mut in_a_row) = (Kind::default(), Kind::default());
    for _ in 0..rounds {
        made.push(making());
        let mut slices: [Vec<[f64; 3]>; 4] = Default::default();
        let mut quick: [Vec<[f64; 3]>; 4] = Default::default();
        let (mut calls, mut writes) = (Vec::new(), Vec::new());
        let (mut lone_lines, mut row_lines) = (Vec::new(), Vec::new());
        for _ in 0..SLICES {
            for (((place, runtime, session), slice), quick) in
                sessions.iter_mut().zip(&mut slices).zip(&mut quick)
            {
                place.place_many(runtime, &session.client)?;
                slice.push(session.take(ORDERS.0)?.percentiles());
                runtime.block_on(place_bursts(&session.client))?;
                quick.push(session.take(ORDERS.0)?.percentiles());
            }
            calls.push(sessions[0].2.tell("bare 10000")?.percentiles());
            lone_lines.push(sessions[0].2.tell(&format!("lines {} {}", ORDERS.0, ORDERS.1))?.percentiles());
            row_lines.push(sessions[0].2.tell(&format!("lines {} 0", ORDERS.0))?.percentiles());
            writes.push(bare_writes(dir.path())?);
        }
        kinds.iter_mut().zip(&slices).for_each(|(kind, slices)| kind.round(slices));
        bursts.iter_mut().zip(&quick).for_each(|(kind, slices)| kind.round(slices));
        call.round(&calls);
        write.round(&writes);
        lone.round(&lone_lines);
        in_a_row.round(&row_lines);
    }
    for (_, runtime, session) in sessions {
        runtime.block_on(session.client.close())?;
    }
    let mut figures = Vec::new();
    for (((place, is_journaled), kind), burst) in ways.into_iter().zip(kinds).zip(bursts) {
        let (limit, journal, what, floor) = match is_journaled {
            false => (1_000.0, "without", "a virtual call", &call),
            true => (3_000.0, "with", "one write(2) of as many bytes", &write),
        };
        let from = match place {
            Place::Task => "a task of the session's thread",
            Place::Thread => "another thread",
        };
        let name = format!("place to entry into the library, {journal} journal, from {from}, p50");
        figures.push(at_most(name, (limit, "ns"), kind.p50, Some((what, &floor.p50[..]))));
        figures.push(told("the same, p10", "ns", kind.p10, Some((what, &floor.p10[..]))));
        figures.push(told("the same, p99", "ns", kind.p99, Some((what, &floor.p99[..]))));
        let name = format!("the same, {journal} journal, in bursts of 20 back to back, p50");
        figures.push(at_most(name, (limit, "ns"), burst.p50, None));
    }
    figures.push(told("before it: making the order, in a row", "ns", made, None));
    let name = "what a pause costs: 200 lines of code and 100 of memory, alone, one walk each 100 µs, p50";
    figures.push(told(name, "ns", lone.p50, Some(("in a row", &in_a_row.p50[..]))));
    figures.push(told("the same, p10", "ns", lone.p10, Some(("in a row", &in_a_row.p10[..]))));
    Ok(figures)
}

/// Writes as an order does, into a file that was written before, and returns the nanoseconds of one write: p10, p50, p99.
fn bare_writes(folder: &Path) -> Result<[f64; 3]> {
    let (count, interval) = ORDERS;
    let path = folder.join("floor");
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
    file.write_all_at(&vec![0; count * ENTRY], 0)?;
    file.sync_all()?;
    let bytes = [7; ENTRY];
    let mut samples = Vec::with_capacity(count);
    let mut due = monotonic_ns();
    for at in 0..count {
        due += interval;
        spin_until(due);
        let start = monotonic_ns();
        file.write_all_at(&bytes, (at * ENTRY) as u64)?;
        samples.push((monotonic_ns() - start) as f64);
    }
    Ok([10, 50, 99].map(|of_hundred| percentile(&mut samples, of_hundred)))
}

pub(super) fn tick(folder: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let dir = tempfile::tempdir()?;
    let (market, library) = (runtime()?, counter::library(folder));
    let ways = [Place::Task, Place::Thread];
    let mut sessions = Vec::new();
    for (at, place) in ways.into_iter().enumerate() {
        let (runtime, own) = (place.runtime()?, dir.path().join(at.to_string()));
        let session = runtime.block_on(Session::start(&library, &own, JournalConfig::off()))?;
        sessions.push((place, runtime, session));
    }
    let mut kinds: [Kind; 2] = Default::default();
    let mut call = Vec::new();
    for _ in 0..rounds {
        for ((place, runtime, td), kind) in sessions.iter_mut().zip(&mut kinds) {
            let md = market.block_on(front::Session::start(&front::library(folder), 1 << 14))?;
            let mut ticks = md.client.ticks();
            let mut front = md.front;
            let running = std::thread::spawn(move || front.run(front::What::Run, TICKS.0, TICKS.1));
            runtime.block_on(trade(*place, &mut ticks, &td.client))?;
            running.join().map_err(|_| anyhow::anyhow!("the front failed"))??;
            market.block_on(md.client.close())?;
            kind.round(&[td.take(TICKS.0 as usize)?.percentiles()]);
        }
        call.push(sessions[0].2.tell("bare 10000")?.p50);
    }
    for (_, runtime, session) in sessions {
        runtime.block_on(session.client.close())?;
    }
    let floor = Some(("a virtual call", &call[..]));
    let [task, thread] = kinds;
    let name = "tick in hand to order in the library, inline in a task of the session's thread, p50";
    let from_callback = "tick's callback to order in the library, by a thread that polls, p50";
    Ok(vec![
        at_most(name, (2_000.0, "ns"), task.p50, floor),
        told("the same, p10", "ns", task.p10, None),
        told("the same, p99", "ns", task.p99, None),
        told(from_callback, "ns", thread.p50, floor),
        told("the same, p10", "ns", thread.p10, None),
        told("the same, p99", "ns", thread.p99, None),
    ])
}

/// Places an order on every tick. A task's orders tell when the tick was in its hand, a thread's when CTP's called.
async fn trade(place: Place, ticks: &mut ctp_gateway::Ticks, client: &TdClient) -> Result<()> {
    let (begun, mut placed) = (Instant::now(), 0);
    while placed < TICKS.0 {
        let Some(tick) = ticks.try_next() else {
            ensure!(begun.elapsed() < PATIENCE, "not every tick came");
            match place {
                Place::Task => tokio::task::yield_now().await,
                Place::Thread => std::hint::spin_loop(),
            }
            continue;
        };
        let start = match place {
            Place::Task => monotonic_ns() as f64,
            Place::Thread => tick.record.pre_delta,
        };
        client.place_now(&order(start))?;
        placed += 1;
    }
    Ok(())
}

pub(super) fn open(folder: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let runtime = runtime()?;
    let dir = tempfile::tempdir()?;
    let library = counter::library(folder);
    let mut sessions = Vec::new();
    for count in OPEN {
        let dir = dir.path().join(count.to_string());
        let mut session = runtime.block_on(Session::start(&library, &dir, JournalConfig::off()))?;
        session.tell("keep 1")?;
        let mut handles = Vec::new();
        for _ in 0..count {
            let wanted = NewOrder::limit("rb2701", Direction::BUY, OffsetFlag::OPEN, 1_000_000, 1.0);
            handles.push(session.client.place_now(&wanted.exchange("SHFE"))?);
        }
        session.take(count)?;
        sessions.push((session, handles));
    }
    // Few, many, and many of which all move in turn.
    let kinds = [(0, MOVED), (1, MOVED), (1, OPEN[1])];
    let mut figures: [Vec<f64>; 3] = Default::default();
    for _ in 0..rounds {
        let mut slices: [Vec<f64>; 3] = Default::default();
        for _ in 0..SLICES {
            for ((kind, moved), slice) in kinds.into_iter().zip(&mut slices) {
                let (session, handles) = &mut sessions[kind];
                slice.push(event(&runtime, session, moved)?);
                for handle in handles.iter_mut().rev().take(moved) {
                    while handle.try_next_event().is_some() {}
                }
            }
        }
        for (figures, mut slice) in figures.iter_mut().zip(slices) {
            figures.push(percentile(&mut slice, 50));
        }
    }
    for (session, handles) in sessions {
        drop(handles);
        runtime.block_on(session.client.close())?;
    }
    let [few, many, all] = figures;
    let times = ratios(&many, &few);
    let floor = Some(("10 orders open", &few[..]));
    Ok(vec![
        told("an event of one of 10 orders, 10,000 open", "ns", many, floor),
        at_most("the same, times the event with 10 orders open", (1.1, "×"), times, None),
        told("an event of the 10,000 orders in turn", "ns", all, floor),
    ])
}

/// Returns the nanoseconds of an event from its callback to its reader, of many in a row about the last `moved` orders.
fn event(runtime: &Runtime, session: &mut Session, moved: usize) -> Result<f64> {
    let mut events = session.client.events();
    let start = Instant::now();
    session.tell(&format!("push {EVENTS} {moved}"))?;
    runtime.block_on(async {
        for _ in 0..EVENTS {
            tokio::time::timeout(PATIENCE, events.next()).await.context("an event is missing")?;
        }
        anyhow::Ok(())
    })?;
    Ok(start.elapsed().as_nanos() as f64 / EVENTS as f64)
}

pub(super) fn recovery(folder: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let runtime = runtime()?;
    let library = counter::library(folder);
    let dir = tempfile::tempdir()?;
    let journal = dir.path().join("journal");
    let config = |folder: &Path| JournalConfig::new(folder);
    let mut session = runtime.block_on(Session::start(&library, dir.path(), config(&journal)))?;
    session.tell("keep 1")?;
    for _ in 0..100 {
        let wanted = NewOrder::limit("rb2701", Direction::BUY, OffsetFlag::OPEN, 1_000_000, 1.0);
        session.client.place_now(&wanted.exchange("SHFE"))?;
    }
    session.take(100)?;
    let mut events = session.client.events();
    session.tell(&format!("push {REMEMBERED} 100"))?;
    runtime.block_on(async {
        for _ in 0..REMEMBERED {
            tokio::time::timeout(PATIENCE, events.next()).await.context("an event is missing")?;
        }
        session.client.close().await?;
        anyhow::Ok(())
    })?;
    let (mut whole, mut none, mut read) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let copy = dir.path().join("copy");
        copy_folder(&journal, &copy)?;
        whole.push(start_ms(&runtime, &library, &copy)?);
        std::fs::remove_dir_all(&copy)?;
        std::fs::create_dir(&copy)?;
        none.push(start_ms(&runtime, &library, &copy)?);
        std::fs::remove_dir_all(&copy)?;
        let start = Instant::now();
        let mut entries = 0;
        for segment in Segments::open(&journal)? {
            entries += segment?.entries.len();
        }
        read.push(start.elapsed().as_secs_f64() * 1e3);
        ensure!(entries > REMEMBERED, "the journal has {entries} entries");
    }
    Ok(vec![
        at_most(
            "connect to the login taken over, 100,000 events remembered",
            (1_000.0, "ms"),
            whole,
            Some(("an empty journal", &none[..])),
        ),
        told("of it: reading and checking the segments", "ms", read, None),
    ])
}

/// Returns the milliseconds from the call of `connect` until the session has taken over what the journal remembers.
fn start_ms(runtime: &Runtime, library: &Path, journal: &Path) -> Result<f64> {
    let dir = tempfile::tempdir()?;
    let start = monotonic_ns();
    let mut config = JournalConfig::new(journal);
    // The view has a thread of its own, and would take a core from the start of the session.
    config.view = false;
    let mut session = runtime.block_on(Session::start(library, dir.path(), config))?;
    let confirmed = session.tell("login 0")?.count.cast_signed();
    runtime.block_on(session.client.close())?;
    Ok((confirmed - start) as f64 / 1e6)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
