//! What depends on the operating system: opening a shared library, and how names are mangled.

use std::{
    ffi::CStr,
    path::Path,
    sync::{Mutex, PoisonError},
};
#[cfg(feature = "link")]
use std::{
    ffi::{OsStr, c_char, c_int, c_void},
    os::unix::ffi::OsStrExt,
    path::PathBuf,
};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use crate::side::Kind;

/// Opens a library with all its symbols bound and none of them visible to others, so that several
/// versions, which export the same names, live side by side.
///
/// The library is never unloaded: its threads may outlive every handle (faults.md F04).
pub(crate) fn open(path: &Path) -> Result<&'static Library, libloading::Error> {
    /// What was opened, for as long as the process lives. Leak checkers find it here.
    static OPENED: Mutex<Vec<&'static Library>> = Mutex::new(Vec::new());
    // SAFETY: loading runs the library's initialisers; `open`'s `# Trust` section hands this to the caller.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }?;
    let library: &'static Library = Box::leak(Box::new(library));
    OPENED.lock().unwrap_or_else(PoisonError::into_inner).push(library);
    Ok(library)
}

/// Returns the file that the code at `address` was loaded from, with links resolved.
#[cfg(feature = "link")]
pub(crate) fn file_of(address: *mut c_void) -> Option<PathBuf> {
    #[repr(C)]
    struct Found {
        file: *const c_char,
        base: *mut c_void,
        symbol: *const c_char,
        symbol_address: *mut c_void,
    }
    unsafe extern "C" {
        fn dladdr(address: *const c_void, found: *mut Found) -> c_int;
    }
    let mut found = Found {
        file: std::ptr::null(),
        base: std::ptr::null_mut(),
        symbol: std::ptr::null(),
        symbol_address: std::ptr::null_mut(),
    };
    // SAFETY: `Found` is the C library's `Dl_info`; any address may be asked for.
    let is_found = unsafe { dladdr(address, &raw mut found) } != 0 && !found.file.is_null();
    // SAFETY: the dynamic linker's own C string, which lives as long as the file is loaded: always.
    let file = is_found.then(|| unsafe { CStr::from_ptr(found.file) })?;
    let path = PathBuf::from(OsStr::from_bytes(file.to_bytes()));
    Some(path.canonicalize().unwrap_or(path))
}

/// Mangled name of a class's `static const char *GetApiVersion()`.
pub(crate) struct VersionSymbol {
    /// Whose it is.
    pub(crate) kind: Kind,
    /// The family whose namespace it is in; several share the global one.
    pub(crate) family: Option<&'static str>,
    /// The name.
    pub(crate) name: &'static CStr,
}

impl VersionSymbol {
    /// Returns the symbol that a library of `kind` and `family` exports.
    pub(crate) fn of(kind: Kind, family: &str) -> &'static Self {
        match (family, kind) {
            ("sopt", Kind::Md) => &VERSION_SYMBOLS[2],
            ("sopt", Kind::Trader) => &VERSION_SYMBOLS[3],
            (_, Kind::Md) => &VERSION_SYMBOLS[0],
            (_, Kind::Trader) => &VERSION_SYMBOLS[1],
        }
    }
}

/// The classes of all families.
pub(crate) static VERSION_SYMBOLS: [VersionSymbol; 4] = [
    VersionSymbol { kind: Kind::Md, family: None, name: c"_ZN15CThostFtdcMdApi13GetApiVersionEv" },
    VersionSymbol { kind: Kind::Trader, family: None, name: c"_ZN19CThostFtdcTraderApi13GetApiVersionEv" },
    VersionSymbol {
        kind: Kind::Md,
        family: Some("sopt"),
        name: c"_ZN8ctp_sopt15CThostFtdcMdApi13GetApiVersionEv",
    },
    VersionSymbol {
        kind: Kind::Trader,
        family: Some("sopt"),
        name: c"_ZN8ctp_sopt19CThostFtdcTraderApi13GetApiVersionEv",
    },
];

/// Mangled names of what `DataCollect.h` declares.
pub(crate) struct CollectorSymbols {
    /// `int CTP_GetSystemInfo(char *pSystemInfo, int &nLen)`.
    pub(crate) collect: &'static CStr,
    /// `const char *CTP_GetDataCollectApiVersion(void)`, which collectors before 6.6.7 lack.
    pub(crate) version: &'static CStr,
}

/// The collector with production keys.
pub(crate) const COLLECTOR: CollectorSymbols =
    CollectorSymbols { collect: c"_Z17CTP_GetSystemInfoPcRi", version: c"_Z28CTP_GetDataCollectApiVersionv" };

/// The collector with the keys of evaluation fronts; trader libraries since 6.7.11 have both.
pub(crate) const EVALUATION_COLLECTOR: CollectorSymbols = CollectorSymbols {
    collect: c"_ZN10ctptestapi17CTP_GetSystemInfoEPcRi",
    version: c"_ZN10ctptestapi28CTP_GetDataCollectApiVersionEv",
};
