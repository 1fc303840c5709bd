//! What a tick costs CTP's thread: time, allocations, system calls.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Result, anyhow};

use super::front::{Front, Run, Session, What};
use super::{at_most, told};
use crate::report::Figure;

const TICKS: u64 = 200_000;
/// 50,000 ticks a second: more than all of China's exchanges together send.
const INTERVAL_NS: u64 = 20_000;
const CAPACITY: usize = 1 << 14;

pub(super) fn figures(library: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut session = runtime.block_on(Session::start(library, CAPACITY))?;
    let (mut own, mut watched, mut flat_out, mut bare) = (vec![], vec![], vec![], vec![]);
    for _ in 0..rounds {
        bare.push(session.front.run(What::Bare, TICKS, INTERVAL_NS)?);
        own.push(awake(&mut session, |front| front.run(What::Run, TICKS, INTERVAL_NS))?);
        watched.push(awake(&mut session, |front| front.run(What::Watch, TICKS, INTERVAL_NS))?);
        flat_out.push(awake(&mut session, |front| front.run(What::Run, 4 * TICKS, 0))?);
    }
    runtime.block_on(session.client.close())?;
    let of = |runs: &[Run], value: fn(&Run) -> f64| runs.iter().map(value).collect::<Vec<_>>();
    let floor = of(&bare, |run| run.p50);
    let floor_p99 = of(&bare, |run| run.p99);
    let what = "the time and a copy in C++";
    Ok(vec![
        at_most("CTP's thread per tick, p50", (150.0, "ns"), of(&own, |run| run.p50), Some((what, &floor))),
        told("CTP's thread per tick, p99", "ns", of(&own, |run| run.p99), Some((what, &floor_p99))),
        told("CTP's thread per tick, p50, back to back", "ns", of(&flat_out, |run| run.p50), None),
        at_most("CTP's thread: allocations", (0.0, ""), of(&own, |run| run.allocations), None),
        at_most(
            "CTP's thread: callbacks with a system call",
            (0.0, ""),
            of(&watched, |run| run.entered),
            None,
        ),
    ])
}

/// Runs while a consumer is awake: a thread that asks for ticks all the time.
pub(super) fn awake<T>(session: &mut Session, run: impl FnOnce(&mut Front) -> Result<T>) -> Result<T> {
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, mut ticks) = (Arc::clone(&stop), session.client.ticks());
    let consumer = thread::spawn(move || {
        while !stopped.load(Ordering::Relaxed) {
            while let Some(tick) = ticks.try_next() {
                std::hint::black_box(&tick);
            }
            std::hint::spin_loop();
        }
    });
    let done = run(&mut session.front);
    stop.store(true, Ordering::Relaxed);
    consumer.join().map_err(|_| anyhow!("the consumer failed"))?;
    done
}
