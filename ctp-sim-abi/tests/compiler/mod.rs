//! The C++ compiler, and the simulator's library as cargo has built it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes the shared library `output` of C++ text.
pub(crate) fn shared_library(text: &str, output: &Path) {
    compile(text, output, &["-shared", "-fPIC", "-fvisibility=hidden", "-fno-exceptions"]);
}

/// Makes the program `output` of C++ text.
pub(crate) fn program(text: &str, output: &Path) {
    compile(text, output, &["-pthread"]);
}

fn compile(text: &str, output: &Path, options: &[&str]) {
    let source = output.with_extension("cpp");
    fs::write(&source, text).unwrap();
    let mut command = Command::new(env::var_os("CXX").unwrap_or_else(|| "c++".into()));
    command.args(["-std=c++14", "-O0", "-w"]).args(options).arg(&source).arg("-o").arg(output).arg("-ldl");
    assert_eq!(self::output(&mut command), "");
}

/// Runs a command and returns what it printed to the standard output.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Returns the simulator's library: cargo builds it for the tests, beside them.
pub(crate) fn core() -> PathBuf {
    let folder = env::current_exe().unwrap();
    let library = folder.with_file_name("libctp_sim_abi.so");
    assert!(library.is_file(), "{} is missing: `cargo build -p ctp-sim-abi` makes it", library.display());
    library
}
