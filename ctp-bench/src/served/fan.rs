//! Many clients with many instruments, one of which does not read: nobody waits for another.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use ctp_sim::Delivery;
use ctp_sim_host::wire::{Frame, Role};
use ctp_types::{DepthMarketDataField, MdCallback, Record as _, Text};

use super::peer::Peer;
use super::percentile;
use super::server::Served;
use crate::report::{Figure, Promise};
use crate::rounds::Rounds;

const CLIENTS: usize = 100;
const INSTRUMENTS: usize = 500;
/// How long a round takes, in seconds: two ticks of each instrument in each.
const SECONDS: u64 = 5;

/// When each tick came.
type Seen = Vec<(u64, Instant)>;

/// Measures by how much a client gets a tick later than the first one that gets it.
pub(super) fn figures(ctp: &Path, rounds: usize) -> Result<Vec<Figure>> {
    // A tick comes where something changed only: at this interval, twice a second of each instrument on average.
    let served = Served::start(ctp, &["--set", "tick_interval=250ms"])?;
    let ids = Peer::log_in(served.address, Role::Trader, "bench")?.futures(INSTRUMENTS)?;
    let ids: Vec<_> = ids.into_iter().map(|(id, _)| id).collect();
    ensure!(ids.len() == INSTRUMENTS, "only {} futures are listed", ids.len());
    let ids = Arc::new(ids);
    // It is told everything and reads nothing.
    let mut stalled = Peer::log_in(served.address, Role::Md, "bench")?;
    stalled.subscribe(&ids)?;
    let (mut worst, mut middle, mut floor, mut ticks) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rounds {
        let seen = round(served.address, &ids)?;
        let least = seen.iter().map(Vec::len).min().unwrap_or_default();
        ticks.push(least as f64 / SECONDS as f64);
        let mut late = lateness(&seen);
        worst.push(late.pop().context("no client")?);
        middle.push(percentile(&mut late, 50));
        floor.push(bare()?);
    }
    Ok(vec![
        Figure {
            name: format!(
                "served: {CLIENTS} clients × {INSTRUMENTS} instruments and one that does not read; ticks a second of \
                 the client with the fewest"
            ),
            unit: "/s",
            limit: 2.0 * INSTRUMENTS as f64 * 0.95,
            promise: Promise::AtLeast,
            rounds: Rounds::new(ticks),
            floor: None,
        },
        Figure {
            name: "served: the same; behind the first client that gets a tick, p99 of the client that waits most"
                .to_owned(),
            unit: "ms",
            limit: 50.0,
            promise: Promise::AtMost,
            rounds: Rounds::new(worst),
            floor: Some(("a loop that writes the same bytes to as many", Rounds::new(floor))),
        },
        Figure {
            name: "served: the same; p99 of the client in the middle".to_owned(),
            unit: "ms",
            limit: 50.0,
            promise: Promise::AtMost,
            rounds: Rounds::new(middle),
            floor: None,
        },
    ])
}

fn round(address: SocketAddr, ids: &Arc<Vec<Text<81>>>) -> Result<Vec<Seen>> {
    let ready = Arc::new(Barrier::new(CLIENTS));
    let clients = (0..CLIENTS).map(|_| {
        let (ids, ready) = (Arc::clone(ids), Arc::clone(&ready));
        thread::spawn(move || -> Result<Seen> {
            let entered = Peer::log_in(address, Role::Md, "bench");
            ready.wait();
            let mut peer = entered?;
            peer.subscribe(&ids)?;
            // The first ticks come at once, whatever the time.
            let begin = Instant::now() + Duration::from_secs(1);
            let end = begin + Duration::from_secs(SECONDS);
            let mut seen = Vec::new();
            loop {
                let Frame::Delivery(Delivery::Md {
                    callback: MdCallback::OnRtnDepthMarketData,
                    record: Some(record),
                    ..
                }) = peer.next()?
                else {
                    continue;
                };
                let now = Instant::now();
                if now >= end {
                    return Ok(seen);
                }
                let tick = record.get::<DepthMarketDataField>().context("another record")?;
                if now >= begin {
                    seen.push((name(tick), now));
                }
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    clients.into_iter().map(|client| client.join().map_err(|_| anyhow!("a client failed"))?).collect()
}

/// Tells ticks apart.
fn name(tick: &DepthMarketDataField) -> u64 {
    let mut hasher = DefaultHasher::new();
    // Some exchanges give no milliseconds.
    let prices = [tick.last_price, tick.bid_price1, tick.ask_price1, tick.open_interest].map(f64::to_bits);
    let volumes = [tick.volume, tick.bid_volume1, tick.ask_volume1, tick.update_millisec];
    (tick.instrument_id, tick.update_time, prices, volumes).hash(&mut hasher);
    hasher.finish()
}

/// Returns the p99 of each client's milliseconds behind the first, the worst last.
fn lateness(seen: &[Seen]) -> Vec<f64> {
    let mut first: HashMap<u64, Instant> = HashMap::new();
    for (tick, at) in seen.iter().flatten() {
        first.entry(*tick).and_modify(|first| *first = (*first).min(*at)).or_insert(*at);
    }
    let mut late: Vec<f64> = seen
        .iter()
        .map(|seen| {
            let behind = seen.iter().filter_map(|(tick, at)| Some(at.duration_since(*first.get(tick)?)));
            let mut behind: Vec<f64> = behind.map(|behind| behind.as_secs_f64() * 1e3).collect();
            percentile(&mut behind, 99)
        })
        .collect();
    late.sort_by(f64::total_cmp);
    late
}

/// Writes what a round of ticks takes to as many readers, one after the other; returns the milliseconds between the
/// first and the last that has it all.
fn bare() -> Result<f64> {
    let bytes = INSTRUMENTS * (DepthMarketDataField::DESCRIPTOR.size + 12);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut writers = Vec::new();
    let mut readers = Vec::new();
    for _ in 0..CLIENTS {
        let mut stream = TcpStream::connect(address)?;
        writers.push(listener.accept()?.0);
        readers.push(thread::spawn(move || -> Result<Instant> {
            let mut buffer = vec![0; bytes];
            stream.read_exact(&mut buffer)?;
            Ok(Instant::now())
        }));
    }
    let batch = vec![0; bytes];
    for writer in &mut writers {
        writer.write_all(&batch)?;
    }
    let ends = readers.into_iter().map(|reader| reader.join().map_err(|_| anyhow!("a reader failed"))?);
    let ends = ends.collect::<Result<Vec<_>>>()?;
    let (first, last) = (ends.iter().min().context("no reader")?, ends.iter().max().context("no reader")?);
    Ok(last.duration_since(*first).as_secs_f64() * 1e3)
}
