//! What is found out after a login before orders may leave: the session's side of the machine.

use std::sync::Arc;
use std::time::Instant;

use ctp_types::{
    OrderField, QryBrokerTradingParamsField, QryInvestorPositionDetailField, QryInvestorPositionField,
    QryOrderField, QryTradeField, QryTradingAccountField, RecordBox, Text, TradeField, TraderRequest,
};
use tokio::sync::oneshot;

use crate::alert::Alert;
use crate::config::{self, Reconcile, TdConfig};
use crate::error::{Error, SendRefusal, UnknownCause};
use crate::requests::submission::Submission;
use crate::state::SessionState;
use crate::td::event::TdEvent;
use crate::td::io::Output;
use crate::td::ledger::{Comparison, Difference, Rows};
use crate::td::orders::deadlines::Deadlines;
use crate::td::orders::order::{Order, OrderId, OrderPhase, Origin};
use crate::td::orders::source::{Arrival, Source};
use crate::td::recovery::{Found, Gate, GateReason, Progress, Recovery, Verdict};
use crate::td::session::TdSession;

/// What a session needs to make sure of itself.
pub(super) struct Assurance {
    pub(super) recovery: Recovery,
    pub(super) gate: Gate,
    /// Whether the present login is the first of its trading day.
    pub(super) is_new_day: bool,
    /// The trading days before, whose records may still come.
    days_before: Vec<Text<9>>,
    scope: Option<config::Recovery>,
    policy: Reconcile,
    /// What differed in the look before, until there is a verdict.
    look_before: Vec<Difference>,
    /// What differed when it was last told, and the rows that said so, with the ledger's version then.
    differences: Vec<Difference>,
    last_rows: Option<(u64, Box<Rows>)>,
    /// Differences of money that the user has accepted: rows cannot take them away, as another rule makes them. They
    /// count no more on this trading day.
    accepted: Vec<Difference>,
    /// Whether the next comparison takes the counter's word for what differs.
    adopts_next: bool,
    /// Whether the user took the counter's word since the login.
    is_accepted: bool,
    /// Orders whose next record must come soon, and until when it is waited for.
    incomplete: Deadlines<OrderId>,
    /// Those that this step told of.
    told: Vec<OrderId>,
    /// Who waits for a comparison.
    waiters: Vec<Reply<Comparison>>,
}

type Reply<T> = oneshot::Sender<Result<T, Error>>;

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
            policy: config.reconcile,
            look_before: Vec::new(),
            differences: Vec::new(),
            last_rows: None,
            accepted: Vec::new(),
            adopts_next: false,
            is_accepted: false,
            incomplete: Deadlines::default(),
            told: Vec::new(),
            waiters: Vec::new(),
        }
    }

    /// Returns whether a difference counts: the user has not accepted it.
    fn counts(&self, difference: &Difference) -> bool {
        !self.accepted.iter().any(|accepted| accepted.place() == difference.place())
    }

    /// Returns whether no order may leave while ledger and counter differ.
    fn closes_on_differences(&self) -> bool {
        self.policy == Reconcile::Strict && self.scope == Some(config::Recovery::Full)
    }
}

impl TdSession {
    /// Begins after a login, and returns the state that it leads to.
    pub(super) fn usable_state(&mut self, now: Instant) -> SessionState {
        let new_day = std::mem::take(&mut self.assurance.is_new_day);
        self.assurance.is_accepted = false;
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
        self.assurance.days_before.push(before);
        self.assurance.differences.clear();
        self.assurance.last_rows = None;
        self.assurance.accepted.clear();
    }

    /// Returns whether a record is of a trading day that is over. Which other days a counter may write is its affair.
    pub(super) fn is_of_the_past(&self, trading_day: Text<9>) -> bool {
        trading_day != self.login.trading_day && self.assurance.days_before.contains(&trading_day)
    }

    /// Ends the recovery with its link.
    pub(super) fn suspend_recovery(&mut self, now: Instant) {
        let unknown: Vec<OrderId> = self.unknown_orders().map(|order| order.id).collect();
        self.assurance.recovery.lose_link(now, unknown);
        self.assurance.look_before.clear();
        self.assurance.adopts_next = false;
        self.assurance.incomplete.clear();
        self.fail_comparison();
    }

    /// Notes an order that was told of: when its next record is lost, nothing else would show it.
    pub(super) fn expect_news(&mut self, order: &Order) {
        if is_incomplete(order) {
            self.assurance.told.push(order.id);
        }
    }

    /// Returns when the recovery has something to do.
    pub(super) fn recovery_deadline(&self) -> Option<Instant> {
        let (asks, news) = (self.assurance.recovery.next_deadline(), self.assurance.incomplete.next());
        asks.into_iter().chain(news).min()
    }

    /// Asks for the orders and trades if one stands for long where none stays.
    pub(super) fn look_for_news(&mut self, now: Instant) {
        while let Some(id) = self.assurance.incomplete.pop_due(now) {
            if self.book.get(id).is_some_and(|order| is_incomplete(order)) {
                self.assurance.recovery.look_for_orders(now);
            }
        }
    }

    /// Waits for the news of orders that were told of in this step, and forgets those that are where they may stay.
    pub(super) fn settle_news(&mut self, now: Instant) {
        for id in std::mem::take(&mut self.assurance.told) {
            self.assurance.incomplete.push(now + self.order_timeout, id);
        }
        let book = &self.book;
        self.assurance.incomplete.settle(|id| book.get(id).is_some_and(|order| is_incomplete(order)));
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
            (_, Err(error)) => tracing::warn!(%error, "the recovery has no answer"),
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

    /// Compares the counter's rows with the ledger, which has every order and trade of this step first.
    fn compare(&mut self, now: Instant, rows: &Rows) {
        self.keep_books();
        self.ledger.baseline(rows);
        let found = self.ledger.reconcile(rows);
        let counted: Vec<Difference> =
            found.differences.iter().filter(|found| self.assurance.counts(found)).copied().collect();
        let before = std::mem::take(&mut self.assurance.look_before);
        let (lasting, passing): (Vec<_>, Vec<_>) =
            counted.iter().copied().partition(|found| before.iter().any(|before| before.is_same(found)));
        let has_moved = self.assurance.recovery.has_moved();
        let judged = match (lasting.is_empty(), passing.is_empty()) {
            (true, true) => Found::Nothing,
            (true, false) => Found::Difference,
            (false, _) => Found::SameDifference,
        };
        let Some(verdict) = self.assurance.recovery.judge(now, judged) else {
            self.assurance.look_before = counted;
            return;
        };
        if verdict == Verdict::Differs {
            self.differ(if has_moved { lasting } else { counted }, (!has_moved).then_some(rows));
        }
        self.tell_comparison(found);
        self.conclude(verdict);
    }

    /// Says that ledger and counter differ, once per set of differences, and does what the policy or the user says. `rows`
    /// are the counter's, if nothing moved while they were asked for.
    fn differ(&mut self, found: Vec<Difference>, rows: Option<&Rows>) {
        if self.assurance.differences != found {
            for difference in &found {
                tracing::error!(%difference, "ledger and counter differ");
            }
            let differences = found.as_slice().into();
            self.events.push(TdEvent::Differences { differences, policy: self.assurance.policy });
            self.assurance.differences = found;
        }
        let Some(rows) = rows else { return };
        self.assurance.last_rows = Some((self.ledger.version(), Box::new(rows.clone())));
        if self.assurance.policy == Reconcile::AdoptCounter || self.assurance.adopts_next {
            self.adopt_counter();
        }
    }

    /// Takes the counter's word for what differs. What its rows do not take away, as another rule makes it, counts no more.
    fn adopt_counter(&mut self) {
        self.assurance.adopts_next = false;
        let Some((_, rows)) = self.assurance.last_rows.take() else { return };
        self.ledger.adopt(&rows);
        let left = self.ledger.reconcile(&rows).differences;
        self.assurance.accepted.extend(left.into_iter().filter(|left| !left.is_of_lots()));
        self.assurance.differences.clear();
    }

    /// Answers whoever waits for a comparison.
    fn tell_comparison(&mut self, found: Comparison) {
        for waiter in std::mem::take(&mut self.assurance.waiters) {
            // A caller that went away is no failure.
            let _ = waiter.send(Ok(found.clone()));
        }
    }

    /// Ends the waiting for a comparison that does not come.
    pub(super) fn fail_comparison(&mut self) {
        let request = TraderRequest::ReqQryInvestorPosition.name();
        for waiter in std::mem::take(&mut self.assurance.waiters) {
            let error = match self.state.is_usable() {
                true => Error::Unknown { request, cause: UnknownCause::NoAnswer(self.order_timeout) },
                false => Error::NotSent { request, reason: SendRefusal::NotReady(self.state.clone()) },
            };
            let _ = waiter.send(Err(error));
        }
    }

    /// Takes the wish for a comparison.
    pub(super) fn handle_reconcile(&mut self, now: Instant, reply: Reply<Comparison>) {
        self.assurance.waiters.push(reply);
        if self.assurance.recovery.demand() {
            self.pump(now);
        } else {
            self.fail_comparison();
        }
    }

    /// Takes the counter's word for what differs, or for what could not be compared, and opens the gate. When a trade came
    /// since, the rows are old: the counter is asked once more for those that are taken over.
    pub(super) fn handle_accept(&mut self, now: Instant, reply: Reply<()>) {
        self.assurance.is_accepted = true;
        if !self.assurance.differences.is_empty() {
            match &self.assurance.last_rows {
                Some((version, _)) if *version == self.ledger.version() => self.adopt_counter(),
                _ => self.assurance.adopts_next = self.assurance.recovery.demand(),
            }
        }
        self.assurance.gate.lift(GateReason::Differs);
        self.assurance.gate.lift(GateReason::Unverified);
        self.mind_gate();
        // A caller that went away is no failure.
        let _ = reply.send(Ok(()));
        self.pump(now);
    }

    fn conclude(&mut self, verdict: Verdict) {
        let closes = self.assurance.closes_on_differences();
        let adopted = self.assurance.differences.is_empty();
        let gate = &mut self.assurance.gate;
        gate.lift(GateReason::Recovering);
        match verdict {
            Verdict::Agrees => {
                gate.lift(GateReason::Unverified);
                gate.lift(GateReason::Differs);
                self.assurance.differences.clear();
                self.assurance.last_rows = None;
                self.assurance.adopts_next = false;
            }
            Verdict::Differs => {
                gate.lift(GateReason::Unverified);
                if closes && !adopted && !self.assurance.adopts_next {
                    gate.close(GateReason::Differs);
                } else {
                    gate.lift(GateReason::Differs);
                }
            }
            Verdict::Incomplete => {
                if !self.assurance.is_accepted {
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
        for record in rows.iter().filter_map(RecordBox::get::<TradeField>) {
            if !self.is_of_the_past(record.trading_day) {
                self.book.apply_trade(now, record, arrival, &mut self.events);
            }
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

/// Returns whether an order must be heard of again: the exchange has not answered, or a trade is missing.
fn is_incomplete(order: &Order) -> bool {
    order.phase == OrderPhase::Acknowledged || order.volume_filled < order.volume_traded
}
