//! Changing passwords (§2.5).

use ctp_types::{RecordBox, Text, TraderRequest, TradingAccountPasswordUpdateField, UserPasswordUpdateField};

use crate::errors::{CoreError, success};
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::session::user::PasswordKind;
use crate::text::resize;

/// A new password is at least so long.
const LENGTH_MIN: usize = 6;

impl Exchange {
    /// `ReqUserPasswordUpdate`: by a user who is logged in, or who was told to change its password on this connection.
    pub(crate) fn change_password(
        &mut self,
        id: SessionId,
        record: &UserPasswordUpdateField,
        request_id: i32,
    ) {
        let UserPasswordUpdateField { broker_id, user_id, old_password, new_password } = *record;
        let own = self.login(id).map(|login| login.user);
        let told = self.sessions.get(&id).and_then(|session| session.must_change);
        let changed = match own.or(told) {
            None => Err(CoreError::NotLoginYet),
            Some(own) if own != user_id || broker_id != self.config.broker.as_str() => {
                Err(CoreError::ChangeOtherPassword)
            }
            Some(_) => self.replace_password(&user_id, PasswordKind::Login, &old_password, new_password),
        };
        // The passwords do not come back.
        let echo = UserPasswordUpdateField { broker_id, user_id, ..Default::default() };
        self.answer_change(
            id,
            TraderRequest::ReqUserPasswordUpdate,
            RecordBox::new(&echo),
            changed,
            request_id,
        );
    }

    /// `ReqTradingAccountPasswordUpdate`: the password of the money account, which is another one.
    pub(crate) fn change_account_password(
        &mut self,
        id: SessionId,
        record: &TradingAccountPasswordUpdateField,
        request_id: i32,
    ) {
        let TradingAccountPasswordUpdateField {
            broker_id,
            account_id,
            old_password,
            new_password,
            currency_id,
        } = *record;
        let changed = match self.login(id).map(|login| (login.user, login.investor)) {
            None => Err(CoreError::NotLoginYet),
            Some((_, investor)) if investor != account_id || broker_id != self.config.broker.as_str() => {
                Err(CoreError::ChangeOtherPassword)
            }
            Some(_) => {
                let user = resize(&account_id);
                self.replace_password(&user, PasswordKind::Account, &old_password, new_password)
            }
        };
        let echo =
            TradingAccountPasswordUpdateField { broker_id, account_id, currency_id, ..Default::default() };
        let request = TraderRequest::ReqTradingAccountPasswordUpdate;
        self.answer_change(id, request, RecordBox::new(&echo), changed, request_id);
    }

    fn answer_change(
        &mut self,
        id: SessionId,
        request: TraderRequest,
        echo: RecordBox,
        changed: Result<(), CoreError>,
        request_id: i32,
    ) {
        let info = changed.map_or_else(CoreError::rsp_info, |()| success());
        self.answer(id, request, Some(echo), info, request_id);
    }

    fn replace_password(
        &mut self,
        user: &Text<16>,
        kind: PasswordKind,
        old: &Text<41>,
        new: Text<41>,
    ) -> Result<(), CoreError> {
        if *old != self.password_of(user, kind) {
            return Err(CoreError::OldPasswordMismatch);
        }
        if new == *old {
            return Err(CoreError::PasswordMustDiffer);
        }
        let bytes = new.as_bytes();
        if bytes.len() < LENGTH_MIN || bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(CoreError::SimplePassword);
        }
        self.set_password(user, kind, new);
        Ok(())
    }
}
