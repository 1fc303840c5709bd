//! The steps from a connection to a usable session: authenticate, log in, confirm the settlement.
//!
//! A state machine without clock, thread or socket. Exactly one request is in flight; a repeated
//! `OnFrontConnected` starts nothing. Refusals that pass by themselves are retried slowly; some wait for a call;
//! all others stop the session, because repeated wrong passwords lock the account: see [`policy`].

mod backoff;
pub(crate) mod policy;
mod step;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ctp_types::Text;

use self::backoff::{Backoff, LOGIN_INTERVAL_MIN};
use self::policy::{Verdict, verdict};
pub(crate) use self::step::{Move, Need, Plan, Step};
use crate::config::Timeouts;
use crate::error::{SendRefusal, ServerError};
use crate::ids::RequestIds;
use crate::state::{Attempt, Fault, LinkLoss, Login, SessionState};

/// The pause after the library did not take a request of the handshake.
const RESEND_PAUSE: Duration = Duration::from_secs(1);
/// How often a step is sent without an answer before the connection is given up.
const UNANSWERED_MAX: u32 = 3;
/// How often, and how slowly, a password is tried again that is refused although it was right before.
const PASSWORD_TRIES: u32 = 3;
const PASSWORD_PAUSE: Duration = Duration::from_secs(600);
/// The pause after a fresh API object could not be made.
const RENEW_PAUSE: Duration = Duration::from_secs(30);
/// The first request number of a connection on which nothing was sent yet.
const NOT_SENT_YET: i32 = i32::MAX;
/// "CTP:API Front shake hand err": library and front do not fit.
const FRONT_SHAKE_HAND: i32 = 4040;

#[derive(Debug, PartialEq)]
enum Position {
    /// No connection.
    Down,
    /// The step is due at `until`.
    Paused { step: Step, until: Instant },
    /// The step's request is under way.
    InFlight { step: Step, request_id: i32, deadline: Instant },
    /// Connected, and a call has to lead on.
    Awaiting,
    /// All steps are done.
    Ready,
    /// A fresh API object is being made; `until`: made again then. Its first words may come before the word that it
    /// is made: `is_connected`.
    Renewing { until: Option<Instant>, is_connected: bool },
    /// A refusal or a fault ended the session.
    Stopped,
}

#[derive(Debug)]
pub(crate) struct Handshake {
    plan: Plan,
    timeouts: Timeouts,
    position: Position,
    backoff: Backoff,
    /// The first request number of this connection; smaller ones belong to the past.
    first_request_id: i32,
    /// How often the present step was sent without an answer.
    unanswered: u32,
    refused: Option<ServerError>,
    /// What a call has to bring, and the refusal that says so.
    need: Option<(Need, ServerError)>,
    /// Whether that refusal came on this connection.
    refused_here: bool,
    /// Whether the present password has logged in, and how often it was refused since.
    password_worked: bool,
    password_refusals: u32,
    confirmed_day: Option<Text<9>>,
    login: Arc<Login>,
}

impl Handshake {
    pub(crate) fn new(plan: Plan, timeouts: Timeouts, seed: u64) -> Self {
        Self {
            plan,
            timeouts,
            position: Position::Down,
            backoff: Backoff::new(seed),
            first_request_id: 0,
            unanswered: 0,
            refused: None,
            need: None,
            refused_here: false,
            password_worked: false,
            password_refusals: 0,
            confirmed_day: None,
            login: Arc::default(),
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.position == Position::Ready
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.position == Position::Stopped
    }

    /// Returns what a call has to bring, if the connection stands and waits for it.
    pub(crate) fn awaits(&self) -> Option<Need> {
        self.need.as_ref().filter(|_| self.position == Position::Awaiting).map(|(need, _)| *need)
    }

    /// Returns whether the login was refused on this connection for want of what [`Self::awaits`] returns.
    pub(crate) fn was_refused_here(&self) -> bool {
        self.refused_here
    }

    /// Returns when [`Self::handle_deadline`] has to be called.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        match self.position {
            Position::Paused { until, .. } => Some(until),
            Position::InFlight { deadline, .. } => Some(deadline),
            Position::Renewing { until, .. } => until,
            _ => None,
        }
    }

    pub(crate) fn handle_connected(&mut self, now: Instant, ids: &mut RequestIds, moves: &mut Vec<Move>) {
        if let Position::Renewing { is_connected, .. } = &mut self.position {
            *is_connected = true;
            return;
        }
        if self.position != Position::Down {
            tracing::warn!("OnFrontConnected came again without a disconnect; it is ignored");
            return;
        }
        self.first_request_id = NOT_SENT_YET;
        self.unanswered = 0;
        self.refused_here = false;
        let earliest = self.backoff.start_at(now);
        self.go(now, self.first_step(), earliest, ids, moves);
    }

    pub(crate) fn handle_disconnected(&mut self, now: Instant, loss: LinkLoss, moves: &mut Vec<Move>) {
        if let Position::Renewing { is_connected, .. } = &mut self.position {
            *is_connected = false;
            return;
        }
        if self.is_stopped() {
            return;
        }
        self.backoff.broken(now);
        self.position = Position::Down;
        moves.push(Move::State(SessionState::Reconnecting(loss)));
    }

    /// Gives the connection up: the library does not notice that it is dead.
    pub(crate) fn renew(&mut self, now: Instant, loss: LinkLoss, moves: &mut Vec<Move>) {
        if self.is_stopped() || matches!(self.position, Position::Renewing { .. }) {
            return;
        }
        self.backoff.broken(now);
        self.position = Position::Renewing { until: None, is_connected: false };
        moves.push(Move::State(SessionState::Reconnecting(loss)));
        moves.push(Move::Renew);
    }

    /// Handles the end of [`Move::Renew`]: a fresh object connects by itself; without one it is tried again.
    pub(crate) fn handle_renewed(
        &mut self,
        now: Instant,
        is_made: bool,
        ids: &mut RequestIds,
        moves: &mut Vec<Move>,
    ) {
        let Position::Renewing { is_connected, .. } = self.position else { return };
        if !is_made {
            self.position = Position::Renewing { until: Some(now + RENEW_PAUSE), is_connected: false };
            return;
        }
        self.position = Position::Down;
        if is_connected {
            self.handle_connected(now, ids, moves);
        }
    }

    /// Handles what the library said when it was given a request. Returns whether it was the handshake's.
    pub(crate) fn handle_sent(
        &mut self,
        now: Instant,
        request_id: i32,
        result: &Result<(), SendRefusal>,
        moves: &mut Vec<Move>,
    ) -> bool {
        let Position::InFlight { step, request_id: mine, .. } = self.position else { return false };
        if mine != request_id {
            return false;
        }
        if let Err(refusal @ SendRefusal::Relay { .. }) = result {
            // It cannot pass by itself, and the login was not sent.
            self.stop(Fault::TerminalInfoRejected(refusal.to_string().into()), moves);
        } else if let Err(refusal) = result {
            tracing::warn!(?step, %refusal, "the library did not take the request; trying again");
            self.unanswered = self.unanswered.saturating_sub(1);
            self.pause(step, now, now + RESEND_PAUSE, moves);
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
                self.done(now, step, ids, moves);
            }
            Err(error) => self.refused(now, step, error, moves),
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
            Position::Paused { step, until } if until <= now => self.go(now, step, now, ids, moves),
            Position::InFlight { step, deadline, .. } if deadline <= now => {
                if self.unanswered >= UNANSWERED_MAX {
                    return self.renew(now, LinkLoss::Unanswered { attempts: self.unanswered }, moves);
                }
                // An answer to the earlier request is still welcome: a front does not answer a second login.
                tracing::warn!(?step, "no answer; sending the request again");
                self.go(now, step, now, ids, moves);
            }
            Position::Renewing { until: Some(until), .. } if until <= now => {
                self.position = Position::Renewing { until: None, is_connected: false };
                moves.push(Move::Renew);
            }
            _ => {}
        }
    }

    /// Goes on with the login after a call brought what it needed; without a connection, as soon as there is one.
    pub(crate) fn resume(&mut self, now: Instant, ids: &mut RequestIds, moves: &mut Vec<Move>) {
        if self.need.take().is_some() && self.position == Position::Awaiting {
            self.go(now, Step::LogIn, now, ids, moves);
        }
    }

    /// Notes that the password is another one now, or that nobody knows which one is right.
    pub(crate) fn password_changed(&mut self) {
        self.password_worked = false;
        self.password_refusals = 0;
    }

    /// Stops the handshake for good.
    pub(crate) fn stop(&mut self, fault: Fault, moves: &mut Vec<Move>) {
        self.position = Position::Stopped;
        moves.push(Move::State(SessionState::Faulted(fault)));
    }

    fn first_step(&self) -> Step {
        if self.plan.authenticate { Step::Authenticate } else { Step::LogIn }
    }

    /// Sends a step as soon as it may be sent.
    fn go(
        &mut self,
        now: Instant,
        step: Step,
        earliest: Instant,
        ids: &mut RequestIds,
        moves: &mut Vec<Move>,
    ) {
        if step == Step::LogIn
            && let Some((need, error)) = &self.need
        {
            moves.push(Move::State(need.state(error)));
            self.position = Position::Awaiting;
            return;
        }
        let earliest = if step == Step::LogIn { self.backoff.log_in_at(now).max(earliest) } else { earliest };
        if earliest > now {
            return self.pause(step, now, earliest, moves);
        }
        let request_id = ids.next();
        if self.first_request_id == NOT_SENT_YET {
            self.first_request_id = request_id;
            self.backoff.started(now);
        }
        if step == Step::LogIn {
            self.backoff.logging_in(now);
        }
        self.unanswered += 1;
        let deadline = now + self.timeouts.login.max(LOGIN_INTERVAL_MIN);
        self.position = Position::InFlight { step, request_id, deadline };
        moves.push(Move::State(self.state_of(step, None)));
        moves.push(Move::Send(step, request_id));
    }

    fn pause(&mut self, step: Step, now: Instant, until: Instant, moves: &mut Vec<Move>) {
        self.position = Position::Paused { step, until };
        moves.push(Move::State(self.state_of(step, Some(until.saturating_duration_since(now)))));
    }

    /// Goes on to the next step.
    fn done(&mut self, now: Instant, step: Step, ids: &mut RequestIds, moves: &mut Vec<Move>) {
        self.refused = None;
        self.unanswered = 0;
        let is_confirmed = self.confirmed_day == Some(self.login.trading_day);
        let next = match step {
            Step::Authenticate => Some(Step::LogIn),
            Step::LogIn => {
                (self.password_worked, self.password_refusals) = (true, 0);
                (self.plan.confirm && !is_confirmed).then_some(Step::Confirm)
            }
            Step::Confirm => {
                self.confirmed_day = Some(self.login.trading_day);
                None
            }
        };
        match next {
            Some(next) => self.go(now, next, now, ids, moves),
            None => {
                self.backoff.ready(now);
                self.position = Position::Ready;
                moves.push(Move::Done(Arc::clone(&self.login)));
            }
        }
    }

    fn refused(&mut self, now: Instant, step: Step, error: ServerError, moves: &mut Vec<Move>) {
        self.unanswered = 0;
        let verdict = verdict(error.code);
        self.refused = Some(error.clone());
        let until = match verdict {
            Verdict::Passing => self.backoff.refused(now, self.timeouts.login_retry),
            Verdict::Password
                if step == Step::LogIn && self.password_worked && self.password_refusals < PASSWORD_TRIES =>
            {
                self.password_refusals += 1;
                self.backoff.hold(now + PASSWORD_PAUSE)
            }
            Verdict::NewPassword if step == Step::LogIn => {
                return self.wait_for(Need::Password, error, moves);
            }
            Verdict::SmsCode if step == Step::LogIn => return self.wait_for(Need::SmsCode, error, moves),
            Verdict::Stale => return self.renew(now, LinkLoss::Stale, moves),
            _ => return self.stop(step.fault(error), moves),
        };
        tracing::warn!(?step, %error, "refused for now; trying again later");
        self.pause(step, now, until, moves);
    }

    fn wait_for(&mut self, need: Need, error: ServerError, moves: &mut Vec<Move>) {
        moves.push(Move::State(need.state(&error)));
        self.need = Some((need, error));
        self.refused_here = true;
        self.position = Position::Awaiting;
    }

    fn state_of(&self, step: Step, retry_in: Option<Duration>) -> SessionState {
        let attempt = Attempt { refused: self.refused.clone(), retry_in, awaits_sms_code: false };
        match step {
            Step::Authenticate => SessionState::Authenticating(attempt),
            Step::LogIn => SessionState::LoggingIn(attempt),
            Step::Confirm => SessionState::Confirming(attempt),
        }
    }
}

#[cfg(test)]
mod tests;
