//! The ring alone: what publishing costs with one reader and with a thousand.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Result, anyhow};
use ctp_ring::{Reader, Writer};

use super::{at_most, monotonic_ns, percentile, ratios};
use crate::report::Figure;

/// As many words as the gateway's ticks have.
const WORDS: usize = 69;
type Words = [u64; WORDS];
const SLOTS: usize = 1 << 14;
/// Values between two looks at the clock, which takes as long as one of them.
const BATCH: usize = 16;
const SAMPLES: usize = 20_000;
/// Between two batches, so that readers are not simply left behind.
const PAUSE_NS: i64 = 4_000;

pub(super) fn figures(rounds: usize) -> Result<Vec<Figure>> {
    let (mut one, mut many, mut floor) = (vec![], vec![], vec![]);
    for _ in 0..rounds {
        floor.push(copying());
        one.push(publishing(1)?);
        many.push(publishing(1_000)?);
    }
    let copy = Some(("copying the same words", &floor[..]));
    Ok(vec![
        at_most("ring: publish with 1 reader", (50.0, "ns"), one.clone(), copy),
        at_most("ring: publish with 1,000 readers", (50.0, "ns"), many.clone(), copy),
        at_most("ring: publish with 1,000 readers, times that with 1", (1.3, "×"), ratios(&many, &one), None),
    ])
}

/// Returns the median nanoseconds of a publish while a thread reads with so many readers.
fn publishing(readers: usize) -> Result<f64> {
    let (mut writer, reader) = ctp_ring::ring::<Words>(SLOTS);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let reading = thread::spawn(move || {
        let mut readers: Vec<Reader<Words>> = (0..readers).map(|_| reader.clone()).collect();
        while !stopped.load(Ordering::Relaxed) {
            for reader in &mut readers {
                while let Ok(words) = reader.try_next() {
                    black_box(&words);
                }
            }
            std::hint::spin_loop();
        }
    });
    let median = median(|words| writer_step(&mut writer, words));
    stop.store(true, Ordering::Relaxed);
    reading.join().map_err(|_| anyhow!("a reader failed"))?;
    Ok(median)
}

fn writer_step(writer: &mut Writer<Words>, words: &Words) {
    writer.publish(words);
}

/// Returns the median nanoseconds of copying the words into as much memory.
fn copying() -> f64 {
    let mut slots = vec![[0; WORDS]; SLOTS];
    let mut at = 0;
    median(|words| {
        slots[at % SLOTS] = *black_box(words);
        at += 1;
    })
}

fn median(mut step: impl FnMut(&Words)) -> f64 {
    let mut words = [7; WORDS];
    let mut samples = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let start = monotonic_ns();
        for _ in 0..BATCH {
            words[0] += 1;
            step(black_box(&words));
        }
        let end = monotonic_ns();
        samples.push((end - start) as f64 / BATCH as f64);
        while monotonic_ns() - end < PAUSE_NS {}
    }
    percentile(&mut samples, 50)
}
