//! The command line.

mod capture;
mod demo;
mod journal;
mod line;
mod printed;
mod sim;
mod version;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "ctp", version = VERSION, about = "Gateway to China's futures market")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (CTP API ", env!("CTP_API_VERSION"), ")");

#[derive(Debug, Subcommand)]
enum Command {
    /// Loads a CTP library and says what it is: kind, version, model, vendor's or simulator's
    Version {
        /// The library, for example thosttraderapi_se.so. Loading runs the library's own code.
        library: PathBuf,
    },
    /// Shows market data, then trading, on the simulator
    Demo,
    /// Shows, checks and replays recordings of sessions
    Capture {
        #[command(subcommand)]
        command: capture::Command,
    },
    /// Shows and checks the journals of trading sessions, and makes their SQLite views anew
    Journal {
        #[command(subcommand)]
        command: journal::Command,
    },
    /// Says what the simulator does, and runs it without a client
    Sim {
        #[command(subcommand)]
        command: sim::Command,
    },
}

/// Runs the `ctp` command with its arguments, of which the first is the name of the program.
///
/// Returns 0, 1 after an error, 2 for wrong arguments and 130 after Ctrl-C. What went wrong is on standard error.
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return crate::demo::usage(&error),
    };
    match arguments.command {
        Command::Version { library } => version::run(&library),
        Command::Demo => demo::run(),
        Command::Capture { command } => capture::run(command),
        Command::Journal { command } => journal::run(command),
        Command::Sim { command } => sim::run(command),
    }
}
