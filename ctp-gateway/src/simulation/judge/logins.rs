//! Logins: at most one a second, none before the link, and after a refusal only what it allows (F25, F26).

use std::time::Duration;

use super::At;

/// The least time between two of the same step.
const INTERVAL_MIN: Duration = Duration::from_secs(1);
/// The least time between two logins with a password that worked before and was refused.
const PASSWORD_PAUSE: Duration = Duration::from_secs(600);
/// How often such a login is tried in all.
const PASSWORD_TRIES: u32 = 3;

/// A step of the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoginStep {
    Authenticate,
    LogIn,
    Confirm,
}

/// What a refusal allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// It passes by itself.
    Passes,
    /// Wrong user or password.
    Password,
    /// A call has to bring something first: a new password, a code.
    NeedsCall,
    /// Only a fresh connection helps.
    Stale,
    /// Nothing.
    Final,
}

#[derive(Debug, Default)]
pub(super) struct Logins {
    last: [Option<At>; 3],
    /// The refusal that no login may follow.
    stopped: Option<i32>,
    /// When a password that had worked was refused, and how often.
    password_refused: Option<At>,
    password_refusals: u32,
    password_worked: bool,
    /// The refusal that a call has to answer.
    needs_call: Option<i32>,
    is_logged_in: bool,
}

impl Logins {
    pub(super) fn asked(&mut self, at: At, step: LoginStep) -> Result<(), String> {
        if let Some(code) = self.stopped {
            return Err(format!(
                "{step:?} was asked for again after the refusal {code}, which does not pass"
            ));
        }
        if step == LoginStep::Confirm && !self.is_logged_in {
            return Err("a confirmation was asked for before a login on this connection".to_owned());
        }
        if step == LoginStep::LogIn {
            self.may_log_in(at)?;
        }
        let last = self.last[step as usize].replace(at);
        match last.map(|last| at.since(last)).filter(|gap| *gap < INTERVAL_MIN) {
            Some(gap) if step != LoginStep::Confirm => Err(format!("{step:?} came again after {gap:?}")),
            _ => Ok(()),
        }
    }

    fn may_log_in(&self, at: At) -> Result<(), String> {
        if let Some(code) = self.needs_call {
            return Err(format!("a login without the call that the refusal {code} asks for"));
        }
        match self.password_refused.map(|refused| at.since(refused)) {
            Some(gap) if gap < PASSWORD_PAUSE => {
                Err(format!("a login {gap:?} after its password was refused, which had worked before"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn answered(&mut self, at: At, step: LoginStep, code: i32) {
        // An answer that comes twice or late may belong to a step that is over.
        if code != 0 && self.is_logged_in && step != LoginStep::Confirm {
            return;
        }
        match meaning(code) {
            _ if code == 0 => {
                if step == LoginStep::LogIn {
                    self.is_logged_in = true;
                    self.password_worked = true;
                    self.password_refused = None;
                    self.password_refusals = 0;
                }
            }
            Meaning::Passes | Meaning::Stale => {}
            Meaning::NeedsCall if step == LoginStep::LogIn => self.needs_call = Some(code),
            Meaning::Password if step == LoginStep::LogIn && self.password_worked => {
                self.password_refusals += 1;
                self.password_refused = Some(at);
                if self.password_refusals > PASSWORD_TRIES {
                    self.stopped = Some(code);
                }
            }
            _ => self.stopped = Some(code),
        }
    }

    pub(super) fn link_lost(&mut self) {
        self.is_logged_in = false;
    }

    pub(super) fn is_logged_in(&self) -> bool {
        self.is_logged_in
    }

    pub(super) fn may_be_stopped(&self) -> bool {
        self.stopped.is_some() || self.needs_call.is_some()
    }
}

/// The judge's own reading of F25, written without a look at the gateway's table.
fn meaning(code: i32) -> Meaning {
    match code {
        7 | 8 | 21 | 60 | 90 | 154 => Meaning::Passes,
        3 => Meaning::Password,
        5 => Meaning::Stale,
        131 | 132 | 140..=142 | 6014..=6023 => Meaning::NeedsCall,
        _ => Meaning::Final,
    }
}
