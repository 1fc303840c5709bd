//! The exchanges of this process, by name.

use std::collections::BTreeMap;
use std::sync::Mutex;

use ctp_sim::{Config, ConfigError, Timestamp};

use crate::address::{ClockKind, SimulatorAddress, Speed};
use crate::clock::{Clock, EventClock, RealClock, VirtualClock};
use crate::fault::{FaultPlan, PlanFileError};
use crate::recording::{RecordingError, read_recording};
use crate::simulator::Simulator;

/// An exchange, once started, runs as long as the process: a client that reconnects, or a second
/// one, finds the same day with its orders and positions.
static RUNNING: Mutex<BTreeMap<String, Running>> = Mutex::new(BTreeMap::new());

/// A running exchange and what it was started with.
struct Running {
    simulator: Simulator,
    /// With the defaults of clock and seed; `None` when it was started by [`Simulator::start`] and only its name is known.
    address: Option<SimulatorAddress>,
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
    /// A plan of faults cannot be.
    #[error(transparent)]
    Faults(#[from] PlanFileError),
    /// The recording cannot be played.
    #[error(transparent)]
    Recording(#[from] RecordingError),
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
        let mut started = address.clone();
        let clock: Box<dyn Clock> = match started.clock.get_or_insert(ClockKind::Real) {
            ClockKind::Real => Box::new(RealClock::new()),
            ClockKind::Virtual => match (*started.speed.get_or_insert(Speed::Times(1.0)), address.start) {
                (Speed::Times(speed), Some(start)) => Box::new(VirtualClock::new(start, speed)),
                (Speed::Times(speed), None) => Box::new(VirtualClock::from_now(speed)),
                (Speed::Max, Some(start)) => Box::new(EventClock::new(start)),
                (Speed::Max, None) => Box::new(EventClock::from_now()),
            },
        };
        let plans = address.plans()?;
        let config = address.config(clock.now())?;
        if !address.settings.iter().any(|(key, _)| key == "seed") {
            started.settings.push(("seed".to_owned(), config.seed.to_string()));
        }
        let simulator = Self::spawn(&address.name, config, clock)?;
        for plan in plans {
            simulator.add_faults(plan);
        }
        let entry = Running { simulator: simulator.clone(), address: Some(started) };
        running.insert(address.name.clone(), entry);
        Ok(simulator)
    }

    /// Returns the exchange that runs under a name.
    pub fn running(name: &str) -> Option<Self> {
        crate::lock(&RUNNING).get(name).map(|running| running.simulator.clone())
    }

    /// Returns the names of all exchanges of the process.
    pub fn names() -> Vec<String> {
        crate::lock(&RUNNING).keys().cloned().collect()
    }

    /// Goes on with the exchange of a store, which `sim://NAME` then reaches. A clock of its own starts at
    /// [`Store::time`](crate::store::Store::time).
    ///
    /// # Errors
    ///
    /// Returns an error when the name is in use or a thread cannot be started.
    #[cfg(feature = "serve")]
    pub fn start_stored(
        name: &str,
        store: crate::store::Store,
        clock: impl Clock,
    ) -> Result<Self, StartError> {
        let mut running = crate::lock(&RUNNING);
        if running.contains_key(name) {
            return Err(StartError::NameTaken(name.to_owned()));
        }
        let simulator = Self::spawn_stored(name, store, Box::new(clock))?;
        let entry = Running { simulator: simulator.clone(), address: None };
        running.insert(name.to_owned(), entry);
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
        let entry = Running { simulator: simulator.clone(), address: None };
        running.insert(name.to_owned(), entry);
        Ok(simulator)
    }
}

/// Frees the name of an exchange.
pub(crate) fn forget(simulator: &Simulator) {
    crate::lock(&RUNNING).retain(|_, running| !running.simulator.is(simulator));
}

impl SimulatorAddress {
    /// Returns the settings of an exchange that starts at `start`.
    pub(crate) fn config(&self, start: Timestamp) -> Result<Config, StartError> {
        let mut config = Config::starting_at(start);
        for (key, value) in &self.settings {
            config.set(key, value)?;
        }
        if let Some(path) = &self.replay {
            // With a start of its own the exchange meets the recording's own times.
            config.replay = Some(read_recording(path, self.start.is_none())?);
        }
        Ok(config)
    }

    /// Reads the plans of faults that an exchange starts with.
    pub(crate) fn plans(&self) -> Result<Vec<FaultPlan>, PlanFileError> {
        self.faults.iter().map(|path| FaultPlan::load(path)).collect()
    }
}

impl Running {
    /// Checks that what an address names is what runs.
    fn check(&self, address: &SimulatorAddress) -> Result<(), StartError> {
        let asked = address.options();
        let running = match &self.address {
            _ if asked.is_empty() => return Ok(()),
            Some(started) => {
                let options = started.options();
                if asked.iter().all(|option| options.contains(option)) {
                    return Ok(());
                }
                options.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
            }
            None => "settings of its own".to_owned(),
        };
        Err(StartError::OtherOptions { name: address.name.clone(), asked: address.to_string(), running })
    }
}
