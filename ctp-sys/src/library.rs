//! Libraries: file, symbols, family and version are checked before any virtual call.

#[cfg(feature = "link")]
mod linked;
mod loaded;
mod options;

use std::{fmt, marker::PhantomData, path::Path};

pub(crate) use loaded::Created;
use loaded::Loaded;
pub(crate) use options::Creation;
pub use options::{MdOptions, TraderOptions};

use crate::{
    Api, Side,
    error::{CreateError, LoadError},
    version::ApiVersion,
};

/// A library of one side, the vendor's or the simulator's.
#[derive(Clone)]
pub struct Library<S: Side> {
    loaded: Loaded,
    side: PhantomData<S>,
}

impl<S: Side> Library<S> {
    /// Loads the library at `path`.
    ///
    /// # Trust
    ///
    /// Loading runs the library's own code. File, symbols, family and version are checked before any virtual
    /// call; a version without a model is refused.
    ///
    /// # Errors
    ///
    /// Returns what the file is not: there, loadable, a CTP library of this family and side, of a version that
    /// has a model.
    ///
    /// With feature `link` only the linked library opens; any other is refused as [`LoadError::Linked`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Loaded::open(path.as_ref(), S::FAMILY, S::KIND).map(Self::new)
    }

    /// Returns the library that the program is linked with, from `CTP_LIB_DIR` when it was built.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open): what the dynamic linker found at run time may be another version, and the other
    /// families have none.
    #[cfg(feature = "link")]
    pub fn linked() -> Result<Self, LoadError> {
        Loaded::linked(S::FAMILY, S::KIND).map(Self::new)
    }

    /// Loads the library at `path` and demands that it is `version`, for example `6.7.13`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and when the library is of another version.
    pub fn open_as(path: impl AsRef<Path>, version: &str) -> Result<Self, LoadError> {
        Self::open(path).and_then(|library| library.loaded.demand(version).map(Self::new))
    }

    /// Makes and locks the flow directory, and creates an API object.
    ///
    /// # Errors
    ///
    /// Returns an error when the directory cannot be used, another instance uses it, or the version has no
    /// evaluation mode.
    pub fn create(&self, options: &S::Options) -> Result<Api<S>, CreateError> {
        self.loaded.create(&S::creation(options)).map(Api::new)
    }

    /// Returns the version that the library reports.
    pub fn version(&self) -> &ApiVersion {
        &self.loaded.version
    }

    /// Returns whether the library is our simulator, on which orders cost nothing.
    pub fn is_simulator(&self) -> bool {
        self.loaded.version.is_simulator()
    }

    /// Returns the path that was loaded, with links resolved.
    pub fn path(&self) -> &Path {
        &self.loaded.path
    }

    fn new(loaded: Loaded) -> Self {
        Self { loaded, side: PhantomData }
    }
}

impl<S: Side> fmt::Debug for Library<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct(S::KIND.library())
            .field("path", &self.loaded.path)
            .field("version", &self.loaded.version)
            .finish_non_exhaustive()
    }
}

/// Refuses a library other than the linked trader library, whose names its parts would call each other by.
#[cfg(feature = "link")]
pub(crate) fn refuse_beside_linked(path: &Path) -> Result<(), LoadError> {
    Loaded::only_linked(path.to_owned(), "se", crate::side::Kind::Trader).map(drop)
}

/// What the dynamic linker said, which stands behind the error.
pub(crate) fn said_by_linker(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
