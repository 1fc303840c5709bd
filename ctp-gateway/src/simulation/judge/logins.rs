//! Logins: at most one a second, none before the link, none again after a refusal that does not pass.

use std::time::Duration;

use super::At;

/// The least time between two starts of the same step.
const INTERVAL_MIN: Duration = Duration::from_secs(1);

/// A step of the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoginStep {
    Authenticate,
    LogIn,
    Confirm,
}

#[derive(Debug, Default)]
pub(super) struct Logins {
    last: [Option<At>; 3],
    /// The refusal that no repetition may follow.
    refused: Option<i32>,
    is_logged_in: bool,
    has_logged_in: bool,
    /// How often a password was refused that had worked.
    password_refusals: u32,
}

impl Logins {
    pub(super) fn asked(&mut self, at: At, step: LoginStep) -> Result<(), String> {
        if let Some(code) = self.refused {
            return Err(format!(
                "{step:?} was asked for again after the refusal {code}, which does not pass"
            ));
        }
        if step == LoginStep::Confirm && !self.is_logged_in {
            return Err("a confirmation was asked for before a login on this connection".to_owned());
        }
        let last = self.last[step as usize].replace(at);
        match last.map(|last| at.since(last)).filter(|gap| *gap < INTERVAL_MIN) {
            Some(gap) if step != LoginStep::Confirm => Err(format!("{step:?} came again after {gap:?}")),
            _ => Ok(()),
        }
    }

    pub(super) fn answered(&mut self, _: At, step: LoginStep, code: i32) {
        match (step, code) {
            (LoginStep::LogIn, 0) => {
                self.is_logged_in = true;
                self.has_logged_in = true;
                self.password_refusals = 0;
            }
            (_, 0) => {}
            (_, code) if passes(code) => {}
            (LoginStep::LogIn, 3) if self.has_logged_in && self.password_refusals < 3 => {
                self.password_refusals += 1;
            }
            // An answer that comes twice or late may belong to a step that is over.
            (LoginStep::LogIn, _) if self.is_logged_in => {}
            _ => self.refused = Some(code),
        }
    }

    pub(super) fn link_lost(&mut self) {
        self.is_logged_in = false;
    }

    pub(super) fn is_logged_in(&self) -> bool {
        self.is_logged_in
    }

    pub(super) fn was_refused_for_good(&self) -> bool {
        self.refused.is_some()
    }
}

/// Returns whether a refusal passes by itself (F25).
fn passes(code: i32) -> bool {
    matches!(code, 7 | 8 | 21 | 60 | 90 | 154)
}
