//! What a session needs to know, and whether it makes sense.

mod check;
mod debug;
mod file;
mod front;
mod gateway;
mod keys;
mod loader;
mod problem;
mod recovery;
mod relay;
mod risk;
mod secret;
mod source;
mod stream;
mod timeouts;
mod value;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

pub use front::FrontAddress;
pub(crate) use front::shown;
pub use gateway::GatewayConfig;
pub use loader::Loader;
pub use problem::{ConfigError, Place, Problem};
pub use recovery::{Reconcile, Recovery};
pub use relay::{Relay, TerminalInfo};
pub use risk::RiskConfig;
pub use secret::Secret;
pub use source::SecretSource;
pub use stream::{FensMode, Resume};
pub use timeouts::Timeouts;

use crate::capture::CaptureConfig;
use crate::clock::WallClock;
use crate::journal::JournalConfig;
use crate::td::AccountCounts;

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
    /// How many ticks may wait between library and readers: a reader that is further behind loses the oldest ones, and is
    /// told how many. Rounded up to a power of two; at most 16,777,216.
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
    /// What is asked for after each login before orders may leave.
    #[serde(default)]
    pub recovery: Recovery,
    /// Whether the session only asks: nothing is recovered after a login, and no order leaves.
    #[serde(default)]
    pub read_only: bool,
    /// What happens when the ledger and the counter differ.
    #[serde(default)]
    pub reconcile: Reconcile,
    /// How often positions and money are compared again while the session is ready and nothing moves; 0: only after
    /// logins and on demand. In whole seconds.
    #[serde(default, rename = "reconcile_every_s", with = "seconds")]
    pub reconcile_every: Duration,
    /// Whether the day's instruments, margin and commission rates are kept in the session's folder for the next start;
    /// absent: yes, but not the simulator's, which may change with every start.
    #[serde(default)]
    pub cache: Option<bool>,
    /// How long the session waits for things.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// What orders must keep to before they are sent: `docs/risk.md`.
    #[serde(default)]
    pub risk: RiskConfig,
    /// What is written on disk before an order leaves and after something is heard of it: `docs/journal.md`.
    #[serde(default)]
    pub journal: JournalConfig,
    /// Where the session is recorded; absent: nowhere.
    #[serde(default)]
    pub capture: Option<CaptureConfig>,
    /// With which other clients of the account its orders and cancels are counted together: clones share them.
    #[serde(skip)]
    pub counts: AccountCounts,
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
            recovery: Recovery::default(),
            read_only: false,
            reconcile: Reconcile::default(),
            reconcile_every: Duration::ZERO,
            cache: None,
            timeouts: Timeouts::default(),
            risk: RiskConfig::default(),
            journal: JournalConfig::default(),
            capture: None,
            counts: AccountCounts::default(),
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

    /// Returns the folder of this session's journal: the one of the configuration, or `journal` in the
    /// [session's folder](Self::session_flow_dir).
    pub fn journal_dir(&self) -> PathBuf {
        let folder = &self.journal.folder;
        if folder.as_os_str().is_empty() { self.session_flow_dir().join("journal") } else { folder.clone() }
    }

    /// Returns the account that orders and queries are for.
    pub fn investor(&self) -> &str {
        if self.investor_id.is_empty() { &self.user_id } else { &self.investor_id }
    }
}

/// Writes fronts without the proxy behind them, which may carry a password.
fn without_proxy<S: Serializer>(fronts: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(fronts.iter().map(|front| shown(front)))
}

/// Durations as numbers of seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(duration.as_secs())
    }
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

#[cfg(test)]
mod tests;
