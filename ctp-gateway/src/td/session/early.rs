//! Pushes that come before the login's answer: which day they are of is not known yet.
//!
//! Streams and answers come on ways of their own. What is pushed between a connection and its login may be of a trading
//! day that has yet to begin for the books, which then would forget it: it waits for the login.

use std::time::Instant;

use ctp_types::TraderCallback;

use crate::td::io::SpiEvent;
use crate::td::session::TdSession;

#[derive(Debug, Default)]
pub(super) struct Early {
    /// Whether the present connection has told its trading day.
    knows_day: bool,
    waiting: Vec<SpiEvent>,
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
    }
}

impl TdSession {
    /// Takes what came too early, once the login told the trading day.
    pub(super) fn take_early(&mut self, now: Instant) {
        self.early.knows_day = true;
        let answer_ns = self.received_ns;
        for event in std::mem::take(&mut self.early.waiting) {
            self.handle_callback(now, &event);
        }
        self.received_ns = answer_ns;
    }
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
