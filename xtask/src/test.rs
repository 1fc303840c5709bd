//! `cargo xtask test`: all set-up and every test.

use std::process::Command;

use anyhow::Result;

use crate::stages::Stages;
use crate::{codegen, conformance, foreign, generator, paths, python, shell, sim, tools, vendor, wheel};

/// The tests of clients that we did not write.
const FOREIGN: &str = "ctp-py/tests/foreign";

/// Runs every stage; fails when one of them does.
pub(crate) fn run() -> Result<()> {
    let mut stages = Stages::default();
    stages.run_beside(
        |stages| {
            stages.run("vendor packages", &[], || vendor::run(&vendor::Arguments::default()));
            stages.run("tools", &[], tools::run);
            stages.run("foreign wheels", &[], conformance::wheels);
            stages.run("Python tools", &[], || python::project().map(drop));
        },
        |stages| stages.run("simulator", &[], || sim::run(&sim::Arguments::default())),
    );
    stages.run("Rust tests", &["vendor packages", "simulator", "foreign wheels"], rust_tests);
    stages.run("documentation tests", &[], documentation_tests);
    stages.run("parser tests", &["vendor packages", "tools"], parser_tests);
    stages.run("models", &["vendor packages", "tools"], codegen::check);
    stages.run("Python package", &["Python tools", "simulator"], || wheel::install().map(drop));
    stages.run("Python tests", &["Python package"], python_tests);
    stages.run("foreign clients", &["Python package"], foreign_clients);
    stages.finish()
}

/// Every test but the generator's, which are all among [`parser_tests`].
fn rust_tests() -> Result<()> {
    shell::run(shell::cargo().args(runner()).args(["--workspace", "--exclude", "ctp-gen"]))
}

/// The tests of the generator, with those that only exist with libclang.
fn parser_tests() -> Result<()> {
    let mut command = shell::cargo();
    command.args(runner()).args(generator::OPTIONS);
    shell::run(command.env("LIBCLANG_PATH", paths::tools()))
}

fn documentation_tests() -> Result<()> {
    shell::run(shell::cargo().args(["test", "--workspace", "--doc"]))
}

fn python_tests() -> Result<()> {
    shell::run(&mut pytest(&["ctp-py/tests", "--ignore", FOREIGN, "--numprocesses", "3"])?)
}

/// Clients that we did not write, each in an environment of its own, with our package beside it.
fn foreign_clients() -> Result<()> {
    let wheel = wheel::built()?;
    for name in foreign::names()? {
        foreign::environment(&name)?.install_wheel(&wheel)?;
    }
    shell::run(pytest(&[FOREIGN])?.env("CTP_COMMAND", wheel::command()))
}

fn pytest(arguments: &[&str]) -> Result<Command> {
    let mut command = python::project()?.python();
    command.current_dir(paths::root()).args(["-m", "pytest"]).args(arguments);
    Ok(command)
}

/// Returns the command that runs tests: nextest where it is installed, else cargo's own.
fn runner() -> &'static [&'static str] {
    let has_nextest = shell::output(shell::cargo().args(["nextest", "--version"])).is_ok();
    if has_nextest {
        &["nextest", "run", "--no-fail-fast"]
    } else {
        &["test", "--no-fail-fast", "--lib", "--bins", "--tests"]
    }
}
