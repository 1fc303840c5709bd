//! `ctp version`: what a library is.

use std::path::Path;
use std::process::ExitCode;

use ctp_sys::{Library, LoadError, Side, mini, se, sopt};

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
    let described = match describe_as::<se::Trader, se::Md>(path) {
        Err(LoadError::WrongFamily { family: "mini", .. }) => describe_as::<mini::Trader, mini::Md>(path),
        Err(LoadError::WrongFamily { family: "sopt", .. }) => describe_as::<sopt::Trader, sopt::Md>(path),
        described => described,
    };
    described.map_err(|error| match error {
        LoadError::NotCtp { path, .. } => {
            format!("{} is not a CTP library: it has neither trading nor market data", path.display())
        }
        error => error.to_string(),
    })
}

/// Describes a library of one family, whose sides are `T` and `M`.
fn describe_as<T: Side, M: Side>(path: &Path) -> Result<String, LoadError> {
    match Library::<T>::open(path) {
        Ok(library) => Ok(lines("trader", &library)),
        // What has no trader may still have market data.
        Err(LoadError::NotCtp { .. }) => {
            Library::<M>::open(path).map(|library| lines("market data", &library))
        }
        Err(error) => Err(error),
    }
}

fn lines<S: Side>(kind: &str, library: &Library<S>) -> String {
    let maker = if library.is_simulator() { "our simulator" } else { "the vendor" };
    let (path, version, family) = (library.path().display(), library.version(), S::FAMILY);
    let label = version.label();
    format!(
        "kind     {kind}\npath     {path}\nversion  {version}\nmodel    {family}-{label}\nmade by  {maker}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_the_simulator_are_told_apart() {
        for (model, simulator) in [
            ("se-6.7.13", ctp_sys::find_simulator("6.7.13")),
            ("se-6.3.15", ctp_sys::find_simulator("6.3.15")),
            ("mini-1.7.7", mini::find_simulator("1.7.7")),
            ("sopt-3.7.0", sopt::find_simulator("3.7.0")),
        ] {
            let simulator = simulator.expect("built by `cargo xtask sim`");
            let (trader, md) = (describe(&simulator.trader).unwrap(), describe(&simulator.md).unwrap());
            assert!(trader.starts_with("kind     trader\n") && md.starts_with("kind     market data\n"));
            for text in [trader, md] {
                assert!(
                    text.contains(&format!("model    {model}\n")) && text.ends_with("our simulator"),
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
