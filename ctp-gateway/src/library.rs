//! Which library a session opens: the configured one, else what the program comes with.

use std::path::PathBuf;

use ctp_sys::{LoadError, MdLibrary, TraderLibrary};

/// Opens the market data library at `path`; without a path the simulator's, or the one that is linked.
pub(crate) fn md(path: Option<PathBuf>) -> Result<MdLibrary, LoadError> {
    match path {
        Some(path) => MdLibrary::open(path),
        #[cfg(feature = "link")]
        None => MdLibrary::linked(),
        #[cfg(not(feature = "link"))]
        None => ctp_sys::find_simulator(ctp_types::API_VERSION).and_then(|found| MdLibrary::open(found.md)),
    }
}

/// Opens the trader library at `path`; without a path the simulator's, or the one that is linked.
pub(crate) fn trader(path: Option<PathBuf>) -> Result<TraderLibrary, LoadError> {
    match path {
        Some(path) => TraderLibrary::open(path),
        #[cfg(feature = "link")]
        None => TraderLibrary::linked(),
        #[cfg(not(feature = "link"))]
        None => ctp_sys::find_simulator(ctp_types::API_VERSION)
            .and_then(|found| TraderLibrary::open(found.trader)),
    }
}
