//! Where the trading gate and the risk gate stand, and what was denied: metrics of trading alone.

use ctp_types::Text;
use metrics::{Counter, Gauge, SharedString, counter, gauge};

use crate::error::Rule;
use crate::metrics as names;
use crate::td::io::Output;
use crate::td::recovery::{GateReason, GateState};
use crate::td::risk::RiskSnapshot;

const SESSION: &str = "td";

/// Shows where gates and counts stand. Everything happens where the session works, and after an order has left.
#[derive(Debug)]
pub(super) struct Dials {
    account: SharedString,
    gate: Gauge,
    /// By the places of [`GateReason::ALL`].
    reasons: Vec<Gauge>,
    actions_most: Gauge,
    seconds_of_ten: Gauge,
    orders: Gauge,
    cancels: Gauge,
    open: Gauge,
    killed: Gauge,
    to_cancel: Gauge,
    late_acks: Counter,
}

impl Dials {
    /// Returns the dials of a session whose gate stands so.
    pub(super) fn new(user_id: &str, state: GateState) -> Self {
        let account = SharedString::from(user_id.to_owned());
        let plain = |name: &'static str| gauge!(name, "session" => SESSION, "account" => account.clone());
        let of_reason = |reason: &GateReason| {
            let (account, reason) = (account.clone(), reason.name());
            gauge!(names::GATE_CLOSED, "session" => SESSION, "account" => account, "reason" => reason)
        };
        let dials = Self {
            gate: plain(names::GATE_OPEN),
            reasons: GateReason::ALL.iter().map(of_reason).collect(),
            actions_most: plain(names::RISK_ACTIONS_MOST),
            seconds_of_ten: plain(names::RISK_TENS),
            orders: plain(names::RISK_ORDERS),
            cancels: plain(names::RISK_CANCELS),
            open: plain(names::RISK_OPEN),
            killed: plain(names::RISK_KILLED),
            to_cancel: plain(names::RISK_TO_CANCEL),
            late_acks: counter!(names::RISK_LATE, "session" => SESSION, "account" => account.clone()),
            account,
        };
        dials.show_gate(state);
        dials
    }

    /// Takes what a step put out and what it denied.
    pub(super) fn take(&self, outputs: &[Output], denied: &[Rule]) {
        for output in outputs {
            if let Output::Gate(state) = output {
                self.show_gate(*state);
            }
        }
        denied.iter().for_each(|rule| count_denial(self.account.clone(), *rule));
    }

    /// Shows the counts of this moment.
    pub(super) fn show(&self, counts: &RiskSnapshot) {
        self.actions_most.set(counts.busiest_window as f64);
        self.seconds_of_ten.set(f64::from(counts.seconds_of_ten));
        self.orders.set(f64::from(counts.orders_today));
        self.cancels.set(f64::from(counts.cancels_today));
        self.open.set(f64::from(counts.open_orders));
        self.killed.set(f64::from(u8::from(counts.killed.is_some())));
        self.to_cancel.set(counts.to_cancel as f64);
        self.late_acks.absolute(counts.late_acks);
    }

    fn show_gate(&self, state: GateState) {
        self.gate.set(f64::from(u8::from(state.is_open())));
        for (reason, gauge) in GateReason::ALL.iter().zip(&self.reasons) {
            gauge.set(f64::from(u8::from(state.reasons().contains(*reason))));
        }
    }
}

/// Counts an order that was denied before it came to the session.
pub(super) fn count_denial_of(user_id: Text<16>, rule: Rule) {
    count_denial(SharedString::from(user_id.to_string()), rule);
}

fn count_denial(account: SharedString, rule: Rule) {
    counter!(names::RISK_DENIED, "session" => SESSION, "account" => account, "rule" => rule.name())
        .increment(1);
}

#[cfg(test)]
pub(crate) mod tests {
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    use super::*;
    use crate::config::RiskConfig;
    use crate::td::risk::RiskGate;

    /// The gate opens and closes again, and two orders are denied.
    pub(crate) fn a_day() {
        let dials = Dials::new("000001", GateState::Closed(GateReason::NotReady.into()));
        dials.take(&[Output::Gate(GateState::Open)], &[]);
        dials.take(&[Output::Gate(GateState::Closed(GateReason::KillSwitch.into()))], &[Rule::KillSwitch]);
        count_denial_of(Text::new("000001").unwrap(), Rule::KillSwitch);
        let mut gate = RiskGate::new(RiskConfig::default());
        gate.kill("enough".to_owned(), 1);
        dials.show(&gate.snapshot(std::time::Instant::now()));
    }

    #[test]
    fn they_stand_where_the_gates_stand() {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        metrics::with_local_recorder(&recorder, a_day);
        let mut shown = Vec::new();
        for (key, _, _, value) in snapshotter.snapshot().into_vec() {
            let labels = key.key().labels().filter(|label| !matches!(label.key(), "session" | "account"));
            let labels: Vec<&str> = labels.map(|label| label.value()).collect();
            let number = match value {
                DebugValue::Gauge(number) => number.0,
                DebugValue::Counter(number) => number as f64,
                DebugValue::Histogram(_) => panic!("{key:?}"),
            };
            if number != 0.0 {
                shown.push((key.key().name().to_owned(), labels.join(","), number));
            }
        }
        shown.sort_by(|one, other| one.0.cmp(&other.0));
        let shown: Vec<(&str, &str, f64)> =
            shown.iter().map(|(name, labels, number)| (name.as_str(), labels.as_str(), *number)).collect();
        assert_eq!(
            shown,
            [
                (names::GATE_CLOSED, "kill_switch", 1.0),
                (names::RISK_DENIED, "kill_switch", 2.0),
                (names::RISK_KILLED, "", 1.0),
            ]
        );
    }
}
