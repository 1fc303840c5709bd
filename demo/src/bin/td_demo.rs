//! Places, watches and cancels orders: see [`demo::td`].

use std::process::ExitCode;

fn main() -> ExitCode {
    ctp::demo::main("td_demo", "Places, watches and cancels orders", demo::td::run)
}
