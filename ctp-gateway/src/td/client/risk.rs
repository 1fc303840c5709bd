//! The risk gate, for programs: the kill switch and the live counts.

use crate::error::{Denial, Error, Rule};
use crate::shell::now;
use crate::td::client::TdClient;
use crate::td::dials::count_denial_of;
use crate::td::driver::NotEntered;
use crate::td::io::Input;
use crate::td::risk::RiskSnapshot;

impl TdClient {
    /// Throws the kill switch: from this call's first instruction on no order passes, whichever clone or thread places it,
    /// and all working orders of this gateway are cancelled as fast as the pace allows. It stays on over reconnects,
    /// trading days and, with a journal, restarts, until [`release`](Self::release). The first reason is kept.
    ///
    /// Orders are denied even while the session is busy in another thread or the library hangs in a call, and if this is
    /// called from inside of it, for example by a log subscriber: the cancels then begin with the session's next step.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] or [`Error::Faulted`] if the session is over: nothing can be sent then, and nothing cancelled.
    pub fn kill(&self, reason: impl Into<String>) -> Result<(), Error> {
        self.inner.switch.throw(reason.into());
        match self.inner.shared.enter_anyway(|driver| driver.hear_switch()) {
            Ok(()) | Err(NotEntered::Inside | NotEntered::Busy) => Ok(()),
            Err(NotEntered::Closed | NotEntered::Broken) => Err(self.gone()),
        }
    }

    /// Turns the kill switch off. Nothing is sent; cancels that are under way stay so.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] or [`Error::Faulted`] if the session is over, [`Error::NotSent`] if it is called from inside the
    /// session, for example by a log subscriber.
    pub fn release(&self) -> Result<(), Error> {
        self.inner.shared.command(Input::Release).map_err(|why| self.not_entered("release", why))
    }

    /// Returns whether the kill switch is on. It costs nothing.
    pub fn is_killed(&self) -> bool {
        self.inner.switch.is_on()
    }

    /// Returns what the risk gate counts at this moment.
    ///
    /// # Errors
    ///
    /// As [`release`](Self::release).
    pub fn risk(&self) -> Result<RiskSnapshot, Error> {
        let snapshot =
            self.inner.shared.enter(|driver| Ok(driver.session.risk_snapshot(now(&driver.clock).instant)));
        snapshot.map_err(|why| self.not_entered("risk", why))
    }

    /// Returns the denial of an order while the kill switch is on, without waiting for the session.
    pub(super) fn deny_if_killed(&self) -> Result<(), Denial> {
        if !self.is_killed() {
            return Ok(());
        }
        count_denial_of(self.inner.account.user_id(), Rule::KillSwitch);
        let why = self.inner.switch.why();
        let value = match why.is_empty() {
            true => "the kill switch is on".to_owned(),
            false => format!("the kill switch is on: {why}"),
        };
        Err(Denial::new(Rule::KillSwitch, value, "cancels pass; release() lets orders pass again"))
    }
}
