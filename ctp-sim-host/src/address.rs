//! Front addresses: `sim://NAME[?clock=real|virtual&speed=…&start=…&SETTING=…]`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use ctp_sim::{Config, Timestamp};

/// The longest exchange name, in characters.
pub const NAME_LENGTH_MAX: usize = 64;

/// The largest number that a virtual clock's speed may be, in virtual seconds per second.
///
/// Above it, [`Speed::Max`] is what is meant.
pub const SPEED_MAX: f64 = 1_000.0;

/// A front address as a client registers it.
#[derive(Clone, Debug, PartialEq)]
pub enum FrontAddress {
    /// An exchange inside this process.
    Simulator(SimulatorAddress),
    /// A served exchange, `tcp://HOST:PORT`. At any other server, or none, things go as with the vendor's library.
    Served(ServedAddress),
    /// Any other address. Nothing answers there: the front is dead and no callback comes.
    Foreign(String),
}

/// The address of a served exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedAddress {
    /// A name or a number, without the brackets of IPv6.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// The address of an exchange inside this process.
///
/// Two addresses with the same name mean the same exchange. The options describe the exchange at
/// the moment it starts; an address that leaves an option out accepts whatever the running
/// exchange has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SimulatorAddress {
    /// The exchange's name, unique in the process.
    pub name: String,
    /// The kind of clock.
    pub clock: Option<ClockKind>,
    /// The speed of a virtual clock.
    pub speed: Option<Speed>,
    /// When a virtual clock starts. Default: the machine's time.
    pub start: Option<Timestamp>,
    /// A recording of ticks to play, in CSV ([`read_recording`](crate::read_recording)): at its own times where `start` is
    /// given, else from the exchange's start on.
    pub replay: Option<PathBuf>,
    /// Plans of faults: paths, or `random:SEED`.
    pub faults: Vec<PathBuf>,
    /// What [`Config::set`] takes, each name once, in the order given.
    pub settings: Vec<(String, String)>,
}

/// Which clock drives an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockKind {
    /// The machine's clock.
    Real,
    /// A clock of the exchange's own.
    Virtual,
}

/// How fast a virtual clock runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// So many virtual seconds per second, above 0 and at most [`SPEED_MAX`].
    Times(f64),
    /// As fast as the exchange and its clients can: see [`EventClock`](crate::EventClock).
    Max,
}

/// An error of a front address.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The address is empty or has no scheme.
    #[error("front address {0:?} has no scheme: write sim://NAME or tcp://HOST:PORT")]
    NoScheme(String),
    /// The name is missing, too long or has a character that is not allowed.
    #[error("exchange name {0:?} is not usable: write 1 to 64 letters, digits, '-', '_' or '.' after sim://")]
    Name(String),
    /// An option is not of the form `key=value`, or given twice.
    #[error("front address option {0:?} is not usable: write each option once, as key=value")]
    Option(String),
    /// An option's value is not valid.
    #[error("front address option {key}={value:?} is not valid: write {expected}")]
    Value {
        /// The option's name.
        key: &'static str,
        /// The value as given.
        value: String,
        /// What is accepted.
        expected: &'static str,
    },
    /// An option is no setting of an exchange, or not with this value.
    #[error(
        "front address option {option:?} is not usable: {reason}; others are clock, speed, start, replay and faults"
    )]
    Setting {
        /// The option as given.
        option: String,
        /// What [`Config::set`] said.
        reason: String,
    },
    /// A speed or a start was given together with the machine's clock.
    #[error("front address option {0} needs clock=virtual: add it or leave the option out")]
    NeedsVirtualClock(String),
}

impl FromStr for FrontAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text.split_once("://") {
            None | Some(("", _)) => Err(AddressError::NoScheme(text.to_owned())),
            Some(("sim", rest)) => parse_simulator(rest).map(Self::Simulator),
            Some(("tcp" | "tcp6", rest)) => Ok(match parse_served(rest) {
                Some(address) => Self::Served(address),
                None => Self::Foreign(text.to_owned()),
            }),
            Some(_) => Ok(Self::Foreign(text.to_owned())),
        }
    }
}

impl SimulatorAddress {
    /// Returns the options, each as `key` and value.
    pub(crate) fn options(&self) -> Vec<(&str, String)> {
        let mut options = Vec::new();
        options.extend(self.clock.map(|clock| ("clock", clock.to_string())));
        options.extend(self.speed.map(|speed| ("speed", speed.to_string())));
        options.extend(self.start.map(|start| ("start", china_text(start))));
        options.extend(self.replay.iter().map(|path| ("replay", path.display().to_string())));
        if !self.faults.is_empty() {
            let faults: Vec<String> = self.faults.iter().map(|path| path.display().to_string()).collect();
            options.push(("faults", faults.join(",")));
        }
        options.extend(self.settings.iter().map(|(key, value)| (key.as_str(), value.clone())));
        options
    }
}

impl fmt::Display for SimulatorAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sim://{}", self.name)?;
        for (position, (key, value)) in self.options().into_iter().enumerate() {
            let separator = if position == 0 { '?' } else { '&' };
            write!(f, "{separator}{key}={value}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ClockKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Real => "real",
            Self::Virtual => "virtual",
        })
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(times) => write!(f, "{times}"),
            Self::Max => f.write_str("max"),
        }
    }
}

/// The port stands after the last colon, also where an IPv6 address has no brackets (§1.7).
fn parse_served(rest: &str) -> Option<ServedAddress> {
    let (host, port) = rest.strip_suffix('/').unwrap_or(rest).rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_plain = !host.is_empty() && !host.contains([' ', '/', '@', '[', ']']);
    let port = port.parse().ok().filter(|port| *port != 0 && is_plain)?;
    Some(ServedAddress { host: host.to_owned(), port })
}

fn parse_simulator(rest: &str) -> Result<SimulatorAddress, AddressError> {
    let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
    let name = name.strip_suffix('/').unwrap_or(name);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > NAME_LENGTH_MAX || !name.chars().all(allowed) {
        return Err(AddressError::Name(name.to_owned()));
    }
    let mut address = SimulatorAddress { name: name.to_owned(), ..Default::default() };
    for option in query.split('&').filter(|option| !option.is_empty()) {
        parse_option(&mut address, option)?;
    }
    if address.clock != Some(ClockKind::Virtual) {
        let wrong = address.options().into_iter().find(|(key, _)| matches!(*key, "speed" | "start"));
        if let Some((key, value)) = wrong {
            return Err(AddressError::NeedsVirtualClock(format!("{key}={value}")));
        }
    }
    Ok(address)
}

fn parse_option(address: &mut SimulatorAddress, option: &str) -> Result<(), AddressError> {
    let bad_option = || AddressError::Option(option.to_owned());
    let (key, value) = option.split_once('=').ok_or_else(bad_option)?;
    let key = key.replace('-', "_");
    if address.options().iter().any(|(given, _)| *given == key) {
        return Err(bad_option());
    }
    let bad_value = |key, expected| AddressError::Value { key, value: value.to_owned(), expected };
    match key.as_str() {
        "clock" => {
            address.clock = Some(match value {
                "real" => ClockKind::Real,
                "virtual" => ClockKind::Virtual,
                _ => return Err(bad_value("clock", "real or virtual")),
            });
        }
        "speed" => {
            let times = || value.parse().ok().filter(|times| *times > 0.0 && *times <= SPEED_MAX);
            let speed = if value == "max" { Some(Speed::Max) } else { times().map(Speed::Times) };
            address.speed =
                Some(speed.ok_or_else(|| bad_value("speed", "a number above 0, at most 1000, or max"))?);
        }
        "start" => {
            let start = china_time(value);
            let expected = "a time in China such as 2026-11-23T10:00:00";
            address.start = Some(start.ok_or_else(|| bad_value("start", expected))?);
        }
        "replay" if value.is_empty() => return Err(bad_value("replay", "the path of a recording in CSV")),
        "replay" => address.replay = Some(PathBuf::from(value)),
        "faults" if value.split(',').any(str::is_empty) => {
            return Err(bad_value("faults", "paths of fault plans, or random:SEED, separated by commas"));
        }
        "faults" => address.faults = value.split(',').map(PathBuf::from).collect(),
        _ => {
            // Tried on settings that are thrown away: a wrong one is told before anything starts.
            let tried = Config::starting_at(Timestamp(0)).set(&key, value);
            tried.map_err(|reason| AddressError::Setting {
                option: option.to_owned(),
                reason: reason.to_string(),
            })?;
            address.settings.push((key, value.to_owned()));
        }
    }
    Ok(())
}

/// Reads `2026-11-23T10:00:00`, the exchange's local time.
fn china_time(text: &str) -> Option<Timestamp> {
    let local: ctp_market::DateTime = text.contains('T').then(|| text.parse().ok())??;
    ctp_market::unix_nanoseconds(local).map(Timestamp)
}

fn china_text(at: Timestamp) -> String {
    ctp_market::china_time(at.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simulator(text: &str) -> SimulatorAddress {
        match text.parse() {
            Ok(FrontAddress::Simulator(address)) => address,
            other => panic!("{text} became {other:?}"),
        }
    }

    #[test]
    fn name_alone_leaves_every_option_open() {
        let address = simulator("sim://demo");
        assert_eq!(address.name, "demo");
        assert_eq!(address, SimulatorAddress { name: "demo".to_owned(), ..Default::default() });
    }

    #[test]
    fn options_are_read_and_written_back() {
        let text =
            "sim://a.b-c_1?clock=virtual&speed=2.5&start=2026-11-23T10:00:00&seed=18446744073709551615";
        let address = simulator(text);
        assert_eq!(address.clock, Some(ClockKind::Virtual));
        assert_eq!(address.speed, Some(Speed::Times(2.5)));
        assert_eq!(address.start, Some(Timestamp(1_795_399_200_000_000_000)));
        assert_eq!(address.settings, [("seed".to_owned(), u64::MAX.to_string())]);
        assert_eq!(address.to_string(), text);
        let text =
            "sim://a?clock=virtual&speed=max&latency=none&hours=exchange&products=rb,sc&checked_by=core";
        assert_eq!(simulator(text).speed, Some(Speed::Max));
        assert_eq!(simulator(text).to_string(), text);
    }

    #[test]
    fn other_schemes_are_foreign() {
        for text in
            ["ssl://x:1", "tcp://x", "tcp://x:0", "tcp://:1", "tcp://1.2.3.4:1 socks5://u:p@1.2.3.4:5"]
        {
            assert_eq!(text.parse(), Ok(FrontAddress::Foreign(text.to_owned())));
        }
    }

    #[test]
    fn served_addresses_have_a_host_and_a_port() {
        for (text, host, port) in [
            ("tcp://127.0.0.1:17001", "127.0.0.1", 17_001),
            ("tcp://localhost:1/", "localhost", 1),
            ("tcp6://fe80::1:2", "fe80::1", 2),
            ("tcp://[::1]:65535", "::1", 65_535),
        ] {
            let address = ServedAddress { host: host.to_owned(), port };
            assert_eq!(text.parse(), Ok(FrontAddress::Served(address)));
        }
    }

    #[test]
    fn bad_addresses_name_the_value() {
        for (text, named) in [
            ("", "\"\""),
            ("demo", "demo"),
            ("://demo", "demo"),
            ("sim://", "\"\""),
            ("sim://a b", "a b"),
            ("sim://上期所", "上期所"),
            ("sim://a?colour=red", "colour=red"),
            ("sim://a?seed", "seed"),
            ("sim://a?seed=1&seed=2", "seed=2"),
            ("sim://a?seed=-1", "-1"),
            ("sim://a?tick-interval=1s&tick_interval=2s", "tick_interval=2s"),
            ("sim://a?latency=some", "none"),
            ("sim://a?clock=virtual&start=tomorrow", "tomorrow"),
            ("sim://a?clock=virtual&start=2026-11-23", "2026-11-23T10:00:00"),
            ("sim://a?start=2026-11-23T10:00:00", "start=2026-11-23T10:00:00 needs clock=virtual"),
            ("sim://a?clock=virtual&speed=1001", "or max"),
            ("sim://a?clock=fast", "fast"),
            ("sim://a?clock=virtual&speed=0", "speed"),
            ("sim://a?clock=virtual&speed=NaN", "NaN"),
            ("sim://a?clock=virtual&speed=inf", "inf"),
            ("sim://a?speed=3", "clock=virtual"),
            ("sim://a?clock=real&speed=3", "clock=virtual"),
        ] {
            let error = text.parse::<FrontAddress>().unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
        let long = format!("sim://{}", "x".repeat(NAME_LENGTH_MAX + 1));
        assert!(matches!(long.parse::<FrontAddress>(), Err(AddressError::Name(_))));
    }
}
