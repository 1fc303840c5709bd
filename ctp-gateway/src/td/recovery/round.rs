//! One look at the counter: queries in order, and what they bring.

use std::collections::VecDeque;
use std::time::Instant;

use ctp_types::{RecordBox, TraderRequest};

use crate::td::ledger::Rows;

/// Takes what a query brought into the rows of a comparison. Orders, trades and rates are taken where all queries end.
fn take(rows: Rows, request: TraderRequest, records: &[RecordBox]) -> Rows {
    match request {
        TraderRequest::ReqQryInvestorPosition => rows.with_positions(records),
        TraderRequest::ReqQryInvestorPositionDetail => rows.with_details(records),
        TraderRequest::ReqQryTradingAccount => rows.with_account(records),
        _ => rows,
    }
}

/// What a look is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Orders and trades, for one that was not answered.
    Look,
    /// Orders and trades, which is all that is recovered.
    Orders,
    /// Orders, trades, positions, money: whether the ledger has them all.
    Compare,
}

/// What became of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It was not asked for, or not by this look.
    NotOurs,
    /// The next question may be asked.
    More,
    /// A query that the look needs failed.
    Failed,
}

#[derive(Debug)]
pub(super) struct Round {
    pub(super) purpose: Purpose,
    left: VecDeque<TraderRequest>,
    asked: Option<(TraderRequest, Instant)>,
    /// From when on the next question may be asked.
    not_before: Option<Instant>,
    rows: Rows,
    /// Whether something moved since the positions were asked for.
    moved: bool,
}

impl Round {
    pub(super) fn new(purpose: Purpose, with_params: bool) -> Self {
        let mut left = VecDeque::from([TraderRequest::ReqQryOrder, TraderRequest::ReqQryTrade]);
        if purpose == Purpose::Compare {
            if with_params {
                left.push_front(TraderRequest::ReqQryBrokerTradingParams);
            }
            left.extend([
                TraderRequest::ReqQryInvestorPosition,
                TraderRequest::ReqQryInvestorPositionDetail,
                TraderRequest::ReqQryTradingAccount,
            ]);
        }
        Self { purpose, left, asked: None, not_before: None, rows: Rows::default(), moved: false }
    }

    /// Returns the next question, if none waits for its answer.
    pub(super) fn ask(&mut self, now: Instant) -> Option<TraderRequest> {
        if self.asked.is_some() || self.not_before.is_some_and(|earliest| earliest > now) {
            return None;
        }
        let request = self.left.pop_front()?;
        self.not_before = None;
        self.asked = Some((request, now));
        Some(request)
    }

    /// Returns when [`Self::ask`] has something to ask.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.not_before.filter(|_| self.asked.is_none() && !self.left.is_empty())
    }

    /// Takes the answer to the question. `None` is one that did not come.
    pub(super) fn answered(&mut self, request: TraderRequest, records: Option<&[RecordBox]>) -> Taken {
        if self.asked.take_if(|(asked, _)| *asked == request).is_none() {
            return Taken::NotOurs;
        }
        match records {
            Some(records) => self.rows = take(std::mem::take(&mut self.rows), request, records),
            // Without it the ledger counts as most brokers do.
            None if request == TraderRequest::ReqQryBrokerTradingParams => {}
            None => return Taken::Failed,
        }
        Taken::More
    }

    /// Returns when the question that waits for its answer was asked.
    pub(super) fn asked_at(&self, request: TraderRequest) -> Option<Instant> {
        self.asked.filter(|(asked, _)| *asked == request).map(|(_, at)| at)
    }

    /// Asks for the orders once more, not before a time.
    pub(super) fn ask_orders_again(&mut self, not_before: Instant) {
        self.left.push_back(TraderRequest::ReqQryOrder);
        self.not_before = Some(not_before);
    }

    pub(super) fn is_over(&self) -> bool {
        self.asked.is_none() && self.left.is_empty()
    }

    /// Notes that an order or a trade was news. Before the positions are asked for, they include it.
    pub(super) fn note_move(&mut self) {
        self.moved |= !self.left.contains(&TraderRequest::ReqQryInvestorPosition);
    }

    pub(super) fn has_moved(&self) -> bool {
        self.moved
    }

    pub(super) fn take_rows(&mut self) -> Rows {
        std::mem::take(&mut self.rows)
    }
}
