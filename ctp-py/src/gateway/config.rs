//! What a client is made from: a file, an address of the simulator, keywords over them, and the environment.

use std::path::{Path, PathBuf};

use ctp_gateway::GatewayConfig;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::errors;
use super::session::Kept;
use crate::errors::FlowDirError;

/// Which sessions the configuration is for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Side {
    Md,
    Td,
    Both,
}

/// A configuration that was read, and the temporary folder that it may need.
pub(crate) struct Read {
    pub(crate) config: GatewayConfig,
    pub(crate) kept: Option<Kept>,
}

/// Reads a configuration. Keywords win over the environment, which wins over the file; an address `sim://NAME` is
/// complete, and the environment does not change it.
///
/// # Errors
///
/// Returns `ConfigError` with every problem at once.
pub(crate) fn read(
    source: Option<&Bound<'_, PyAny>>,
    keywords: Option<&Bound<'_, PyDict>>,
    side: Side,
    py: Python<'_>,
) -> PyResult<Read> {
    let arguments = PyDict::new(py);
    for (key, value) in keywords.into_iter().flatten() {
        let key: String = key.extract()?;
        if !value.is_none() {
            arguments.set_item(own_key(&key, &value, side), json(py, &key, &value)?)?;
        }
    }
    let has_flow_dir =
        ["flow_dir", "flow_path", "flow"].iter().any(|key| arguments.contains(key).unwrap_or(false));
    let text = py.import("json")?.call_method1("dumps", (arguments,))?.extract::<String>()?;
    let mut loader = GatewayConfig::loader().arguments(text);
    let mut is_address = false;
    match source.map(|source| source_of(py, source)).transpose()? {
        Some(Source::Simulator(front)) => {
            is_address = true;
            loader = loader.json(simulator(py, &front)?).with(|config| {
                if config.password.is_unset() {
                    config.password = "simulator".into();
                }
            });
        }
        Some(Source::File(path)) => loader = loader.file(path).environment(),
        None => loader = loader.environment(),
    }
    let mut config = loader.load().map_err(|error| errors::config(py, &error))?;
    warn(py, &config)?;
    use_package_libraries(py, &mut config)?;
    let mut kept = None;
    if is_address && !has_flow_dir {
        let folder = tempfile::Builder::new().prefix("ctp-flow-").tempdir().map_err(|error| {
            FlowDirError::new_err(format!("cannot make a temporary flow directory: {error}; pass flow_dir"))
        })?;
        config.flow_dir = folder.path().to_owned();
        kept = Some(folder);
    }
    Ok(Read { config, kept })
}

enum Source {
    Simulator(String),
    File(PathBuf),
}

fn source_of(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<Source> {
    if let Ok(text) = source.cast::<PyString>() {
        let text = text.to_str()?;
        if text.starts_with("sim://") {
            return Ok(Source::Simulator(text.to_owned()));
        }
        if let Some((scheme, _)) = text.split_once("://") {
            let fix = format!(
                "{text} is an address; only a simulator's, sim://NAME, says everything: give front=\"{scheme}://…\" \
                 and the account as keywords"
            );
            return Err(errors::config_value(py, "config", &fix));
        }
    }
    match source.extract::<PathBuf>() {
        Ok(path) => Ok(Source::File(path)),
        Err(_) => Err(PyTypeError::new_err(format!(
            "a configuration is the path of a file or an address sim://NAME, not {}; give the rest as keywords",
            source.get_type().name()?
        ))),
    }
}

/// Returns the configuration of a simulated account.
fn simulator(py: Python<'_>, front: &str) -> PyResult<String> {
    let whole = PyDict::new(py);
    whole.set_item("fronts", vec![front])?;
    whole.set_item("broker_id", "9999")?;
    whole.set_item("user_id", "000001")?;
    py.import("json")?.call_method1("dumps", (whole,))?.extract()
}

/// `library` is the session's own library, or the folder of both; `front` of one session is that session's, which needs
/// nothing of the other.
fn own_key<'a>(key: &'a str, value: &Bound<'_, PyAny>, side: Side) -> &'a str {
    match (key, side) {
        ("front" | "fronts", Side::Md) => "md_fronts",
        ("front" | "fronts", Side::Td) => "td_fronts",
        ("library", Side::Md | Side::Td) if value.extract::<PathBuf>().is_ok_and(|path| path.is_dir()) => {
            "library_dir"
        }
        ("library", Side::Md) => "md_library",
        ("library", Side::Td) => "td_library",
        ("library", Side::Both) => "library_dir",
        _ => key,
    }
}

/// Returns the value as JSON has it.
fn json<'py>(py: Python<'py>, key: &str, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let options = PyDict::new(py);
    options.set_item("allow_nan", false)?;
    options.set_item("default", py.import("os")?.getattr("fspath")?)?;
    let json = py.import("json")?;
    match json.call_method("dumps", (value,), Some(&options)) {
        Ok(text) => json.call_method1("loads", (text,)),
        Err(_) => {
            let kind = value.get_type().name()?;
            let message = format!(
                "is {kind}, or has it inside; give text, numbers, True or False, lists, dicts or paths"
            );
            Err(errors::config_value(py, key, &message))
        }
    }
}

/// Logs what is not wrong and yet unwise.
fn warn(py: Python<'_>, config: &GatewayConfig) -> PyResult<()> {
    if config.warnings().is_empty() {
        return Ok(());
    }
    let logger = py.import("logging")?.call_method1("getLogger", ("ctp_py",))?;
    for warning in config.warnings() {
        logger.call_method1("warning", ("%s", warning.to_string()))?;
    }
    Ok(())
}

/// Has simulated fronts use the simulator that lies beside the package, where no library is named.
fn use_package_libraries(py: Python<'_>, config: &mut GatewayConfig) -> PyResult<()> {
    let is_chosen = std::env::var_os("CTP_SIM_DIR").is_some_and(|chosen| !chosen.is_empty());
    if is_chosen || config.library_dir.is_some() {
        return Ok(());
    }
    let module: PathBuf = py.import("ctp_py._ctp_py")?.filename()?.extract()?;
    let version = config.version.as_deref().unwrap_or(ctp_types::API_VERSION);
    let folder = module.with_file_name("_sim").join(format!("se-{version}"));
    let simulated = |own: &[String], common: &[String]| {
        let fronts = if own.is_empty() { common } else { own };
        !fronts.is_empty() && fronts.iter().all(|front| front.starts_with("sim://"))
    };
    let use_file = |library: &mut Option<PathBuf>, is_simulated: bool, path: &Path| {
        if library.is_none() && is_simulated && path.is_file() {
            *library = Some(path.to_owned());
        }
    };
    let is_simulated = simulated(&config.md_fronts, &config.fronts);
    use_file(&mut config.md_library, is_simulated, &folder.join("thostmduserapi_se.so"));
    let is_simulated = simulated(&config.td_fronts, &config.fronts);
    use_file(&mut config.td_library, is_simulated, &folder.join("thosttraderapi_se.so"));
    Ok(())
}

/// Returns fronts for people, without proxies and users, which may carry passwords.
pub(crate) fn shown(fronts: &[String]) -> String {
    let plain = |front: &String| {
        let front = front.split_whitespace().next().unwrap_or_default();
        let (scheme, rest) = front.split_once("://").unwrap_or(("tcp", front));
        format!("{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host))
    };
    fronts.iter().map(plain).collect::<Vec<_>>().join(",")
}
