//! The words of the handshake: its steps, and what its owner has to do.

use std::sync::Arc;

use crate::error::ServerError;
use crate::state::{Attempt, Fault, Login, SessionState};

/// One step of the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Authenticate,
    LogIn,
    Confirm,
}

/// Which steps a session has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) authenticate: bool,
    /// Once per trading day.
    pub(crate) confirm: bool,
}

/// What the owner of the handshake has to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Move {
    /// Send the request of the step under this number.
    Send(Step, i32),
    /// Publish the state.
    State(SessionState),
    /// All steps are done.
    Done(Arc<Login>),
    /// Close the API object and make a fresh one; then call `handle_renewed`.
    Renew,
}

/// What a call has to bring before the login goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Password,
    SmsCode,
}

impl Need {
    /// Returns the state of a session that waits for it after a refusal.
    pub(super) fn state(self, error: &ServerError) -> SessionState {
        let refused = Some(error.clone());
        match self {
            Self::SmsCode => {
                SessionState::LoggingIn(Attempt { refused, retry_in: None, awaits_sms_code: true })
            }
            Self::Password => SessionState::Faulted(Fault::PasswordExpired(error.clone())),
        }
    }
}

impl Step {
    /// Returns the fault that a final refusal of the step is.
    pub(super) fn fault(self, error: ServerError) -> Fault {
        match self {
            Self::Authenticate => Fault::AuthenticationRejected(error),
            Self::LogIn => Fault::LoginRejected(error),
            Self::Confirm => Fault::ConfirmationRejected(error),
        }
    }
}
