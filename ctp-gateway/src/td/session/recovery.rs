//! What is found out after a login before orders may leave: the session's side of the machine.

use std::sync::Arc;
use std::time::Instant;

use ctp_types::{
    OrderField, QryBrokerTradingParamsField, QryInvestorPositionDetailField, QryInvestorPositionField,
    QryOrderField, QryTradeField, QryTradingAccountField, RecordBox, Text, TradeField, TraderRequest,
};

use crate::alert::Alert;
use crate::config::{self, Reconcile, TdConfig};
use crate::error::Error;
use crate::requests::submission::Submission;
use crate::state::SessionState;
use crate::td::io::Output;
use crate::td::orders::order::{Order, OrderId, Origin};
use crate::td::orders::source::{Arrival, Source};
use crate::td::recovery::{Gate, GateReason, Progress, Recovery, Verdict};
use crate::td::session::TdSession;
use crate::td::session::differences::Differing;
use crate::td::session::news::News;

/// What a session needs to make sure of itself.
pub(super) struct Assurance {
    pub(super) recovery: Recovery,
    pub(super) gate: Gate,
    /// Whether the present login is the first of its trading day.
    pub(super) is_new_day: bool,
    /// The trading days before, whose records may still come.
    days_before: Vec<Text<9>>,
    scope: Option<config::Recovery>,
    pub(super) differing: Differing,
    pub(super) news: News,
}

impl Assurance {
    pub(super) fn new(config: &TdConfig) -> Self {
        let scope = (!config.read_only).then_some(config.recovery);
        let read_only = config.read_only.then_some(GateReason::ReadOnly);
        Self {
            recovery: Recovery::new(scope, config.timeouts.order, config.reconcile_every),
            gate: Gate::closed([GateReason::NotReady].into_iter().chain(read_only)),
            is_new_day: true,
            days_before: Vec::new(),
            scope,
            differing: Differing::new(config.reconcile),
            news: News::default(),
        }
    }

    /// Returns whether no order may leave while ledger and counter differ.
    fn closes_on_differences(&self) -> bool {
        self.differing.policy == Reconcile::Strict && self.scope == Some(config::Recovery::Full)
    }
}

impl Assurance {
    /// Notes a trading day as over.
    pub(super) fn end_day(&mut self, day: Text<9>) {
        if !self.days_before.contains(&day) {
            self.days_before.push(day);
        }
    }
}

impl TdSession {
    /// Begins after a login, and returns the state that it leads to.
    pub(super) fn usable_state(&mut self, now: Instant) -> SessionState {
        let new_day = std::mem::take(&mut self.assurance.is_new_day);
        self.assurance.differing.is_accepted = false;
        let unknown: Vec<OrderId> = self.unknown_orders().map(|order| order.id).collect();
        self.assurance.recovery.log_in(now, new_day, unknown);
        if self.assurance.recovery.is_recovering() {
            self.assurance.gate.close(GateReason::Recovering);
        }
        self.mind_gate();
        self.state_of_recovery()
    }

    /// Takes note of a new trading day, at the login that tells it.
    pub(super) fn begin_day(&mut self, before: Text<9>) {
        self.assurance.is_new_day = true;
        self.assurance.end_day(before);
        self.assurance.differing.begin_day();
    }

    /// Returns whether a record is of a trading day that is over. Which other days a counter may write is its affair.
    pub(super) fn is_of_the_past(&self, trading_day: Text<9>) -> bool {
        trading_day != self.login.trading_day && self.assurance.days_before.contains(&trading_day)
    }

    /// Ends the recovery with its link.
    pub(super) fn suspend_recovery(&mut self, now: Instant) {
        let unknown: Vec<OrderId> = self.unknown_orders().map(|order| order.id).collect();
        self.assurance.recovery.lose_link(now, unknown);
        self.assurance.differing.lose_link();
        self.assurance.news.clear();
        self.fail_comparison();
    }

    /// Returns when the recovery has something to do.
    pub(super) fn recovery_deadline(&self) -> Option<Instant> {
        let (asks, news) = (self.assurance.recovery.next_deadline(), self.assurance.news.next_deadline());
        asks.into_iter().chain(news).min()
    }

    /// Asks what is to be asked now.
    pub(super) fn ask_for_recovery(&mut self, now: Instant) {
        while let Some(request) = self.assurance.recovery.poll(now) {
            let record = self.own_query(request);
            self.ask(now, request, record);
        }
    }

    /// Takes the answer to a query of the session itself: all its rows, or why there is none.
    pub(super) fn recovered(
        &mut self,
        now: Instant,
        request: TraderRequest,
        rows: Result<&[RecordBox], &Error>,
    ) {
        match (request, rows) {
            (TraderRequest::ReqQryOrder, Ok(rows)) => self.resolve_unknown(rows),
            (TraderRequest::ReqQryTrade, Ok(rows)) => self.take_trades(now, rows),
            // Who closes a client while it still asks knows it.
            (_, Err(error)) if !matches!(error, Error::Closed) => {
                tracing::warn!(%error, "the recovery has no answer")
            }
            _ => {}
        }
        match self.assurance.recovery.answered(now, request, rows.ok()) {
            Progress::Waiting => {}
            Progress::Over(verdict) => self.conclude(verdict),
            Progress::Compare(rows) => self.compare(now, &rows),
        }
    }

    /// Opens the gate for a session that can be used, closes it for one that cannot, and says so.
    pub(super) fn mind_gate(&mut self) {
        let (usable, killed) = (self.is_usable(), self.is_killed());
        let gate = &mut self.assurance.gate;
        if killed {
            gate.close(GateReason::KillSwitch);
        } else {
            gate.lift(GateReason::KillSwitch);
        }
        if usable {
            gate.lift(GateReason::NotReady);
        } else {
            gate.close(GateReason::NotReady);
            for reason in [GateReason::Recovering, GateReason::Unverified, GateReason::Differs] {
                gate.lift(reason);
            }
        }
        if let Some(state) = gate.take_news() {
            self.outputs.push(Output::Gate(state));
        }
    }

    /// Does what a verdict means for the gate.
    pub(super) fn conclude(&mut self, verdict: Verdict) {
        let closes = self.assurance.closes_on_differences();
        let stands = self.assurance.differing.stands();
        let gate = &mut self.assurance.gate;
        gate.lift(GateReason::Recovering);
        match verdict {
            Verdict::Agrees => {
                gate.lift(GateReason::Unverified);
                gate.lift(GateReason::Differs);
                self.assurance.differing.end();
            }
            Verdict::Differs => {
                gate.lift(GateReason::Unverified);
                if closes && stands {
                    gate.close(GateReason::Differs);
                } else {
                    gate.lift(GateReason::Differs);
                }
            }
            Verdict::Incomplete => {
                if !self.assurance.differing.is_accepted {
                    gate.close(GateReason::Unverified);
                    self.alert(Alert::Unverified);
                }
                self.fail_comparison();
            }
            // What was found out before stands.
            Verdict::GivenUp => self.fail_comparison(),
        }
        // Whoever waits for the state finds the gate open.
        self.mind_gate();
        let state = self.state_of_recovery();
        self.set_state(state);
    }

    fn state_of_recovery(&self) -> SessionState {
        let login = self.login_with_front();
        match self.assurance.recovery.is_recovering() {
            true => SessionState::Recovering(login),
            false => SessionState::Ready(login),
        }
    }

    /// Takes a complete query of the day's orders, whose rows the book has: what it does not show does not exist, once
    /// that is proved.
    fn resolve_unknown(&mut self, rows: &[RecordBox]) {
        let rows: Vec<&OrderField> = rows.iter().filter_map(RecordBox::get).collect();
        let unknown: Vec<OrderId> = self
            .unknown_orders()
            .filter(|order| !rows.iter().any(|row| self.may_be_renamed(order, row)))
            .map(|order| order.id)
            .collect();
        for id in self.assurance.recovery.orders_answered(&unknown) {
            let arrival = Arrival::new(self.received_ns, Source::Query);
            self.book.prove_absent(id, arrival, &mut self.events);
        }
        // A cancel that was not answered had no effect when its order works on.
        for id in self.cancels.take_lost() {
            if self.book.get(id).is_some_and(|order| !order.phase.is_over()) {
                self.sweep_refused(id);
            }
        }
    }

    /// Returns whether a record may be the order under names that the counter gave it when it cleared its flow: fronts,
    /// sessions and references begin anew then, and `RequestID` is 0.
    fn may_be_renamed(&self, order: &Order, row: &OrderField) -> bool {
        let is_foreign = || self.book.by_record(row).is_none_or(|known| known.origin == Origin::Foreign);
        row.request_id == 0
            && row.instrument_id == order.instrument_id
            && row.direction == order.direction
            && row.comb_offset_flag.raw()[0] == order.offset.as_char()
            && row.volume_total_original == order.volume
            && ctp_types::price(row.limit_price) == order.limit_price
            && is_foreign()
    }

    /// Counts the trades that only the query shows. Those that were pushed have the same identity.
    fn take_trades(&mut self, now: Instant, rows: &[RecordBox]) {
        let arrival = Arrival::new(self.received_ns, Source::Query);
        let told = self.events.len();
        for record in rows.iter().filter_map(RecordBox::get::<TradeField>) {
            if !self.is_of_the_past(record.trading_day) {
                self.book.apply_trade(now, record, arrival, &mut self.events);
            }
        }
        if self.events.len() > told {
            self.note_shown(now);
        }
    }

    fn unknown_orders(&self) -> impl Iterator<Item = &Order> {
        self.book.unknown().map(Arc::as_ref)
    }

    /// Returns the record of a query of the whole account.
    fn own_query(&self, request: TraderRequest) -> RecordBox {
        let (broker_id, investor_id) = (self.account.broker_id, self.account.investor_id);
        macro_rules! of_account {
            ($record:ident) => {
                RecordBox::new(&$record { broker_id, investor_id, ..$record::default() })
            };
        }
        match request {
            TraderRequest::ReqQryOrder => of_account!(QryOrderField),
            TraderRequest::ReqQryTrade => of_account!(QryTradeField),
            TraderRequest::ReqQryInvestorPosition => of_account!(QryInvestorPositionField),
            TraderRequest::ReqQryInvestorPositionDetail => of_account!(QryInvestorPositionDetailField),
            TraderRequest::ReqQryTradingAccount => of_account!(QryTradingAccountField),
            TraderRequest::ReqQryBrokerTradingParams => of_account!(QryBrokerTradingParamsField),
            _ => RecordBox::zeroed(request.record()),
        }
    }

    pub(super) fn ask(&mut self, now: Instant, request: TraderRequest, record: RecordBox) {
        self.requests.submit(now, &mut self.ids, Submission::of_session(request, record));
    }
}
