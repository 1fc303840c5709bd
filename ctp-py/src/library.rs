//! Opening libraries: the one that the user names, or the simulator that comes with the package.

use std::collections::HashMap;
use std::path::PathBuf;

use ctp_sys::{CreateError, LoadError, MdLibrary, SimulatorLibraries, TraderLibrary};
use pyo3::prelude::*;

use crate::errors;

/// Version of the simulator that is used when no library is named.
const SIMULATOR: &str = ctp_types::API_VERSION;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Version>()?;
    module.add_function(wrap_pyfunction!(version, module)?)?;
    module.add_function(wrap_pyfunction!(find_simulator, module)?)
}

/// Opens the trader library at `path`, else the simulator's.
pub(crate) fn open_trader(
    py: Python<'_>,
    path: Option<PathBuf>,
    version: Option<&str>,
) -> PyResult<TraderLibrary> {
    let path = path.map_or_else(|| Ok(simulator(py)?.trader), Ok::<_, PyErr>)?;
    let opened = py.detach(|| match version {
        Some(version) => TraderLibrary::open_as(path, version),
        None => TraderLibrary::open(path),
    });
    opened.map_err(refused)
}

/// Opens the market data library at `path`, else the simulator's.
pub(crate) fn open_md(py: Python<'_>, path: Option<PathBuf>, version: Option<&str>) -> PyResult<MdLibrary> {
    let path = path.map_or_else(|| Ok(simulator(py)?.md), Ok::<_, PyErr>)?;
    let opened = py.detach(|| match version {
        Some(version) => MdLibrary::open_as(path, version),
        None => MdLibrary::open(path),
    });
    opened.map_err(refused)
}

/// Turns an error of loading into a Python exception.
fn refused(error: LoadError) -> PyErr {
    errors::LoadError::new_err(error.to_string())
}

/// Turns an error of creating into a Python exception.
pub(crate) fn not_created(error: CreateError) -> PyErr {
    match error {
        CreateError::FlowDir { .. } | CreateError::FlowDirInUse { .. } | CreateError::FlowDirNul { .. } => {
            errors::FlowDirError::new_err(error.to_string())
        }
        other => errors::LoadError::new_err(other.to_string()),
    }
}

/// Finds the simulator: `CTP_SIM_DIR`, then `_sim` beside the package, then where `ctp-sys` looks.
fn simulator(py: Python<'_>) -> PyResult<SimulatorLibraries> {
    let is_chosen = std::env::var_os("CTP_SIM_DIR").is_some_and(|chosen| !chosen.is_empty());
    if !is_chosen {
        let package: PathBuf = py.import("ctp_py._ctp_py")?.filename()?.extract()?;
        let folder = package.with_file_name("_sim").join(format!("se-{SIMULATOR}"));
        let md = folder.join("thostmduserapi_se.so");
        let trader = folder.join("thosttraderapi_se.so");
        if md.is_file() && trader.is_file() {
            return Ok(SimulatorLibraries { md, trader });
        }
    }
    ctp_sys::find_simulator(SIMULATOR).map_err(refused)
}

/// Returns the paths of the simulator's libraries, by `md` and `trader`.
#[pyfunction]
fn find_simulator(py: Python<'_>) -> PyResult<HashMap<&'static str, PathBuf>> {
    let found = simulator(py)?;
    Ok(HashMap::from([("md", found.md), ("trader", found.trader)]))
}

/// A library's version, read from the library itself.
#[pyclass(frozen, module = "ctp_py")]
struct Version {
    /// What `GetApiVersion()` says.
    #[pyo3(get)]
    text: String,
    /// Whether it is our simulator.
    #[pyo3(get)]
    is_simulator: bool,
}

#[pymethods]
impl Version {
    fn __repr__(&self) -> String {
        format!("Version({:?}, is_simulator={})", self.text, if self.is_simulator { "True" } else { "False" })
    }

    fn __str__(&self) -> &str {
        &self.text
    }
}

/// Returns the version of a trader or market data library.
///
/// Loading runs the library's own code.
#[pyfunction]
fn version(py: Python<'_>, library: PathBuf) -> PyResult<Version> {
    let opened = py.detach(|| match TraderLibrary::open(&library) {
        Ok(library) => Ok((library.version().to_string(), library.is_simulator())),
        Err(LoadError::NotCtp { .. }) => {
            MdLibrary::open(&library).map(|library| (library.version().to_string(), library.is_simulator()))
        }
        Err(error) => Err(error),
    });
    let (text, is_simulator) = opened.map_err(refused)?;
    Ok(Version { text, is_simulator })
}
