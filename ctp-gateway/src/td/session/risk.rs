//! What the session asks the risk gate, and what the gate has it do.

use std::time::Instant;

use ctp_types::{InputOrderActionField, InputOrderField, RecordBox, Text, TraderRequest};

use crate::alert::Alert;
use crate::error::{Denial, Error, Rule};
use crate::journal::Entry;
use crate::session::Now;
use crate::session::watch::alert;
use crate::td::classes::{Class, orders_of};
use crate::td::event::TdEvent;
use crate::td::io::Output;
use crate::td::ledger::Mark;
use crate::td::orders::order::OrderId;
use crate::td::risk::{Counted, Prices, RiskSnapshot, Taken};
use crate::td::session::TdSession;

impl TdSession {
    /// Returns what the gate counts at this moment.
    pub(crate) fn risk_snapshot(&self, now: Instant) -> RiskSnapshot {
        self.risk.snapshot(now)
    }

    /// Returns whether the kill switch is on.
    pub(crate) fn is_killed(&self) -> bool {
        self.risk.killed().is_some()
    }

    /// Returns what the last step sent that counts, for other sessions of the account.
    pub(crate) fn taken(&self) -> &[Taken] {
        self.risk.taken()
    }

    /// Ends a step: what is given out now counts from when the library has taken it.
    pub(super) fn end_risk_step(&mut self) {
        let counted = self.outputs.iter().filter_map(|output| match output {
            Output::Send { request, request_id, .. } if Class::of(*request).is_counted() => Some(*request_id),
            _ => None,
        });
        self.risk.end_step(counted);
    }

    /// Checks an order that is to be sent now, behind others of the same request, and fills in its exchange.
    pub(super) fn check_order(
        &mut self,
        order: &mut InputOrderField,
        before: &[InputOrderField],
    ) -> Result<(), Denial> {
        self.risk.check_order(order, before, &self.ledger)
    }

    /// Checks an action that makes no order and counts as one.
    pub(super) fn check_other(&mut self, request: TraderRequest, record: &RecordBox) -> Result<(), Denial> {
        match Class::of(request) == Class::New && orders_of(request, record).is_empty() {
            true => self.risk.check_other(),
            false => Ok(()),
        }
    }

    /// Counts an action that keeps to everything else, if the pace allows it; in a dry run it ends here.
    pub(super) fn count_action(
        &mut self,
        now: Instant,
        request: TraderRequest,
        record: &RecordBox,
    ) -> Result<(), Error> {
        let class = Class::of(request);
        match class {
            Class::New if request == TraderRequest::ReqOrderInsert => {
                self.risk.check_pace(now, 1)?;
                let order = record.get::<InputOrderField>();
                let instrument = order.map_or_else(Text::default, |order| order.instrument_id);
                self.risk.take(now, Counted::Order, &instrument);
            }
            Class::New => {
                let orders = orders_of(request, record);
                self.risk.check_pace(now, orders.len().max(1))?;
                for order in &orders {
                    self.risk.take(now, Counted::Order, &order.instrument_id);
                }
                if orders.is_empty() {
                    self.risk.take(now, Counted::Order, &Text::default());
                }
            }
            Class::Cancel => {
                self.risk.check_cancel(now)?;
                let action = record.get::<InputOrderActionField>();
                let instrument = action.map_or_else(Text::default, |action| action.instrument_id);
                self.risk.take(now, Counted::Cancel, &instrument);
            }
            Class::Inquiry => {
                self.risk.check_pace(now, 1)?;
                self.risk.take(now, Counted::Other, &Text::default());
            }
            Class::Transfer | Class::Session | Class::Query => {}
        }
        if class.is_action() { self.stop_dry_run(request, || record.clone()) } else { Ok(()) }
    }

    /// Counts an action that an earlier run sent on this trading day.
    pub(super) fn restore_action(&mut self, request: TraderRequest, record: &RecordBox) {
        match Class::of(request) {
            Class::New => {
                let orders = orders_of(request, record);
                for _ in 0..orders.len().max(1) {
                    self.risk.restore(Counted::Order, &Text::default());
                }
            }
            Class::Cancel => {
                let action = record.get::<InputOrderActionField>();
                let instrument = action.map_or_else(Text::default, |action| action.instrument_id);
                self.risk.restore(Counted::Cancel, &instrument);
            }
            Class::Inquiry | Class::Transfer | Class::Session | Class::Query => {}
        }
    }

    /// Turns the kill switch as an earlier run left it, whatever its trading day.
    pub(super) fn remember_switch(&mut self, entry: &Entry) {
        match entry {
            Entry::Switch { on: true, reason, at_ns } => drop(self.risk.kill(reason.clone(), *at_ns)),
            Entry::Switch { on: false, .. } => drop(self.risk.release()),
            _ => {}
        }
    }

    /// Says at a login that the kill switch is on, and begins to cancel anew: what was asked before may not have arrived.
    pub(super) fn resume_sweep(&mut self) {
        let Some(reason) = self.risk.killed().map(|killed| killed.reason.clone()) else { return };
        self.risk.sweep_all();
        let orders = self.risk.to_cancel();
        self.alert(alert(Alert::Killed { reason, orders }));
    }

    /// Shows what is not sent if it is a dry run.
    ///
    /// # Errors
    ///
    /// Returns the denial then.
    pub(super) fn stop_dry_run(
        &mut self,
        request: TraderRequest,
        record: impl FnOnce() -> RecordBox,
    ) -> Result<(), Error> {
        if !self.risk.config().dry_run {
            return Ok(());
        }
        let record = record();
        tracing::info!(request = request.name(), ?record, "dry run: not sent");
        self.events.push(TdEvent::DryRun { request, record });
        let value = format!("{} in a dry run", request.name());
        let fix = "it was shown as an event and in the log; set risk.dry_run = false to send";
        Err(Denial::new(Rule::DryRun, value, fix).into())
    }

    /// Returns when the gate wants to look at the time.
    pub(super) fn risk_deadline(&self) -> Option<Instant> {
        let sweep = self.is_usable().then(|| self.risk.next_cancel_at()).flatten();
        [self.risk.next_deadline(), sweep, self.clearing_deadline()].into_iter().flatten().min()
    }

    /// Takes an instrument's prices.
    pub(super) fn risk_mark(&mut self, mark: &Mark) {
        let prices = Prices { last: mark.last, upper: mark.upper, lower: mark.lower };
        self.risk.mark(&mark.instrument_id, prices);
    }

    /// Looks for orders whose first answer is late.
    pub(super) fn judge_answers(&mut self, now: Instant) {
        if let Some(orders) = self.risk.handle_deadline(now) {
            let waited = self.risk.config().ack;
            self.alert(alert(Alert::OrdersSlow { orders, waited }));
        }
    }

    /// Takes what other sessions of the account sent, each with its age in nanoseconds.
    pub(super) fn handle_elsewhere(&mut self, now: Instant, actions: Vec<(u64, Counted, Text<81>)>) {
        for (age_ns, what, instrument) in actions {
            let at = now.checked_sub(std::time::Duration::from_nanos(age_ns)).unwrap_or(now);
            self.risk.take_elsewhere(at, what, &instrument);
        }
    }

    /// Throws the kill switch: no order passes from here on, and what works is cancelled.
    pub(super) fn handle_kill(&mut self, now: Now, reason: String) {
        if self.risk.kill(reason.clone(), now.unix_ns) {
            let orders = self.risk.to_cancel();
            let entry = Entry::Switch { at_ns: now.unix_ns, on: true, reason: reason.clone() };
            self.outputs.push(Output::Journal(entry));
            self.alert(alert(Alert::Killed { reason, orders }));
        }
    }

    /// Turns the kill switch off. Nothing is sent.
    pub(super) fn handle_release(&mut self, now: Now) {
        if let Some(killed) = self.risk.release() {
            let reason = killed.reason;
            let entry = Entry::Switch { at_ns: now.unix_ns, on: false, reason: reason.clone() };
            self.outputs.push(Output::Journal(entry));
            self.alert(alert(Alert::Released { reason }));
        }
    }

    /// Cancels what the kill switch wants cancelled, as fast as the pace allows.
    pub(super) fn sweep(&mut self, now: Instant) {
        if !self.is_usable() {
            return;
        }
        while let Some(id) = self.risk.next_cancel(now) {
            // A cancel that is under way already is as good.
            if self.cancels.contains(id) {
                continue;
            }
            match self.prepare_cancel(now, self.logins, id) {
                Ok((record, request_id)) => self.send_cancel(now, id, record, request_id, None),
                // What the book does not know, or knows to be over, needs no cancel.
                Err(error) => tracing::debug!(order = id.0, %error, "not cancelled by the kill switch"),
            }
        }
    }

    /// Takes it that a cancel had no effect: the kill switch asks again, or says that it gives up.
    pub(super) fn sweep_refused(&mut self, id: OrderId) {
        if self.risk.cancel_refused(id) {
            self.alert(alert(Alert::KillStuck { order: id.0 }));
        }
    }
}
