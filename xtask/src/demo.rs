//! `cargo xtask demo`: market data and trading, in Rust and Python, on the simulator.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{paths, shell, sim, wheel};

/// Sets everything up and runs the demos, one after another.
pub(crate) fn run() -> Result<()> {
    sim::run(&sim::Arguments::default())?;
    shell::run(shell::cargo().args(["build", "--release", "--package", "demo", "--bins"]))?;
    for name in ["md_demo", "td_demo"] {
        heading(&format!("{name}, in Rust"));
        shell::run(shell::cargo().args(["run", "--quiet", "--release", "--package", "demo", "--bin", name]))?;
    }
    let environment = wheel::install()?;
    for name in wheel::demos()? {
        heading(&format!("{name}, in Python"));
        // What a demo writes goes there.
        let folder = paths::target().join("demo");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let script = paths::root().join("demo").join(&name);
        shell::run(environment.python().current_dir(folder).arg(script))?;
    }
    Ok(())
}

fn heading(text: &str) {
    println!("\n=== {text}");
}
