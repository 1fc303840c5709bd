//! Opening libraries: the one that the user names, or the simulator that comes with the package.

use std::collections::HashMap;
use std::path::PathBuf;

use ctp_sys::{CreateError, LoadError, MdLibrary, SimulatorLibraries, TraderLibrary};
use ctp_types::{Record as _, RecordBox, UserSystemInfoField};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::{errors, records};

/// Version of the simulator that is used when no library is named.
const SIMULATOR: &str = ctp_types::API_VERSION;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Version>()?;
    module.add_function(wrap_pyfunction!(version, module)?)?;
    module.add_function(wrap_pyfunction!(find_simulator, module)?)?;
    module.add_class::<SystemInfo>()?;
    module.add_function(wrap_pyfunction!(system_info, module)?)
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

/// Returns the library that `ctp_py.vnpy.install` or `ctp_py.openctp.use` was told, `kind` being `md` or `trader`.
pub(crate) fn chosen(py: Python<'_>, kind: &str) -> PyResult<Option<PathBuf>> {
    py.import("ctp_py._libraries")?.getattr("chosen")?.call1((kind,))?.extract()
}

/// Returns how many ticks wait for a slow callback, as `ctp_py.vnpy.install` was told.
pub(crate) fn tick_capacity(py: Python<'_>) -> PyResult<usize> {
    py.import("ctp_py._libraries")?.getattr("tick_capacity")?.extract()
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

/// What a collector made of this machine: encrypted bytes for the exchange's supervision, and what it did not find.
#[pyclass(frozen, module = "ctp_py")]
struct SystemInfo(ctp_sys::SystemInfo);

#[pymethods]
impl SystemInfo {
    /// Returns what could not be collected, by name; `nothing` when all was.
    #[getter]
    fn missing(&self) -> String {
        self.0.missing().to_string()
    }

    /// Returns a `UserSystemInfoField` with the information and other fields, for `RegisterUserSystemInfo`.
    #[pyo3(signature = (**fields))]
    fn record<'py>(
        &self,
        py: Python<'py>,
        fields: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let class = records::class_of(UserSystemInfoField::DESCRIPTOR).python(py)?;
        let given = records::from_python(&class.call((), fields)?)?;
        let mut record: UserSystemInfoField = given.get().copied().unwrap_or_default();
        self.0.write_to(&mut record).map_err(|error| errors::CtpError::new_err(error.to_string()))?;
        records::to_python(py, RecordBox::new(&record))
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.as_bytes())
    }

    fn __len__(&self) -> usize {
        self.0.as_bytes().len()
    }

    // The bytes identify the machine.
    fn __repr__(&self) -> String {
        format!("<SystemInfo of {} bytes>", self.0.as_bytes().len())
    }
}

/// Collects terminal information, with a library that can: `LinuxDataCollect.so`, or a trader library.
///
/// Collecting runs the library's own code, and takes some tens of milliseconds.
#[pyfunction]
fn system_info(py: Python<'_>, library: PathBuf) -> PyResult<SystemInfo> {
    let collected = py.detach(|| ctp_sys::system_info(&library));
    collected.map(SystemInfo).map_err(|error| errors::LoadError::new_err(error.to_string()))
}
