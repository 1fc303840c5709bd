//! How many ticks a second one consumer gets.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Result, anyhow};

use super::front::{Session, What};
use super::told;
use crate::report::{Figure, Promise};
use crate::rounds::Rounds;

const TICKS: u64 = 4_000_000;
const CAPACITY: usize = 1 << 16;
/// 2,000,000 a second.
const PROMISED_NS: u64 = 500;

pub(super) fn figures(library: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut session = runtime.block_on(Session::start(library, CAPACITY))?;
    let (mut rates, mut lost, mut lost_paced, mut floor) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rounds {
        let bare = session.front.run(What::Bare, TICKS, 0)?;
        floor.push(TICKS as f64 / bare.seconds);
        let (rate, dropped) = round(&mut session, 0)?;
        rates.push(rate);
        lost.push(dropped);
        lost_paced.push(round(&mut session, PROMISED_NS)?.1);
    }
    runtime.block_on(session.client.close())?;
    Ok(vec![
        Figure {
            name: "ticks to one consumer, back to back".to_owned(),
            unit: "/s",
            limit: 2_000_000.0,
            promise: Promise::AtLeast,
            rounds: Rounds::new(rates),
            floor: Some(("the library to an SPI that copies", Rounds::new(floor))),
        },
        told(format!("of {TICKS} back to back, lost by the consumer and counted"), "", lost, None),
        told(
            format!("of {TICKS} at 2,000,000 a second, lost by the consumer and counted"),
            "",
            lost_paced,
            None,
        ),
    ])
}

/// Returns how many ticks a second came, and how many were lost.
fn round(session: &mut Session, interval_ns: u64) -> Result<(f64, f64)> {
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, mut ticks) = (Arc::clone(&stop), session.client.ticks());
    let consumer = thread::spawn(move || {
        let mut count = 0_u64;
        loop {
            // Before the last look, so that nothing published before the stop is missed.
            let is_last = stopped.load(Ordering::Acquire);
            while let Some(tick) = ticks.try_next() {
                std::hint::black_box(&tick);
                count += 1;
            }
            if is_last {
                return (count, ticks.dropped());
            }
        }
    });
    let done = session.front.run(What::Run, TICKS, interval_ns);
    stop.store(true, Ordering::Release);
    let (count, dropped) = consumer.join().map_err(|_| anyhow!("the consumer failed"))?;
    Ok((count as f64 / done?.seconds, dropped as f64))
}
