//! What differs between ledger and counter, and whose word counts.

use std::time::Instant;

use ctp_types::TraderRequest;
use tokio::sync::oneshot;

use crate::config::Reconcile;
use crate::error::{Error, SendRefusal, UnknownCause};
use crate::td::event::TdEvent;
use crate::td::ledger::{Comparison, Difference, Rows};
use crate::td::recovery::{Found, GateReason, Verdict};
use crate::td::session::TdSession;

type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// What is known of differences.
pub(super) struct Differing {
    pub(super) policy: Reconcile,
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
    pub(super) is_accepted: bool,
    /// Who waits for a comparison.
    waiters: Vec<Reply<Comparison>>,
}

impl Differing {
    pub(super) fn new(policy: Reconcile) -> Self {
        Self {
            policy,
            look_before: Vec::new(),
            differences: Vec::new(),
            last_rows: None,
            accepted: Vec::new(),
            adopts_next: false,
            is_accepted: false,
            waiters: Vec::new(),
        }
    }

    /// Forgets the trading day before.
    pub(super) fn begin_day(&mut self) {
        self.end();
        self.accepted.clear();
    }

    /// Forgets the looks that a broken link ended.
    pub(super) fn lose_link(&mut self) {
        self.look_before.clear();
        self.adopts_next = false;
    }

    /// Forgets what differed: it agrees now.
    pub(super) fn end(&mut self) {
        self.differences.clear();
        self.last_rows = None;
        self.adopts_next = false;
    }

    /// Returns whether something differs for which the counter's word was not taken, and is not about to be.
    pub(super) fn stands(&self) -> bool {
        !self.differences.is_empty() && !self.adopts_next
    }

    /// Returns whether a difference counts: the user has not accepted it.
    fn counts(&self, difference: &Difference) -> bool {
        !self.accepted.iter().any(|accepted| accepted.place() == difference.place())
    }
}

impl TdSession {
    /// Compares the counter's rows with the ledger, which has every order and trade of this step first.
    pub(super) fn compare(&mut self, now: Instant, rows: &Rows) {
        self.keep_books();
        self.ledger.baseline(rows);
        let found = self.ledger.reconcile(rows);
        let counted: Vec<Difference> = found
            .differences
            .iter()
            .filter(|found| self.assurance.differing.counts(found))
            .copied()
            .collect();
        let before = std::mem::take(&mut self.assurance.differing.look_before);
        let (lasting, passing): (Vec<_>, Vec<_>) =
            counted.iter().copied().partition(|found| before.iter().any(|before| before.is_same(found)));
        let has_moved = self.assurance.recovery.has_moved();
        let judged = match (lasting.is_empty(), passing.is_empty()) {
            (true, true) => Found::Nothing,
            (true, false) => Found::Difference,
            (false, _) => Found::SameDifference,
        };
        let Some(verdict) = self.assurance.recovery.judge(now, judged) else {
            self.assurance.differing.look_before = counted;
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
        if self.assurance.differing.differences != found {
            for difference in &found {
                tracing::error!(%difference, "ledger and counter differ");
            }
            let differences = found.as_slice().into();
            self.events.push(TdEvent::Differences { differences, policy: self.assurance.differing.policy });
            self.assurance.differing.differences = found;
        }
        let Some(rows) = rows else { return };
        self.assurance.differing.last_rows = Some((self.ledger.version(), Box::new(rows.clone())));
        if self.assurance.differing.policy == Reconcile::AdoptCounter || self.assurance.differing.adopts_next
        {
            self.adopt_counter();
        }
    }

    /// Takes the counter's word for what differs. What its rows do not take away, as another rule makes it, counts no more.
    fn adopt_counter(&mut self) {
        self.assurance.differing.adopts_next = false;
        let Some((_, rows)) = self.assurance.differing.last_rows.take() else { return };
        self.ledger.adopt(&rows);
        let left = self.ledger.reconcile(&rows).differences;
        self.assurance.differing.accepted.extend(left.into_iter().filter(|left| !left.is_of_lots()));
        self.assurance.differing.differences.clear();
    }

    /// Answers whoever waits for a comparison.
    fn tell_comparison(&mut self, found: Comparison) {
        for waiter in std::mem::take(&mut self.assurance.differing.waiters) {
            // A caller that went away is no failure.
            let _ = waiter.send(Ok(found.clone()));
        }
    }

    /// Ends the waiting for a comparison that does not come.
    pub(super) fn fail_comparison(&mut self) {
        let request = TraderRequest::ReqQryInvestorPosition.name();
        for waiter in std::mem::take(&mut self.assurance.differing.waiters) {
            let error = match self.state.is_usable() {
                true => Error::Unknown { request, cause: UnknownCause::NoAnswer(self.order_timeout) },
                false => Error::NotSent { request, reason: SendRefusal::NotReady(self.state.clone()) },
            };
            let _ = waiter.send(Err(error));
        }
    }

    /// Takes the wish for a comparison.
    pub(super) fn handle_reconcile(&mut self, now: Instant, reply: Reply<Comparison>) {
        self.assurance.differing.waiters.push(reply);
        if self.assurance.recovery.demand() {
            self.pump(now);
        } else {
            self.fail_comparison();
        }
    }

    /// Takes the counter's word for what differs, or for what could not be compared, and opens the gate. When a trade came
    /// since, the rows are old: the counter is asked once more for those that are taken over.
    pub(super) fn handle_accept(&mut self, now: Instant, reply: Reply<()>) {
        if !self.is_usable() {
            let (request, reason) = ("accept_differences", SendRefusal::NotReady(self.state.clone()));
            return drop(reply.send(Err(Error::NotSent { request, reason })));
        }
        self.assurance.differing.is_accepted = true;
        if !self.assurance.differing.differences.is_empty() {
            match &self.assurance.differing.last_rows {
                Some((version, _)) if *version == self.ledger.version() => self.adopt_counter(),
                _ => self.assurance.differing.adopts_next = self.assurance.recovery.demand(),
            }
        }
        self.assurance.gate.lift(GateReason::Differs);
        self.assurance.gate.lift(GateReason::Unverified);
        self.mind_gate();
        // A caller that went away is no failure.
        let _ = reply.send(Ok(()));
        self.pump(now);
    }
}
