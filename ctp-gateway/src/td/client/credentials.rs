//! Calls that lead on from a refused login.

use tokio::sync::oneshot;

use super::TdClient;
use crate::config::Secret;
use crate::error::Error;
use crate::td::io::{CallReply, Command};

impl TdClient {
    /// Changes the user's password, and logs in with it from then on. C: `ReqUserPasswordUpdate`.
    ///
    /// A session that the counter refused because the password must be changed
    /// ([`Fault::PasswordExpired`](crate::state::Fault::PasswordExpired)) goes on with the login, on the same
    /// connection. The configuration is not changed: give it the new password too.
    ///
    /// # Errors
    ///
    /// - [`Error::Denied`]: the password does not fit; nothing was sent.
    /// - [`Error::NotSent`]: the session is neither usable nor waits for a new password.
    /// - [`Error::Rejected`]: the counter refused it, for example as too weak (131, 132); call again with another.
    /// - [`Error::Unknown`]: no answer came: either password may be right.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back a request that was sent.
    pub async fn change_password(&self, new: impl Into<Secret>) -> Result<(), Error> {
        let new = new.into();
        self.call(|reply| Command::ChangePassword { new, reply }).await
    }

    /// Asks the counter to send a code by text message, while the login waits for one
    /// ([`Attempt::awaits_sms_code`](crate::state::Attempt::awaits_sms_code)). C: `ReqGenSMSCode` (≥ 6.7.13).
    ///
    /// # Errors
    ///
    /// - [`Error::NotSent`]: the login does not wait for a code.
    /// - [`Error::Rejected`]: the counter refused it, for example because the number is not the user's (6014).
    /// - [`Error::Unknown`]: no answer came; the message may come all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back a request that was sent.
    pub async fn request_sms_code(&self, mobile: impl Into<String>) -> Result<(), Error> {
        let mobile = mobile.into();
        self.call(|reply| Command::RequestSmsCode { mobile, reply }).await
    }

    /// Goes on with a login that waits for a code by text message: see [`ready`](Self::ready) for how it ends. A
    /// refused code is told by the state, which waits for another.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`] for a code that does not fit, [`Error::NotSent`] if the login does not wait for one.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back the code.
    pub async fn log_in_with_sms_code(&self, code: impl Into<Secret>) -> Result<(), Error> {
        let code = code.into();
        self.call(|reply| Command::LogInWithSmsCode { code, reply }).await
    }

    async fn call(&self, command: impl FnOnce(CallReply) -> Command) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(command(reply), answer).await
    }
}
