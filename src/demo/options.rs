//! The options of a demo: arguments, environment, configuration file, and what the simulator needs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use ctp_gateway::config::Recovery;
use ctp_gateway::{MdConfig, Secret, TdConfig};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use tempfile::TempDir;

use super::DemoError;

/// The command line of a demo.
#[derive(Clone, Default, Parser)]
#[command(
    version = env!("CARGO_PKG_VERSION"),
    after_help = "Secrets never stand on the command line: CTP_PASSWORD and CTP_AUTH_CODE in the environment, or \
                  password and auth_code in the file. Without --library everything runs on the simulator."
)]
pub struct Arguments {
    /// TOML file with the same names as here (app_id, flow_dir, …) but for the orders; arguments win over it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A CTP library, instead of the simulator
    #[arg(long, value_name = "PATH")]
    pub library: Option<PathBuf>,
    /// Front address, tcp://host:port
    #[arg(long, value_name = "ADDRESS")]
    pub front: Option<String>,
    /// Broker id
    #[arg(long)]
    pub broker: Option<String>,
    /// User id, also used as investor id
    #[arg(long)]
    pub user: Option<String>,
    /// Client id for authentication
    #[arg(long)]
    pub app_id: Option<String>,
    /// Folder for the library's own files
    #[arg(long, value_name = "PATH")]
    pub flow_dir: Option<PathBuf>,
    /// Contract ids, separated by commas; trading uses the first
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub instruments: Option<Vec<String>>,
    /// Ticks to print per contract
    #[arg(long)]
    pub ticks: Option<usize>,
    /// Seconds to wait for an answer
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<f64>,
    /// Use the keys of the brokers' evaluation fronts (评测), since 6.7.11
    #[arg(long)]
    pub evaluation: bool,
    /// On a library that is not our simulator: send one lot at the far daily limit, and cancel it
    #[arg(long)]
    pub place_order: bool,
    /// Treat the simulator like any other library, to see beforehand what would happen
    #[arg(long)]
    pub rehearse: bool,
}

/// The configuration file. It cannot allow orders: a file that lies around is no wish of the moment.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    library: Option<PathBuf>,
    front: Option<String>,
    broker: Option<String>,
    user: Option<String>,
    #[serde(deserialize_with = "secret")]
    password: Option<Secret>,
    app_id: Option<String>,
    #[serde(deserialize_with = "secret")]
    auth_code: Option<Secret>,
    flow_dir: Option<PathBuf>,
    instruments: Option<Vec<String>>,
    ticks: Option<usize>,
    timeout: Option<f64>,
    evaluation: bool,
}

/// Where a demo connects, as whom, and what it shows.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The library; `None` is the simulator.
    pub library: Option<PathBuf>,
    /// The front, with a proxy behind a blank if there is one: see [`front_shown`](Self::front_shown).
    pub front: String,
    /// The broker.
    pub broker: String,
    /// The user, who is also the investor.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// The client id for authentication; empty: none.
    pub app_id: String,
    /// The code that belongs to it.
    pub auth_code: Secret,
    /// The folder under which sessions make their own folders.
    pub flow_dir: PathBuf,
    /// The contracts; empty: those that are much traded on the day.
    pub instruments: Vec<String>,
    /// How many ticks per contract are printed.
    pub ticks: usize,
    /// How long to wait for an answer.
    pub timeout: Duration,
    /// Whether the keys of evaluation fronts are used.
    pub evaluation: bool,
    /// Whether one order may leave on a library that is not our simulator.
    pub place_order: bool,
    /// Whether the simulator is treated like any other library.
    pub rehearse: bool,
    /// Keeps the flow folder of the simulator until the demo is over.
    _temporary: Option<Arc<TempDir>>,
}

/// Shows the front without the proxy behind it, which may carry a password.
impl std::fmt::Debug for Options {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Exhaustive, so that a new field is not forgotten here.
        let Self {
            library,
            front: _,
            broker,
            user,
            password,
            app_id,
            auth_code,
            flow_dir,
            instruments,
            ticks,
            timeout,
            evaluation,
            place_order,
            rehearse,
            _temporary,
        } = self;
        formatter
            .debug_struct("Options")
            .field("library", library)
            .field("front", &self.front_shown())
            .field("broker", broker)
            .field("user", user)
            .field("password", password)
            .field("app_id", app_id)
            .field("auth_code", auth_code)
            .field("flow_dir", flow_dir)
            .field("instruments", instruments)
            .field("ticks", ticks)
            .field("timeout", timeout)
            .field("evaluation", evaluation)
            .field("place_order", place_order)
            .field("rehearse", rehearse)
            .field("_temporary", _temporary)
            .finish()
    }
}

impl Options {
    /// Returns the options for the simulator.
    ///
    /// # Errors
    ///
    /// [`DemoError::FlowDir`].
    pub fn simulator() -> Result<Self, DemoError> {
        Self::read(Arguments::default(), |_| None)
    }

    /// Returns the options from the arguments, then the environment (`CTP_PASSWORD` and `CTP_AUTH_CODE` only), then
    /// the configuration file, then the defaults.
    ///
    /// # Errors
    ///
    /// What is wrong with the file or a value.
    pub fn read(
        arguments: Arguments,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, DemoError> {
        let file = arguments.config.as_deref().map_or_else(|| Ok(File::default()), read_file)?;
        let secret = |name: &str| environment(name).filter(|value| !value.is_empty()).map(Secret::new);
        let library = arguments.library.or(file.library);
        let front = arguments.front.or(file.front);
        // On the simulator everything has a default; elsewhere nothing is guessed.
        let is_simulated = front.as_ref().map_or(library.is_none(), |front| front.starts_with("sim://"));
        let default = |value: &str| if is_simulated { value.to_owned() } else { String::new() };
        let (flow_dir, temporary) = match arguments.flow_dir.or(file.flow_dir) {
            Some(folder) => (folder, None),
            None if !is_simulated => (PathBuf::from("flow"), None),
            None => {
                let folder = tempfile::tempdir().map_err(DemoError::FlowDir)?;
                (folder.path().to_owned(), Some(Arc::new(folder)))
            }
        };
        let app_id = arguments.app_id.or(file.app_id);
        let auth_code = secret("CTP_AUTH_CODE").or(file.auth_code);
        // They belong together: a default for one of them would not fit the other.
        let (app_id, auth_code) = match (app_id, auth_code) {
            (None, None) => (default("ctp_demo"), default("0000000000000000").into()),
            (app_id, auth_code) => (app_id.unwrap_or_default(), auth_code.unwrap_or_default()),
        };
        Ok(Self {
            front: front.unwrap_or_else(|| default("sim://demo")),
            broker: arguments.broker.or(file.broker).unwrap_or_else(|| default("9999")),
            user: arguments.user.or(file.user).unwrap_or_else(|| default("demo")),
            password: secret("CTP_PASSWORD").or(file.password).unwrap_or_else(|| default("simulator").into()),
            app_id,
            auth_code,
            flow_dir,
            instruments: each_once(arguments.instruments.or(file.instruments).unwrap_or_default()),
            ticks: at_least_one(arguments.ticks.or(file.ticks).unwrap_or(5))?,
            timeout: seconds(arguments.timeout.or(file.timeout).unwrap_or(30.0))?,
            evaluation: arguments.evaluation || file.evaluation,
            place_order: arguments.place_order,
            rehearse: arguments.rehearse,
            library,
            _temporary: temporary,
        })
    }

    /// Returns the configuration of a market data session.
    pub fn md_config(&self) -> MdConfig {
        let mut config = MdConfig::new(self.fronts());
        config.library = self.library.clone();
        config.broker_id = self.broker.clone();
        config.user_id = self.user.clone();
        config.password = self.password.clone();
        config.flow_dir = self.flow_dir.clone();
        config.production = !self.evaluation;
        config.timeouts.ready = self.timeout;
        config
    }

    /// Returns the configuration of a trading session.
    pub fn td_config(&self) -> TdConfig {
        let mut config = TdConfig::new(self.fronts(), &self.broker, &self.user, self.password.clone());
        config.library = self.library.clone();
        config.app_id = self.app_id.clone();
        config.auth_code = self.auth_code.clone();
        config.flow_dir = self.flow_dir.clone();
        config.production = !self.evaluation;
        config.timeouts.ready = self.timeout;
        // One lot of its own needs no comparison of what the account holds.
        config.recovery = Recovery::Orders;
        config
    }

    /// Returns the front without the proxy that may stand behind it with a password.
    pub fn front_shown(&self) -> &str {
        self.front.split(' ').next().unwrap_or_default()
    }

    fn fronts(&self) -> Option<String> {
        Some(self.front.clone()).filter(|front| !front.is_empty())
    }
}

/// Reads a configuration file. What the parser quotes is not passed on: it may be a password.
fn read_file(path: &Path) -> Result<File, DemoError> {
    let fails = |reason| DemoError::Config { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| fails(format!("cannot be read: {error}")))?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        fails(format!("line {line}: {}", error.message()))
    })
}

/// Reads a secret. A number without quotes is refused without being quoted in the error.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => Ok(Some(Secret::new(text))),
        _ => Err(D::Error::custom("password and auth_code are texts; put them in quotes")),
    }
}

/// Returns the ids without blanks around them, each once: a front answers a repeated subscription once.
fn each_once(ids: Vec<String>) -> Vec<String> {
    let mut seen = Vec::new();
    for id in ids.iter().map(|id| id.trim()) {
        if !seen.iter().any(|known| known == id) {
            seen.push(id.to_owned());
        }
    }
    seen
}

fn at_least_one(ticks: usize) -> Result<usize, DemoError> {
    match ticks {
        0 => Err(DemoError::Option { option: "ticks", value: "0".into(), fix: "give at least 1" }),
        ticks => Ok(ticks),
    }
}

fn seconds(value: f64) -> Result<Duration, DemoError> {
    let wrong = || DemoError::Option {
        option: "timeout",
        value: value.to_string(),
        fix: "give seconds between 0.1 and 86400",
    };
    if (0.1..=86_400.0).contains(&value) { Ok(Duration::from_secs_f64(value)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests;
