//! Python: virtual environments of our own, and the pinned tools that live in them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, bail};

use crate::{lock, paths, shell};

/// Fetches packages without building or running them.
const UNEARTH: &str = "unearth==0.19.0";

/// Builds wheels.
const MATURIN: &str = "maturin==1.16.0";

/// What the tests of the package need; the package itself needs nothing.
const TESTS: [&str; 14] = [
    "pytest==9.2.0",
    // Several tests at a time: most of them wait for a session that paces its queries.
    "pytest-xdist==3.8.0",
    // Values and texts nobody thinks of, for the conversions.
    "hypothesis==6.168.5",
    // Two readers of the types: of the package, the tests, the demos and the stubs.
    "mypy==2.4.1",
    // Pyright with its JavaScript inside: it needs no network when it runs.
    "basedpyright==1.40.2",
    // Who takes columns without a copy. The newest NumPy for Python 3.10 is 2.2.
    "numpy==2.2.6; python_version < '3.11'",
    "numpy==2.4.6; python_version >= '3.11'",
    "pyarrow==25.0.1",
    "polars==2.0.0",
    // The newest pandas for Python 3.10 is 2.3; both take Arrow's capsules.
    "pandas==2.3.3; python_version < '3.11'",
    "pandas==3.1.1; python_version >= '3.11'",
    "duckdb==2.0.0",
    // An event loop that is not asyncio's own.
    "uvloop==0.23.0",
    // Draws the candle chart of record_demo.py.
    "matplotlib==3.10.9",
];

/// The oldest Python that the project supports, as (major, minor).
const OLDEST: (u32, u32) = (3, 10);

/// Returns the `unearth` command, installed into `target/tools/python` when it is not there yet.
pub(crate) fn unearth() -> Result<PathBuf> {
    let _lock = lock::hold("python-tools")?;
    let environment = Environment::at(&paths::tools().join("python"))?;
    environment.install(&[UNEARTH])?;
    Ok(environment.program("unearth"))
}

/// Returns the environment of the project, `.venv`, with the pinned tools in it.
pub(crate) fn project() -> Result<Environment> {
    let environment = Environment::at(&paths::root().join(".venv"))?;
    environment.install(&[&[MATURIN], TESTS.as_slice()].concat())?;
    Ok(environment)
}

/// A virtual environment.
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Returns the environment in `folder`, made when it is missing or its Python is gone.
    pub(crate) fn at(folder: &Path) -> Result<Self> {
        let environment = Self { folder: folder.to_owned() };
        let works = environment
            .python()
            .args(["-c", "import pip"])
            .output()
            .is_ok_and(|output| output.status.success());
        if !works {
            environment.make()?;
        }
        Ok(environment)
    }

    fn make(&self) -> Result<()> {
        let python = system_python();
        check_version(&python)?;
        shell::output(Command::new(&python).args(["-m", "venv", "--clear"]).arg(&self.folder)).with_context(
            || {
                format!(
                    "cannot make a virtual environment in {} (on Debian it needs the package python3-venv)",
                    paths::shown(&self.folder)
                )
            },
        )?;
        Ok(())
    }

    /// Installs `requirements`, each `name==version`; those that are already there cost nothing.
    pub(crate) fn install(&self, requirements: &[&str]) -> Result<()> {
        let stamp = self.folder.join("installed.txt");
        let wanted = requirements.join("\n");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        shell::output(
            self.python()
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(requirements),
        )
        .with_context(|| format!("cannot install {}", requirements.join(", ")))?;
        fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
    }

    /// Installs the wheel, in place of any earlier one.
    pub(crate) fn install_wheel(&self, wheel: &Path) -> Result<()> {
        let options =
            ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", "--force-reinstall"];
        let mut command = self.python();
        shell::output(command.args(["-m", "pip", "install"]).args(options).arg(wheel))
            .with_context(|| format!("cannot install {}", paths::shown(wheel)))?;
        Ok(())
    }

    /// Returns a command that runs the environment's Python.
    pub(crate) fn python(&self) -> Command {
        Command::new(self.program("python"))
    }

    /// Returns the path of a program of the environment.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }
}

/// Returns the Python to build environments with: `PYTHON`, else `python3`.
fn system_python() -> OsString {
    env::var_os("PYTHON").filter(|python| !python.is_empty()).unwrap_or_else(|| "python3".into())
}

fn check_version(python: &OsString) -> Result<()> {
    let program = "import sys; print(sys.version_info.major, sys.version_info.minor)";
    let output = shell::output(Command::new(python).args(["-c", program])).with_context(|| {
        format!("needs Python {}.{} or newer; PYTHON names another one", OLDEST.0, OLDEST.1)
    })?;
    let text = String::from_utf8_lossy(&output);
    let mut numbers = text.split_whitespace().map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= OLDEST => Ok(()),
        _ => bail!(
            "{} is Python {}; needs {}.{} or newer (PYTHON names another one)",
            python.to_string_lossy(),
            text.trim().replace(' ', "."),
            OLDEST.0,
            OLDEST.1
        ),
    }
}

/// Returns the package index that the user has configured for pip, if any. It may hold a password: never print it.
pub(crate) fn package_index() -> Option<String> {
    let output = Command::new(system_python()).args(["-m", "pip", "config", "list"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().find(|line| {
        line.split('=').next().is_some_and(|key| key.ends_with("index-url") && !key.contains("extra"))
    })?;
    let (_, value) = line.split_once('=')?;
    Some(value.trim_matches('\'').to_owned())
}
