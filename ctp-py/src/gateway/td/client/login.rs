//! Passwords and codes.

use ctp_gateway::SessionState;
use pyo3::prelude::*;

use super::{TdClient, nothing};
use crate::gateway::pending::Pending;

#[pymethods]
impl TdClient {
    /// Changes the user's password, and logs in with it from then on. The configuration is not changed: give it the new one.
    ///
    /// Raises:
    ///     Denied: the password does not fit; nothing was sent.
    ///     Rejected: the counter refused it, for example as too weak (131, 132).
    ///     Unknown: no answer came: either password may be right.
    fn change_password(&self, py: Python<'_>, new: String) -> PyResult<Py<Pending>> {
        self.ask(py, |client| async move { client.change_password(new).await }, nothing)
    }

    /// Whether the login waits for a code by text message: `request_sms_code` and `log_in_with_sms_code` lead on.
    #[getter]
    fn awaits_sms_code(&self) -> PyResult<bool> {
        let client = self.client()?;
        let state = client.state();
        let awaits = matches!(&*state.borrow(), SessionState::LoggingIn(attempt) if attempt.awaits_sms_code);
        Ok(awaits)
    }

    /// Asks the counter to send a code by text message, while the login waits for one.
    ///
    /// Raises:
    ///     NotSent: the login does not wait for a code.
    ///     Rejected: the counter refused it, for example because the number is not the user's (6014).
    ///     Unknown: no answer came; the message may come all the same.
    fn request_sms_code(&self, py: Python<'_>, mobile: String) -> PyResult<Py<Pending>> {
        self.ask(py, |client| async move { client.request_sms_code(mobile).await }, nothing)
    }

    /// Goes on with a login that waits for a code by text message; `ready` tells how it ends.
    ///
    /// Raises:
    ///     Denied: the code does not fit.
    ///     NotSent: the login does not wait for one.
    fn log_in_with_sms_code(&self, py: Python<'_>, code: String) -> PyResult<Py<Pending>> {
        self.ask(py, |client| async move { client.log_in_with_sms_code(code).await }, nothing)
    }
}
