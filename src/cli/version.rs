//! `ctp version`: what a library is.

use std::path::Path;
use std::process::ExitCode;

use ctp_sys::{ApiVersion, LoadError, MdLibrary, TraderLibrary};

/// Prints what the library at `path` is, or why it cannot be used.
pub(super) fn run(path: &Path) -> ExitCode {
    match describe(path) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns what the library at `path` is, a line for each property; or why it cannot be used.
fn describe(path: &Path) -> Result<String, String> {
    match TraderLibrary::open(path) {
        Ok(library) => Ok(lines("trader", library.path(), library.version())),
        // What has no trader may still have market data.
        Err(LoadError::NotCtp { .. }) => match MdLibrary::open(path) {
            Ok(library) => Ok(lines("market data", library.path(), library.version())),
            Err(LoadError::NotCtp { path, .. }) => Err(format!(
                "{} is not a CTP library: it has neither trading nor market data",
                path.display()
            )),
            Err(error) => Err(error.to_string()),
        },
        Err(error) => Err(error.to_string()),
    }
}

fn lines(kind: &str, path: &Path, version: &ApiVersion) -> String {
    let maker = if version.is_simulator() { "our simulator" } else { "the vendor" };
    let (path, label) = (path.display(), version.label());
    format!("kind     {kind}\npath     {path}\nversion  {version}\nmodel    se-{label}\nmade by  {maker}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_the_simulator_are_told_apart() {
        for version in ["6.7.13", "6.7.11", "6.3.15"] {
            let simulator = ctp_sys::find_simulator(version).expect("built by `cargo xtask sim`");
            let (trader, md) = (describe(&simulator.trader).unwrap(), describe(&simulator.md).unwrap());
            assert!(trader.starts_with("kind     trader\n") && md.starts_with("kind     market data\n"));
            for text in [trader, md] {
                assert!(
                    text.contains(&format!("model    se-{version}\n")) && text.ends_with("our simulator"),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_library_is_named() {
        let no_ctp = ctp_sys::find_simulator("6.7.13").expect("built by `cargo xtask sim`");
        let no_ctp = no_ctp.md.parent().and_then(Path::parent).expect("a folder").join("libctp_sim.so");
        for (path, reason) in [
            (Path::new("no/such/library.so"), "no library at no/such/library.so"),
            (
                Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")),
                "Cargo.toml is not a loadable library",
            ),
            (&no_ctp, "libctp_sim.so is not a CTP library"),
        ] {
            let error = describe(path).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
