//! The `ctp` command: see [`ctp::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    ctp::cli::run(std::env::args_os())
}
