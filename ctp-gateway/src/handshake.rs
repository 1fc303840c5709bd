//! The steps from a connection to a usable session: authenticate, log in, confirm the settlement.
//!
//! A state machine without clock, thread or socket. Exactly one request is in flight; a repeated
//! `OnFrontConnected` starts nothing. Refusals that pass by themselves are retried slowly; all others stop the
//! session, because repeated wrong passwords lock the account.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::Timeouts;
use crate::error::{SendRefusal, ServerError};
use crate::ids::RequestIds;
use crate::state::{DisconnectReason, Fault, Login, SessionState};

/// The least time between two starts of the handshake, also when the front flaps.
const START_INTERVAL_MIN: Duration = Duration::from_secs(1);
/// The pause after the library did not take a request of the handshake.
const RESEND_PAUSE: Duration = Duration::from_secs(1);
/// The first request number of a connection on which nothing was sent yet.
const NOT_SENT_YET: i32 = i32::MAX;
/// "CTP:API Front shake hand err": library and front do not fit.
const FRONT_SHAKE_HAND: i32 = 4040;

/// One step of the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Authenticate,
    LogIn,
    Confirm,
}

/// What the owner of the handshake has to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Move {
    /// Send the request of the step under this number.
    Send(Step, i32),
    /// Publish the state.
    State(SessionState),
}

#[derive(Debug, PartialEq)]
enum Position {
    /// No connection.
    Down,
    /// The step is due at `until`.
    Paused { step: Step, until: Instant },
    /// The step's request is under way.
    InFlight { step: Step, request_id: i32, deadline: Instant },
    /// All steps are done.
    Ready,
    /// A refusal or a fault ended the session.
    Stopped,
}

#[derive(Debug)]
pub(crate) struct Handshake {
    authenticate: bool,
    confirm: bool,
    timeouts: Timeouts,
    position: Position,
    /// The first request number of this connection; smaller ones belong to the past.
    first_request_id: i32,
    last_start: Option<Instant>,
    refused: Option<ServerError>,
    login: Arc<Login>,
}

impl Handshake {
    pub(crate) fn new(authenticate: bool, confirm: bool, timeouts: Timeouts) -> Self {
        Self {
            authenticate,
            confirm,
            timeouts,
            position: Position::Down,
            first_request_id: 0,
            last_start: None,
            refused: None,
            login: Arc::default(),
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.position == Position::Ready
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.position == Position::Stopped
    }

    /// Returns when [`Self::handle_deadline`] has to be called.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        match self.position {
            Position::Paused { until, .. } => Some(until),
            Position::InFlight { deadline, .. } => Some(deadline),
            _ => None,
        }
    }

    pub(crate) fn handle_connected(&mut self, now: Instant, ids: &mut RequestIds, moves: &mut Vec<Move>) {
        if self.position != Position::Down {
            tracing::warn!("OnFrontConnected came again without a disconnect; it is ignored");
            return;
        }
        self.start(now, ids, moves);
    }

    pub(crate) fn handle_disconnected(&mut self, reason: DisconnectReason, moves: &mut Vec<Move>) {
        if self.is_stopped() {
            return;
        }
        self.position = Position::Down;
        moves.push(Move::State(SessionState::Reconnecting(reason)));
    }

    /// Handles what the library said when it was given a request. Returns whether it was the handshake's.
    pub(crate) fn handle_sent(
        &mut self,
        now: Instant,
        request_id: i32,
        result: &Result<(), SendRefusal>,
    ) -> bool {
        let Position::InFlight { step, request_id: mine, .. } = self.position else { return false };
        if mine != request_id {
            return false;
        }
        if let Err(refusal) = result {
            tracing::warn!(?step, %refusal, "the library did not take the request; trying again");
            self.position = Position::Paused { step, until: now + RESEND_PAUSE };
        }
        true
    }

    /// Handles the answer to a step. Returns whether the answer was the one that was waited for.
    pub(crate) fn handle_answer(
        &mut self,
        now: Instant,
        step: Step,
        request_id: i32,
        result: Result<Option<Login>, ServerError>,
        ids: &mut RequestIds,
        moves: &mut Vec<Move>,
    ) -> bool {
        let expected = match self.position {
            Position::InFlight { step: mine, .. } | Position::Paused { step: mine, .. } => mine == step,
            _ => false,
        };
        if !expected || request_id < self.first_request_id {
            return false;
        }
        match result {
            Ok(login) => {
                if let Some(login) = login {
                    self.login = Arc::new(login);
                }
                self.refused = None;
                match self.after(step) {
                    Some(next) => self.send(now, next, ids, moves),
                    None => {
                        self.position = Position::Ready;
                        moves.push(Move::State(SessionState::Ready(Arc::clone(&self.login))));
                    }
                }
            }
            Err(error) if is_passing(error.code) => {
                tracing::warn!(?step, %error, "refused for now; trying again later");
                self.refused = Some(error);
                self.position = Position::Paused { step, until: now + self.timeouts.login_retry };
                moves.push(Move::State(self.state_of(step)));
            }
            Err(error) => self.stop(fault_of(step, error), moves),
        }
        true
    }

    /// Handles `OnRspError`. Returns whether it concerned the handshake.
    pub(crate) fn handle_error(
        &mut self,
        now: Instant,
        request_id: i32,
        error: &ServerError,
        ids: &mut RequestIds,
        moves: &mut Vec<Move>,
    ) -> bool {
        if self.is_stopped() {
            return false;
        }
        if error.code == FRONT_SHAKE_HAND {
            self.stop(Fault::ConnectionRejected(error.clone()), moves);
            return true;
        }
        match self.position {
            Position::InFlight { step, request_id: mine, .. } if mine == request_id => {
                self.handle_answer(now, step, request_id, Err(error.clone()), ids, moves)
            }
            _ => false,
        }
    }

    pub(crate) fn handle_deadline(&mut self, now: Instant, ids: &mut RequestIds, moves: &mut Vec<Move>) {
        match self.position {
            Position::Paused { step, until } if until <= now => self.send(now, step, ids, moves),
            Position::InFlight { step, deadline, .. } if deadline <= now => {
                // An answer to the earlier request is still welcome: a front does not answer a second login.
                tracing::warn!(?step, "no answer; sending the request again");
                self.send(now, step, ids, moves);
            }
            _ => {}
        }
    }

    /// Stops the handshake for good.
    pub(crate) fn stop(&mut self, fault: Fault, moves: &mut Vec<Move>) {
        self.position = Position::Stopped;
        moves.push(Move::State(SessionState::Faulted(fault)));
    }

    fn start(&mut self, now: Instant, ids: &mut RequestIds, moves: &mut Vec<Move>) {
        let step = if self.authenticate { Step::Authenticate } else { Step::LogIn };
        let earliest = self.last_start.map_or(now, |last| last + START_INTERVAL_MIN);
        self.first_request_id = NOT_SENT_YET;
        if earliest > now {
            self.position = Position::Paused { step, until: earliest };
            moves.push(Move::State(self.state_of(step)));
            return;
        }
        self.send(now, step, ids, moves);
    }

    fn send(&mut self, now: Instant, step: Step, ids: &mut RequestIds, moves: &mut Vec<Move>) {
        let request_id = ids.next();
        if self.first_request_id == NOT_SENT_YET {
            self.last_start = Some(now);
            self.first_request_id = request_id;
        }
        let deadline = now + self.timeouts.login.max(START_INTERVAL_MIN);
        self.position = Position::InFlight { step, request_id, deadline };
        moves.push(Move::State(self.state_of(step)));
        moves.push(Move::Send(step, request_id));
    }

    fn after(&self, step: Step) -> Option<Step> {
        match step {
            Step::Authenticate => Some(Step::LogIn),
            Step::LogIn if self.confirm => Some(Step::Confirm),
            Step::LogIn | Step::Confirm => None,
        }
    }

    fn state_of(&self, step: Step) -> SessionState {
        let refused = self.refused.clone();
        match step {
            Step::Authenticate => SessionState::Authenticating { refused },
            Step::LogIn => SessionState::LoggingIn { refused },
            Step::Confirm => SessionState::Confirming { refused },
        }
    }
}

/// Returns whether a refusal passes by itself: core not initialised (7), front not active (8), exchange not
/// connected (21), too many sessions (60).
fn is_passing(code: i32) -> bool {
    matches!(code, 7 | 8 | 21 | 60)
}

fn fault_of(step: Step, error: ServerError) -> Fault {
    match step {
        Step::Authenticate => Fault::AuthenticationRejected(error),
        Step::LogIn => Fault::LoginRejected(error),
        Step::Confirm => Fault::ConfirmationRejected(error),
    }
}

#[cfg(test)]
mod tests;
