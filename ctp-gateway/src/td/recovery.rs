//! What a session finds out after a login, before orders may leave: a pure machine.
//!
//! It says what to ask next and takes the answers, and it judges what their comparison with the ledger means. It does not
//! know how queries are sent, and what the ledger is. Its owner tells it of logins, broken links and news.

mod gate;
mod missing;
mod round;

use std::time::{Duration, Instant};

use ctp_types::{RecordBox, TraderRequest};

use crate::config;
use crate::td::ledger::Rows;
use crate::td::orders::order::OrderId;

pub(crate) use self::gate::Gate;
pub use self::gate::{GateReason, GateReasons, GateState};
use self::missing::Missing;
use self::round::{Purpose, Round, Taken};

/// How often positions and money must differ before it counts: the pushes of what a query shows may come after it.
const LOOKS: u32 = 2;
/// How often in succession a difference is looked at again because something moved meanwhile.
const MOVED_MAX: u32 = 5;
/// How often queries must fail before the session goes on without them, its gate closed.
const FAILURES: u32 = 2;
/// The pause before queries that failed are asked again, and before the next look at a difference that lasts, or after a
/// look that was given up.
const PAUSE_FAILED: Duration = Duration::from_secs(10);
const PAUSE_DIFFERS: Duration = Duration::from_secs(60);
const PAUSE_INCOMPLETE: Duration = Duration::from_secs(30);
/// How long nothing must have moved before a comparison that nobody asked for.
const QUIET: Duration = Duration::from_secs(5);

/// What the comparison of one look found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Everything that was compared agrees.
    Nothing,
    /// Something differs.
    Difference,
    /// Something differs by as much as in the look before.
    SameDifference,
}

/// What looks came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything is known, and agrees as far as it is compared.
    Agrees,
    /// Ledger and counter differ, not only for a moment.
    Differs,
    /// The day before the login is not known: the counter did not answer again and again, or something moved in every
    /// look.
    Incomplete,
    /// The same of a session that had come to a verdict since its login, which stands.
    GivenUp,
}

/// What an answer led to.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Nothing yet.
    Waiting,
    /// Everything is there: compare it, and tell [`Recovery::judge`].
    Compare(Box<Rows>),
    /// The look is over.
    Over(Verdict),
}

#[derive(Debug)]
pub(crate) struct Recovery {
    /// What is asked for; `None` for a session that only asks.
    scope: Option<config::Recovery>,
    every: Duration,
    is_logged_in: bool,
    /// Whether the orders and trades of the day are known since the login.
    is_caught_up: bool,
    /// Whether a look has come to a verdict since the login; never without one.
    is_settled: bool,
    /// Whether the broker's way of counting was asked for today.
    knows_params: bool,
    round: Option<Round>,
    missing: Missing,
    /// How often in succession looks differed, differed while something moved, and failed.
    differed: u32,
    moved: u32,
    failed: u32,
    /// When the next comparison begins by itself.
    next: Option<Instant>,
    /// When the orders are asked for by themselves.
    orders_due: Option<Instant>,
    /// Whether somebody wants a comparison as soon as what is under way is over.
    is_demanded: bool,
    last_move: Option<Instant>,
}

impl Recovery {
    /// Returns the machine. `transit` is how long after a break an order may still reach the counter; `every` how often
    /// a session that agrees is compared again, zero for never.
    pub(crate) fn new(scope: Option<config::Recovery>, transit: Duration, every: Duration) -> Self {
        Self {
            scope,
            every,
            is_logged_in: false,
            is_caught_up: false,
            is_settled: false,
            knows_params: false,
            round: None,
            missing: Missing::new(transit),
            differed: 0,
            moved: 0,
            failed: 0,
            next: None,
            orders_due: None,
            is_demanded: false,
            last_move: None,
        }
    }

    /// Begins after a login. `unknown` are orders of earlier logins without an answer.
    pub(crate) fn log_in(&mut self, now: Instant, new_day: bool, unknown: impl IntoIterator<Item = OrderId>) {
        if new_day {
            self.missing.clear();
            self.knows_params = false;
        }
        self.missing.lose(now, unknown);
        self.is_logged_in = true;
        self.is_caught_up = self.scope.is_none();
        self.is_settled = self.scope.is_none();
        self.restart();
        self.round = self.scope.map(|scope| self.round_of(purpose_of(scope)));
    }

    /// Ends what is under way: the link broke, and left orders without an answer.
    pub(crate) fn lose_link(&mut self, now: Instant, unknown: impl IntoIterator<Item = OrderId>) {
        self.missing.lose(now, unknown);
        self.is_logged_in = false;
        self.is_settled = false;
        self.restart();
    }

    /// Begins a comparison, unless one is under way. Returns whether there is one to wait for.
    pub(crate) fn demand(&mut self) -> bool {
        if !self.is_logged_in {
            return false;
        }
        let compares = self.round.as_ref().is_some_and(|round| round.purpose == Purpose::Compare);
        self.is_demanded |= !compares && self.is_settled;
        compares || self.is_demanded
    }

    /// Asks for the orders soon: one was not answered, although the link stands.
    pub(crate) fn look_for_orders(&mut self, now: Instant) {
        if self.scope.is_some() && self.is_settled {
            self.orders_due = Some(now);
        }
    }

    /// Notes that a pushed order or trade was news.
    pub(crate) fn note_move(&mut self, now: Instant) {
        self.last_move = Some(now);
        if let Some(round) = &mut self.round {
            round.note_move();
        }
    }

    /// Returns what to ask now. To be called until it is `None`.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<TraderRequest> {
        if self.round.is_none() && std::mem::take(&mut self.is_demanded) {
            self.restart();
            self.round = Some(self.round_of(Purpose::Compare));
        } else if self.round.is_none() && self.due().is_some_and(|due| due <= now) {
            let orders = self.orders_due.take_if(|due| *due <= now).is_some();
            let purpose = if orders {
                Purpose::Look
            } else {
                self.next = None;
                self.scope.map_or(Purpose::Compare, purpose_of)
            };
            self.round = Some(self.round_of(purpose));
        }
        self.round.as_mut().and_then(|round| round.ask(now))
    }

    /// Returns when [`Self::poll`] has something to ask.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.round.as_ref().map_or_else(|| self.due(), Round::next_deadline)
    }

    /// Takes a complete answer to the query of orders, before [`Self::answered`]. `unknown` are the orders that it left
    /// without an answer and that it cannot show under another name. Returns those that are proved not to exist.
    pub(crate) fn orders_answered(&mut self, unknown: &[OrderId]) -> Vec<OrderId> {
        let asked = self.round.as_ref().and_then(|round| round.asked_at(TraderRequest::ReqQryOrder));
        asked.map(|asked| self.missing.look(asked, unknown)).unwrap_or_default()
    }

    /// Takes the complete answer to a question, or that there is none.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        request: TraderRequest,
        records: Option<&[RecordBox]>,
    ) -> Progress {
        let Some(round) = &mut self.round else { return Progress::Waiting };
        match round.answered(request, records) {
            Taken::NotOurs => return Progress::Waiting,
            Taken::Failed => return self.fail(now),
            Taken::More => {}
        }
        match request {
            TraderRequest::ReqQryTrade => self.is_caught_up = true,
            TraderRequest::ReqQryBrokerTradingParams => self.knows_params = records.is_some(),
            _ => {}
        }
        if !round.is_over() {
            return Progress::Waiting;
        }
        if let Some(provable) = self.missing.open() {
            round.ask_orders_again(provable);
            return Progress::Waiting;
        }
        match round.purpose {
            Purpose::Compare => Progress::Compare(Box::new(round.take_rows())),
            Purpose::Look => {
                self.round = None;
                Progress::Waiting
            }
            Purpose::Orders => Progress::Over(self.end(now, Verdict::Agrees)),
        }
    }

    /// Takes what a comparison found. `None` is another look.
    ///
    /// What moves while it is asked for differs for a moment, and may do so in every look at a busy account: then only what
    /// differs by as much as before is a difference.
    pub(crate) fn judge(&mut self, now: Instant, found: Found) -> Option<Verdict> {
        let round = self.round.take()?;
        match found {
            Found::Nothing => return Some(self.end(now, Verdict::Agrees)),
            Found::Difference if round.has_moved() => self.moved += 1,
            Found::Difference | Found::SameDifference => self.differed += 1,
        }
        if self.differed >= LOOKS {
            return Some(self.end(now, Verdict::Differs));
        }
        if self.moved > MOVED_MAX {
            return Some(self.end(now, Verdict::Incomplete));
        }
        self.round = Some(self.round_of(Purpose::Compare));
        None
    }

    /// Returns whether something moved since the look that is under way asked for positions.
    pub(crate) fn has_moved(&self) -> bool {
        self.round.as_ref().is_some_and(Round::has_moved)
    }

    /// Returns whether the session has still to find out what happened before its login.
    pub(crate) fn is_recovering(&self) -> bool {
        !self.is_settled
    }

    /// Returns whether the orders and trades of the day are known since the login: what comes from now on is new.
    pub(crate) fn is_caught_up(&self) -> bool {
        self.is_caught_up
    }

    /// Queries that failed are asked again after a pause. At last the session goes on without them.
    fn fail(&mut self, now: Instant) -> Progress {
        let purpose = self.round.take().map(|round| round.purpose);
        if purpose == Some(Purpose::Look) {
            // Nothing else would show on a link that stands what it was for.
            self.orders_due = Some(now + PAUSE_FAILED);
            return Progress::Waiting;
        }
        self.failed += 1;
        if self.failed >= FAILURES {
            return Progress::Over(self.end(now, Verdict::Incomplete));
        }
        self.next = Some(now + PAUSE_FAILED);
        Progress::Waiting
    }

    fn end(&mut self, now: Instant, verdict: Verdict) -> Verdict {
        self.restart();
        let was_settled = std::mem::replace(&mut self.is_settled, true);
        let verdict = if was_settled && verdict == Verdict::Incomplete { Verdict::GivenUp } else { verdict };
        let compares = self.scope == Some(config::Recovery::Full);
        self.next = match verdict {
            Verdict::Agrees => (compares && !self.every.is_zero()).then(|| now + self.every),
            Verdict::Differs => compares.then(|| now + PAUSE_DIFFERS),
            Verdict::Incomplete | Verdict::GivenUp => self.scope.map(|_| now + PAUSE_INCOMPLETE),
        };
        verdict
    }

    fn restart(&mut self) {
        (self.differed, self.moved, self.failed) = (0, 0, 0);
        self.round = None;
        self.next = None;
        self.orders_due = None;
        self.is_demanded = false;
    }

    /// Returns when the next look begins by itself. One that nobody waits for lets what moves come to rest.
    fn due(&self) -> Option<Instant> {
        if !self.is_logged_in {
            return None;
        }
        let quiet = self.last_move.map(|last| last + QUIET).filter(|_| self.is_settled);
        let next = self.next.map(|next| quiet.map_or(next, |quiet| quiet.max(next)));
        [next, self.orders_due].into_iter().flatten().min()
    }

    fn round_of(&self, purpose: Purpose) -> Round {
        Round::new(purpose, !self.knows_params)
    }
}

fn purpose_of(scope: config::Recovery) -> Purpose {
    match scope {
        config::Recovery::Full => Purpose::Compare,
        config::Recovery::Orders => Purpose::Orders,
    }
}

#[cfg(test)]
mod tests;
