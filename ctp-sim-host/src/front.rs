//! The fronts of an instance: which there are, and which environment variables change them.

use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use crate::address::{FrontAddress, ServedAddress, SimulatorAddress};
use crate::wire::Token;

/// Addresses, separated by commas, that stand for every front that a client registers.
const FRONT_VARIABLE: &str = "CTP_SIM_FRONT";

/// What lets a client in where a server wants a token.
const TOKEN_VARIABLE: &str = "CTP_SIM_TOKEN";

/// How often the same trouble is told.
const TOLD_AGAIN: Duration = Duration::from_secs(60);

/// A front that may be reached.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    /// The address as it was registered.
    pub(crate) text: String,
    pub(crate) place: Place,
}

/// Where a front is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In this process.
    Simulator(SimulatorAddress),
    /// Behind a connection.
    Served(ServedAddress),
}

/// Returns the addresses to be used instead of those that a client registered.
pub(crate) fn replaced(registered: Vec<String>) -> Vec<String> {
    let Ok(fronts) = std::env::var(FRONT_VARIABLE) else {
        return registered;
    };
    let fronts: Vec<String> =
        fronts.split(',').map(str::trim).filter(|front| !front.is_empty()).map(str::to_owned).collect();
    if fronts.is_empty() {
        return registered;
    }
    info!(?registered, ?fronts, "{FRONT_VARIABLE} stands for what was registered");
    fronts
}

/// Returns the fronts that may be reached, in order. Of the others only the log speaks.
pub(crate) fn usable(addresses: Vec<String>) -> Vec<Front> {
    let mut fronts = Vec::new();
    for text in addresses {
        match text.parse() {
            Ok(FrontAddress::Simulator(address)) => {
                fronts.push(Front { text, place: Place::Simulator(address) });
            }
            Ok(FrontAddress::Served(address)) => fronts.push(Front { text, place: Place::Served(address) }),
            Ok(FrontAddress::Foreign(address)) => {
                warn!(address, "nothing answers at a front that is neither sim://NAME nor tcp://HOST:PORT");
            }
            Err(cause) => error!(%cause, "front ignored"),
        }
    }
    fronts
}

/// Returns the token of this process; without a usable one, none.
pub(crate) fn token() -> Token {
    let Ok(text) = std::env::var(TOKEN_VARIABLE) else {
        return Token::default();
    };
    Token::new(text.trim()).unwrap_or_else(|| {
        error!("{TOKEN_VARIABLE} has more than {} bytes: it is not used", Token::LENGTH_MAX);
        Token::default()
    })
}

/// Tells the same trouble once a minute, however often it comes.
#[derive(Default)]
pub(crate) struct Troubles {
    last: Option<(String, Instant)>,
}

impl Troubles {
    pub(crate) fn tell(&mut self, front: &str, problem: &str) {
        let text = format!("{front}: {problem}");
        let is_new = self.last.as_ref().is_none_or(|(last, at)| *last != text || at.elapsed() >= TOLD_AGAIN);
        if is_new {
            warn!("no connection to {text}; trying again and again");
            self.last = Some((text, Instant::now()));
        }
    }
}
