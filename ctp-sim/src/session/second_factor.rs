//! Codes by SMS (6.7.13) and the older ways to log in with something more than a password (§2.5).

use std::time::Duration;

use ctp_types::{
    RecordBox, ReqGenSMSCodeField, ReqUserLoginField, ReqUserLoginWithCaptchaField, ReqUserLoginWithOTPField,
    ReqUserLoginWithTextField, RspGenSMSCodeField, RspUserAuthMethodField, Text, TraderRequest,
};

use crate::config::SmsLogin;
use crate::errors::{CoreError, success};
use crate::exchange::Exchange;
use crate::interface::{SessionId, Timestamp};
use crate::text::text;

/// How long a code may be used.
const CODE_LASTS: Duration = Duration::from_secs(300);
/// How long until another code may be asked for.
const CODE_INTERVAL: Duration = Duration::from_secs(60);
/// Digits of a code.
const CODE_DIGITS: usize = 6;

/// A code on its way to a telephone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SmsCode {
    code: Text<17>,
    sent: Timestamp,
    is_used: bool,
}

impl Exchange {
    /// `ReqGenSMSCode`. The code is the last six digits of the telephone's number, so that a test knows it.
    pub(crate) fn send_sms_code(&mut self, id: SessionId, record: &ReqGenSMSCodeField, request_id: i32) {
        let sent = self.new_sms_code(id, record);
        let answer = RspGenSMSCodeField {
            broker_id: record.broker_id,
            user_id: record.user_id,
            gen_time: if sent.is_ok() { self.stamp().time } else { Text::default() },
        };
        let info = sent.map_or_else(CoreError::rsp_info, |()| success());
        let answer = Some(RecordBox::new(&answer));
        self.answer(id, TraderRequest::ReqGenSMSCode, answer, info, request_id);
    }

    fn new_sms_code(&mut self, id: SessionId, record: &ReqGenSMSCodeField) -> Result<(), CoreError> {
        if self.login(id).is_some() {
            return Err(CoreError::AfterLogin);
        }
        match self.config.access.sms_login {
            SmsLogin::Off => return Err(CoreError::SmsNotConfigured),
            SmsLogin::NoCentre => return Err(CoreError::SmsCentreNotConfigured),
            SmsLogin::On => {}
        }
        let mobile = self.config.access.sms_mobile.as_str();
        let is_known = if mobile.is_empty() { !record.mobile.is_empty() } else { record.mobile == mobile };
        if record.broker_id != self.config.broker.as_str() || record.user_id.is_empty() || !is_known {
            return Err(CoreError::MobileNotMatch);
        }
        let now = self.now;
        let user = self.user_mut(&record.user_id);
        if user.code.is_some_and(|code| !code.is_used && now < code.sent.after(CODE_INTERVAL)) {
            return Err(CoreError::SmsRepeated);
        }
        let number = record.mobile.as_bytes();
        let code = Text::from_bytes(&number[number.len().saturating_sub(CODE_DIGITS)..]).unwrap_or_default();
        user.code = Some(SmsCode { code, sent: now, is_used: false });
        Ok(())
    }

    /// Judges the code of a login whose password is right; a good one is used up.
    pub(crate) fn check_sms_code(&mut self, user: &Text<16>, code: &Text<17>) -> Result<(), CoreError> {
        if self.config.access.sms_login != SmsLogin::On {
            return Ok(());
        }
        if code.is_empty() {
            return Err(CoreError::SmsNeeded);
        }
        let now = self.now;
        let sent = self.user_mut(user).code.as_mut().filter(|sent| sent.code == *code);
        let sent = sent.ok_or(CoreError::SmsMismatch)?;
        if sent.is_used {
            return Err(CoreError::SmsUsed);
        }
        if now >= sent.sent.after(CODE_LASTS) {
            return Err(CoreError::SmsOutOfTime);
        }
        sent.is_used = true;
        Ok(())
    }

    /// `ReqUserAuthMethod`: none is needed beside the password. Captcha and text are therefore refused (27), and logins
    /// that bring one are taken as by password.
    pub(crate) fn tell_auth_method(&mut self, id: SessionId, request_id: i32) {
        let answer = Some(RecordBox::new(&RspUserAuthMethodField { usable_auth_method: 0 }));
        self.answer(id, TraderRequest::ReqUserAuthMethod, answer, success(), request_id);
    }
}

/// Returns a login with something more than a password as one by password.
pub(crate) fn plain_login(record: &RecordBox) -> Option<ReqUserLoginField> {
    macro_rules! plain {
        ($($kind:ty),*) => {
            $(if let Some(login) = record.get::<$kind>() {
                return Some(ReqUserLoginField {
                    trading_day: login.trading_day,
                    broker_id: login.broker_id,
                    user_id: login.user_id,
                    password: login.password,
                    user_product_info: login.user_product_info,
                    interface_product_info: login.interface_product_info,
                    protocol_info: login.protocol_info,
                    mac_address: login.mac_address,
                    login_remark: login.login_remark,
                    client_ip_port: login.client_ip_port,
                    client_ip_address: login.client_ip_address,
                    ..ReqUserLoginField::default()
                });
            })*
        };
    }
    plain!(ReqUserLoginWithCaptchaField, ReqUserLoginWithTextField, ReqUserLoginWithOTPField);
    record.get::<ReqUserLoginField>().copied()
}

/// `LastLoginTime`: `yyyymmdd` and `HH:MM:SS` in one.
pub(crate) fn date_time(date: &Text<9>, time: &Text<9>) -> Text<17> {
    text(&format!("{date}{time}"))
}
