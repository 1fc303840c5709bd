//! The judge: what must hold whatever happens, told in the words of the library and of the user.
//!
//! It knows nothing of the sessions' insides: it sees what they ask of the library, what the library tells them, what
//! they publish and how their users' requests end.

mod gaps;
mod leaving;
mod logins;
pub(super) mod money;
mod orders;
mod queries;
mod requests;
mod secrets;
mod states;

use std::time::Duration;

use super::clock::At;
use super::library::Side;
use crate::state::SessionState;

use self::gaps::Gaps;
use self::leaving::Leaving;
pub(super) use self::logins::LoginStep;
use self::logins::Logins;
use self::orders::Orders;
use self::queries::Queries;
pub(super) use self::requests::{Effects, Requests};
use self::states::States;

/// What one session did so far.
#[derive(Debug)]
struct Session {
    logins: Logins,
    states: States,
    queries: Queries,
    /// Times at which the session asked to be woken at once, in a row.
    wakes_in_vain: u32,
    /// Whether nothing may come any more.
    is_closed: bool,
}

impl Session {
    fn new(query_timeout: Duration) -> Self {
        Self {
            logins: Logins::default(),
            states: States::default(),
            queries: Queries::new(query_timeout),
            wakes_in_vain: 0,
            is_closed: false,
        }
    }
}

#[derive(Debug)]
pub(super) struct Judge {
    sessions: [Session; 2],
    pub(super) requests: Requests,
    pub(super) effects: Effects,
    pub(super) gaps: Gaps,
    pub(super) orders: Orders,
    pub(super) leaving: Leaving,
    query_timeout: Duration,
    /// What was broken first.
    broken: Option<String>,
}

/// How often a session may ask to be woken at once before it counts as running in circles.
const WAKES_IN_VAIN_MAX: u32 = 20;

impl Judge {
    pub(super) fn new(query_timeout: Duration) -> Self {
        Self {
            sessions: [Session::new(query_timeout), Session::new(query_timeout)],
            requests: Requests::default(),
            effects: Effects::default(),
            gaps: Gaps::default(),
            orders: Orders::default(),
            leaving: Leaving::default(),
            query_timeout,
            broken: None,
        }
    }

    /// The process of a session died and another began.
    pub(super) fn died(&mut self, side: Side) {
        *self.of(side) = Session::new(self.query_timeout);
        self.effects.died();
        self.orders.died();
    }

    /// Returns what was broken first, if anything was.
    pub(super) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Takes down what was broken, with the time.
    pub(super) fn find(&mut self, at: At, finding: Result<(), String>) {
        if let Err(what) = finding {
            self.broken.get_or_insert_with(|| format!("at {}: {what}", at.to_string().trim()));
        }
    }

    /// The session asks the library to authenticate, to log in or to confirm.
    pub(super) fn login_step(&mut self, at: At, side: Side, step: LoginStep) {
        let finding = self.of(side).logins.asked(at, step);
        self.find(at, finding.map_err(|what| format!("{side}: {what}")));
    }

    /// The session is told what became of a step of the login.
    pub(super) fn login_answer(&mut self, at: At, side: Side, step: LoginStep, code: i32) {
        self.of(side).logins.answered(at, step, code);
        if side == Side::Md && code == 0 {
            self.gaps.logged_in();
        }
    }

    /// The session is told that the link broke.
    pub(super) fn link_lost(&mut self, side: Side) {
        let session = self.of(side);
        session.logins.link_lost();
        session.queries.link_lost();
    }

    /// The session asks for anything but a step of the login.
    pub(super) fn request(&mut self, at: At, side: Side, what: &str) {
        if !self.of(side).logins.is_logged_in() {
            self.find(at, Err(format!("{side}: {what} was asked for before a login on this connection")));
        }
    }

    /// The session asks a query, and the library takes it or not.
    pub(super) fn query(&mut self, at: At, side: Side, request_id: i32, code: i32) {
        let finding = self.of(side).queries.asked(at, request_id, code);
        self.find(at, finding.map_err(|what| format!("{side}: {what}")));
    }

    /// The session is told the last of a query's answer, or its error.
    pub(super) fn query_over(&mut self, side: Side, request_id: i32) {
        self.of(side).queries.over(request_id);
    }

    /// The session learns how many queries a second the front allows.
    pub(super) fn query_frequency(&mut self, side: Side, per_second: i32) {
        self.of(side).queries.set_frequency(per_second);
    }

    /// The session publishes a state.
    pub(super) fn state(&mut self, at: At, side: Side, state: &SessionState) {
        let finding = self.of(side).states.entered(state);
        self.find(at, finding.map_err(|what| format!("{side}: {what}")));
    }

    /// The session shows something: an event, a state, a record.
    pub(super) fn shown(&mut self, at: At, side: Side, what: &dyn std::fmt::Debug) {
        let finding = match self.of(side).is_closed {
            true => Err(format!("something is said after the end: {what:?}")),
            false => secrets::check(what),
        };
        self.find(at, finding.map_err(|what| format!("{side}: {what}")));
    }

    /// The session was woken for its deadline; `next` is when it wants to be woken again.
    pub(super) fn woken(&mut self, at: At, side: Side, next: Option<At>) {
        let session = self.of(side);
        let in_vain = next.is_some_and(|next| next <= at);
        session.wakes_in_vain = if in_vain { session.wakes_in_vain + 1 } else { 0 };
        if session.wakes_in_vain > WAKES_IN_VAIN_MAX {
            self.find(
                at,
                Err(format!("{side}: a deadline stays in the past: the task would run in circles")),
            );
        }
    }

    /// The session has said its last things.
    pub(super) fn closed(&mut self, side: Side) {
        self.of(side).is_closed = true;
    }

    /// Returns whether the session was given a reason not to log in any more by itself.
    pub(super) fn may_be_stopped(&self, side: Side) -> bool {
        self.sessions[side as usize].logins.may_be_stopped()
    }

    fn of(&mut self, side: Side) -> &mut Session {
        &mut self.sessions[side as usize]
    }
}
