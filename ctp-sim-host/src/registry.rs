//! The exchanges of this process, by name.

use std::collections::BTreeMap;
use std::sync::Mutex;

use ctp_sim::{Config, ConfigError};

use crate::address::{ClockKind, SimulatorAddress};
use crate::clock::{Clock, RealClock, VirtualClock};
use crate::simulator::Simulator;

/// An exchange, once started, runs as long as the process: a client that reconnects, or a second
/// one, finds the same day with its orders and positions.
static RUNNING: Mutex<BTreeMap<String, Running>> = Mutex::new(BTreeMap::new());

/// A running exchange and what it was started with.
struct Running {
    simulator: Simulator,
    /// `None` when it was started by [`Simulator::start`] and only its name is known.
    options: Option<Options>,
}

/// The options of an address with the defaults filled in.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Options {
    seed: u64,
    clock: ClockKind,
    speed: f64,
}

/// Why an exchange cannot be started or reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The name is in use.
    #[error("exchange {0:?} is already running in this process: choose another name")]
    NameTaken(String),
    /// The exchange runs with other options than the address asks for.
    #[error(
        "exchange {name:?} is already running with {running}, not as {asked}: leave the options out or choose another name"
    )]
    OtherOptions {
        /// The exchange's name.
        name: String,
        /// The address asked for.
        asked: String,
        /// What it runs with.
        running: String,
    },
    /// The settings are not usable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The system gave no thread.
    #[error("cannot start the thread of exchange {name:?}")]
    Thread {
        /// The exchange's name.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Simulator {
    /// Returns the exchange of an address: the running one of that name, or a new one.
    ///
    /// # Errors
    ///
    /// Returns an error when it runs with other options than the address names, or cannot start.
    pub fn open(address: &SimulatorAddress) -> Result<Self, StartError> {
        let mut running = crate::lock(&RUNNING);
        if let Some(found) = running.get(&address.name) {
            found.check(address)?;
            return Ok(found.simulator.clone());
        }
        let clock: Box<dyn Clock> = match (address.clock, address.speed) {
            (Some(ClockKind::Virtual), speed) => Box::new(VirtualClock::from_now(speed.unwrap_or(1.0))),
            _ => Box::new(RealClock),
        };
        let mut config = Config::starting_at(clock.now());
        config.seed = address.seed.unwrap_or(config.seed);
        let options = Options {
            seed: config.seed,
            clock: address.clock.unwrap_or(ClockKind::Real),
            speed: address.speed.unwrap_or(1.0),
        };
        let simulator = Self::spawn(&address.name, config, clock)?;
        let entry = Running { simulator: simulator.clone(), options: Some(options) };
        running.insert(address.name.clone(), entry);
        Ok(simulator)
    }

    /// Starts an exchange that `sim://NAME` then reaches.
    ///
    /// # Errors
    ///
    /// Returns an error when the name is in use or the exchange cannot start.
    pub fn start(name: &str, config: Config, clock: impl Clock) -> Result<Self, StartError> {
        let mut running = crate::lock(&RUNNING);
        if running.contains_key(name) {
            return Err(StartError::NameTaken(name.to_owned()));
        }
        let simulator = Self::spawn(name, config, Box::new(clock))?;
        let entry = Running { simulator: simulator.clone(), options: None };
        running.insert(name.to_owned(), entry);
        Ok(simulator)
    }
}

impl Running {
    /// Checks that what an address names is what runs.
    fn check(&self, address: &SimulatorAddress) -> Result<(), StartError> {
        let names_any = address.seed.is_some() || address.clock.is_some() || address.speed.is_some();
        let running = match self.options {
            _ if !names_any => return Ok(()),
            Some(options) if options.agree(address) => return Ok(()),
            Some(Options { seed, clock, speed }) => format!("seed={seed}&clock={clock}&speed={speed}"),
            None => "settings of its own".to_owned(),
        };
        Err(StartError::OtherOptions { name: address.name.clone(), asked: address.to_string(), running })
    }
}

impl Options {
    fn agree(&self, address: &SimulatorAddress) -> bool {
        address.seed.is_none_or(|seed| seed == self.seed)
            && address.clock.is_none_or(|clock| clock == self.clock)
            && address.speed.is_none_or(|speed| speed == self.speed)
    }
}
