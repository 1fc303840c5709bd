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
/// How often the kinds take turns in a round.
const SLICES: usize = 5;
/// About as many bytes as an order takes in the journal.
const ENTRY: usize = 320;
/// Ticks of a round, and how far apart.
const TICKS: (u64, u64) = (3_000, 200_000);
/// Events of a round, and how many orders are open.
const EVENTS: usize = 20_000;
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

/// Waits until `due` without sleeping, as who trades on ticks does.
fn spin_until(due: i64) -> i64 {
    loop {
        let now = monotonic_ns();
        if now >= due {
            return now;
        }
        std::hint::spin_loop();
    }
}

fn place_many(client: &TdClient) -> Result<()> {
    let (count, interval) = ORDERS;
    let mut due = monotonic_ns();
    for _ in 0..count {
        due += interval;
        let begun = spin_until(due);
        client.place_now(&order(begun as f64))?;
    }
    Ok(())
}

/// Each kind's rounds.
#[derive(Default)]
struct Kind {
    p50: Vec<f64>,
    p99: Vec<f64>,
}

impl Kind {
    /// Takes the middle of a round's slices.
    fn round(&mut self, mut p50: Vec<f64>, mut p99: Vec<f64>) {
        self.p50.push(percentile(&mut p50, 50));
        self.p99.push(percentile(&mut p99, 50));
    }
}

pub(super) fn place(folder: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let runtime = runtime()?;
    let library = counter::library(folder);
    let dirs = [tempfile::tempdir()?, tempfile::tempdir()?];
    let start = |dir: &tempfile::TempDir, journal| {
        runtime.block_on(Session::start(&library, dir.path(), journal)).context("no session")
    };
    let mut sessions = [start(&dirs[0], JournalConfig::off())?, start(&dirs[1], JournalConfig::default())?];
    let mut kinds = [Kind::default(), Kind::default()];
    let (mut call, mut write) = (Kind::default(), Kind::default());
    for _ in 0..rounds {
        let mut slices: [(Vec<f64>, Vec<f64>); 4] = Default::default();
        for _ in 0..SLICES {
            for (session, slice) in sessions.iter_mut().zip(&mut slices) {
                place_many(&session.client)?;
                let taken = session.take(ORDERS.0)?;
                slice.0.push(taken.p50);
                slice.1.push(taken.p99);
            }
            let bare = sessions[0].tell("bare 10000")?;
            slices[2].0.push(bare.p50);
            slices[2].1.push(bare.p99);
            let (p50, p99) = bare_writes(dirs[1].path())?;
            slices[3].0.push(p50);
            slices[3].1.push(p99);
        }
        let [without, with, bare, writes] = slices;
        kinds[0].round(without.0, without.1);
        kinds[1].round(with.0, with.1);
        call.round(bare.0, bare.1);
        write.round(writes.0, writes.1);
    }
    runtime.block_on(async {
        for session in sessions {
            session.client.close().await?;
        }
        anyhow::Ok(())
    })?;
    let [without, with] = kinds;
    let (call_floor, write_floor) =
        (Some(("a virtual call", &call.p50[..])), Some(("one write(2) of as many bytes", &write.p50[..])));
    Ok(vec![
        at_most(
            "place to entry into the library, without journal, p50",
            (1_000.0, "ns"),
            without.p50,
            call_floor,
        ),
        told("the same, p99", "ns", without.p99, Some(("a virtual call", &call.p99[..]))),
        at_most("place to entry into the library, with journal, p50", (3_000.0, "ns"), with.p50, write_floor),
        told("the same, p99", "ns", with.p99, Some(("one write(2) of as many bytes", &write.p99[..]))),
    ])
}

/// Writes as an order does, into a file that was written before, and returns the nanoseconds of one write.
fn bare_writes(folder: &Path) -> Result<(f64, f64)> {
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
    Ok((percentile(&mut samples, 50), percentile(&mut samples, 99)))
}

pub(super) fn tick(folder: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let runtime = runtime()?;
    let dir = tempfile::tempdir()?;
    let mut td =
        runtime.block_on(Session::start(&counter::library(folder), dir.path(), JournalConfig::off()))?;
    let (mut all, mut inline) = (Kind::default(), Kind::default());
    let mut call = Vec::new();
    for _ in 0..rounds {
        for (kind, from_callback) in [(&mut all, true), (&mut inline, false)] {
            let md = runtime.block_on(front::Session::start(&front::library(folder), 1 << 14))?;
            let mut ticks = md.client.ticks();
            let mut front = md.front;
            let running = std::thread::spawn(move || front.run(front::What::Run, TICKS.0, TICKS.1));
            let (begun, mut placed) = (Instant::now(), 0);
            while placed < TICKS.0 as usize {
                let Some(tick) = ticks.try_next() else {
                    ensure!(begun.elapsed() < PATIENCE, "not every tick came");
                    std::hint::spin_loop();
                    continue;
                };
                let start = if from_callback { tick.record.pre_delta } else { monotonic_ns() as f64 };
                td.client.place_now(&order(start))?;
                placed += 1;
            }
            running.join().map_err(|_| anyhow::anyhow!("the front failed"))??;
            runtime.block_on(md.client.close())?;
            let taken = td.take(placed)?;
            kind.p50.push(taken.p50);
            kind.p99.push(taken.p99);
        }
        call.push(td.tell("bare 10000")?.p50);
    }
    runtime.block_on(td.client.close())?;
    let floor = Some(("a virtual call", &call[..]));
    Ok(vec![
        at_most("tick in hand to order in the library, same thread, p50", (2_000.0, "ns"), inline.p50, floor),
        told("the same, p99", "ns", inline.p99, None),
        told(
            "tick's callback to order in the library, busy-polling thread between, p50",
            "ns",
            all.p50,
            None,
        ),
        told("the same, p99", "ns", all.p99, None),
    ])
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
        sessions.push((session, handles, Vec::new()));
    }
    for _ in 0..rounds {
        for (session, handles, figures) in &mut sessions {
            let mut events = session.client.events();
            let start = Instant::now();
            session.tell(&format!("push {EVENTS} {}", handles.len()))?;
            runtime.block_on(async {
                for _ in 0..EVENTS {
                    tokio::time::timeout(PATIENCE, events.next()).await.context("an event is missing")?;
                }
                anyhow::Ok(())
            })?;
            figures.push(start.elapsed().as_nanos() as f64 / EVENTS as f64);
        }
    }
    let mut figures = Vec::new();
    for (session, handles, own) in sessions {
        drop(handles);
        runtime.block_on(session.client.close())?;
        figures.push(own);
    }
    let [few, many] = <[Vec<f64>; 2]>::try_from(figures).map_err(|_| anyhow::anyhow!("two kinds"))?;
    let times = ratios(&many, &few);
    Ok(vec![
        told("an event of an order, 10,000 orders open", "ns", many, Some(("10 orders open", &few[..]))),
        at_most("the same, times the event with 10 orders open", (1.1, "×"), times, None),
    ])
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
