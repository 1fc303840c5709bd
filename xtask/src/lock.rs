//! One chore at a time where two would write the same place.

use std::fs::{self, File, TryLockError};

use anyhow::{Context as _, Result};

use crate::paths;

/// Waits for the lock called `name` and holds it as long as the returned file lives.
///
/// The lock belongs to the process: it is free again when the process ends, however it ends.
pub(crate) fn hold(name: &str) -> Result<File> {
    let folder = paths::target().join("locks");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(name);
    let file = File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => eprintln!("waiting for another `cargo xtask` ({name})"),
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}
