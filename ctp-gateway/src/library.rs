//! Which library a session opens: the configured one, else what the program comes with.

use std::path::PathBuf;

use ctp_sys::{LoadError, MdLibrary, TraderLibrary};

/// Opens the market data library at `path`; without a path the simulator's, or the one that is linked. It must be of
/// `version`, if one is given.
pub(crate) fn md(path: Option<PathBuf>, version: Option<&str>) -> Result<MdLibrary, LoadError> {
    match (path, version) {
        (Some(path), Some(version)) => MdLibrary::open_as(path, version),
        (Some(path), None) => MdLibrary::open(path),
        #[cfg(feature = "link")]
        (None, _) => MdLibrary::linked(),
        #[cfg(not(feature = "link"))]
        (None, version) => ctp_sys::find_simulator(version.unwrap_or(ctp_types::API_VERSION))
            .and_then(|found| MdLibrary::open(found.md)),
    }
}

/// Opens the trader library at `path`; without a path the simulator's, or the one that is linked. It must be of
/// `version`, if one is given.
pub(crate) fn trader(path: Option<PathBuf>, version: Option<&str>) -> Result<TraderLibrary, LoadError> {
    match (path, version) {
        (Some(path), Some(version)) => TraderLibrary::open_as(path, version),
        (Some(path), None) => TraderLibrary::open(path),
        #[cfg(feature = "link")]
        (None, _) => TraderLibrary::linked(),
        #[cfg(not(feature = "link"))]
        (None, version) => ctp_sys::find_simulator(version.unwrap_or(ctp_types::API_VERSION))
            .and_then(|found| TraderLibrary::open(found.trader)),
    }
}
