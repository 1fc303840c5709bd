//! What a session needs to know, and whether it makes sense.

mod check;
mod file;
mod front;
mod gateway;
mod keys;
mod loader;
mod problem;
mod relay;
mod secret;
mod source;
mod stream;
mod value;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

pub use front::FrontAddress;
pub(crate) use front::shown;
pub use gateway::GatewayConfig;
pub use loader::Loader;
pub use problem::{ConfigError, Place, Problem};
pub use relay::{Relay, TerminalInfo};
pub use secret::Secret;
pub use source::SecretSource;
pub use stream::{FensMode, Resume};

use crate::capture::CaptureConfig;
use crate::clock::WallClock;

/// The configuration of a market data session.
///
/// In TOML, with times in milliseconds:
///
/// ```toml
/// library = "/opt/ctp/thostmduserapi_se.so"
/// fronts = ["tcp://180.168.146.187:10131"]
/// broker_id = "9999"
/// user_id = "000001"
/// password = "…"
/// ```
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MdConfig {
    /// The vendor's or simulator's library; absent: the simulator, if all fronts are `sim://`, or with feature `link`
    /// the linked one.
    #[serde(default)]
    pub library: Option<PathBuf>,
    /// The version that the library must have, for example `6.7.13`: any other is refused. Of the simulator's it
    /// chooses one.
    #[serde(default)]
    pub version: Option<String>,
    /// The fronts, of which the first that answers is used. Without a scheme they are `tcp://`.
    #[serde(default, serialize_with = "without_proxy")]
    pub fronts: Vec<String>,
    /// Name servers (FENS), which know the fronts and go before them.
    #[serde(default, serialize_with = "without_proxy")]
    pub name_servers: Vec<String>,
    /// Which data centre the name servers are asked for.
    #[serde(default)]
    pub fens_mode: FensMode,
    /// The broker, at most 10 bytes; market data fronts accept an empty one.
    #[serde(default)]
    pub broker_id: String,
    /// The user, at most 15 bytes; market data fronts accept an empty one.
    #[serde(default)]
    pub user_id: String,
    /// The password, at most 40 bytes; most market data fronts do not look at it.
    #[serde(default)]
    pub password: Secret,
    /// The folder under which the session makes its own folder for the library's flow files.
    #[serde(default = "default_flow_dir")]
    pub flow_dir: PathBuf,
    /// Sets a session apart from others of the same account, which would share its folder; plain text.
    #[serde(default)]
    pub instance: String,
    /// Whether the keys of production fronts are used; `false` for the brokers' test fronts (≥ 6.7.11).
    #[serde(default = "yes")]
    pub production: bool,
    /// Whether ticks come by UDP.
    #[serde(default)]
    pub udp: bool,
    /// Whether ticks come by multicast, on the exchange's own network only; wants `udp` too.
    #[serde(default)]
    pub multicast: bool,
    /// How many ticks may wait between library and session. Full: new ticks are dropped and counted.
    #[serde(default = "default_tick_capacity")]
    pub tick_capacity: usize,
    /// How long the session waits for things.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// Where the session is recorded; absent: nowhere.
    #[serde(default)]
    pub capture: Option<CaptureConfig>,
    /// The clock that stamps what is received. Deadlines do not depend on it.
    #[serde(skip)]
    pub clock: WallClock,
}

impl MdConfig {
    /// Returns a configuration for the fronts, with everything else by default.
    pub fn new(fronts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            library: None,
            version: None,
            fronts: fronts.into_iter().map(Into::into).collect(),
            name_servers: Vec::new(),
            fens_mode: FensMode::default(),
            broker_id: String::new(),
            user_id: String::new(),
            password: Secret::default(),
            flow_dir: default_flow_dir(),
            instance: String::new(),
            production: true,
            udp: false,
            multicast: false,
            tick_capacity: default_tick_capacity(),
            timeouts: Timeouts::default(),
            capture: None,
            clock: WallClock::default(),
        }
    }

    /// Checks the configuration.
    ///
    /// # Errors
    ///
    /// Returns all problems, each with the key and the fix.
    pub fn check(&self) -> Result<(), ConfigError> {
        check::md(self)
    }

    /// Returns the folder of this session's flow files: `<flow_dir>/md-<broker>-<user>`, with `-<instance>` behind
    /// it if there is one. Other characters than ASCII letters, digits and `_` are written as `=` and their code, so
    /// that no two accounts share a folder.
    pub fn session_flow_dir(&self) -> PathBuf {
        session_flow_dir(&self.flow_dir, "md", &self.broker_id, &self.user_id, &self.instance)
    }
}

/// The configuration of a trading session.
///
/// In TOML, with times in milliseconds:
///
/// ```toml
/// library = "/opt/ctp/thosttraderapi_se.so"
/// fronts = ["tcp://180.168.146.187:10130"]
/// broker_id = "9999"
/// user_id = "000001"
/// password = "…"
/// app_id = "simnow_client_test"
/// auth_code = "0000000000000000"
/// ```
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TdConfig {
    /// The vendor's or simulator's library; absent: the simulator, if all fronts are `sim://`, or with feature `link`
    /// the linked one.
    #[serde(default)]
    pub library: Option<PathBuf>,
    /// The version that the library must have, for example `6.7.13`: any other is refused. Of the simulator's it
    /// chooses one.
    #[serde(default)]
    pub version: Option<String>,
    /// The fronts, of which the first that answers is used. Without a scheme they are `tcp://`.
    #[serde(default, serialize_with = "without_proxy")]
    pub fronts: Vec<String>,
    /// Name servers (FENS), which know the fronts and go before them.
    #[serde(default, serialize_with = "without_proxy")]
    pub name_servers: Vec<String>,
    /// Which data centre the name servers are asked for.
    #[serde(default)]
    pub fens_mode: FensMode,
    /// The broker, at most 10 bytes.
    pub broker_id: String,
    /// The user, at most 15 bytes.
    pub user_id: String,
    /// The account that orders and queries are for, at most 12 bytes; empty: the user.
    #[serde(default)]
    pub investor_id: String,
    /// The password, at most 40 bytes.
    pub password: Secret,
    /// The one-time password of an account that has a second factor, at most 40 bytes. It is sent with every login.
    #[serde(default)]
    pub one_time_password: Secret,
    /// The application id that the broker granted, at most 32 bytes; empty: no authentication step.
    #[serde(default)]
    pub app_id: String,
    /// The code that belongs to `app_id`, at most 16 bytes.
    #[serde(default)]
    pub auth_code: Secret,
    /// The name of this program as the broker shows it, at most 10 bytes.
    #[serde(default)]
    pub product_info: String,
    /// The folder under which the session makes its own folder for the library's flow files.
    #[serde(default = "default_flow_dir")]
    pub flow_dir: PathBuf,
    /// Sets a session apart from others of the same account, which would share its folder; plain text.
    #[serde(default)]
    pub instance: String,
    /// Whether the keys of production fronts are used; `false` for the brokers' test fronts (≥ 6.7.11).
    #[serde(default = "yes")]
    pub production: bool,
    /// What of the private stream (orders and trades) is sent again after a login.
    #[serde(default)]
    pub private_resume: Resume,
    /// What of the public stream (states of instruments, bulletins) is sent again after a login.
    #[serde(default = "Resume::quick")]
    pub public_resume: Resume,
    /// What a relay tells about its user's terminal before each login; absent: a direct client.
    #[serde(default)]
    pub relay: Option<Relay>,
    /// Whether the settlement is confirmed after each login; without it orders are refused with error 42.
    #[serde(default = "yes")]
    pub confirm_settlement: bool,
    /// Whether the day's instruments, margin and commission rates are kept in the session's folder for the next start;
    /// absent: yes, but not the simulator's, which may change with every start.
    #[serde(default)]
    pub cache: Option<bool>,
    /// How long the session waits for things.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// Where the session is recorded; absent: nowhere.
    #[serde(default)]
    pub capture: Option<CaptureConfig>,
    /// The clock that stamps what is received. Deadlines do not depend on it.
    #[serde(skip)]
    pub clock: WallClock,
}

impl TdConfig {
    /// Returns a configuration for the fronts and the account, with everything else by default.
    pub fn new(
        fronts: impl IntoIterator<Item = impl Into<String>>,
        broker_id: impl Into<String>,
        user_id: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Self {
        Self {
            library: None,
            version: None,
            fronts: fronts.into_iter().map(Into::into).collect(),
            name_servers: Vec::new(),
            fens_mode: FensMode::default(),
            broker_id: broker_id.into(),
            user_id: user_id.into(),
            investor_id: String::new(),
            password: password.into(),
            one_time_password: Secret::default(),
            app_id: String::new(),
            auth_code: Secret::default(),
            product_info: String::new(),
            flow_dir: default_flow_dir(),
            instance: String::new(),
            production: true,
            private_resume: Resume::default(),
            public_resume: Resume::Quick,
            relay: None,
            confirm_settlement: true,
            cache: None,
            timeouts: Timeouts::default(),
            capture: None,
            clock: WallClock::default(),
        }
    }

    /// Checks the configuration.
    ///
    /// # Errors
    ///
    /// Returns all problems, each with the key and the fix.
    pub fn check(&self) -> Result<(), ConfigError> {
        check::td(self)
    }

    /// Returns the folder of this session's flow files: `<flow_dir>/td-<broker>-<user>`, with `-<instance>` behind
    /// it if there is one. Other characters than ASCII letters, digits and `_` are written as `=` and their code, so
    /// that no two accounts share a folder.
    pub fn session_flow_dir(&self) -> PathBuf {
        session_flow_dir(&self.flow_dir, "td", &self.broker_id, &self.user_id, &self.instance)
    }

    /// Returns the account that orders and queries are for.
    pub fn investor(&self) -> &str {
        if self.investor_id.is_empty() { &self.user_id } else { &self.investor_id }
    }
}

/// How long a session waits for things. In TOML the keys end in `_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Timeouts {
    /// How long `ready()` waits.
    #[serde(rename = "ready_ms", with = "milliseconds")]
    pub ready: Duration,
    /// How long a step of the login may stay unanswered before the login starts again.
    #[serde(rename = "login_ms", with = "milliseconds")]
    pub login: Duration,
    /// How long the session waits before it repeats a login that was refused for a passing reason.
    #[serde(rename = "login_retry_ms", with = "milliseconds")]
    pub login_retry: Duration,
    /// How long an order or a cancel may stay unanswered before its outcome counts as unknown.
    #[serde(rename = "order_ms", with = "milliseconds")]
    pub order: Duration,
    /// How long one attempt of a query may stay unanswered; it is sent three times at most.
    #[serde(rename = "query_ms", with = "milliseconds")]
    pub query: Duration,
    /// How long a query may take in all, with waiting for its turn and for the session.
    #[serde(rename = "query_total_ms", with = "milliseconds")]
    pub query_total: Duration,
    /// How long a usable session may hear nothing in trading hours before it asks the front whether it lives; 0: for
    /// ever. Without an answer a fresh API object is made.
    #[serde(rename = "silence_ms", with = "milliseconds")]
    pub silence: Duration,
    /// How long a close waits for the library's threads.
    #[serde(rename = "close_ms", with = "milliseconds")]
    pub close: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            ready: Duration::from_secs(15),
            login: Duration::from_secs(10),
            login_retry: Duration::from_secs(10),
            order: Duration::from_secs(5),
            query: Duration::from_secs(5),
            query_total: Duration::from_secs(60),
            silence: Duration::from_secs(60),
            close: Duration::from_secs(2),
        }
    }
}

/// Durations as numbers of milliseconds.
mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Writes fronts without the proxy behind them, which may carry a password.
fn without_proxy<S: Serializer>(fronts: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(fronts.iter().map(|front| shown(front)))
}

fn default_flow_dir() -> PathBuf {
    PathBuf::from("flow")
}

fn default_tick_capacity() -> usize {
    16_384
}

fn yes() -> bool {
    true
}

/// One folder per kind, account and instance: two sessions in one folder corrupt each other's counters.
fn session_flow_dir(flow_dir: &Path, kind: &str, broker_id: &str, user_id: &str, instance: &str) -> PathBuf {
    let mut name = String::from(kind);
    let parts = [broker_id, user_id, instance];
    for part in &parts[..if instance.is_empty() { 2 } else { 3 }] {
        name.push('-');
        for byte in part.bytes() {
            if byte.is_ascii_alphanumeric() || byte == b'_' {
                name.push(char::from(byte));
            } else {
                name.push_str(&format!("={byte:02X}"));
            }
        }
    }
    flow_dir.join(name)
}

fn all_shown(addresses: &[String]) -> Vec<String> {
    addresses.iter().map(|address| shown(address)).collect()
}

/// Shows fronts without the proxy behind them, which may carry a password.
impl fmt::Debug for MdConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Exhaustive, so that a new field is not forgotten here.
        let Self {
            library,
            version,
            fronts,
            name_servers,
            fens_mode,
            broker_id,
            user_id,
            password,
            flow_dir,
            instance,
            production,
            udp,
            multicast,
            tick_capacity,
            timeouts,
            capture,
            clock,
        } = self;
        formatter
            .debug_struct("MdConfig")
            .field("library", library)
            .field("version", version)
            .field("fronts", &all_shown(fronts))
            .field("name_servers", &all_shown(name_servers))
            .field("fens_mode", fens_mode)
            .field("broker_id", broker_id)
            .field("user_id", user_id)
            .field("password", password)
            .field("flow_dir", flow_dir)
            .field("instance", instance)
            .field("production", production)
            .field("udp", udp)
            .field("multicast", multicast)
            .field("tick_capacity", tick_capacity)
            .field("timeouts", timeouts)
            .field("capture", capture)
            .field("clock", clock)
            .finish()
    }
}

/// Shows fronts without the proxy behind them, which may carry a password.
impl fmt::Debug for TdConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Exhaustive, so that a new field is not forgotten here.
        let Self {
            library,
            version,
            fronts,
            name_servers,
            fens_mode,
            broker_id,
            user_id,
            investor_id,
            password,
            one_time_password,
            app_id,
            auth_code,
            product_info,
            flow_dir,
            instance,
            production,
            private_resume,
            public_resume,
            relay,
            confirm_settlement,
            cache,
            timeouts,
            capture,
            clock,
        } = self;
        formatter
            .debug_struct("TdConfig")
            .field("library", library)
            .field("version", version)
            .field("fronts", &all_shown(fronts))
            .field("name_servers", &all_shown(name_servers))
            .field("fens_mode", fens_mode)
            .field("broker_id", broker_id)
            .field("user_id", user_id)
            .field("investor_id", investor_id)
            .field("password", password)
            .field("one_time_password", one_time_password)
            .field("app_id", app_id)
            .field("auth_code", auth_code)
            .field("product_info", product_info)
            .field("flow_dir", flow_dir)
            .field("instance", instance)
            .field("production", production)
            .field("private_resume", private_resume)
            .field("public_resume", public_resume)
            .field("relay", relay)
            .field("confirm_settlement", confirm_settlement)
            .field("cache", cache)
            .field("timeouts", timeouts)
            .field("capture", capture)
            .field("clock", clock)
            .finish()
    }
}

#[cfg(test)]
mod tests;
