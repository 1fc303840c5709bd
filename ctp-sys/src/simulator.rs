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

/// Finds the simulator's libraries of a family's version.
pub(crate) fn find(family: &str, version: &str) -> Result<SimulatorLibraries, LoadError> {
    let folders = candidates();
    folders
        .iter()
        .map(|folder| libraries_in(family, &folder.join(format!("{family}-{version}"))))
        .find(|found| found.md.is_file() && found.trader.is_file())
        .ok_or_else(|| LoadError::NoSimulator {
            family: family.to_owned(),
            version: version.to_owned(),
            looked: folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", "),
        })
}

/// The vendor's file names differ by family.
fn libraries_in(family: &str, folder: &Path) -> SimulatorLibraries {
    let (md, trader) = match family {
        "mini" => ("thostmduserapi.so", "thosttraderapi.so"),
        "sopt" => ("soptthostmduserapi_se.so", "soptthosttraderapi_se.so"),
        _ => ("thostmduserapi_se.so", "thosttraderapi_se.so"),
    };
    SimulatorLibraries { md: folder.join(md), trader: folder.join(trader) }
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
