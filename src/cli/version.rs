//! `ctp version`: what a library is.

use std::path::Path;
use std::process::ExitCode;

use ctp_sys::{ApiVersion, LoadError, MdLibrary, TraderLibrary};

/// What a library was found to be.
struct Found {
    kind: &'static str,
    path: std::path::PathBuf,
    version: ApiVersion,
}

/// Prints what the library at `path` is, or why it cannot be used.
pub(super) fn run(path: &Path) -> ExitCode {
    match open(path) {
        Ok(found) => {
            let maker = if found.version.is_simulator() { "simulator" } else { "vendor" };
            println!("kind     {}", found.kind);
            println!("path     {}", found.path.display());
            println!("version  {}", found.version);
            println!("model    se-{}", found.version.label());
            println!("made by  {maker}");
            ExitCode::SUCCESS
        }
        // Neither kind: naming one of them would mislead.
        Err(LoadError::NotCtp { path, hint: "", .. }) => {
            eprintln!(
                "error: {} is not a CTP library: it is neither for trading nor for market data",
                path.display()
            );
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn open(path: &Path) -> Result<Found, LoadError> {
    let found = |kind, path: &Path, version: &ApiVersion| Found {
        kind,
        path: path.to_owned(),
        version: version.clone(),
    };
    match TraderLibrary::open(path) {
        Ok(library) => Ok(found("trader", library.path(), library.version())),
        // What has no trader may still have market data.
        Err(LoadError::NotCtp { .. }) => {
            MdLibrary::open(path).map(|library| found("market data", library.path(), library.version()))
        }
        Err(error) => Err(error),
    }
}
