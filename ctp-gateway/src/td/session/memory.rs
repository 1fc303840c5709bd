//! What the journal remembers of earlier runs, until a login says which trading day it is.

use std::time::Instant;

use ctp_types::{
    ErrorConditionalOrderField, InputOrderField, OrderField, Text, TradeField, TraderCallback, TraderRequest,
};

use crate::journal::Entry;
use crate::maps::HashMap;
use crate::td::io::SpiEvent;
use crate::td::orders::order::{OrderId, Origin};
use crate::td::orders::source::{Arrival, Source};
use crate::td::session::TdSession;

/// Entries of the newest trading day in the journal.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The day of the entries that came last.
    trading_day: Text<9>,
    entries: Vec<Entry>,
}

impl Memory {
    /// Takes an entry. Only those of the newest day are kept.
    pub(super) fn take(&mut self, entry: Entry) {
        if let Entry::Login { trading_day, .. } = &entry
            && *trading_day != self.trading_day
        {
            self.trading_day = *trading_day;
            self.entries.clear();
        }
        self.entries.push(entry);
    }

    /// Returns the entries of a trading day and forgets all others.
    fn of(&mut self, trading_day: Text<9>) -> Vec<Entry> {
        let entries = std::mem::take(&mut self.entries);
        if self.trading_day == trading_day { entries } else { Vec::new() }
    }
}

impl TdSession {
    /// Takes over what earlier runs of this trading day did and heard, at the first login.
    pub(super) fn remember(&mut self, now: Instant, trading_day: Text<9>) {
        let mut orders = HashMap::default();
        for entry in self.memory.of(trading_day) {
            if let Entry::Action { request, record, .. } = &entry {
                self.restore_action(*request, record);
            }
            match entry {
                // Request numbers are unique within a run only.
                Entry::Opened { .. } => orders.clear(),
                Entry::Login { front_id, session_id, .. } => {
                    self.book.know_session(front_id, session_id, Origin::Earlier);
                }
                Entry::Action {
                    request: TraderRequest::ReqOrderInsert,
                    record,
                    request_id,
                    front_id,
                    session_id,
                    order_ref,
                    ..
                } => {
                    // Never used again, whatever became of the order and whatever the counter says.
                    let used = order_ref.to_str().trim().parse().unwrap_or(0);
                    self.last_order_ref = self.last_order_ref.max(used);
                    if let Some(input) = record.get::<InputOrderField>() {
                        let order = self.book.place_earlier(input, front_id, session_id);
                        orders.insert(request_id, order.id);
                    }
                }
                // The library did not take it: it never was.
                Entry::Answer { request_id, refusal: Some(_), .. } => {
                    if let Some(id) = orders.remove(&request_id) {
                        self.book.remove_unsent(id);
                    }
                }
                Entry::Event(event) => self.remember_event(now, &event, &orders),
                _ => {}
            }
        }
    }

    fn remember_event(&mut self, now: Instant, event: &SpiEvent, orders: &HashMap<i32, OrderId>) {
        let arrival = Arrival::new(event.received_ns, Source::Journal);
        let events = &mut self.events;
        match event.callback {
            TraderCallback::OnRtnOrder => {
                if let Some(record) = event.get::<OrderField>() {
                    self.book.apply_order(record, arrival, events);
                }
            }
            TraderCallback::OnRtnTrade => {
                if let Some(record) = event.get::<TradeField>() {
                    self.book.apply_trade(now, record, arrival, events);
                }
            }
            TraderCallback::OnRspOrderInsert => {
                if let (Err(error), Some(id)) = (event.check(), orders.get(&event.number)) {
                    self.book.reject(*id, error, arrival, events);
                }
            }
            TraderCallback::OnErrRtnOrderInsert => {
                if let Some(input) = event.get::<InputOrderField>() {
                    self.book.refuse_public(input, event.refusal(), arrival, events);
                }
            }
            TraderCallback::OnRtnErrorConditionalOrder => {
                if let Some(record) = event.get::<ErrorConditionalOrderField>() {
                    self.book.refuse_triggered(record, arrival, events);
                }
            }
            _ => {}
        }
    }
}
