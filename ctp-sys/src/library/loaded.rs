//! A loaded library, whatever its side: what it exports, which version it is, and its factory.

use std::{
    ffi::{CStr, c_char, c_void},
    path::{Path, PathBuf},
};

use super::Creation;
#[cfg(not(feature = "link"))]
use super::said_by_linker;
use crate::{
    adapter::Adapter,
    error::{CreateError, LoadError},
    flow::FlowDir,
    platform::{VERSION_SYMBOLS, VersionSymbol},
    refusal::refusal,
    side::Kind,
    version::{ApiVersion, versions_of},
};

/// A library that was checked.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(super) path: PathBuf,
    pub(super) version: ApiVersion,
    family: &'static str,
    adapter: &'static Adapter,
    has_production_mode: bool,
    factory: *mut c_void,
}

// SAFETY: `factory` is the address of a function in a library that is never unloaded.
unsafe impl Send for Loaded {}
// SAFETY: as above.
unsafe impl Sync for Loaded {}

/// A created API object and what it needs to live.
pub(crate) struct Created {
    pub(crate) api: *mut c_void,
    pub(crate) adapter: &'static Adapter,
    pub(crate) version: ApiVersion,
    pub(crate) flow_dir: FlowDir,
    /// Whether `Release` stands an object that was never initialised. The vendor's mini does not: it stops a
    /// thread that it has not made.
    pub(crate) releases_idle: bool,
}

impl Loaded {
    /// Loads the library at `path`, which is to be of `kind` and `family`.
    pub(super) fn open(path: &Path, family: &'static str, kind: Kind) -> Result<Self, LoadError> {
        let path =
            path.canonicalize().map_err(|source| LoadError::NotFound { path: path.to_owned(), source })?;
        #[cfg(feature = "link")]
        return Self::only_linked(path, family, kind);
        #[cfg(not(feature = "link"))]
        Self::load(path, family, kind)
    }

    #[cfg(not(feature = "link"))]
    fn load(path: PathBuf, family: &'static str, kind: Kind) -> Result<Self, LoadError> {
        let library = crate::platform::open(&path)
            .map_err(|error| LoadError::NotLoadable { path: path.clone(), reason: said_by_linker(&error) })?;
        let symbol = |name: &CStr| {
            // SAFETY: only the address is taken here.
            unsafe { library.get::<*mut c_void>(name.to_bytes_with_nul()) }.ok().map(|found| *found)
        };
        Self::identify(path, family, kind, symbol)
    }

    /// Returns the linked library when it is the one at `path`.
    #[cfg(feature = "link")]
    pub(super) fn only_linked(path: PathBuf, family: &'static str, kind: Kind) -> Result<Self, LoadError> {
        let (linked, version) = match Self::linked(family, kind) {
            Ok(linked) if linked.path == path => return Ok(linked),
            Ok(linked) => (linked.path, linked.version),
            // Of the linked library, not of the one that was asked for.
            Err(LoadError::WrongFamily { path: linked, version, .. }) if linked != path => (linked, version),
            Err(error) => return Err(error),
        };
        Err(LoadError::Linked { path, linked, version })
    }

    /// Finds out what exports the symbols that `symbol` finds, and refuses what is not of `kind` and
    /// `family` or has no model.
    pub(super) fn identify(
        path: PathBuf,
        family: &'static str,
        kind: Kind,
        symbol: impl Fn(&CStr) -> Option<*mut c_void>,
    ) -> Result<Self, LoadError> {
        let expected = VersionSymbol::of(kind, family);
        let exported =
            |candidate: &'static VersionSymbol| symbol(candidate.name).map(|address| (candidate, address));
        let not_ctp = |name: &CStr, hint| LoadError::NotCtp {
            path: path.clone(),
            expected: kind.name(),
            symbol: name.to_string_lossy().into_owned(),
            hint,
        };
        let (found, get_version) = exported(expected)
            .or_else(|| VERSION_SYMBOLS.iter().find_map(exported))
            .ok_or_else(|| not_ctp(expected.name, ""))?;
        // SAFETY: the mangled name says that it is a static method without parameters that the vendor's
        // headers declare to return a C string constant.
        let text = unsafe {
            let get_version: unsafe extern "C" fn() -> *const c_char = std::mem::transmute(get_version);
            let text = get_version();
            if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
        };
        let version =
            ApiVersion::parse(&text).ok_or_else(|| LoadError::BadVersion { path: path.clone(), text })?;
        let found_family = found.family.unwrap_or_else(|| version.family());
        if found_family != family {
            let opener = match found_family {
                "se" => format!("ctp_sys::{}", found.kind.library()),
                other => format!("ctp_sys::{other}::{}", found.kind.library()),
            };
            return Err(LoadError::WrongFamily { path, version, family: found_family, opener });
        }
        if found.kind != kind {
            let hint = match found.kind {
                Kind::Md => "; it is a market data library",
                Kind::Trader => "; it is a trader library",
            };
            return Err(not_ctp(expected.name, hint));
        }
        let Some(model) = version.model(family) else {
            return Err(refusal(path, version, versions_of(family)));
        };
        let side = kind.of(model);
        let factory = symbol(side.factory).ok_or_else(|| not_ctp(side.factory, ""))?;
        Ok(Self {
            adapter: side.adapter(),
            has_production_mode: side.has_production_mode,
            family,
            path,
            version,
            factory,
        })
    }

    pub(super) fn demand(self, version: &str) -> Result<Self, LoadError> {
        match self.version.label() == version {
            true => Ok(self),
            false => Err(LoadError::WrongVersion {
                path: self.path,
                version: self.version,
                expected: version.to_owned(),
            }),
        }
    }

    pub(super) fn create(&self, creation: &Creation) -> Result<Created, CreateError> {
        if !creation.production_mode && !self.has_production_mode {
            return Err(CreateError::NoEvaluationMode { version: self.version.clone() });
        }
        let flow_dir = FlowDir::claim(&creation.flow_dir)?;
        // SAFETY: the adapter was emitted for the library's version, whose factory this is; the flow
        // prefix is a C string that lives during the call.
        let api = unsafe {
            let prefix = flow_dir.prefix().as_ptr();
            (self.adapter.create)(
                self.factory,
                prefix,
                creation.udp,
                creation.multicast,
                creation.production_mode,
            )
        };
        if api.is_null() {
            return Err(CreateError::Factory { path: self.path.clone() });
        }
        let version = self.version.clone();
        let releases_idle = self.family != "mini" || version.is_simulator();
        Ok(Created { api, adapter: self.adapter, version, flow_dir, releases_idle })
    }
}
