//! A whole trading day as fast as possible.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use ctp_sim_host::day::{self, DayOptions};

use crate::report::{Figure, Promise};
use crate::rounds::Rounds;

/// What the figure is called.
pub(crate) const NAME: &str = "trading day of 500 instruments, as fast as possible";

/// Measures days that are the same.
pub(crate) fn figure(rounds: usize) -> Result<Figure> {
    let options = DayOptions {
        date: "2026-11-23".parse().context("a date")?,
        seed: 1,
        instruments: 500,
        orders_per_second: 1,
        journal: false,
        settings: Vec::new(),
    };
    let mut seconds = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        let report = day::run(&options)?;
        ensure!(report.ticks > 1_000_000 && report.trades > 1_000, "that was no trading day: {report:?}");
        seconds.push(start.elapsed().as_secs_f64());
    }
    Ok(Figure {
        name: NAME.to_owned(),
        unit: "s",
        limit: 30.0,
        promise: Promise::AtMost,
        rounds: Rounds::new(seconds),
        floor: None,
    })
}
