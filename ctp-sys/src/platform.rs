//! What depends on the operating system: opening a shared library, and how names are mangled.

use std::{ffi::CStr, path::Path};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

/// Opens a library with all its symbols bound and none of them visible to others, so that several
/// versions, which export the same names, live side by side.
///
/// The library is never unloaded: its threads may outlive every handle (faults.md F04).
pub(crate) fn open(path: &Path) -> Result<&'static Library, libloading::Error> {
    // SAFETY: loading runs the library's initialisers; `open`'s `# Trust` section hands this to the caller.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }?;
    Ok(Box::leak(Box::new(library)))
}

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
