//! The simulator's control interface, beside its facades.

use std::{
    ffi::{CString, c_char},
    fmt,
    path::{Path, PathBuf},
};

use crate::{error::LoadError, library::said_by_linker, platform};

/// The file that all facades share.
const CORE: &str = "libctp_sim.so";

/// The symbol that answers.
const SYMBOL: &str = "ctp_sim_control";

/// The request that gives an answer again which had no room.
const AGAIN: &std::ffi::CStr = c"{\"op\":\"again\"}";

/// Room for most answers.
const ROOM: usize = 4096;

/// `int64_t ctp_sim_control(const char *request, char *answer, size_t length)`
type ControlFn = unsafe extern "C" fn(*const c_char, *mut c_char, usize) -> i64;

/// The control interface of the simulator that the facades in a folder share: exchanges are started, their time moved,
/// and things done to them that no client does.
///
/// Requests and answers are JSON texts; `docs/scenarios.md` lists them. It works at any time, also while no client
/// exists, and from any thread.
#[derive(Clone)]
pub struct Control {
    call: ControlFn,
    path: PathBuf,
}

/// Why a control request had no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The request has a NUL.
    #[error("control request {0:?} has a NUL; remove it")]
    Nul(String),
    /// The simulator gave no answer; its log on standard error says why.
    #[error("the simulator gave no answer to {0}; its log says why")]
    NoAnswer(String),
}

impl Control {
    /// Opens the simulator of a facade: `near` is the facade's file or its folder.
    ///
    /// As for the facades, `CTP_SIM_LIBRARY` goes first, then the folder of the facade's real path, then the one above.
    ///
    /// # Trust
    ///
    /// Loading runs the library's own code.
    ///
    /// # Errors
    ///
    /// Returns an error when there is no such library, it cannot be loaded, or has no control interface.
    pub fn open(near: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = find(near.as_ref())?;
        let library = platform::open(&path)
            .map_err(|error| LoadError::NotLoadable { path: path.clone(), reason: said_by_linker(&error) })?;
        // SAFETY: a function of this name is our own, and of this type.
        let found = unsafe { library.get::<ControlFn>(SYMBOL.as_bytes()) };
        match found {
            Ok(call) => Ok(Self { call: *call, path }),
            Err(_) => Err(LoadError::NoControl { path, symbol: SYMBOL }),
        }
    }

    /// Carries out a request and returns its answer, which says whether it succeeded.
    ///
    /// # Errors
    ///
    /// Returns an error when the request has a NUL or the simulator gave no answer.
    pub fn request(&self, json: &str) -> Result<String, ControlError> {
        let request = CString::new(json).map_err(|_| ControlError::Nul(json.to_owned()))?;
        let mut answer = vec![0_u8; ROOM];
        let mut length = self.ask(&request, &mut answer);
        if length.is_some_and(|length| length >= answer.len()) {
            answer.resize(length.unwrap_or_default() + 1, 0);
            length = self.ask(AGAIN, &mut answer);
        }
        let length = length.filter(|length| *length < answer.len());
        answer.truncate(length.ok_or_else(|| ControlError::NoAnswer(json.to_owned()))?);
        String::from_utf8(answer).map_err(|_| ControlError::NoAnswer(json.to_owned()))
    }

    /// Returns the library's path, with links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn ask(&self, request: &std::ffi::CStr, answer: &mut [u8]) -> Option<usize> {
        // SAFETY: a NUL-terminated request and a buffer of the length given; the library is never unloaded.
        let length = unsafe { (self.call)(request.as_ptr(), answer.as_mut_ptr().cast(), answer.len()) };
        usize::try_from(length).ok()
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Control").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Returns the simulator's file, as the facades find it.
fn find(near: &Path) -> Result<PathBuf, LoadError> {
    let not_found = |path: &Path, source| LoadError::NotFound { path: path.to_owned(), source };
    if let Some(chosen) = std::env::var_os("CTP_SIM_LIBRARY").filter(|chosen| !chosen.is_empty()) {
        let chosen = PathBuf::from(chosen);
        return chosen.canonicalize().map_err(|source| not_found(&chosen, source));
    }
    let real = near.canonicalize().map_err(|source| not_found(near, source))?;
    let folder = if real.is_dir() { real.as_path() } else { real.parent().unwrap_or(&real) };
    let beside = folder.join(CORE);
    let above = folder.parent().map(|above| above.join(CORE));
    let found = [Some(beside.clone()), above].into_iter().flatten().find(|path| path.is_file());
    found.unwrap_or(beside.clone()).canonicalize().map_err(|source| not_found(&beside, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let error = Control::open(folder.path()).expect_err("no library").to_string();
        assert!(error.contains(CORE), "{error}");
        std::fs::write(folder.path().join(CORE), "no library").expect("written");
        let error = Control::open(folder.path()).expect_err("no library").to_string();
        assert!(error.contains("not a loadable library"), "{error}");
    }
}
