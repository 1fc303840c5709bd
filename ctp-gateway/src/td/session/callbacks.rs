//! What the library calls back, and whose news it is.

use std::time::Instant;

use ctp_types::{
    ErrorConditionalOrderField, InputOrderActionField, InputOrderField, OrderActionField, OrderField,
    RecordBox, Text, TradeField, TraderCallback,
};

use crate::handshake::Step;
use crate::requests::desk::Heard;
use crate::state::DisconnectReason;
use crate::td::event::TdEvent;
use crate::td::io::{Output, SpiEvent};
use crate::td::orders::source::{Arrival, Source};
use crate::td::session::TdSession;

impl TdSession {
    /// Handles a callback. Callbacks that this gateway does not use are dropped.
    pub(super) fn handle_callback(&mut self, now: Instant, event: &SpiEvent) {
        if self.early.keep(event) {
            return;
        }
        self.received_ns = event.received_ns;
        match event.callback {
            TraderCallback::OnFrontConnected => {
                self.front = Text::default();
                // The address is known from now on, the limits after the login.
                self.outputs.push(Output::ReadFrontInfo);
                let mut moves = Vec::new();
                self.handshake.handle_connected(now, &mut self.ids, &mut moves);
                self.carry_out(now, moves);
            }
            TraderCallback::OnFrontDisconnected => {
                self.handle_disconnected(now, DisconnectReason(event.number));
            }
            TraderCallback::OnRspError => self.handle_error(now, event),
            // A raw order has somebody who waits for its answer, and is in the book.
            _ if self.is_of_request(now, event) && !self.is_of_book(event) => {}
            _ if self.hear_instruction(event) => {}
            TraderCallback::OnRspAuthenticate => self.handle_step(now, Step::Authenticate, event),
            TraderCallback::OnRspUserLogin => self.handle_step(now, Step::LogIn, event),
            TraderCallback::OnRspSettlementInfoConfirm => self.handle_step(now, Step::Confirm, event),
            TraderCallback::OnRspOrderInsert => {
                if let Err(error) = event.check() {
                    let input = event.get::<InputOrderField>();
                    self.book.refuse(input, event.number, error, self.arrival(), &mut self.events);
                }
            }
            TraderCallback::OnErrRtnOrderInsert => {
                if let Some(input) = event.get::<InputOrderField>() {
                    self.book.refuse_public(input, event.refusal(), self.arrival(), &mut self.events);
                }
            }
            TraderCallback::OnRspOrderAction => {
                if let Err(error) = event.check() {
                    self.refuse_own_action(event.get::<InputOrderActionField>(), event.number, error);
                }
            }
            TraderCallback::OnErrRtnOrderAction => {
                if let Some(action) = event.get::<OrderActionField>() {
                    self.refuse_action(action, event.refusal());
                }
            }
            TraderCallback::OnRtnOrder => {
                self.stream.pushed();
                let record = event.get::<OrderField>();
                if let Some(record) = record.filter(|record| !self.is_of_the_past(record.trading_day)) {
                    self.book.apply_order(record, self.arrival(), &mut self.events);
                    self.note_move(now);
                }
            }
            TraderCallback::OnRtnTrade => {
                self.stream.pushed();
                let record = event.get::<TradeField>();
                if let Some(record) = record.filter(|record| !self.is_of_the_past(record.trading_day)) {
                    self.book.apply_trade(now, record, self.arrival(), &mut self.events);
                    self.note_move(now);
                }
            }
            TraderCallback::OnRtnErrorConditionalOrder => {
                if let Some(record) = event.get::<ErrorConditionalOrderField>() {
                    self.book.refuse_triggered(record, self.arrival(), &mut self.events);
                }
            }
            _ => {}
        }
        self.pump(now);
    }

    pub(super) fn handle_error(&mut self, now: Instant, event: &SpiEvent) {
        let Err(error) = event.check() else { return };
        let mut moves = Vec::new();
        let taken = self.handshake.handle_error(now, event.number, &error, &mut self.ids, &mut moves);
        self.carry_out(now, moves);
        if taken {
            return;
        }
        let (of_request, of_book) =
            (self.is_of_request(now, event), self.refuse_by_request(event.number, &error));
        if !of_request && !of_book && !self.refuse_instruction_by_request(event.number, &error) {
            self.events.push(TdEvent::Error { error, request_id: event.number });
        }
    }

    /// Returns whether a callback is the answer to a request that a caller made, and nobody else's news.
    pub(super) fn is_of_request(&mut self, now: Instant, event: &SpiEvent) -> bool {
        let record = event.record.as_ref().map(RecordBox::as_ref);
        let heard =
            Heard { callback: event.callback, record, request_id: event.number, is_last: event.is_last };
        let own = (self.logins > 0).then_some((self.login.front_id, self.login.session_id));
        self.requests.handle_callback(now, heard, event.check(), own)
    }

    /// Returns how what came in this step arrived: until the session is ready it catches up with the day.
    pub(super) fn arrival(&self) -> Arrival {
        let is_caught_up = self.assurance.recovery.is_caught_up();
        let source = if is_caught_up { Source::Live } else { Source::Replay };
        Arrival::new(self.received_ns, source)
    }

    /// Returns whether a refusal is about an order of the book.
    pub(super) fn is_of_book(&self, event: &SpiEvent) -> bool {
        match event.callback {
            TraderCallback::OnRspOrderInsert => self.book.was_sent_as(event.number),
            TraderCallback::OnErrRtnOrderInsert => {
                event.get::<InputOrderField>().is_some_and(|input| self.book.was_sent_as(input.request_id))
            }
            _ => false,
        }
    }

    /// Notes that a record was pushed which was news.
    pub(super) fn note_move(&mut self, now: Instant) {
        if !self.events.is_empty() {
            self.assurance.recovery.note_move(now);
        }
    }
}
