//! What an order costs on its way to the library, with and without journal, and what a journal costs at the start.
//!
//! The library is compiled here against the vendor's headers (`orders/trader.cpp`) and loaded as any other, so every
//! figure has the session, the adapter and the vendor's virtual method in it.

mod counter;
mod figures;

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use crate::gateway::{again, front};
use crate::report;
use crate::root;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Rounds of every figure.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only the figures whose group contains this: place, tick, open, recovery.
    #[arg(long)]
    only: Option<String>,
    /// The folder of the compiled libraries; set by the bench when it runs itself.
    #[arg(long, hide = true)]
    library: Option<PathBuf>,
}

/// Measures, prints the table, and writes `target/bench/orders.json`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!(arguments.rounds > 0, "no figure without a round; give --rounds 1 or more");
    let Some(folder) = &arguments.library else {
        let folder = tempfile::tempdir().context("cannot make a folder")?;
        front::compile(folder.path())?;
        counter::compile(folder.path())?;
        let mut command = again("orders", folder.path())?;
        command.args(["--rounds", &arguments.rounds.to_string()]);
        if let Some(only) = &arguments.only {
            command.args(["--only", only]);
        }
        let status = command.status().context("cannot run the bench again")?;
        ensure!(status.success(), "the bench failed with {status}");
        return Ok(());
    };
    let wanted = |group: &str| arguments.only.as_ref().is_none_or(|only| group.contains(only));
    let rounds = arguments.rounds;
    let mut all = Vec::new();
    if wanted("place") {
        all.extend(figures::place(folder, rounds)?);
    }
    if wanted("tick") {
        all.extend(figures::tick(folder, rounds)?);
    }
    if wanted("open") {
        all.extend(figures::open(folder, rounds)?);
    }
    if wanted("recovery") {
        all.extend(figures::recovery(folder, rounds)?);
    }
    print!("{}", report::table(&all));
    report::write(&root().join("target/bench/orders.json"), &all)
}
