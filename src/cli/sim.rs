//! `ctp sim`: what the simulator can do, and the simulator without any client.

mod coverage;
mod ctl;
mod day;
mod faults;
mod scenario;
mod serve;
mod settings;
mod store;
mod switches;
mod table;
mod view;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Lists every method of the API: carried out in full, accepted without effect, or refused
    Coverage {
        #[command(flatten)]
        format: table::Format,
    },
    /// Lists the settings of an exchange, for sim:// addresses, scenarios and `--set`
    Settings {
        #[command(flatten)]
        format: table::Format,
    },
    /// Lists the switches for behaviour that no primary source decides
    Switches {
        #[command(flatten)]
        format: table::Format,
    },
    /// Runs a whole trading day as fast as possible, with a market-data client and a scripted trader
    Day(day::Arguments),
    /// Serves an exchange to programs that register tcp://HOST:PORT, until Ctrl-C
    Serve(Box<serve::Arguments>),
    /// Looks at a served exchange and does what no client does
    Ctl(ctl::Arguments),
    /// Lists the kinds of faults that plans may have, or checks plans
    Faults(faults::Arguments),
    /// Shows a served exchange in this terminal
    View(view::Arguments),
    /// Looks at the file in which a served exchange keeps its trading day, and checks it
    Store(store::Arguments),
    /// Runs scenario files against the simulator
    Scenario {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The library version that the clients stand for; every version that a file allows when it is left out.
        #[arg(long)]
        version: Option<String>,
    },
}

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The day cannot be.
    #[error(transparent)]
    Day(#[from] ctp_sim_host::day::DayError),
    /// An option of the command cannot be.
    #[error("{option} {value:?} is not {expected}")]
    Option {
        /// The option.
        option: &'static str,
        /// What was given.
        value: String,
        /// What it takes.
        expected: &'static str,
    },
    /// Options of a server cannot be; each problem is a line.
    #[error(transparent)]
    Options(#[from] ctp_sim_host::serve::OptionsError),
    /// A server cannot start.
    #[error(transparent)]
    Serve(#[from] ctp_sim_host::serve::ServeError),
    /// A store cannot be used.
    #[error(transparent)]
    Store(#[from] ctp_sim_host::store::StoreError),
    /// A scenario file cannot be read.
    #[error("cannot read {path}: {cause}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Scenario files with mistakes, or that did not pass; what is wrong was printed.
    #[error("{0} did not pass")]
    Scenarios(String),
    /// Plans of faults with mistakes; what is wrong was printed.
    #[error("{0} cannot be used")]
    Plans(String),
    /// A served exchange is not reached.
    #[error(transparent)]
    Remote(#[from] ctp_sim_host::control::RemoteError),
    /// There is nothing to draw on.
    #[error("this is no terminal: use `ctp sim ctl` for texts and JSON")]
    NoTerminal,
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    /// What was found cannot be written as JSON.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Runs a command.
pub(super) fn run(command: Command) -> ExitCode {
    let done = match command {
        Command::View(arguments) => view::attach(&arguments),
        Command::Ctl(arguments) => {
            return match ctl::run(&arguments) {
                Ok(code) => code,
                Err(error) => failed(&error),
            };
        }
        Command::Coverage { format } => coverage::text(format).and_then(|text| say(&text)),
        Command::Settings { format } => settings::text(format).and_then(|text| say(&text)),
        Command::Switches { format } => switches::text(format).and_then(|text| say(&text)),
        Command::Faults(arguments) => faults::text(&arguments).and_then(|text| say(&text)),
        Command::Day(arguments) => day::run(&arguments).and_then(|text| say(&text)),
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Store(arguments) => store::run(&arguments).and_then(|text| say(&text)),
        Command::Scenario { files, version } => {
            scenario::run(&files, version.as_deref()).and_then(|text| say(&text))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &Error) -> ExitCode {
    match error {
        // A reader that had enough, as `head` has, is no error.
        Error::Output(cause) if cause.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Error::Options(problems) => {
            eprintln!("error: {problems}");
            ExitCode::from(2)
        }
        error => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> Result<(), Error> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    Ok(output.flush()?)
}
