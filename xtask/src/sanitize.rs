//! `cargo xtask sanitize`: the gateway's scenarios under AddressSanitizer and valgrind, and the models of ctp-ring.
//!
//! A scenario is a test of `tests/gateway.rs`. With AddressSanitizer everything is built with it: the test, the gateway,
//! the C++ adapters, the facades and the simulator's core, so that a record that is read too far is seen on either side of
//! the border. Valgrind looks at the ordinary build, also at what no compiler instrumented: the standard library, libc and
//! the order in which threads end. Both look for leaks.

mod valgrind;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::shell::Stopwatch;
use crate::stages::Stages;
use crate::{paths, shell};

/// What to look at.
#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// Only scenarios whose names contain this.
    filter: Option<String>,
}

/// The scenarios: each way to end, and every kind of input at the border.
const SCENARIOS: [&str; 20] = [
    "f01_closed_before_anybody_answered",
    "f01_closed_after_a_refused_login",
    "f02_closed_then_dropped_in_every_order",
    "f03_nothing_comes_after_a_close",
    "f04_the_library_outlives_its_clients",
    "f11_everything_is_copied_before_a_callback_returns",
    "f12_no_rsp_info_is_success",
    "f13_an_empty_result_ends_a_query",
    "f14_a_reconnect_makes_no_second_object",
    "f18_a_flow_folder_is_checked_before_anything_starts",
    "f20_flow_files_may_be_cut_or_flipped",
    "f22_broken_at_an_order",
    "f22_broken_at_a_subscription",
    "f26_a_wrong_password_is_tried_once",
    "f31_a_library_that_does_not_fit_is_refused",
    "f36_a_thousand_instruments_do_not_break_the_link",
    "f38_not_sent_is_definite",
    "f42_answers_find_their_query",
    "f63_dbl_max_is_no_value",
    "f67_a_slow_reader_loses_exactly_what_it_is_told",
];

/// The one target of the project. Named, so that build scripts and macros, which run in the compiler, are built without.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// How many times longer a scenario may take than without an observer.
const PATIENCE: &str = "20";

/// What leaks are no faults, each with its reason.
const LEAKS: &str = "xtask/src/sanitize/leaks.supp";

/// Runs everything; fails when something was found.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let wanted = |name: &&str| arguments.filter.as_ref().is_none_or(|filter| name.contains(filter));
    let scenarios: Vec<&'static str> = SCENARIOS.iter().copied().filter(wanted).collect();
    ensure!(!scenarios.is_empty(), "no scenario is called so; there are: {}", SCENARIOS.join(", "));
    let mut stages = Stages::default();
    add(&mut stages, &scenarios);
    stages.finish()
}

/// Adds the stages of all scenarios.
pub(crate) fn add_all(stages: &mut Stages) {
    add(stages, &SCENARIOS);
}

fn add(stages: &mut Stages, scenarios: &[&'static str]) {
    let folder = folder();
    let mut built = None;
    stages.run("AddressSanitizer: build", &[], || {
        built = Some(Built::instrumented(&folder.join("asan"))?);
        Ok(())
    });
    stages.run("AddressSanitizer", &["AddressSanitizer: build"], || {
        let built = built.take().context("nothing was built")?;
        let leaks = paths::root().join(LEAKS);
        each(scenarios, |name| {
            let mut command = built.test(name);
            command
                .env(
                    "ASAN_OPTIONS",
                    "detect_leaks=1:halt_on_error=1:detect_stack_use_after_return=1:exitcode=99",
                )
                .env("LSAN_OPTIONS", format!("suppressions={}:print_suppressions=0", leaks.display()));
            command
        })
    });
    let mut built = None;
    stages.run("valgrind: build", &[], || {
        built = Some(Built::plain(&folder.join("plain"))?);
        Ok(())
    });
    stages.run("valgrind", &["valgrind: build"], || {
        let (built, tool) = (built.take().context("nothing was built")?, valgrind::find()?);
        each(scenarios, |name| tool.around(&built.test(name)))
    });
    stages.run("loom models", &[], || {
        let mut command = shell::cargo();
        command.args(["test", "--release", "--package", "ctp-ring", "--test", "loom"]);
        shell::run(command.env("RUSTFLAGS", "--cfg loom").env("CARGO_TARGET_DIR", folder.join("loom")))
    });
}

/// Runs each scenario in a process of its own, says how it ended, and fails when one did not end well.
fn each(scenarios: &[&'static str], command: impl Fn(&str) -> Command) -> Result<()> {
    let mut failed = Vec::new();
    for name in scenarios {
        let watch = Stopwatch::start();
        let outcome = shell::output(&mut command(name)).and_then(|said| {
            let said = String::from_utf8_lossy(&said).into_owned();
            // A name that no test has would be as quiet as a test that passes.
            ensure!(said.contains("1 passed"), "no test is called {name}:\n{said}");
            Ok(())
        });
        let word = if outcome.is_ok() { "clean" } else { "FAILED" };
        println!("{name:<56} {word:<7} {:>6.1} s", watch.elapsed().as_secs_f64());
        if let Err(error) = outcome {
            eprintln!("{error:#}");
            failed.push(*name);
        }
    }
    ensure!(failed.is_empty(), "not clean: {}", failed.join(", "));
    Ok(())
}

/// The test, and the libraries that it loads.
struct Built {
    test: PathBuf,
    core: PathBuf,
    facades: PathBuf,
}

impl Built {
    /// Builds everything with AddressSanitizer, on whatever toolchain runs us: sanitizers are a feature of the compiler that a
    /// stable one has, too, once it is told so.
    fn instrumented(folder: &Path) -> Result<Self> {
        let facades = folder.join("sim");
        crate::sim::facades(&facades, &["-fsanitize=address", "-fno-omit-frame-pointer"])?;
        let cargo = || {
            let mut command = shell::cargo();
            command
                .env("CARGO_TARGET_DIR", folder)
                .env("RUSTC_BOOTSTRAP", "1")
                // The libraries use the runtime of the program that loads them.
                .env("RUSTFLAGS", "-Zsanitizer=address -Clink-arg=-rdynamic")
                .env("CXXFLAGS_x86_64_unknown_linux_gnu", "-fsanitize=address -fno-omit-frame-pointer");
            command
        };
        Self::build(cargo, &["--target", TARGET], facades)
    }

    fn plain(folder: &Path) -> Result<Self> {
        let facades = folder.join("sim");
        crate::sim::facades(&facades, &[])?;
        let cargo = || {
            let mut command = shell::cargo();
            command.env("CARGO_TARGET_DIR", folder);
            command
        };
        Self::build(cargo, &[], facades)
    }

    fn build(cargo: impl Fn() -> Command, options: &[&str], facades: PathBuf) -> Result<Self> {
        let mut core = cargo();
        core.args(["build", "--package", "ctp-sim-abi", "--lib"]).args(options);
        let mut test = cargo();
        test.args(["test", "--package", "ctp", "--test", "gateway", "--no-run"]).args(options);
        Ok(Self {
            core: shell::artifact(&mut core, "ctp_sim_abi")?,
            test: shell::artifact(&mut test, "gateway")?,
            facades,
        })
    }

    /// Returns the command that runs one scenario.
    fn test(&self, name: &str) -> Command {
        let mut command = Command::new(&self.test);
        command
            .args(["--exact", name, "--test-threads", "1"])
            .current_dir(paths::root())
            .env("CTP_SIM_DIR", &self.facades)
            .env("CTP_SIM_LIBRARY", &self.core)
            .env("CTP_GATEWAY_PATIENCE", PATIENCE)
            .env("RUST_BACKTRACE", "0");
        command
    }
}

/// Returns the folder of what is built here.
fn folder() -> PathBuf {
    paths::target().join("sanitize")
}

/// Makes a folder and returns it.
fn made(folder: PathBuf) -> Result<PathBuf> {
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
