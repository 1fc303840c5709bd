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

/// The files that a library writes in its flow directory. It dies when it cannot.
const FLOW_FILES: [&str; 5] =
    ["DialogRsp.con", "QueryRsp.con", "TradingDay.con", "Private.con", "Public.con"];

/// A flow directory that is ours until this value is dropped.
#[derive(Debug)]
pub(crate) struct FlowDir {
    prefix: CString,
    _lock: File,
}

impl FlowDir {
    pub(crate) fn claim(path: &Path) -> Result<Self, CreateError> {
        let fails = |source| CreateError::FlowDir { path: path.to_owned(), source };
        // The library keeps the path, and the process may change its folder.
        let path = &std::path::absolute(path).map_err(fails)?;
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
        check_files(path)?;
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

/// Shows that files can be made in the directory, and that those of an earlier run can be written.
fn check_files(path: &Path) -> Result<(), CreateError> {
    let fails = |path: &Path| {
        let path = path.to_owned();
        move |source| CreateError::FlowDir { path, source }
    };
    let probe = path.join("instance.probe");
    File::create(&probe).and_then(|_| fs::remove_file(&probe)).map_err(fails(path))?;
    for name in FLOW_FILES {
        let file = path.join(name);
        if file.try_exists().map_err(fails(&file))? {
            File::options().append(true).open(&file).map_err(fails(&file))?;
        }
    }
    Ok(())
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

    #[test]
    fn what_the_library_could_not_write_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("Public.con")).expect("a folder");
        let error = FlowDir::claim(folder.path()).expect_err("not a file");
        assert!(error.to_string().contains("Public.con"), "{error}");
        fs::remove_dir(folder.path().join("Public.con")).expect("removed");
        fs::write(folder.path().join("Public.con"), [0; 6]).expect("written");
        FlowDir::claim(folder.path()).expect("an earlier run's file does no harm");
        assert!(!folder.path().join("instance.probe").exists());
    }
}
