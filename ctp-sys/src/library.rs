//! Loaded libraries: file, symbols and version are checked before any virtual call.

use std::{
    ffi::{CStr, c_char, c_void},
    path::{Path, PathBuf},
};

use crate::{
    adapter::{Adapter, Side, VERSIONS},
    error::{CreateError, LoadError},
    flow::FlowDir,
    owner::{MdApi, TraderApi},
    platform,
    refusal::refusal,
    version::ApiVersion,
};

/// How a market data API is created.
#[derive(Clone, Debug)]
pub struct MdOptions {
    /// Directory of the library's own files, one per instance; made when missing.
    pub flow_dir: PathBuf,
    /// Whether ticks come by UDP.
    pub udp: bool,
    /// Whether ticks come by multicast (with `udp`, on a local network only).
    pub multicast: bool,
    /// Whether the front is a production front; false for evaluation (评测) fronts, since 6.7.11.
    pub production_mode: bool,
}

impl MdOptions {
    /// Returns options for TCP and production.
    pub fn new(flow_dir: impl Into<PathBuf>) -> Self {
        Self { flow_dir: flow_dir.into(), udp: false, multicast: false, production_mode: true }
    }
}

/// How a trader API is created.
#[derive(Clone, Debug)]
pub struct TraderOptions {
    /// Directory of the library's own files, one per instance; made when missing.
    pub flow_dir: PathBuf,
    /// Whether the front is a production front; false for evaluation (评测) fronts, since 6.7.11.
    pub production_mode: bool,
}

impl TraderOptions {
    /// Returns options for production.
    pub fn new(flow_dir: impl Into<PathBuf>) -> Self {
        Self { flow_dir: flow_dir.into(), production_mode: true }
    }
}

/// What both kinds of library have in common.
#[derive(Clone, Debug)]
pub(crate) struct Library {
    path: PathBuf,
    version: ApiVersion,
    adapter: &'static Adapter,
    has_production_mode: bool,
    factory: *mut c_void,
}

// SAFETY: `factory` is the address of a function in a library that is never unloaded.
unsafe impl Send for Library {}
// SAFETY: as above.
unsafe impl Sync for Library {}

/// A created API object and what it needs to live.
pub(crate) struct Created {
    pub(crate) api: *mut c_void,
    pub(crate) adapter: &'static Adapter,
    pub(crate) version: ApiVersion,
    pub(crate) flow_dir: FlowDir,
}

/// Which class a library is opened for.
struct Kind {
    name: &'static str,
    version_symbol: &'static CStr,
    other_version_symbol: &'static CStr,
    hint: &'static str,
}

const MD: Kind = Kind {
    name: "market data",
    version_symbol: c"_ZN15CThostFtdcMdApi13GetApiVersionEv",
    other_version_symbol: c"_ZN19CThostFtdcTraderApi13GetApiVersionEv",
    hint: "; it is a trader library",
};

const TRADER: Kind = Kind {
    name: "trader",
    version_symbol: c"_ZN19CThostFtdcTraderApi13GetApiVersionEv",
    other_version_symbol: c"_ZN15CThostFtdcMdApi13GetApiVersionEv",
    hint: "; it is a market data library",
};

impl Library {
    fn open(
        path: &Path,
        kind: &Kind,
        side: impl Fn(&'static crate::adapter::Version) -> &'static Side,
    ) -> Result<Self, LoadError> {
        let path =
            path.canonicalize().map_err(|source| LoadError::NotFound { path: path.to_owned(), source })?;
        let library = platform::open(&path)
            .map_err(|error| LoadError::NotLoadable { path: path.clone(), reason: said_by_linker(&error) })?;
        let symbol = |name: &CStr| {
            // SAFETY: only the address is taken here.
            unsafe { library.get::<*mut c_void>(name.to_bytes_with_nul()) }.ok().map(|found| *found)
        };
        let not_ctp = |name: &CStr| LoadError::NotCtp {
            path: path.clone(),
            expected: kind.name,
            symbol: name.to_string_lossy().into_owned(),
            hint: if symbol(kind.other_version_symbol).is_some() { kind.hint } else { "" },
        };
        let get_version = symbol(kind.version_symbol).ok_or_else(|| not_ctp(kind.version_symbol))?;
        // SAFETY: the mangled name says that it is a static method without parameters that the vendor's
        // headers declare to return a C string constant.
        let text = unsafe {
            let get_version: unsafe extern "C" fn() -> *const c_char = std::mem::transmute(get_version);
            let text = get_version();
            if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
        };
        let version =
            ApiVersion::parse(&text).ok_or_else(|| LoadError::BadVersion { path: path.clone(), text })?;
        let Some(side) = version.model().map(side) else {
            return Err(refusal(path, version, VERSIONS.iter()));
        };
        let factory = symbol(side.factory).ok_or_else(|| not_ctp(side.factory))?;
        Ok(Self {
            adapter: side.adapter(),
            has_production_mode: side.has_production_mode,
            path,
            version,
            factory,
        })
    }

    fn demand(self, version: &str) -> Result<Self, LoadError> {
        match self.version.label() == version {
            true => Ok(self),
            false => Err(LoadError::WrongVersion {
                path: self.path,
                version: self.version,
                expected: version.to_owned(),
            }),
        }
    }

    fn create(&self, options: &MdOptions) -> Result<Created, CreateError> {
        if !options.production_mode && !self.has_production_mode {
            return Err(CreateError::NoEvaluationMode { version: self.version.clone() });
        }
        let flow_dir = FlowDir::claim(&options.flow_dir)?;
        // SAFETY: the adapter was emitted for the library's version, whose factory this is; the flow
        // prefix is a C string that lives during the call.
        let api = unsafe {
            let prefix = flow_dir.prefix().as_ptr();
            (self.adapter.create)(
                self.factory,
                prefix,
                options.udp,
                options.multicast,
                options.production_mode,
            )
        };
        if api.is_null() {
            return Err(CreateError::Factory { path: self.path.clone() });
        }
        Ok(Created { api, adapter: self.adapter, version: self.version.clone(), flow_dir })
    }
}

/// What the dynamic linker said, which stands behind the error.
pub(crate) fn said_by_linker(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

macro_rules! library {
    ($(#[$doc:meta])* $name:ident, $kind:ident, $side:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(Library);

        impl $name {
            /// Loads the library at `path`.
            ///
            /// # Trust
            ///
            /// Loading runs the library's own code. File, symbols and version are checked before any
            /// virtual call; a version without a model is refused.
            ///
            /// # Errors
            ///
            /// Returns what the file is not: there, loadable, a CTP library of this kind, of a version
            /// that has a model.
            pub fn open(path: impl AsRef<Path>) -> Result<Self, LoadError> {
                Library::open(path.as_ref(), &$kind, |version| &version.$side).map(Self)
            }

            /// Loads the library at `path` and demands that it is `version`, for example `6.7.13`.
            ///
            /// # Errors
            ///
            /// As [`open`](Self::open), and when the library is of another version.
            pub fn open_as(path: impl AsRef<Path>, version: &str) -> Result<Self, LoadError> {
                Self::open(path).and_then(|library| library.0.demand(version).map(Self))
            }

            /// Returns the version that the library reports.
            pub fn version(&self) -> &ApiVersion {
                &self.0.version
            }

            /// Returns whether the library is our simulator, on which orders cost nothing.
            pub fn is_simulator(&self) -> bool {
                self.0.version.is_simulator()
            }

            /// Returns the path that was loaded, with links resolved.
            pub fn path(&self) -> &Path {
                &self.0.path
            }
        }
    };
}

library! {
    /// A CTP market data library, the vendor's or the simulator's.
    MdLibrary, MD, md
}

library! {
    /// A CTP trader library, the vendor's or the simulator's.
    TraderLibrary, TRADER, trader
}

impl MdLibrary {
    /// Makes and locks the flow directory, and creates an API object.
    ///
    /// # Errors
    ///
    /// Returns an error when the directory cannot be used, another instance uses it, or the version has
    /// no evaluation mode.
    pub fn create(&self, options: &MdOptions) -> Result<MdApi, CreateError> {
        self.0.create(options).map(MdApi::new)
    }
}

impl TraderLibrary {
    /// Makes and locks the flow directory, and creates an API object.
    ///
    /// # Errors
    ///
    /// Returns an error when the directory cannot be used, another instance uses it, or the version has
    /// no evaluation mode.
    pub fn create(&self, options: &TraderOptions) -> Result<TraderApi, CreateError> {
        let TraderOptions { flow_dir, production_mode } = options.clone();
        self.0
            .create(&MdOptions { flow_dir, udp: false, multicast: false, production_mode })
            .map(TraderApi::new)
    }
}
