//! `cargo xtask conformance`: every scenario through every client that we did not write and that installs here.
//!
//! The work is done by the test binary `tests/conformance`, which knows the scenario runner; this puts in place what it
//! needs. docs/conformance.md says how to read what comes out.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::{foreign, paths, shell, sim};

/// The page that `--write` writes.
const PAGE: &str = "docs/conformance-table.md";

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A client, for example openctp-ctp; may be repeated. All that are pinned when none is given.
    #[arg(long = "client", value_name = "NAME")]
    clients: Vec<String>,
    /// How many run at a time; as many as the machine has cores when not given.
    #[arg(long)]
    jobs: Option<usize>,
    /// Write docs/conformance-table.md as well.
    #[arg(long, conflicts_with_all = ["filters", "clients"])]
    write: bool,
    /// Parts of the names of scenarios; all scenarios when none is given.
    filters: Vec<String>,
}

/// Prints the table; fails when something is not as `tests/conformance/reasons.toml` says.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    sim::run(&sim::Arguments::default())?;
    let names = match arguments.clients.as_slice() {
        [] => foreign::names()?,
        clients => clients.to_vec(),
    };
    let mut command = shell::cargo();
    command.args(["test", "--package", "ctp", "--test", "conformance", "--", "table"]);
    let mut missing = Vec::new();
    for name in &names {
        match foreign::environment(name) {
            Ok(environment) => {
                let python = environment.program("python");
                command.arg("--client").arg(format!("{name}={}", python.display()));
            }
            Err(error) => {
                eprintln!("{name} does not install here: {error:#}");
                missing.push(name.as_str());
            }
        }
    }
    ensure!(missing.len() < names.len(), "no client installs here: {}", missing.join(", "));
    if arguments.write {
        ensure!(missing.is_empty(), "the page is of all clients, without {}", missing.join(", "));
        command.arg("--write").arg(paths::root().join(Path::new(PAGE)));
    }
    if let Some(jobs) = arguments.jobs {
        command.arg("--jobs").arg(jobs.to_string());
    }
    shell::run(command.args(&arguments.filters))
}

/// Installs what the tests of conformance run: clients that come as wheels.
pub(crate) fn wheels() -> Result<()> {
    ["openctp-ctp", "ctp-python"].into_iter().try_for_each(|name| foreign::environment(name).map(drop))
}
