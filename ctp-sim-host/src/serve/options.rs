//! How an exchange is served: what a file and a command line give, put together and checked.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ctp_sim::Timestamp;
use serde_json::{Map, Value};

use super::problem::{OptionsError, Origin, Problem};
use super::token::{TOKEN_LENGTH_MIN, Token};
use crate::address::{ClockKind, FrontAddress, SPEED_MAX, SimulatorAddress, Speed};
use crate::wire;

/// Where the simulator listens unless it is told otherwise.
pub const LISTEN: &str = "127.0.0.1:17001";

/// The name of the exchange unless it is told otherwise.
pub const NAME: &str = "served";

/// Clients at a time unless it is told otherwise.
pub const CLIENTS_MAX: usize = 512;

/// How an exchange is served.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServeOptions {
    /// The exchange: its name, clock and settings. One that runs already under the name is served as it is.
    pub exchange: SimulatorAddress,
    /// Whether time passes only by `advance` and `until` of the control interface, from `exchange.start` on.
    pub manual: bool,
    /// Where it listens.
    pub listen: Listen,
    /// The file that keeps the trading day.
    pub store: Option<PathBuf>,
    /// Fault plans.
    pub faults: Vec<PathBuf>,
    /// What is done at the start, each a request of the control interface.
    pub commands: Vec<Map<String, Value>>,
    /// What every client must say.
    pub token: Option<Token>,
    /// Clients at a time.
    pub clients_max: usize,
    /// How long a client may take to say who it is.
    pub handshake: Duration,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// One port for everybody.
    One(SocketAddr),
    /// A port for market data and one for trading; control on both.
    Two {
        /// Market data.
        md: SocketAddr,
        /// Trading.
        td: SocketAddr,
    },
}

impl ServeOptions {
    /// Returns the options of an exchange with default settings at an address of this machine.
    pub fn new(name: &str, listen: Listen) -> Self {
        Self {
            exchange: SimulatorAddress { name: name.to_owned(), ..Default::default() },
            manual: false,
            listen,
            store: None,
            faults: Vec::new(),
            commands: Vec::new(),
            token: None,
            clients_max: CLIENTS_MAX,
            handshake: Duration::from_secs(5),
        }
    }
}

/// Something that was given, and where.
#[derive(Clone, Debug)]
pub struct Given<T> {
    /// What.
    pub value: T,
    /// Where.
    pub origin: Origin,
}

/// What drives the exchange's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeKind {
    /// The machine's clock.
    Real,
    /// A clock of the exchange's own.
    Virtual,
    /// A clock that the control interface moves.
    Manual,
}

/// Options as they were given, in a file or on a command line; everything may be left out.
#[derive(Clone, Debug, Default)]
pub struct GivenOptions {
    /// One address for everybody.
    pub listen: Option<Given<String>>,
    /// The address for market data.
    pub md_listen: Option<Given<String>>,
    /// The address for trading.
    pub td_listen: Option<Given<String>>,
    /// The exchange's name.
    pub name: Option<Given<String>>,
    /// What drives its time.
    pub clock: Option<Given<TimeKind>>,
    /// The speed of a virtual clock.
    pub speed: Option<Given<Speed>>,
    /// When it starts.
    pub start: Option<Given<Timestamp>>,
    /// A recording to play.
    pub replay: Option<Given<PathBuf>>,
    /// The file that keeps the trading day.
    pub store: Option<Given<PathBuf>>,
    /// Fault plans.
    pub faults: Vec<Given<PathBuf>>,
    /// Whether it may listen at an address that other machines reach.
    pub allow_remote: Option<Given<bool>>,
    /// A file that holds the token.
    pub token_file: Option<Given<PathBuf>>,
    /// Clients at a time.
    pub clients: Option<Given<usize>>,
    /// Settings and switches, in the order in which they are made.
    pub settings: Vec<Given<(String, String)>>,
    /// What is done at the start.
    pub commands: Vec<Given<Map<String, Value>>>,
}

impl GivenOptions {
    /// Puts the options of a command line over those of a file. Of `listen` and its two halves the command line's win
    /// together; settings, commands and plans come in addition.
    #[must_use]
    pub fn over(self, file: Self) -> Self {
        let mut all = file;
        if self.listen.is_some() || self.md_listen.is_some() || self.td_listen.is_some() {
            (all.listen, all.md_listen, all.td_listen) = (self.listen, self.md_listen, self.td_listen);
        }
        all.name = self.name.or(all.name);
        all.clock = self.clock.or(all.clock);
        all.speed = self.speed.or(all.speed);
        all.start = self.start.or(all.start);
        all.replay = self.replay.or(all.replay);
        all.store = self.store.or(all.store);
        all.allow_remote = self.allow_remote.or(all.allow_remote);
        all.token_file = self.token_file.or(all.token_file);
        all.clients = self.clients.or(all.clients);
        all.faults.extend(self.faults);
        let named = |settings: &[Given<(String, String)>], key: &str| {
            settings.iter().any(|setting| setting.value.0 == key)
        };
        all.settings.retain(|setting| !named(&self.settings, &setting.value.0));
        all.settings.extend(self.settings);
        all.commands.extend(self.commands);
        all
    }

    /// Checks everything and returns how to serve. `token` is the one of the environment; a file's wins.
    ///
    /// # Errors
    ///
    /// Returns every problem at once; `path` is the configuration file, for their text.
    pub fn check(self, token: Option<&str>, path: Option<&Path>) -> Result<ServeOptions, OptionsError> {
        let mut problems = Vec::new();
        let listen = self.listen(&mut problems);
        let token = self.token(token, &mut problems);
        self.check_remote(listen.as_ref(), token.is_some(), &mut problems);
        let manual = self.clock.as_ref().is_some_and(|clock| clock.value == TimeKind::Manual);
        self.check_time(manual, &mut problems);
        let exchange = SimulatorAddress {
            name: self.name(&mut problems),
            clock: self.clock.as_ref().map(|clock| match clock.value {
                TimeKind::Real => ClockKind::Real,
                TimeKind::Virtual | TimeKind::Manual => ClockKind::Virtual,
            }),
            speed: self.speed.as_ref().map(|speed| speed.value),
            start: self.start.as_ref().map(|start| start.value),
            replay: self.replay.map(|replay| replay.value),
            faults: Vec::new(),
            settings: self.settings.into_iter().map(|setting| setting.value).collect(),
        };
        match listen {
            Some(listen) if problems.is_empty() => Ok(ServeOptions {
                exchange,
                manual,
                listen,
                store: self.store.map(|store| store.value),
                faults: self.faults.into_iter().map(|plan| plan.value).collect(),
                commands: self.commands.into_iter().map(|command| command.value).collect(),
                token,
                clients_max: self.clients.map_or(CLIENTS_MAX, |clients| clients.value),
                handshake: Duration::from_secs(5),
            }),
            _ => Err(OptionsError::new(path, problems)),
        }
    }

    fn name(&self, problems: &mut Vec<Problem>) -> String {
        let Some(name) = &self.name else {
            return NAME.to_owned();
        };
        let read = format!("sim://{}", name.value).parse();
        if !matches!(read, Ok(FrontAddress::Simulator(address)) if address.name == name.value) {
            let fix = "write 1 to 64 letters, digits, '-', '_' or '.'";
            let what = format!("name {:?} is not usable", name.value);
            problems.push(Problem::new(name.origin.clone(), what, fix));
        }
        name.value.clone()
    }

    fn listen(&self, problems: &mut Vec<Problem>) -> Option<Listen> {
        let mut address = |key: &str, given: &Given<String>| {
            let found = given.value.to_socket_addrs().ok().and_then(|mut found| found.next());
            if found.is_none() {
                let what = format!("{key} {:?} is no address", given.value);
                let fix = format!("write an address and a port such as {LISTEN:?}; port 0 takes a free one");
                problems.push(Problem::new(given.origin.clone(), what, fix));
            }
            found
        };
        let listen = self.listen.as_ref().map(|listen| (listen, address("listen", listen)));
        let md = self.md_listen.as_ref().map(|md| (md, address("md_listen", md)));
        let td = self.td_listen.as_ref().map(|td| (td, address("td_listen", td)));
        match (listen, md, td) {
            (None, None, None) => LISTEN.parse().ok().map(Listen::One),
            (Some((_, listen)), None, None) => listen.map(Listen::One),
            (None, Some((_, md)), Some((_, td))) => Some(Listen::Two { md: md?, td: td? }),
            (Some(_), Some((half, _)), _) | (Some(_), None, Some((half, _))) => {
                let fix = "give listen alone, or md_listen and td_listen";
                problems.push(Problem::new(half.origin.clone(), "listen is given, too", fix));
                None
            }
            (None, Some((half, _)), None) => {
                let fix = "give td_listen, too, or listen alone for both";
                problems.push(Problem::new(half.origin.clone(), "md_listen is given without td_listen", fix));
                None
            }
            (None, None, Some((half, _))) => {
                let fix = "give md_listen, too, or listen alone for both";
                problems.push(Problem::new(half.origin.clone(), "td_listen is given without md_listen", fix));
                None
            }
        }
    }

    fn token(&self, environment: Option<&str>, problems: &mut Vec<Problem>) -> Option<Token> {
        let fix = format!("put {TOKEN_LENGTH_MIN} to {} bytes of chance into it", wire::Token::LENGTH_MAX);
        let Some(file) = &self.token_file else {
            let token = Token::new(environment?);
            if token.is_none() {
                let origin = Origin::Option("CTP_SIM_TOKEN");
                problems.push(Problem::new(origin, "the token is too short or too long", fix));
            }
            return token;
        };
        let path = file.value.display();
        let (what, fix) = match std::fs::read_to_string(&file.value).map(|text| Token::new(&text)) {
            Ok(Some(token)) => return Some(token),
            Ok(None) => (format!("the token in {path} is too short or too long"), fix),
            Err(cause) => {
                (format!("cannot read token_file {path}: {cause}"), "name a readable file".to_owned())
            }
        };
        problems.push(Problem::new(file.origin.clone(), what, fix));
        None
    }

    /// Other machines reach only a server that was told so and that has a token.
    fn check_remote(&self, listen: Option<&Listen>, has_token: bool, problems: &mut Vec<Problem>) {
        let allowed = self.allow_remote.as_ref().is_some_and(|allowed| allowed.value);
        let given = [&self.listen, &self.md_listen, &self.td_listen];
        let addresses = match listen {
            None => return,
            Some(Listen::One(address)) => vec![address],
            Some(Listen::Two { md, td }) => vec![md, td],
        };
        let Some(remote) = addresses.into_iter().find(|address| !address.ip().is_loopback()) else {
            return;
        };
        let origin = given.into_iter().flatten().find(|given| {
            given.value.to_socket_addrs().is_ok_and(|mut all| all.any(|address| address == *remote))
        });
        let origin = origin.map_or(Origin::Option("--listen"), |given| given.origin.clone());
        let mut missing = Vec::new();
        if !allowed {
            missing.push("--allow-remote (allow_remote = true in the file)");
        }
        if !has_token {
            missing.push("a token: --token-file FILE (token_file) or CTP_SIM_TOKEN in the environment");
        }
        if !missing.is_empty() {
            let what = format!("{remote} is reached from other machines");
            let fix = format!("add {}, or listen at 127.0.0.1", missing.join(" and "));
            problems.push(Problem::new(origin, what, fix));
        }
    }

    fn check_time(&self, manual: bool, problems: &mut Vec<Problem>) {
        let is_virtual = self.clock.as_ref().is_some_and(|clock| clock.value == TimeKind::Virtual);
        if let Some(speed) = &self.speed {
            let clockless = || {
                let what = format!("speed {} needs a virtual clock", speed.value);
                (!is_virtual).then_some((what, "add clock = \"virtual\" or leave speed out"))
            };
            if let Some((what, fix)) = check_speed(speed.value).or_else(clockless) {
                problems.push(Problem::new(speed.origin.clone(), what, fix));
            }
        }
        if let Some(start) = self.start.as_ref().filter(|_| !is_virtual && !manual) {
            let what = format!("start {} needs a clock of the exchange's own", start.value.china());
            let fix = "add clock = \"virtual\" or \"manual\", or leave start out";
            problems.push(Problem::new(start.origin.clone(), what, fix));
        }
    }
}

/// Returns what is wrong with a speed, and the fix.
pub(super) fn check_speed(speed: Speed) -> Option<(String, &'static str)> {
    match speed {
        Speed::Times(times) if !(times > 0.0 && times <= SPEED_MAX) => {
            Some((format!("speed {times} cannot be"), "write a number above 0, at most 1000, or \"max\""))
        }
        _ => None,
    }
}

/// Checks a setting or switch by making it on settings that are thrown away.
///
/// # Errors
///
/// Returns what is wrong and the fix.
pub fn check_setting(key: &str, value: &str) -> Result<(), (String, String)> {
    use ctp_sim::{Config, ConfigError, Switches};
    Config::starting_at(Timestamp(0)).set(key, value).map_err(|error| match error {
        ConfigError::UnknownKey { .. } => {
            let settings = Config::KEYS.iter().map(|row| row.name);
            let switches = Switches::TABLE.iter().map(|switch| switch.name);
            let what = format!("there is no setting or switch {key:?}");
            let fix = match super::problem::nearest(key, settings.chain(switches)) {
                Some(near) => format!("write {near}"),
                None => "`ctp sim settings` and `ctp sim switches` list them".to_owned(),
            };
            (what, fix)
        }
        ConfigError::Value { key, value, takes } => {
            (format!("{key} does not take {value:?}"), format!("write {takes}"))
        }
        other => {
            (other.to_string(), "`ctp sim settings` and `ctp sim switches` say what is taken".to_owned())
        }
    })
}
