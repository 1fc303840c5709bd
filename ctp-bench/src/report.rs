//! What was measured, as a table for people and as JSON.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::rounds::Rounds;

/// Which side of its limit a figure shall be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Promise {
    /// Small is good: times, memory.
    AtMost,
    /// Great is good: rates.
    AtLeast,
    /// Nothing is promised; the figure is told.
    Told,
}

/// One promise and what was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// What is measured.
    pub(crate) name: String,
    /// Unit of all figures.
    pub(crate) unit: &'static str,
    /// What was promised.
    pub(crate) limit: f64,
    /// On which side of it.
    pub(crate) promise: Promise,
    /// The rounds.
    pub(crate) rounds: Rounds,
    /// What cannot be avoided, and its rounds.
    pub(crate) floor: Option<(&'static str, Rounds)>,
}

impl Figure {
    /// Returns whether the median keeps the promise.
    pub(crate) fn is_met(&self) -> bool {
        match self.promise {
            Promise::AtMost => self.rounds.median() <= self.limit,
            Promise::AtLeast => self.rounds.median() >= self.limit,
            Promise::Told => true,
        }
    }

    fn row(&self) -> String {
        let (least, most) = self.rounds.range();
        let median = self.rounds.median();
        let floor = self.floor.as_ref().map_or_else(String::new, |(what, rounds)| {
            format!(
                "{} {} ({what}), ratio {:.1}",
                shown(rounds.median()),
                self.unit,
                match self.promise {
                    Promise::AtMost | Promise::Told => median / rounds.median(),
                    Promise::AtLeast => rounds.median() / median,
                }
            )
        });
        format!(
            "| {} | {} | {} {} | {} – {} | {} | {} |",
            self.name,
            match self.promise {
                Promise::AtMost => format!("≤ {} {}", shown(self.limit), self.unit),
                Promise::AtLeast => format!("≥ {} {}", shown(self.limit), self.unit),
                Promise::Told => "–".to_owned(),
            },
            shown(median),
            self.unit,
            shown(least),
            shown(most),
            match self.promise {
                Promise::Told => "",
                _ if self.is_met() => "met",
                _ => "**missed**",
            },
            floor
        )
    }
}

/// Three digits are all that a round is worth.
fn shown(figure: f64) -> String {
    match figure {
        figure if figure >= 10_000.0 => format!("{:.0} k", figure / 1_000.0),
        figure if figure >= 100.0 => format!("{figure:.0}"),
        figure if figure >= 10.0 => format!("{figure:.1}"),
        figure if figure >= 1.0 => format!("{figure:.2}"),
        0.0 => "0".to_owned(),
        figure => format!("{figure:.3}"),
    }
}

/// Returns the table.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut text = "| figure | promised | median | range | | floor |\n|---|---|---|---|---|---|\n".to_owned();
    for figure in figures {
        let _ = writeln!(text, "{}", figure.row());
    }
    text
}

/// Writes the figures as JSON.
pub(crate) fn write(path: &Path, figures: &[Figure]) -> Result<()> {
    let folder = path.parent().context("the report has no folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let text = serde_json::to_string_pretty(figures)?;
    fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_met_by_the_median() {
        let figure = |limit| Figure {
            name: "parse".into(),
            unit: "s",
            limit,
            promise: Promise::AtMost,
            rounds: Rounds::new(vec![0.2, 0.1, 9.0]),
            floor: Some(("libclang alone", Rounds::new(vec![0.1]))),
        };
        assert!(figure(0.2).is_met());
        let rate = Figure { promise: Promise::AtLeast, limit: 15_000.0, unit: "/s", ..figure(0.0) };
        let rate = Figure { rounds: Rounds::new(vec![20_000.0]), ..rate };
        assert!(rate.is_met() && !Figure { limit: 20_001.0, ..rate }.is_met());
        assert!(Figure { promise: Promise::Told, ..figure(0.0) }.is_met());
        assert_eq!(
            figure(0.15).row(),
            "| parse | ≤ 0.150 s | 0.200 s | 0.100 – 9.00 | **missed** | 0.100 s (libclang alone), ratio 2.0 |"
        );
    }
}
