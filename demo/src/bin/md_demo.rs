//! Prints ticks of some contracts: see [`demo::md`].

use std::process::ExitCode;

fn main() -> ExitCode {
    ctp::demo::main("md_demo", "Prints ticks of some contracts", demo::md::run)
}
