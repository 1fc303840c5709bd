//! What this machine cannot do faster: a cache line that goes from core to core, a thread that is woken.

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread;

use anyhow::{Result, anyhow};

use super::{monotonic_ns, percentile};

const TURNS: u64 = 200_000;

/// A word that has its cache line for itself.
#[repr(align(128))]
struct Line(AtomicU64);

/// Returns the nanoseconds that a cache line takes from one core to another.
pub(super) fn ping_pong() -> Result<f64> {
    let lines = Arc::new([Line(AtomicU64::new(0)), Line(AtomicU64::new(0))]);
    let theirs = Arc::clone(&lines);
    let other = thread::spawn(move || {
        for turn in 1..=TURNS {
            while theirs[0].0.load(Ordering::Acquire) != turn {
                spin_loop();
            }
            theirs[1].0.store(turn, Ordering::Release);
        }
    });
    let mut samples = Vec::with_capacity(TURNS as usize / 100);
    let mut start = monotonic_ns();
    for turn in 1..=TURNS {
        lines[0].0.store(turn, Ordering::Release);
        while lines[1].0.load(Ordering::Acquire) != turn {
            spin_loop();
        }
        // A hundred turns a sample: another process that takes a core away spoils one of them.
        if turn % 100 == 0 {
            let now = monotonic_ns();
            samples.push((now - start) as f64 / 200.0);
            start = now;
        }
    }
    other.join().map_err(|_| anyhow!("the other side failed"))?;
    Ok(percentile(&mut samples, 50))
}

/// Returns the microseconds of each time from before `unpark` until the parked thread runs, one every `interval_ns`.
pub(crate) fn unpark(count: usize, interval_ns: i64) -> Result<Vec<f64>> {
    let stamp = Arc::new(AtomicI64::new(0));
    let theirs = Arc::clone(&stamp);
    let sleeper = thread::spawn(move || {
        let mut samples = Vec::with_capacity(count);
        while samples.len() < count {
            let sent = theirs.swap(0, Ordering::Acquire);
            match sent {
                0 => thread::park(),
                sent => samples.push((monotonic_ns() - sent) as f64 / 1e3),
            }
        }
        samples
    });
    let mut due = monotonic_ns();
    while !sleeper.is_finished() {
        due += interval_ns;
        let mut now = monotonic_ns();
        while now < due {
            now = monotonic_ns();
        }
        stamp.store(now, Ordering::Release);
        sleeper.thread().unpark();
    }
    sleeper.join().map_err(|_| anyhow!("the sleeper failed"))
}
