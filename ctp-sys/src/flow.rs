//! The flow directory: made before the library wants it, and locked against a second instance.
//!
//! The library takes `flow` as a plain prefix, dies when the directory is missing, and corrupts its
//! counters silently when two instances share it (ctp-behaviour.md §1.5).

use std::{
    ffi::CString,
    fs::{self, File, TryLockError},
    os::unix::ffi::OsStrExt,
    path::Path,
};

use crate::error::CreateError;

const LOCK_FILE: &str = "instance.lock";

/// A flow directory that is ours until this value is dropped.
#[derive(Debug)]
pub(crate) struct FlowDir {
    prefix: CString,
    _lock: File,
}

impl FlowDir {
    pub(crate) fn claim(path: &Path) -> Result<Self, CreateError> {
        let fails = |source| CreateError::FlowDir { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(fails)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK_FILE))
            .map_err(fails)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(CreateError::FlowDirInUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(fails(source)),
        }
        let mut prefix = path.as_os_str().as_bytes().to_vec();
        prefix.push(b'/');
        let prefix = CString::new(prefix).map_err(|_| CreateError::FlowDirNul { path: path.to_owned() })?;
        Ok(Self { prefix, _lock: lock })
    }

    /// The directory with a trailing separator, as the library wants it.
    pub(crate) fn prefix(&self) -> &CString {
        &self.prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_instance_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("行情/td");
        let first = FlowDir::claim(&path).expect("a new directory");
        assert!(matches!(FlowDir::claim(&path), Err(CreateError::FlowDirInUse { .. })));
        drop(first);
        FlowDir::claim(&path).expect("free again");
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("flow");
        fs::write(&path, "").expect("a file");
        let error = FlowDir::claim(&path).expect_err("not a directory");
        assert!(error.to_string().contains("choose a writable directory"), "{error}");
    }
}
