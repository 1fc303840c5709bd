//! States: each follows only from those that it can follow from.

use crate::state::SessionState;

#[derive(Debug)]
pub(super) struct States {
    last: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Connecting,
    Authenticating,
    LoggingIn,
    Confirming,
    Recovering,
    Ready,
    Reconnecting,
    /// A call leads on.
    Waiting,
    Faulted,
    Closed,
}

impl Default for States {
    fn default() -> Self {
        Self { last: Name::Connecting }
    }
}

impl States {
    pub(super) fn entered(&mut self, state: &SessionState) -> Result<(), String> {
        let next = name(state);
        let last = std::mem::replace(&mut self.last, next);
        if follows(last, next) { Ok(()) } else { Err(format!("{next:?} came after {last:?}")) }
    }
}

fn name(state: &SessionState) -> Name {
    match state {
        SessionState::Connecting => Name::Connecting,
        SessionState::Authenticating(_) => Name::Authenticating,
        SessionState::LoggingIn(_) => Name::LoggingIn,
        SessionState::Confirming(_) => Name::Confirming,
        SessionState::Recovering(_) => Name::Recovering,
        SessionState::Ready(_) => Name::Ready,
        SessionState::Reconnecting(_) => Name::Reconnecting,
        SessionState::Faulted(_) if state.is_over() => Name::Faulted,
        SessionState::Faulted(_) => Name::Waiting,
        SessionState::Closed => Name::Closed,
    }
}

fn follows(last: Name, next: Name) -> bool {
    use Name::{
        Authenticating, Closed, Confirming, Connecting, Faulted, LoggingIn, Ready, Reconnecting, Recovering,
        Waiting,
    };
    match (last, next) {
        (Closed | Faulted, _) => false,
        (_, Reconnecting | Faulted | Closed) => true,
        (Connecting | Reconnecting, Authenticating | LoggingIn | Waiting) => true,
        (Authenticating, Authenticating | LoggingIn | Waiting) => true,
        (LoggingIn, LoggingIn | Confirming | Recovering | Ready | Waiting) => true,
        (Waiting, LoggingIn | Waiting) => true,
        (Confirming, Confirming | Recovering | Ready) => true,
        (Recovering, Ready) => true,
        _ => false,
    }
}
