//! `cargo xtask demo`: market data and trading, in Rust and Python, on the simulator.

use anyhow::Result;

use crate::{paths, shell, sim, wheel};

/// Sets everything up and runs the four demos, one after another.
pub(crate) fn run() -> Result<()> {
    sim::run(&sim::Arguments::default())?;
    shell::run(shell::cargo().args(["build", "--release", "--package", "demo", "--bins"]))?;
    for name in ["md_demo", "td_demo"] {
        heading(&format!("{name}, in Rust"));
        shell::run(shell::cargo().args(["run", "--quiet", "--release", "--package", "demo", "--bin", name]))?;
    }
    let environment = wheel::install()?;
    for name in ["md_demo", "td_demo"] {
        heading(&format!("{name}, in Python"));
        let script = format!("demo/{name}.py");
        shell::run(environment.python().current_dir(paths::root()).arg(script))?;
    }
    Ok(())
}

fn heading(text: &str) {
    println!("\n=== {text}");
}
