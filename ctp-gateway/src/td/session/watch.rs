//! Silence of the trading link.

use ctp_types::{QrySettlementInfoConfirmField, RecordBox, TraderRequest};

use crate::alert::Alert;
use crate::session::Now;
use crate::session::hours;
use crate::session::watchdog::Verdict;
use crate::state::LinkLoss;
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
        let verdict = self.watch.silence(now, |unix_ns| hours::of_market(unix_ns, silence));
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

    pub(super) fn alert(&mut self, alert: Alert) {
        self.events.push(TdEvent::Alert(alert));
    }
}
