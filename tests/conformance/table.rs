//! The whole table: every client that is given × every file.

mod page;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use ctp_sim_host::scenario::Scenario;

use crate::{
    foreign::{Foreign, Hello, PACKAGES, Package, Places},
    outcome::{self, Outcome, Verdict},
    reasons::Reasons,
};

/// What to run.
#[derive(clap::Parser, Debug)]
#[command(name = "cargo xtask conformance")]
pub(crate) struct Options {
    /// A client and the Python that it is installed for; may be repeated.
    #[arg(long = "client", value_name = "NAME=PYTHON", required = true, value_parser = client)]
    clients: Vec<(Package, PathBuf)>,
    /// How many run at a time; as many as the machine has cores when not given.
    #[arg(long)]
    jobs: Option<usize>,
    /// Where to write the table as Markdown; only of all files.
    #[arg(long, conflicts_with = "filters")]
    write: Option<PathBuf>,
    /// Parts of file names; all files when none is given.
    filters: Vec<String>,
}

fn client(text: &str) -> Result<(Package, PathBuf), String> {
    let (name, python) = text.split_once('=').ok_or("write NAME=PYTHON")?;
    let known = PACKAGES.iter().find(|package| package.name == name).ok_or_else(|| {
        let names: Vec<_> = PACKAGES.iter().map(|package| package.name).collect();
        format!("client {name:?} is not known; known: {}", names.join(", "))
    })?;
    Ok((*known, python.into()))
}

/// A client that runs.
pub(crate) struct Column {
    package: Package,
    places: Places,
    hello: Hello,
}

/// Everything that ran.
pub(crate) struct Table {
    columns: Vec<Column>,
    files: Vec<String>,
    reasons: Reasons,
    /// By client and file.
    outcomes: BTreeMap<(usize, usize), Outcome>,
}

impl Table {
    fn outcome(&self, column: usize, file: usize) -> Option<&Outcome> {
        self.outcomes.get(&(column, file))
    }

    fn count(&self, column: usize, verdict: Verdict) -> usize {
        let of_column = self.outcomes.iter().filter(|((of, _), _)| *of == column);
        of_column.filter(|(_, outcome)| outcome.verdict == verdict).count()
    }

    fn rows(&self, column: usize) -> usize {
        let of_column = self.outcomes.iter().filter(|((of, _), _)| *of == column);
        of_column.map(|(_, outcome)| outcome.rows).sum()
    }

    /// Returns what is not as `reasons.toml` says.
    fn surprises(&self) -> Vec<String> {
        let mut surprises = Vec::new();
        for ((column, file), outcome) in &self.outcomes {
            let (client, file) = (self.columns[*column].package.name, &self.files[*file]);
            let expected = self.reasons.expected(client, file);
            if outcome.verdict != Verdict::OtherVersion && outcome.verdict != expected {
                surprises.push(format!(
                    "{client} {file}: {}, expected {}",
                    outcome.verdict.text(),
                    expected.text()
                ));
            }
        }
        surprises
    }
}

/// Runs, prints and writes the table.
///
/// # Errors
///
/// Returns what is not as `reasons.toml` says, and what keeps the table from being made.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let names = crate::names()?;
    let reasons = Reasons::read(&names)?;
    let wanted =
        |name: &String| options.filters.is_empty() || options.filters.iter().any(|part| name.contains(part));
    let files: Vec<String> = names.into_iter().filter(wanted).collect();
    let scenarios: Vec<Scenario> = files.iter().map(|file| crate::read(file)).collect::<Result<_, _>>()?;
    let mut columns = Vec::new();
    for (package, python) in &options.clients {
        let places = Places { python: python.clone() };
        let hello = Foreign::new(*package, places.clone())?.hello()?;
        columns.push(Column { package: *package, places, hello });
    }
    let started = Instant::now();
    let jobs = options.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    let outcomes = run_all(&columns, &scenarios, jobs);
    let table = Table { columns, files, reasons, outcomes };
    print!("{}", page::failures(&table));
    print!("{}", page::totals(&table));
    println!("{} client × scenario in {:.0} s", table.outcomes.len(), started.elapsed().as_secs_f64());
    if let Some(path) = &options.write {
        std::fs::write(path, page::markdown(&table))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    match table.surprises().as_slice() {
        [] => Ok(()),
        surprises => Err(format!("not as tests/conformance/reasons.toml says:\n{}", surprises.join("\n"))),
    }
}

/// Runs everything, a client with a file at a time on each of `jobs` threads.
fn run_all(columns: &[Column], scenarios: &[Scenario], jobs: usize) -> BTreeMap<(usize, usize), Outcome> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            // Clients side by side, so that one that waits does not hold up the others.
            let (file, column) = (number / columns.len(), number % columns.len());
            let Some(scenario) = scenarios.get(file) else { return };
            let Column { package, places, .. } = &columns[column];
            let outcome = outcome::run(scenario, *package, places);
            outcomes.lock().unwrap_or_else(PoisonError::into_inner).insert((column, file), outcome);
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(work);
        }
    });
    outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)
}
