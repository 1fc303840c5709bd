//! Front addresses: `sim://NAME[?seed=…&clock=real|virtual&speed=…]`.

use std::fmt;
use std::str::FromStr;

/// The longest exchange name, in characters.
pub const NAME_LENGTH_MAX: usize = 64;

/// The largest speed of a virtual clock, in virtual seconds per second.
///
/// Above it the exchange cannot follow: a full market is some 700 ticks per second of its time.
pub const SPEED_MAX: f64 = 1_000.0;

/// A front address as a client registers it.
#[derive(Clone, Debug, PartialEq)]
pub enum FrontAddress {
    /// An exchange inside this process.
    Simulator(SimulatorAddress),
    /// Any other address. Nothing answers there: the front is dead and no callback comes.
    Foreign(String),
}

/// The address of an exchange inside this process.
///
/// Two addresses with the same name mean the same exchange. The options describe the exchange at
/// the moment it starts; an address that leaves an option out accepts whatever the running
/// exchange has.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatorAddress {
    /// The exchange's name, unique in the process.
    pub name: String,
    /// The seed of the price process.
    pub seed: Option<u64>,
    /// The kind of clock.
    pub clock: Option<ClockKind>,
    /// The speed of a virtual clock, in virtual seconds per second.
    pub speed: Option<f64>,
}

/// Which clock drives an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockKind {
    /// The machine's clock.
    Real,
    /// A clock that starts at the machine's time and runs `speed` times as fast.
    Virtual,
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
    /// An option is not of the form `key=value`, unknown, or given twice.
    #[error("front address option {0:?} is not usable: write each of seed=, clock=, speed= once")]
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
    /// A speed was given together with the machine's clock.
    #[error("front address option speed={0} needs clock=virtual: add it or leave the speed out")]
    SpeedOfRealClock(f64),
}

impl FromStr for FrontAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text.split_once("://") {
            None | Some(("", _)) => Err(AddressError::NoScheme(text.to_owned())),
            Some(("sim", rest)) => parse_simulator(rest).map(Self::Simulator),
            Some(_) => Ok(Self::Foreign(text.to_owned())),
        }
    }
}

impl fmt::Display for SimulatorAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sim://{}", self.name)?;
        let mut separator = '?';
        let mut option = |f: &mut fmt::Formatter<'_>, key: &str, value: &dyn fmt::Display| {
            let written = write!(f, "{separator}{key}={value}");
            separator = '&';
            written
        };
        if let Some(seed) = self.seed {
            option(f, "seed", &seed)?;
        }
        if let Some(clock) = self.clock {
            option(f, "clock", &clock)?;
        }
        if let Some(speed) = self.speed {
            option(f, "speed", &speed)?;
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

fn parse_simulator(rest: &str) -> Result<SimulatorAddress, AddressError> {
    let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
    let name = name.strip_suffix('/').unwrap_or(name);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > NAME_LENGTH_MAX || !name.chars().all(allowed) {
        return Err(AddressError::Name(name.to_owned()));
    }
    let mut address = SimulatorAddress { name: name.to_owned(), seed: None, clock: None, speed: None };
    for option in query.split('&').filter(|option| !option.is_empty()) {
        parse_option(&mut address, option)?;
    }
    match address.speed {
        Some(speed) if address.clock != Some(ClockKind::Virtual) => {
            Err(AddressError::SpeedOfRealClock(speed))
        }
        _ => Ok(address),
    }
}

fn parse_option(address: &mut SimulatorAddress, option: &str) -> Result<(), AddressError> {
    let bad_option = || AddressError::Option(option.to_owned());
    let (key, value) = option.split_once('=').ok_or_else(bad_option)?;
    let bad_value = |key, expected| AddressError::Value { key, value: value.to_owned(), expected };
    match key {
        "seed" if address.seed.is_none() => {
            let seed = value.parse();
            address.seed = Some(seed.map_err(|_| bad_value("seed", "a whole number from 0 to 2^64 - 1"))?);
        }
        "clock" if address.clock.is_none() => {
            address.clock = Some(match value {
                "real" => ClockKind::Real,
                "virtual" => ClockKind::Virtual,
                _ => return Err(bad_value("clock", "real or virtual")),
            });
        }
        "speed" if address.speed.is_none() => {
            let speed = value.parse().ok();
            let usable = speed.filter(|speed| *speed > 0.0 && *speed <= SPEED_MAX);
            address.speed = Some(usable.ok_or_else(|| bad_value("speed", "a number above 0, at most 1000"))?);
        }
        _ => return Err(bad_option()),
    }
    Ok(())
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
        assert_eq!((address.seed, address.clock, address.speed), (None, None, None));
    }

    #[test]
    fn options_are_read_and_written_back() {
        let text = "sim://a.b-c_1?seed=18446744073709551615&clock=virtual&speed=2.5";
        let address = simulator(text);
        assert_eq!(address.seed, Some(u64::MAX));
        assert_eq!(address.clock, Some(ClockKind::Virtual));
        assert_eq!(address.speed, Some(2.5));
        assert_eq!(address.to_string(), text);
    }

    #[test]
    fn other_schemes_are_foreign() {
        for text in ["tcp://127.0.0.1:1", "ssl://x:1", "tcp6://fe80::1:2", "tcp://x"] {
            assert_eq!(text.parse(), Ok(FrontAddress::Foreign(text.to_owned())));
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
