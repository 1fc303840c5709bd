//! What a build costs: after one model changed, and from nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::report::{Figure, Promise};
use crate::root;
use crate::rounds::{Rounds, cost};

/// The model that is changed: not the current one, as on most days.
const MODEL: &str = "ctp-gen/api/se-6.3.15.json";
/// Two callbacks of it that change places, which moves their slots.
const CALLBACKS: [&str; 2] = ["OnRspParkedOrderInsert", "OnRspParkedOrderAction"];

/// Measures builds of a clone of the work tree's last commit, in target folders of their own.
pub(crate) fn figures(rounds: usize) -> Result<[Figure; 2]> {
    let work = root().join("target/bench");
    let clone = work.join("clone");
    if clone.exists() {
        fs::remove_dir_all(&clone).with_context(|| format!("cannot remove {}", clone.display()))?;
    }
    cost(Command::new("git").args(["clone", "--quiet", "--local"]).arg(root()).arg(&clone))?;
    Ok([incremental(&clone, &work.join("build"), rounds)?, clean(&clone, &work.join("clean"), rounds)?])
}

fn cargo(clone: &Path, target: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(words).current_dir(clone).env("CARGO_TARGET_DIR", target);
    command
}

/// Every round changes the model's text, so the adapter and everything above it is built anew.
fn incremental(clone: &Path, target: &Path, rounds: usize) -> Result<Figure> {
    let model = clone.join(MODEL);
    let text = fs::read_to_string(&model).with_context(|| format!("cannot read {}", model.display()))?;
    let changed = swapped(&text).context("the callbacks are not in the model")?;
    ensure!(changed != text, "{MODEL} is as it was");
    let build = || cost(&mut cargo(clone, target, &["build", "--workspace", "--quiet"]));
    build()?;
    let mut seconds = Vec::new();
    for round in 0..rounds {
        fs::write(&model, if round % 2 == 0 { &changed } else { &text })?;
        seconds.push(build()?.wall.as_secs_f64());
    }
    fs::write(&model, &text)?;
    Ok(Figure {
        name: "build of the workspace after one model changed".to_owned(),
        unit: "s",
        limit: 60.0,
        promise: Promise::AtMost,
        rounds: Rounds::new(seconds),
        floor: None,
    })
}

/// Changes the names of two callbacks with the same parameters' kinds: their slots change places.
fn swapped(text: &str) -> Option<String> {
    let [a, b] = CALLBACKS.map(|name| format!("\"name\": \"{name}\""));
    (text.contains(&a) && text.contains(&b))
        .then(|| text.replace(&a, "\u{0}").replace(&b, &a).replace('\u{0}', &b))
}

/// A release build of ctp-sys with all adapters, from nothing but fetched crates.
fn clean(clone: &Path, target: &Path, rounds: usize) -> Result<Figure> {
    let mut seconds = Vec::new();
    for _ in 0..rounds {
        if target.exists() {
            fs::remove_dir_all(target).with_context(|| format!("cannot remove {}", target.display()))?;
        }
        let build = cost(&mut cargo(clone, target, &["build", "--release", "--quiet", "-p", "ctp-sys"]))?;
        seconds.push(build.wall.as_secs_f64());
    }
    Ok(Figure {
        name: "clean release build of ctp-sys, all adapters".to_owned(),
        unit: "s",
        limit: 240.0,
        promise: Promise::AtMost,
        rounds: Rounds::new(seconds),
        floor: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_changed_model_is_a_model_with_two_slots_changed() {
        let text = fs::read_to_string(root().join(MODEL)).expect("the model");
        let changed = swapped(&text).expect("both callbacks");
        assert_eq!(changed.len(), text.len());
        let differing = text.lines().zip(changed.lines()).filter(|(before, after)| before != after).count();
        assert_eq!(differing, 2);
    }
}
