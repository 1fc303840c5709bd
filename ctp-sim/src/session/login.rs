//! Connect, authenticate, log in, confirm the settlement, log out (§2).

use ctp_types::{
    AppType, MdCallback, MdRequest, RecordBox, ReqAuthenticateField, ReqUserLoginField, RspAuthenticateField,
    RspUserLoginField, SettlementInfoConfirmField, Text, TraderCallback, TraderRequest,
};

use crate::clock;
use crate::errors::{CoreError, success};
use crate::exchange::Exchange;
use crate::interface::{ApiKind, SessionId};
use crate::session::restart::PEER_CLOSED;
use crate::session::{FRONT_ID, Login};
use crate::text::{resize, text};

/// `SystemName` of the login answer, by which a client knows the simulator.
const SYSTEM_NAME: &str = "CTP-SIM";

impl Exchange {
    pub(crate) fn front_connected(&mut self, session: SessionId) {
        match self.sessions.get(&session).map(|session| session.kind) {
            Some(ApiKind::Trader) => {
                self.send(session, TraderCallback::OnFrontConnected, None, None, 0, true)
            }
            Some(ApiKind::Md) => self.send_md(session, MdCallback::OnFrontConnected, None, None, 0, true),
            None => {}
        }
    }

    pub(crate) fn authenticate(&mut self, id: SessionId, request: &ReqAuthenticateField, request_id: i32) {
        let accepted = request.broker_id == self.config.broker.as_str()
            && !request.app_id.is_empty()
            && !request.auth_code.is_empty();
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.authenticated = accepted;
        if accepted {
            session.product_info = request.user_product_info;
        }
        let answer = RspAuthenticateField {
            broker_id: request.broker_id,
            user_id: request.user_id,
            user_product_info: request.user_product_info,
            app_id: request.app_id,
            app_type: if accepted { AppType::TYPE_INVESTOR } else { AppType::default() },
        };
        let info = if accepted { success() } else { CoreError::AuthenticationFailed.rsp_info() };
        self.send(
            id,
            TraderCallback::OnRspAuthenticate,
            Some(RecordBox::new(&answer)),
            Some(info),
            request_id,
            true,
        );
    }

    /// Logs in, then replays the streams. A second login is dropped without an answer (§2.5).
    pub(crate) fn log_in(&mut self, id: SessionId, request: &ReqUserLoginField, request_id: i32) {
        let Some(session) = self.sessions.get(&id) else { return };
        if session.login.is_some() {
            return;
        }
        let refusal = if self.config.authentication_required && !session.authenticated {
            Some(CoreError::NotAuthenticated)
        } else {
            self.login_refusal(request)
        };
        if let Some(error) = refusal {
            let echo = RspUserLoginField {
                broker_id: request.broker_id,
                user_id: request.user_id,
                ..Default::default()
            };
            let info = Some(error.rsp_info());
            self.send(
                id,
                TraderCallback::OnRspUserLogin,
                Some(RecordBox::new(&echo)),
                info,
                request_id,
                true,
            );
            return;
        }
        let session_id = self.random.bits() as i32;
        let investor: Text<13> = resize(&request.user_id);
        let login = Login { user: request.user_id, investor, session_id, at: self.now, max_order_ref: 0 };
        self.open_account(investor);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.login = Some(login);
        if session.product_info.is_empty() {
            session.product_info = request.user_product_info;
        }
        let now = self.stamp().time;
        let answer = RspUserLoginField {
            front_id: FRONT_ID,
            session_id,
            max_order_ref: text("1"),
            shfe_time: now,
            dce_time: now,
            czce_time: now,
            ffex_time: now,
            ine_time: now,
            gfex_time: now,
            sys_version: text(concat!("CTP-SIM ", env!("CARGO_PKG_VERSION"))),
            ..self.login_answer(request)
        };
        let answer = Some(RecordBox::new(&answer));
        self.send(id, TraderCallback::OnRspUserLogin, answer, Some(success()), request_id, true);
        self.listen(id);
    }

    pub(crate) fn log_out(&mut self, id: SessionId, record: &RecordBox, request_id: i32) {
        let answer = Some(record.clone());
        self.send(id, TraderCallback::OnRspUserLogout, answer, Some(success()), request_id, true);
        // §2.7: logout, then a disconnect; the library then connects again by itself.
        self.close(id, PEER_CLOSED);
    }

    pub(crate) fn confirm_settlement(
        &mut self,
        id: SessionId,
        record: &SettlementInfoConfirmField,
        request_id: i32,
    ) {
        let request = TraderRequest::ReqSettlementInfoConfirm;
        if let Err(error) = self.check_investor(id, &record.broker_id, &record.investor_id) {
            self.refuse(id, request, &RecordBox::new(record), error, request_id);
            return;
        }
        let now = self.now;
        if let Some(account) = self.accounts.get_mut(&record.investor_id) {
            account.confirmed = Some(now);
        }
        let answer = Some(RecordBox::new(&self.confirmation(&record.investor_id)));
        self.answer(id, request, answer, success(), request_id);
    }

    /// Returns the record of an investor's confirmation at its time, or now.
    pub(crate) fn confirmation(&self, investor: &Text<13>) -> SettlementInfoConfirmField {
        let confirmed = self.accounts.get(investor).and_then(|account| account.confirmed);
        let at = confirmed.unwrap_or(self.now);
        SettlementInfoConfirmField {
            broker_id: text(&self.config.broker),
            investor_id: *investor,
            confirm_date: clock::date_text(clock::local(at).date()),
            confirm_time: clock::time_text(at),
            ..Default::default()
        }
    }

    /// Checks that a request names the broker and an investor that the session may act for.
    pub(crate) fn check_investor(
        &self,
        id: SessionId,
        broker: &Text<11>,
        investor: &Text<13>,
    ) -> Result<(), CoreError> {
        let own = self.login(id).map(|login| login.investor).ok_or(CoreError::NotLoginYet)?;
        if investor.is_empty() {
            return Err(CoreError::InvestorIdMissing);
        }
        if *broker != self.config.broker.as_str() {
            return Err(CoreError::InvestorNotFound);
        }
        match own == *investor {
            true => Ok(()),
            false if self.accounts.contains_key(investor) => Err(CoreError::NoPrivilege),
            false => Err(CoreError::InvestorNotFound),
        }
    }

    pub(crate) fn handle_md(
        &mut self,
        id: SessionId,
        request: MdRequest,
        record: &RecordBox,
        request_id: i32,
    ) {
        let logged_in = self.login(id).is_some();
        match request {
            MdRequest::ReqUserLogin => {
                let Some(login) = record.get::<ReqUserLoginField>() else { return };
                // §2.5: the market-data front checks nothing and drops a second login.
                if logged_in {
                    return;
                }
                let answer = Some(RecordBox::new(&self.login_answer(login)));
                let at = self.now;
                if let Some(session) = self.sessions.get_mut(&id) {
                    let investor = resize(&login.user_id);
                    session.login =
                        Some(Login { user: login.user_id, investor, session_id: 0, at, max_order_ref: 0 });
                }
                self.send_md(id, MdCallback::OnRspUserLogin, answer, Some(success()), request_id, true);
            }
            MdRequest::ReqUserLogout => {
                self.end_subscriptions(id);
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.login = None;
                }
                let info = if logged_in { success() } else { CoreError::NotLoginYet.rsp_info() };
                self.send_md(
                    id,
                    MdCallback::OnRspUserLogout,
                    Some(record.clone()),
                    Some(info),
                    request_id,
                    true,
                );
            }
            MdRequest::ReqQryMulticastInstrument => {
                if let Some(query) = record.get() {
                    self.answer_multicast(id, query, request_id);
                }
            }
        }
    }

    fn login_refusal(&self, request: &ReqUserLoginField) -> Option<CoreError> {
        let known = request.broker_id == self.config.broker.as_str()
            && !request.user_id.is_empty()
            && request.user_id.as_bytes().len() < 13
            && request.password == self.config.password.as_str();
        if known { None } else { Some(CoreError::InvalidLogin) }
    }

    fn login_answer(&self, request: &ReqUserLoginField) -> RspUserLoginField {
        RspUserLoginField {
            trading_day: self.trading_day(),
            login_time: self.stamp().time,
            broker_id: request.broker_id,
            user_id: request.user_id,
            system_name: text(SYSTEM_NAME),
            ..Default::default()
        }
    }
}
