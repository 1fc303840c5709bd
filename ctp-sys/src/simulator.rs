//! Where the simulator's libraries are.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::error::LoadError;

/// The simulator's libraries of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatorLibraries {
    /// The market data library.
    pub md: PathBuf,
    /// The trader library.
    pub trader: PathBuf,
}

/// Finds the simulator's libraries of `version` (for example `6.7.13`): in `CTP_SIM_DIR` if it is set,
/// else in `_sim` beside the executable, else in `target/sim` of a folder above the executable or the
/// current directory.
///
/// # Errors
///
/// Returns an error that names the folders looked in and the command that builds them.
pub fn find_simulator(version: &str) -> Result<SimulatorLibraries, LoadError> {
    let folders = candidates();
    folders
        .iter()
        .map(|folder| libraries_in(&folder.join(format!("se-{version}"))))
        .find(|found| found.md.is_file() && found.trader.is_file())
        .ok_or_else(|| LoadError::NoSimulator {
            version: version.to_owned(),
            looked: folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", "),
        })
}

fn libraries_in(folder: &Path) -> SimulatorLibraries {
    SimulatorLibraries {
        md: folder.join("thostmduserapi_se.so"),
        trader: folder.join("thosttraderapi_se.so"),
    }
}

fn candidates() -> Vec<PathBuf> {
    if let Some(chosen) = env::var_os("CTP_SIM_DIR").filter(|chosen| !chosen.is_empty()) {
        return vec![chosen.into()];
    }
    let executable = env::current_exe().ok();
    let beside = executable.as_deref().and_then(Path::parent).map(|folder| folder.join("_sim"));
    let above = [executable, env::current_dir().ok().map(|folder| folder.join("x"))]
        .into_iter()
        .flatten()
        .flat_map(|path| path.ancestors().skip(1).map(|folder| folder.join("target/sim")).collect::<Vec<_>>())
        .filter(|folder| folder.is_dir());
    let mut folders: Vec<PathBuf> = beside.into_iter().chain(above).collect();
    folders.dedup();
    folders
}
