//! The exchange of a store, served.

use std::path::Path;

use super::ServeError;
use super::options::ServeOptions;
use crate::address::{ClockKind, Speed};
use crate::clock::{Clock as _, EventClock, ManualClock, RealClock, VirtualClock};
use crate::registry::StartError;
use crate::simulator::Simulator;
use crate::store::{Store, StoreOptions};

/// Returns the exchange of a store, and whether it is new.
///
/// A clock of its own goes on where it stopped; the machine's clock went on meanwhile.
pub(super) fn exchange(options: &ServeOptions, path: &Path) -> Result<(Simulator, bool), ServeError> {
    let address = &options.exchange;
    if Simulator::running(&address.name).is_some() {
        return Err(StartError::NameTaken(address.name.clone()).into());
    }
    let wanted = StoreOptions {
        path: path.to_owned(),
        start: address.start,
        settings: address.settings.clone(),
        replay: address.replay.clone(),
    };
    let store = Store::open(&wanted, RealClock::new().now())?;
    let (at, is_new, name) = (store.time(), store.rows() == 0, address.name.as_str());
    let simulator = match (options.manual, address.clock, address.speed) {
        (true, ..) => Simulator::start_stored(name, store, ManualClock::new(at)),
        (false, None | Some(ClockKind::Real), _) => Simulator::start_stored(name, store, RealClock::new()),
        (false, Some(ClockKind::Virtual), Some(Speed::Max)) => {
            Simulator::start_stored(name, store, EventClock::new(at))
        }
        (false, Some(ClockKind::Virtual), speed) => {
            let speed = if let Some(Speed::Times(speed)) = speed { speed } else { 1.0 };
            Simulator::start_stored(name, store, VirtualClock::new(at, speed))
        }
    };
    Ok((simulator?, is_new))
}
