//! Connect, authenticate, log in, confirm the settlement, log out (§2).

use ctp_market::Exchange as Venue;
use ctp_types::{
    AppType, MdCallback, RecordBox, ReqAuthenticateField, ReqUserLoginField, RspAuthenticateField,
    RspUserLoginField, SettlementInfoConfirmField, Text, TraderCallback, TraderRequest,
};

use crate::clock;
use crate::errors::{CoreError, success};
use crate::exchange::Exchange;
use crate::interface::{ApiKind, SessionId};
use crate::session::restart::PEER_CLOSED;
use crate::session::second_factor::date_time;
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

    /// §2.3: the authentication of a connection; of a barred user, AppID or AuthCode it fails.
    pub(crate) fn authenticate(&mut self, id: SessionId, request: &ReqAuthenticateField, request_id: i32) {
        let judged = self.judge_authentication(request);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.authenticated = judged.is_ok();
        if judged.is_ok() {
            session.product_info = request.user_product_info;
        }
        let answer = RspAuthenticateField {
            broker_id: request.broker_id,
            user_id: request.user_id,
            user_product_info: request.user_product_info,
            app_id: request.app_id,
            app_type: if judged.is_ok() { self.config.access.app_type } else { AppType::default() },
        };
        let info = judged.map_or_else(CoreError::rsp_info, |()| success());
        let answer = Some(RecordBox::new(&answer));
        self.answer(id, TraderRequest::ReqAuthenticate, answer, info, request_id);
    }

    fn judge_authentication(&self, request: &ReqAuthenticateField) -> Result<(), CoreError> {
        let access = &self.config.access;
        if let Some(error) = self.authentication_bar(&request.user_id) {
            return Err(error);
        }
        let is_code_right = match access.auth_code.as_str() {
            "" => !request.auth_code.is_empty(),
            code => request.auth_code == code,
        };
        let is_broker_right = request.broker_id == self.config.broker.as_str();
        if request.app_id.is_empty() || !is_code_right || !is_broker_right {
            return Err(CoreError::AuthenticationFailed);
        }
        let granted =
            access.app_ids.is_empty() || access.app_ids.iter().any(|id| request.app_id == id.as_str());
        if granted { Ok(()) } else { Err(CoreError::AuthUser) }
    }

    /// Logs in, then replays the streams. A second login is dropped without an answer (§2.5).
    pub(crate) fn log_in(&mut self, id: SessionId, request: &ReqUserLoginField, request_id: i32) {
        if self.login(id).is_some() {
            return;
        }
        let user = request.user_id;
        if let Err(error) = self.judge_login(id, request) {
            // What a user has to do first, it may do on this connection (140).
            let must_change = error.asks_for_password().then_some(user);
            if let Some(session) = self.sessions.get_mut(&id) {
                session.must_change = must_change.or(session.must_change);
            }
            let echo =
                RspUserLoginField { broker_id: request.broker_id, user_id: user, ..Default::default() };
            let echo = Some(RecordBox::new(&echo));
            self.answer(id, TraderRequest::ReqUserLogin, echo, error.rsp_info(), request_id);
            return;
        }
        let session_id = self.random.bits() as i32;
        let investor: Text<13> = resize(&user);
        let login = Login::new(request, investor, session_id, self.now);
        self.open_account(investor);
        self.keep_opening_statement(&investor);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.login = Some(login);
        session.must_change = None;
        if session.product_info.is_empty() {
            session.product_info = request.user_product_info;
        }
        let now = self.now;
        let before = self.user_mut(&user).last_login.replace(now);
        let last_login = before.map(|at| self.stamp_at(at));
        let answer = RspUserLoginField {
            front_id: FRONT_ID,
            session_id,
            max_order_ref: text("1"),
            shfe_time: self.exchange_time(Venue::Shfe),
            dce_time: self.exchange_time(Venue::Dce),
            czce_time: self.exchange_time(Venue::Czce),
            ffex_time: self.exchange_time(Venue::Cffex),
            ine_time: self.exchange_time(Venue::Ine),
            gfex_time: self.exchange_time(Venue::Gfex),
            sys_version: text(concat!("CTP-SIM ", env!("CARGO_PKG_VERSION"))),
            last_login_time: last_login.map_or(Text::default(), |stamp| date_time(&stamp.date, &stamp.time)),
            ..self.login_answer(request)
        };
        let answer = Some(RecordBox::new(&answer));
        self.answer(id, TraderRequest::ReqUserLogin, answer, success(), request_id);
        self.listen(id);
    }

    fn judge_login(&mut self, id: SessionId, request: &ReqUserLoginField) -> Result<(), CoreError> {
        if !self.users.core.is_front_active {
            return Err(CoreError::FrontNotActive);
        }
        if !self.users.core.is_ready || !self.is_initialised() {
            return Err(CoreError::NotInited);
        }
        let authenticated = self.sessions.get(&id).is_some_and(|session| session.authenticated);
        if self.config.authentication_required && !authenticated {
            return Err(CoreError::NotAuthenticated);
        }
        self.check_password(&request.broker_id, &request.user_id, &request.password)?;
        if self.has_all_sessions(&request.user_id) {
            return Err(CoreError::SessionLimit);
        }
        self.check_sms_code(&request.user_id, &request.sms_code)
    }

    /// §2.5: the exchange's clock, or dashes while the core has no link to it.
    fn exchange_time(&self, venue: Venue) -> Text<9> {
        if self.is_linked(venue) { self.stamp().time } else { text("--:--:--") }
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

    pub(crate) fn login_answer(&self, request: &ReqUserLoginField) -> RspUserLoginField {
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
