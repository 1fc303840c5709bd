//! The `ctp-gen` command.

#[path = "command/check.rs"]
mod check;
#[path = "command/diff.rs"]
mod diff;
#[path = "command/docs.rs"]
mod docs;
#[path = "command/emit.rs"]
mod emit;
#[path = "command/list.rs"]
mod list;
#[path = "command/model.rs"]
mod model;
#[path = "command/parse.rs"]
mod parse;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about = "Turns CTP vendor headers into an API model, and the model into code")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Reads a folder of vendor headers into a model file.
    Parse(parse::Parse),
    /// Says which family and version a folder of headers is of, and what told it.
    Detect {
        /// Folder with the headers as delivered.
        folder: PathBuf,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Writes a model as a crate to vendor: Rust to read, C++ adapter and facades, Python stubs.
    Emit(emit::Emit),
    /// Shows what changes from one version to another, and what that breaks.
    Diff(diff::Arguments),
    /// Writes what changed from each version to the next as Markdown pages.
    Docs(docs::Arguments),
    /// Holds the committed models against their headers, read twice: by libclang and by bindgen.
    Check(check::Arguments),
    /// Lists the versions that have a committed model, with their counts.
    List {
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ctp-gen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    match arguments.command {
        Command::Parse(parse) => parse.run()?,
        Command::Detect { folder, json } => parse::print_detected(&folder, json)?,
        Command::Emit(emit) => emit.run()?,
        Command::Diff(arguments) => return diff::run(&arguments),
        Command::Docs(arguments) => docs::run(&arguments)?,
        Command::Check(arguments) => return check::run(&arguments),
        Command::List { json } => list::run(json)?,
    }
    Ok(ExitCode::SUCCESS)
}
