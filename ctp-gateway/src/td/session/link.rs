//! The link to the front: logins, breaks, fresh API objects.

use std::sync::Arc;
use std::time::Instant;

use ctp_types::{RspUserLoginField, Text};

use crate::alert::Alert;
use crate::error::{SendRefusal, UnknownCause};
use crate::handshake::Step;
use crate::session::watch::alert;
use crate::state::{DisconnectReason, LinkLoss, Login, SessionState};
use crate::td::event::TdEvent;
use crate::td::io::{Output, SpiEvent};
use crate::td::orders::order::Origin;
use crate::td::session::TdSession;

impl TdSession {
    pub(super) fn handle_disconnected(&mut self, now: Instant, reason: DisconnectReason) {
        let mut moves = Vec::new();
        self.handshake.handle_disconnected(now, reason.into(), &mut moves);
        self.carry_out(now, moves);
        self.lose_link(now, &UnknownCause::Disconnected(reason));
    }

    /// Whatever is under way gets no answer any more.
    pub(super) fn lose_link(&mut self, now: Instant, cause: &UnknownCause) {
        self.early.lose_link();
        self.requests.handle_disconnected(now, cause);
        self.fail_cancels(cause);
        self.fail_clearing(&SendRefusal::NotReady(self.state.clone()));
        self.lose_instructions(cause);
        self.book.mark_all_unknown(cause, &mut self.events);
        self.unanswered.clear();
        self.stream.pushed();
        self.suspend_recovery(now);
    }

    pub(super) fn handle_renewed(&mut self, now: Instant, result: Result<(), String>) {
        if let Err(error) = &result {
            self.alert(alert(Alert::NoFreshObject { reason: error.clone() }));
        }
        let mut moves = Vec::new();
        self.handshake.handle_renewed(now, result.is_ok(), &mut self.ids, &mut moves);
        self.carry_out(now, moves);
    }

    pub(super) fn handle_step(&mut self, now: Instant, step: Step, event: &SpiEvent) {
        let login = event.get::<RspUserLoginField>().filter(|_| step == Step::LogIn);
        let result = event.check().map(|()| login.map(login_of));
        let mut moves = Vec::new();
        if step == Step::LogIn {
            // A code is good for one login.
            self.account.sms_code = Text::default();
        }
        let accepted =
            self.handshake.handle_answer(now, step, event.number, result.clone(), &mut self.ids, &mut moves);
        let is_login = accepted && result.is_ok() && login.is_some();
        if accepted && let (Ok(Some(login)), Some(record)) = (result, login) {
            self.begin_login(now, login, record.max_order_ref);
        }
        self.carry_out(now, moves);
        if is_login {
            self.take_early(now);
        }
    }

    /// Takes over what a successful login says, before anything else uses it.
    pub(super) fn begin_login(&mut self, now: Instant, login: Login, max_order_ref: Text<13>) {
        self.watch.logged_in(&login.login_time.to_str());
        let from_front = max_order_ref.to_str().trim().parse().unwrap_or(0);
        self.last_order_ref = self.last_order_ref.max(from_front);
        if !self.login.trading_day.is_empty() && self.login.trading_day != login.trading_day {
            let (from, to) = (self.login.trading_day, login.trading_day);
            self.events.push(TdEvent::TradingDayChanged { from, to });
            self.begin_day(from);
            self.book.begin_trading_day(&mut self.events);
            self.instructions.desk.begin_trading_day(&mut self.events);
            self.cancels.begin_trading_day();
            // What is said of the old day's orders must not count on the new one.
            self.publish();
            self.risk.begin_trading_day();
        }
        self.ledger.begin_day(login.trading_day);
        self.ledger.want_again();
        self.book.know_session(login.front_id, login.session_id, Origin::Own);
        self.remember(now, login.trading_day);
        self.login = login;
    }

    pub(super) fn login_with_front(&self) -> Arc<Login> {
        Arc::new(Login { front: self.front, ..self.login.clone() })
    }

    pub(super) fn renew(&mut self, now: Instant) {
        let cause = match &self.state {
            SessionState::Reconnecting(LinkLoss::Silent(waited)) => UnknownCause::NoAnswer(*waited),
            _ => UnknownCause::NoAnswer(self.order_timeout),
        };
        if let SessionState::Reconnecting(loss) = self.state {
            self.alert(alert(Alert::LinkGivenUp(loss)));
        }
        self.lose_link(now, &cause);
        self.outputs.push(Output::Renew { replays_day: self.stream.replays_day() });
    }
}

fn login_of(record: &RspUserLoginField) -> Login {
    Login {
        trading_day: record.trading_day,
        login_time: record.login_time,
        system_name: record.system_name,
        system_version: record.sys_version,
        front_id: record.front_id,
        session_id: record.session_id,
        front: Text::default(),
    }
}
