//! Where things are in the work tree.

use std::env;
use std::path::{Path, PathBuf};

/// Returns the root of the workspace.
pub(crate) fn root() -> &'static Path {
    // The xtask folder lies directly below the root.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Returns the folder of fixed outputs (`target`), which does not follow `CARGO_TARGET_DIR`:
/// the simulator's libraries and the tools are looked for there.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// Returns the folder of tools that were fetched (`target/tools`).
pub(crate) fn tools() -> PathBuf {
    target().join("tools")
}

/// Returns the folder of the simulator's libraries (`target/sim`).
pub(crate) fn simulator() -> PathBuf {
    target().join("sim")
}

/// Returns the folder of vendor packages (`vendor`).
pub(crate) fn vendor() -> PathBuf {
    root().join("vendor")
}

/// Returns the folder of fetched archives: `CTP_VENDOR_CACHE`, else `target/vendor-cache`.
pub(crate) fn archive_cache() -> PathBuf {
    match env::var_os("CTP_VENDOR_CACHE") {
        Some(folder) if !folder.is_empty() => root().join(folder),
        _ => target().join("vendor-cache"),
    }
}

/// Returns `path` as seen from the root, for messages.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
