//! The `ctp-gen` command.

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
    Parse {
        /// Folder with the headers as delivered.
        folder: PathBuf,
        /// Family of the library: se, mini or sopt.
        #[arg(long, default_value = "se")]
        family: String,
        /// Version label, for example 6.7.13.
        #[arg(long)]
        version: String,
        /// Where the model goes; an existing file is overwritten.
        #[arg(short, long)]
        output: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ctp-gen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    match arguments.command {
        Command::Parse { folder, family, version, output } => {
            let api = ctp_gen::parse::parse_folder(&folder, &family, &version)?;
            std::fs::write(&output, api.to_json())
                .map_err(|error| format!("cannot write {}: {error}", output.display()))?;
            println!("{}: {}", output.display(), ctp_gen::parse::summary(&api));
            Ok(())
        }
    }
}
