//! What depends on the operating system: opening a shared library.

use std::path::Path;

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
