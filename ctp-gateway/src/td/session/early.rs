//! Pushes that come before the login's answer: which day they are of is not known yet.
//!
//! Streams and answers come on ways of their own. What is pushed between a connection and its login may be of a trading
//! day that has yet to begin for the books, which then would forget it: it waits for the login.

use std::time::Instant;

use ctp_types::{OrderField, Text, TradeField, TraderCallback};

use crate::td::io::SpiEvent;
use crate::td::session::TdSession;

#[derive(Debug, Default)]
pub(super) struct Early {
    /// Whether the present connection has told its trading day.
    knows_day: bool,
    waiting: Vec<SpiEvent>,
    /// How many of them came over links that are lost.
    of_lost_links: usize,
}

impl Early {
    /// Keeps a push for which it is too early. Returns whether it did.
    pub(super) fn keep(&mut self, event: &SpiEvent) -> bool {
        let is_early = !self.knows_day && is_private(event.callback);
        if is_early {
            self.waiting.push(event.clone());
        }
        is_early
    }

    pub(super) fn lose_link(&mut self) {
        self.knows_day = false;
        self.of_lost_links = self.waiting.len();
    }
}

impl TdSession {
    /// Takes what came too early, once the login told the trading day.
    pub(super) fn take_early(&mut self, now: Instant) {
        self.early.knows_day = true;
        let answer_ns = self.received_ns;
        // The day of a login that was never answered may be over by now.
        let lost = std::mem::take(&mut self.early.of_lost_links);
        let days: Vec<Text<9>> = self.early.waiting.iter().take(lost).filter_map(day_of).collect();
        let over = days.into_iter().filter(|day| day.as_bytes() < self.login.trading_day.as_bytes());
        over.for_each(|day| self.assurance.end_day(day));
        for event in std::mem::take(&mut self.early.waiting) {
            self.handle_callback(now, &event);
        }
        self.received_ns = answer_ns;
    }
}

/// Returns the trading day of an order or a trade, if it has one.
fn day_of(event: &SpiEvent) -> Option<Text<9>> {
    let order = event.get::<OrderField>().map(|order| order.trading_day);
    order.or_else(|| event.get::<TradeField>().map(|trade| trade.trading_day)).filter(|day| !day.is_empty())
}

/// Returns whether a callback is one of the private stream's about orders, trades and what was refused.
fn is_private(callback: TraderCallback) -> bool {
    matches!(
        callback,
        TraderCallback::OnRtnOrder
            | TraderCallback::OnRtnTrade
            | TraderCallback::OnErrRtnOrderInsert
            | TraderCallback::OnErrRtnOrderAction
            | TraderCallback::OnRtnErrorConditionalOrder
            | TraderCallback::OnRtnQuote
            | TraderCallback::OnErrRtnQuoteInsert
            | TraderCallback::OnErrRtnQuoteAction
            | TraderCallback::OnRtnExecOrder
            | TraderCallback::OnErrRtnExecOrderInsert
            | TraderCallback::OnErrRtnExecOrderAction
            | TraderCallback::OnRtnOptionSelfClose
            | TraderCallback::OnErrRtnOptionSelfCloseInsert
            | TraderCallback::OnErrRtnOptionSelfCloseAction
            | TraderCallback::OnRtnCombAction
            | TraderCallback::OnErrRtnCombActionInsert
    )
}
