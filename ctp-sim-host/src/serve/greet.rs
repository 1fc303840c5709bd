//! Who is taken in.

use super::token::Token;
use crate::wire::{Frame, Hello, Reason, Refused, Role, WireError, layout_digest};

/// Which APIs a port serves; every port serves control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kinds {
    /// Both.
    All,
    /// Market data only.
    Md,
    /// Trading only.
    Trader,
}

/// Why a client is not taken.
#[derive(Clone, Debug)]
pub(super) struct Refusal(pub(super) Refused);

impl Refusal {
    fn new(reason: Reason, text: impl Into<String>) -> Self {
        Self(Refused { reason, text: text.into() })
    }

    pub(super) fn of_error(error: &WireError) -> Self {
        let reason = match error {
            WireError::Version { .. } => Reason::Version,
            _ => Reason::Protocol,
        };
        Self::new(reason, error.to_string())
    }

    pub(super) fn of_frame(frame: &Frame) -> Self {
        Self::new(Reason::Protocol, format!("the first frame is {}, not Hello", frame.name()))
    }

    pub(super) fn busy(clients_max: usize) -> Self {
        let text = format!("{clients_max} clients are connected, which are all that may be; raise --clients");
        Self::new(Reason::Busy, text)
    }
}

/// Checks what a client says of itself.
pub(super) fn check(hello: &Hello, kinds: Kinds, token: Option<&Token>) -> Result<(), Refusal> {
    // The token goes first: who has none learns nothing else.
    match token {
        Some(token) if !token.is(&hello.token) => {
            let text = "the token is missing or wrong: set CTP_SIM_TOKEN to the server's";
            return Err(Refusal::new(Reason::Token, text));
        }
        _ => {}
    }
    if hello.layout != layout_digest() {
        let text = "its records are laid out otherwise: use libraries and server of one release";
        return Err(Refusal::new(Reason::Layout, text));
    }
    match (kinds, hello.role) {
        (Kinds::Md, Role::Trader) => {
            Err(Refusal::new(Reason::Role, "this port serves market data: trading has a port of its own"))
        }
        (Kinds::Trader, Role::Md) => {
            Err(Refusal::new(Reason::Role, "this port serves trading: market data have a port of its own"))
        }
        _ => Ok(()),
    }
}
