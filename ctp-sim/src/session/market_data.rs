//! The market-data front: login, which checks nothing by default, and logout (§2.5).

use ctp_types::{MdCallback, MdRequest, RecordBox, ReqUserLoginField};

use crate::errors::{CoreError, success};
use crate::exchange::Exchange;
use crate::interface::{SessionId, Timestamp};
use crate::session::Login;
use crate::text::resize;

const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;

impl Exchange {
    pub(crate) fn handle_md(
        &mut self,
        id: SessionId,
        request: MdRequest,
        record: &RecordBox,
        request_id: i32,
    ) {
        match request {
            MdRequest::ReqUserLogin => {
                if let Some(login) = record.get() {
                    self.log_in_md(id, login, request_id);
                }
            }
            MdRequest::ReqUserLogout => {
                let logged_in = self.login(id).is_some();
                self.end_subscriptions(id);
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.login = None;
                }
                let info = if logged_in { success() } else { CoreError::NotLoginYet.rsp_info() };
                let (callback, echo) = (MdCallback::OnRspUserLogout, Some(record.clone()));
                self.send_md(id, callback, echo, Some(info), request_id, true);
            }
            MdRequest::ReqQryMulticastInstrument => {
                if let Some(query) = record.get() {
                    self.answer_multicast(id, query, request_id);
                }
            }
        }
    }

    /// A second login is dropped without an answer, as on the trading front.
    fn log_in_md(&mut self, id: SessionId, request: &ReqUserLoginField, request_id: i32) {
        if self.login(id).is_some() {
            return;
        }
        let judged = self.judge_md_login(id, request);
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.md_login = Some(now);
        if judged.is_ok() {
            session.login = Some(Login::new(request, resize(&request.user_id), 0, now));
        }
        let answer = Some(RecordBox::new(&self.login_answer(request)));
        let info = judged.map_or_else(CoreError::rsp_info, |()| success());
        self.send_md(id, MdCallback::OnRspUserLogin, answer, Some(info), request_id, true);
    }

    /// The options `LoginFreq` and `LoginVerify` of the front.
    fn judge_md_login(&self, id: SessionId, request: &ReqUserLoginField) -> Result<(), CoreError> {
        let access = &self.config.access;
        let last = self.sessions.get(&id).and_then(|session| session.md_login);
        if access.md_login_freq && last.is_some_and(|last| self.now.0 - last.0 < NANOSECONDS_PER_SECOND) {
            return Err(CoreError::LoginTooOften);
        }
        let opening = self.trading_day_began();
        let seen = self.user(&request.user_id).and_then(|user| user.last_login);
        if access.md_login_verify && seen.is_none_or(|at| at < opening) {
            return Err(CoreError::InvalidLogin);
        }
        Ok(())
    }

    /// Returns when the present trading day began, as far as this exchange knows.
    fn trading_day_began(&self) -> Timestamp {
        self.users.day_began.unwrap_or(self.config.start)
    }
}
