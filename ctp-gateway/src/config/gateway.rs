//! The configuration of both sessions of an account.

mod sessions;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use super::loader::Loader;
use super::value::{Node, Value};
pub(super) use sessions::{Sides, variable};

use super::{
    ConfigError, FensMode, MdConfig, Problem, Reconcile, Recovery, Relay, Resume, RiskConfig, SecretSource,
    TdConfig, Timeouts, keys, without_proxy,
};
use crate::capture::CaptureConfig;
use crate::clock::WallClock;
use crate::journal::JournalConfig;

/// Everything that both sessions of an account need: where, as whom, with which library.
///
/// It comes from a file, the environment and code, of which the later wins: see [`load`](Self::load) and
/// [`loader`](Self::loader). All keys stand in `docs/configuration.md`.
///
/// ```
/// use ctp_gateway::GatewayConfig;
///
/// let config = GatewayConfig::from_toml(r#"
///     td_fronts = ["180.168.146.187:10130"]
///     md_fronts = ["180.168.146.187:10131"]
///     library_dir = "/opt/ctp/6.7.13"
///     broker_id = "9999"
///     user_id = "000001"
///     password = { env = "NO_SUCH_VARIABLE" }
///     ap_id = "simnow_client_test"
/// "#);
/// let problems = config.unwrap_err().to_string();
/// assert!(problems.contains("line 7: password: is to come from the variable NO_SUCH_VARIABLE, which is not set"));
/// assert!(problems.contains("line 8: ap_id: is no key; did you mean app_id?"));
/// ```
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct GatewayConfig {
    /// The version that both libraries must have; of the simulator's it chooses one.
    pub version: Option<String>,
    /// The folder in which both libraries of the vendor are, under their own names.
    pub library_dir: Option<PathBuf>,
    /// The market data library, instead of the one in `library_dir`.
    pub md_library: Option<PathBuf>,
    /// The trader library, instead of the one in `library_dir`.
    pub td_library: Option<PathBuf>,
    /// Fronts for both sessions, where they have none of their own: the simulator's.
    #[serde(serialize_with = "without_proxy")]
    pub fronts: Vec<String>,
    /// The fronts for market data.
    #[serde(serialize_with = "without_proxy")]
    pub md_fronts: Vec<String>,
    /// The fronts for trading.
    #[serde(serialize_with = "without_proxy")]
    pub td_fronts: Vec<String>,
    /// Name servers (FENS) for market data, which go before the fronts.
    #[serde(serialize_with = "without_proxy")]
    pub md_name_servers: Vec<String>,
    /// Name servers (FENS) for trading, which go before the fronts.
    #[serde(serialize_with = "without_proxy")]
    pub td_name_servers: Vec<String>,
    /// Which data centre the name servers are asked for.
    pub fens_mode: FensMode,
    /// The broker.
    pub broker_id: String,
    /// The user.
    pub user_id: String,
    /// The account that orders and queries are for; empty: the user.
    pub investor_id: String,
    /// The password.
    #[serde(skip_serializing_if = "SecretSource::is_literal")]
    pub password: SecretSource,
    /// The one-time password of an account with a second factor.
    #[serde(skip_serializing_if = "SecretSource::is_literal")]
    pub one_time_password: SecretSource,
    /// The application id that the broker granted; empty: no authentication.
    pub app_id: String,
    /// The code that belongs to it.
    #[serde(skip_serializing_if = "SecretSource::is_literal")]
    pub auth_code: SecretSource,
    /// The name of this program as the broker shows it.
    pub product_info: String,
    /// The folder under which each session makes its own folder for the library's flow files.
    pub flow_dir: PathBuf,
    /// Sets a gateway apart from others of the same account, which would share its folders.
    pub instance: String,
    /// Whether the keys of production fronts are used; `false` for the brokers' test fronts (≥ 6.7.11).
    pub production: bool,
    /// Whether ticks come by UDP.
    pub udp: bool,
    /// Whether ticks come by multicast; wants `udp` too.
    pub multicast: bool,
    /// What of the private stream (orders and trades) is sent again after a login.
    pub private_resume: Resume,
    /// What of the public stream (states of instruments, bulletins) is sent again after a login.
    pub public_resume: Resume,
    /// Whether the settlement is confirmed after each login.
    pub confirm_settlement: bool,
    /// What is asked for after each login before orders may leave.
    pub recovery: Recovery,
    /// Whether the trading session only asks: no order leaves.
    pub read_only: bool,
    /// What happens when the ledger and the counter differ.
    pub reconcile: Reconcile,
    /// How often positions and money are compared again while nothing moves; 0: only after logins and on demand.
    #[serde(rename = "reconcile_every_s", with = "super::seconds")]
    pub reconcile_every: Duration,
    /// Whether instruments, margin and fee rates are kept on disk for the trading day; `None`: as the library decides.
    pub cache: Option<bool>,
    /// How many ticks may wait between library and readers.
    pub tick_capacity: usize,
    /// What a relay tells about its user's terminal.
    pub relay: Option<Relay>,
    /// How long the sessions wait for things.
    pub timeouts: Timeouts,
    /// What orders must keep to before they are sent.
    pub risk: RiskConfig,
    /// Whether and where orders and what is heard of them are written on disk.
    pub journal: JournalConfig,
    /// Whether and where what comes from the libraries is recorded.
    pub capture: Option<CaptureConfig>,
    /// The clock that stamps what is received.
    #[serde(skip)]
    pub clock: WallClock,
    #[serde(skip)]
    pub(super) warnings: Vec<Problem>,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        let (md, td) = (MdConfig::new([""; 0]), TdConfig::new([""; 0], "", "", ""));
        Self {
            version: None,
            library_dir: None,
            md_library: None,
            td_library: None,
            fronts: Vec::new(),
            md_fronts: Vec::new(),
            td_fronts: Vec::new(),
            md_name_servers: Vec::new(),
            td_name_servers: Vec::new(),
            fens_mode: td.fens_mode,
            broker_id: String::new(),
            user_id: String::new(),
            investor_id: String::new(),
            password: SecretSource::default(),
            one_time_password: SecretSource::default(),
            app_id: String::new(),
            auth_code: SecretSource::default(),
            product_info: String::new(),
            flow_dir: td.flow_dir,
            instance: String::new(),
            production: td.production,
            udp: md.udp,
            multicast: md.multicast,
            private_resume: td.private_resume,
            public_resume: td.public_resume,
            confirm_settlement: td.confirm_settlement,
            recovery: td.recovery,
            read_only: td.read_only,
            reconcile: td.reconcile,
            reconcile_every: td.reconcile_every,
            cache: td.cache,
            tick_capacity: md.tick_capacity,
            relay: None,
            timeouts: td.timeouts,
            risk: td.risk,
            journal: td.journal,
            capture: None,
            clock: WallClock::default(),
            warnings: Vec::new(),
        }
    }
}

impl GatewayConfig {
    /// Returns a configuration for an account, whose fronts are still to be set.
    pub fn new(
        broker_id: impl Into<String>,
        user_id: impl Into<String>,
        password: impl Into<SecretSource>,
    ) -> Self {
        let (broker_id, user_id, password) = (broker_id.into(), user_id.into(), password.into());
        Self { broker_id, user_id, password, ..Self::default() }
    }

    /// Returns a configuration for the simulated exchange `sim://<name>`, with an account that it knows.
    pub fn simulator(name: &str) -> Self {
        Self { fronts: vec![format!("sim://{name}")], ..Self::new("9999", "000001", "simulator") }
    }

    /// Reads a file, and over it the environment (`CTP_PASSWORD` and so on). Files are TOML, or JSON if their name ends
    /// in `.json`.
    ///
    /// # Errors
    ///
    /// Returns every problem at once, each with the key, where it stands and the fix.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::loader().file(path).environment().load()
    }

    /// Reads a TOML text, without the environment.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::loader().toml(text).load()
    }

    /// Reads the environment alone.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::loader().environment().load()
    }

    /// Returns a loader, for other sources or what code sets over them.
    pub fn loader() -> Loader {
        Loader::default()
    }

    /// Checks the configuration: every session that it has fronts or name servers for, and that there is one.
    ///
    /// # Errors
    ///
    /// Returns all problems, each with the key and the fix.
    pub fn check(&self) -> Result<(), ConfigError> {
        finish(self.problems(&variable, Sides::Given))
    }

    /// Returns what is not wrong and yet unwise: a password in the file, a variable that looks like a mistyped one.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Returns the configuration of the market data session alone.
    ///
    /// # Errors
    ///
    /// Returns all problems that concern it.
    pub fn md_config(&self) -> Result<MdConfig, ConfigError> {
        finish(self.problems(&variable, Sides::Md))?;
        Ok(self.md(&variable, &mut Vec::new()))
    }

    /// Returns the configuration of the trading session alone.
    ///
    /// # Errors
    ///
    /// Returns all problems that concern it.
    pub fn td_config(&self) -> Result<TdConfig, ConfigError> {
        finish(self.problems(&variable, Sides::Td))?;
        Ok(self.td(&variable, &mut Vec::new()))
    }

    /// Returns the configurations of both sessions.
    ///
    /// # Errors
    ///
    /// Returns all problems of either.
    pub fn sessions(&self) -> Result<(MdConfig, TdConfig), ConfigError> {
        finish(self.problems(&variable, Sides::Both))?;
        Ok((self.md(&variable, &mut Vec::new()), self.td(&variable, &mut Vec::new())))
    }
}

fn finish(problems: Vec<Problem>) -> Result<(), ConfigError> {
    if problems.is_empty() { Ok(()) } else { Err(ConfigError::new(problems)) }
}

/// Shows what is serialised, which is everything but secrets and proxies.
impl fmt::Debug for GatewayConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match serde_json::to_value(self) {
            Ok(value) => write!(f, "GatewayConfig {value}"),
            Err(_) => f.write_str("GatewayConfig"),
        }
    }
}

/// Takes the keys of a file, whatever the format, and says all that is wrong with their values in one error. Whether
/// the whole makes sense is said by [`GatewayConfig::check`]. Paths are taken as they are.
impl<'de> Deserialize<'de> for GatewayConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Value::Table(entries) = Node::deserialize(deserializer)?.value else {
            return Err(serde::de::Error::custom("a configuration is a table of keys"));
        };
        let mut config = Self::default();
        let mut problems = Vec::new();
        keys::apply(&mut config, entries, None, &mut problems, &mut Vec::new());
        match problems.is_empty() {
            true => Ok(config),
            false => Err(serde::de::Error::custom(ConfigError::new(problems))),
        }
    }
}
