//! Rounds of a measurement.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use wait4::Wait4 as _;

/// What one run of a process cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// From start to end.
    pub(crate) wall: Duration,
    /// The most memory it held, in KiB.
    pub(crate) peak_kib: u64,
}

/// Runs `command` to its end; its output is thrown away.
pub(crate) fn cost(command: &mut Command) -> Result<Cost> {
    let line = format!("{command:?}");
    let start = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {line}"))?;
    let used = child.wait4()?;
    let wall = start.elapsed();
    if !used.status.success() {
        bail!("failed with {}: {line}", used.status);
    }
    Ok(Cost { wall, peak_kib: used.rusage.maxrss / KIB })
}

/// The kernel counts in KiB, the crate in bytes.
const KIB: u64 = 1024;

/// The rounds of one figure, in its unit.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Rounds(Vec<f64>);

impl Rounds {
    /// Takes the figures of all rounds.
    pub(crate) fn new(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        Self(figures)
    }

    /// Returns the middle figure; of an even number, the greater of the two.
    pub(crate) fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// Returns the least and the greatest figure.
    pub(crate) fn range(&self) -> (f64, f64) {
        (self.0.first().copied().unwrap_or(f64::NAN), self.0.last().copied().unwrap_or(f64::NAN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_the_sorted_rounds() {
        let rounds = Rounds::new(vec![5.0, 1.0, 3.0, 2.0, 4.0]);
        assert_eq!((rounds.median(), rounds.range()), (3.0, (1.0, 5.0)));
        assert!(Rounds::new(Vec::new()).median().is_nan());
    }

    #[test]
    fn a_process_is_measured_and_its_failure_told() {
        let cost = cost(&mut Command::new("true")).expect("true succeeds");
        assert!(cost.peak_kib > 0);
        let error = super::cost(&mut Command::new("false")).expect_err("false fails");
        assert!(error.to_string().starts_with("failed with"), "{error}");
    }
}
