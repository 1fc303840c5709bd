//! Which requests belong to the session, and what may be asked before login (§2, §3.1).

use ctp_types::{RecordBox, TraderCallback, TraderRequest};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::session::second_factor::plain_login;
use crate::switches::RefusedOn;

impl Exchange {
    /// Answers a request of the session itself, and any other that comes before login; returns whether it did.
    pub(crate) fn handle_session(
        &mut self,
        id: SessionId,
        request: TraderRequest,
        record: &RecordBox,
        request_id: i32,
    ) -> bool {
        macro_rules! with {
            ($method:ident) => {
                if let Some(record) = record.get() {
                    self.$method(id, record, request_id);
                }
            };
        }
        match request {
            TraderRequest::ReqAuthenticate => with!(authenticate),
            TraderRequest::ReqUserLogin
            | TraderRequest::ReqUserLoginWithCaptcha
            | TraderRequest::ReqUserLoginWithText
            | TraderRequest::ReqUserLoginWithOTP => {
                if let Some(login) = plain_login(record) {
                    self.log_in(id, &login, request_id);
                }
            }
            TraderRequest::ReqGenSMSCode => with!(send_sms_code),
            TraderRequest::ReqUserPasswordUpdate => with!(change_password),
            TraderRequest::ReqUserAuthMethod => self.tell_auth_method(id, request_id),
            TraderRequest::ReqGenUserCaptcha | TraderRequest::ReqGenUserText => {
                self.refuse(id, request, record, CoreError::UnsupportedFunction, request_id);
            }
            _ if self.login(id).is_none() => self.refuse_before_login(id, request, record, request_id),
            TraderRequest::ReqTradingAccountPasswordUpdate => with!(change_account_password),
            TraderRequest::ReqUserLogout => self.log_out(id, record, request_id),
            TraderRequest::ReqSettlementInfoConfirm => with!(confirm_settlement),
            _ => return false,
        }
        true
    }

    /// §3.1: 6, on the request's own answer or on `OnRspError`.
    fn refuse_before_login(
        &mut self,
        id: SessionId,
        request: TraderRequest,
        record: &RecordBox,
        request_id: i32,
    ) {
        match self.config.switches.before_login {
            RefusedOn::OwnAnswer => self.refuse(id, request, record, CoreError::NotLoginYet, request_id),
            RefusedOn::RspError => {
                let error = Some(CoreError::NotLoginYet.rsp_info());
                self.send(id, TraderCallback::OnRspError, None, error, request_id, true);
            }
        }
    }
}
