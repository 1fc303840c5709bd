//! `cargo xtask bench`: what the project promises, measured.

use anyhow::Result;

use crate::{paths, shell, tools, vendor};

/// What to measure.
#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// Rounds of every figure.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Measures builds, too: some ten minutes.
    #[arg(long)]
    builds: bool,
}

/// Builds what is measured for release, and runs the benches.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    vendor::run(&vendor::Arguments::only("se-6.7.13"))?;
    tools::run()?;
    let target = paths::target().join("bench/tools");
    let release = |words: &[&str]| {
        let mut command = shell::cargo();
        command.args(["build", "--release"]).args(words).env("CARGO_TARGET_DIR", &target);
        shell::run(&mut command)
    };
    release(&["--package", "ctp-gen", "--features", "command"])?;
    release(&["--package", "ctp-bench"])?;
    let built = target.join("release");
    let mut bench = std::process::Command::new(built.join("ctp-bench"));
    bench.arg("generator").arg("--ctp-gen").arg(built.join("ctp-gen"));
    bench.args(["--rounds", &arguments.rounds.to_string()]).env("LIBCLANG_PATH", paths::tools());
    if arguments.builds {
        bench.arg("--builds");
    }
    shell::run(&mut bench)
}
