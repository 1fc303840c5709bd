//! Silence of the trading link, and what is made up for after a break.

use std::time::Instant;

use ctp_types::{QryOrderField, QrySettlementInfoConfirmField, QryTradeField, RecordBox, TraderRequest};

use crate::alert::Alert;
use crate::requests::submission::Submission;
use crate::session::Now;
use crate::session::hours::{self, Hours};
use crate::session::watchdog::Verdict;
use crate::state::{LinkLoss, SessionState};
use crate::td::event::TdEvent;
use crate::td::io::Input;
use crate::td::session::TdSession;

impl TdSession {
    /// Looks at what comes in for what it says of the link and the clock.
    pub(super) fn look(&mut self, now: Now, input: &Input) {
        if let Some(alert) = self.watch.begin(now) {
            self.alert(alert);
        }
        if matches!(input, Input::Callback(_)) {
            self.watch.heard(now.instant);
        }
    }

    /// Judges outages and silence. A trading link may well be silent: it is asked, in the market's hours.
    pub(super) fn judge_silence(&mut self, now: Now) {
        if let Some(alert) = self.watch.outage(now.instant, &self.state) {
            self.alert(alert);
        }
        let silence = self.silence;
        let verdict =
            self.watch.silence(now.instant, || hours::of_market(now.unix_ns, silence) != Hours::Closed);
        match verdict {
            Some(Verdict::Ask(_)) => {
                let record = QrySettlementInfoConfirmField {
                    broker_id: self.account.broker_id,
                    investor_id: self.account.investor_id,
                    ..QrySettlementInfoConfirmField::default()
                };
                let request = TraderRequest::ReqQrySettlementInfoConfirm;
                self.ask(now.instant, request, RecordBox::new(&record));
            }
            Some(Verdict::Dead(silent_for)) => {
                let mut moves = Vec::new();
                self.handshake.renew(now.instant, LinkLoss::Silent(silent_for), &mut moves);
                self.carry_out(now.instant, moves);
            }
            None => {}
        }
    }

    /// Returns the state after a login. Orders whose outcome a broken link hid are asked for first.
    pub(super) fn usable_state(&mut self, now: Instant) -> SessionState {
        let (broker_id, investor_id) = (self.account.broker_id, self.account.investor_id);
        if self.recovery.is_empty() && self.book.has_unknown() {
            let orders = QryOrderField { broker_id, investor_id, ..QryOrderField::default() };
            let trades = QryTradeField { broker_id, investor_id, ..QryTradeField::default() };
            self.recovery = vec![TraderRequest::ReqQryOrder, TraderRequest::ReqQryTrade];
            self.ask(now, TraderRequest::ReqQryOrder, RecordBox::new(&orders));
            self.ask(now, TraderRequest::ReqQryTrade, RecordBox::new(&trades));
        }
        let login = self.login_with_front();
        // What an earlier recovery asked is still in the queue after another break.
        if self.recovery.is_empty() { SessionState::Ready(login) } else { SessionState::Recovering(login) }
    }

    /// Notes that a query of the session itself is over.
    pub(super) fn recovered(&mut self, request: TraderRequest, is_answered: bool) {
        let before = self.recovery.len();
        self.recovery.retain(|open| *open != request);
        if before > self.recovery.len() && !is_answered {
            tracing::warn!(request = request.name(), "not answered: orders of unknown outcome may remain");
        }
    }

    /// Ends the recovery when everything is answered.
    pub(super) fn end_recovery(&mut self) {
        if self.recovery.is_empty() && matches!(self.state, SessionState::Recovering(_)) {
            let login = self.login_with_front();
            self.set_state(SessionState::Ready(login));
        }
    }

    pub(super) fn ask(&mut self, now: Instant, request: TraderRequest, record: RecordBox) {
        self.requests.submit(now, &mut self.ids, Submission::of_session(request, record));
    }

    pub(super) fn alert(&mut self, alert: Alert) {
        self.events.push(TdEvent::Alert(alert));
    }
}
