//! All orders and trades of the trading day, found by any of their names.
//!
//! A pure state machine: records go in, events come out. Records may be repeated, late, out of order or replayed;
//! each change is reported once, each trade is counted once, each refusal is told once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ctp_types::{Direction, InputOrderField, OrderActionField, OrderField, Text, TradeField};

use crate::error::{ServerError, UnknownCause};
use crate::td::event::TdEvent;
use crate::td::orders::order::{Order, OrderId, OrderPhase, Trade};

/// How long a trade waits for the record of its order before it is reported without.
const TRADE_WAIT: Duration = Duration::from_secs(2);

/// A name of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// `FrontID`, `SessionID`, `OrderRef`: known from the request on, reassigned when the counter clears its flow.
    Session(i32, i32, Text<13>),
    /// `ExchangeID`, `OrderSysID`: known from the exchange's acceptance on.
    Exchange(Text<9>, Text<21>),
    /// `ExchangeID`, `TraderID`, `OrderLocalID`: known from the counter's acceptance on, never reassigned.
    Local(Text<9>, Text<21>, Text<13>),
}

/// What makes a trade unique: both sides of a self-trade share the exchange's number.
type TradeKey = (Text<9>, Text<21>, Direction, Text<21>, Text<81>);

#[derive(Debug, Default)]
pub(crate) struct OrderBook {
    orders: HashMap<OrderId, Arc<Order>>,
    keys: HashMap<Key, OrderId>,
    last_id: u64,
    trades: HashSet<TradeKey>,
    /// Trades whose order is not known yet, with the time until which they wait.
    waiting: Vec<(Instant, Trade)>,
    /// Trades that were reported without their order, which may still come.
    orphans: Vec<Arc<Trade>>,
    /// Own orders by the request number they were sent under.
    requests: HashMap<i32, OrderId>,
    /// Refusals of other sessions' orders that were told already.
    foreign_refusals: HashSet<(Text<13>, i32, Text<81>, i32)>,
}

impl OrderBook {
    /// Returns the order as it stands.
    pub(crate) fn get(&self, id: OrderId) -> Option<&Arc<Order>> {
        self.orders.get(&id)
    }

    /// Returns the order that was placed under the front, session and reference.
    pub(crate) fn by_session(
        &self,
        front_id: i32,
        session_id: i32,
        order_ref: Text<13>,
    ) -> Option<&Arc<Order>> {
        self.keys.get(&Key::Session(front_id, session_id, order_ref)).and_then(|id| self.orders.get(id))
    }

    /// Returns the order with the exchange's number.
    pub(crate) fn by_exchange(&self, exchange_id: Text<9>, order_sys_id: Text<21>) -> Option<&Arc<Order>> {
        self.keys.get(&Key::Exchange(exchange_id, order_sys_id)).and_then(|id| self.orders.get(id))
    }

    /// Adds an own order that is about to be sent. Refusals name it by the request's number, or by the one in its
    /// record.
    pub(crate) fn place(
        &mut self,
        input: &InputOrderField,
        request_id: Option<i32>,
        front_id: i32,
        session_id: i32,
    ) -> Arc<Order> {
        let id = self.next_id();
        let order = Arc::new(Order::own(id, input, front_id, session_id));
        self.keys.insert(Key::Session(front_id, session_id, input.order_ref), id);
        for request_id in request_id.into_iter().chain([input.request_id]) {
            self.requests.insert(request_id, id);
        }
        self.orders.insert(id, Arc::clone(&order));
        order
    }

    /// Removes an own order that the library did not take.
    pub(crate) fn remove_unsent(&mut self, id: OrderId) {
        self.orders.remove(&id);
        self.keys.retain(|_, order| *order != id);
        self.requests.retain(|_, order| *order != id);
    }

    /// Takes an order record, pushed or queried.
    pub(crate) fn apply_order(
        &mut self,
        record: &OrderField,
        received_ns: i64,
        events: &mut Vec<TdEvent>,
    ) -> OrderId {
        let (id, is_new) = match self.find(record) {
            Some(id) => (id, false),
            None => {
                let id = self.next_id();
                self.orders.insert(id, Arc::new(Order::foreign(id, record)));
                (id, true)
            }
        };
        let Some(slot) = self.orders.get_mut(&id) else { return id };
        let order = Arc::make_mut(slot);
        let was = order.phase;
        let changed = order.merge(record, received_ns) || is_new;
        let rejected = order.phase == OrderPhase::Rejected && was != OrderPhase::Rejected;
        if rejected {
            order.refusal = Some(ServerError::exchange(&order.status_message));
        }
        let order = Arc::clone(slot);
        self.name(&order);
        match &order.refusal {
            Some(error) if rejected => {
                events.push(TdEvent::Rejected { order: Arc::clone(&order), error: error.clone() })
            }
            _ if changed => events.push(TdEvent::Order(order)),
            _ => {}
        }
        self.release_waiting(events);
        id
    }

    /// Takes a trade record, pushed or queried.
    pub(crate) fn apply_trade(
        &mut self,
        now: Instant,
        record: &TradeField,
        received_ns: i64,
        events: &mut Vec<TdEvent>,
    ) {
        let key = (
            record.exchange_id,
            record.trade_id,
            record.direction,
            record.order_sys_id,
            record.instrument_id,
        );
        if !self.trades.insert(key) {
            return;
        }
        let trade = Trade::new(record, received_ns);
        match self.order_of(&trade) {
            Some(id) => self.fill(id, trade, events),
            None => self.waiting.push((now + TRADE_WAIT, trade)),
        }
    }

    /// Takes a refusal by the counter of an order of this session (`OnRspOrderInsert`).
    pub(crate) fn refuse(
        &mut self,
        input: Option<&InputOrderField>,
        request_id: i32,
        error: ServerError,
        events: &mut Vec<TdEvent>,
    ) {
        let id =
            self.requests.get(&request_id).copied().or_else(|| input.and_then(|input| self.own_of(input)));
        match id {
            Some(id) => self.reject(id, error, events),
            None => events.push(TdEvent::Error { error, request_id }),
        }
    }

    /// Takes a refusal by the counter that all sessions of the account hear (`OnErrRtnOrderInsert`).
    pub(crate) fn refuse_public(
        &mut self,
        input: &InputOrderField,
        error: ServerError,
        events: &mut Vec<TdEvent>,
    ) {
        if let Some(id) = self.own_of(input) {
            return self.reject(id, error, events);
        }
        let key = (input.order_ref, input.request_id, input.instrument_id, error.code);
        if self.foreign_refusals.insert(key) {
            events.push(TdEvent::ForeignRejected { input: Box::new(*input), error });
        }
    }

    /// Marks one own order whose answer did not come. Orders that were answered stay as they are. Returns whether its
    /// outcome is unknown now.
    pub(crate) fn mark_unknown(
        &mut self,
        id: OrderId,
        cause: UnknownCause,
        events: &mut Vec<TdEvent>,
    ) -> bool {
        let Some(slot) = self.orders.get_mut(&id) else { return false };
        if slot.phase != OrderPhase::Sent {
            return false;
        }
        let order = Arc::make_mut(slot);
        order.phase = OrderPhase::Unknown;
        order.unknown_cause = Some(cause.clone());
        events.push(TdEvent::Unknown { order: Arc::clone(slot), cause });
        true
    }

    /// Returns the orders whose outcome is unknown.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = &Order> {
        self.orders.values().map(Arc::as_ref).filter(|order| order.phase == OrderPhase::Unknown)
    }

    /// Takes the proof that the counter does not have an order whose outcome is unknown: complete queries of the day's
    /// orders, after a later login, do not show it.
    pub(crate) fn prove_absent(&mut self, id: OrderId, events: &mut Vec<TdEvent>) {
        if self.orders.get(&id).is_some_and(|order| order.phase == OrderPhase::Unknown) {
            self.reject(id, ServerError::absent(), events);
        }
    }

    /// Returns the order that a record is of.
    pub(crate) fn by_record(&self, record: &OrderField) -> Option<&Arc<Order>> {
        self.find(record).and_then(|id| self.orders.get(&id))
    }

    /// Marks all own orders that have no answer yet.
    pub(crate) fn mark_all_unknown(&mut self, cause: &UnknownCause, events: &mut Vec<TdEvent>) {
        let mut sent: Vec<OrderId> = self
            .orders
            .values()
            .filter(|order| order.phase == OrderPhase::Sent)
            .map(|order| order.id)
            .collect();
        sent.sort_unstable();
        for id in sent {
            self.mark_unknown(id, cause.clone(), events);
        }
    }

    /// Forgets everything at the start of a new trading day. Numbers of the exchange begin anew with it.
    pub(crate) fn begin_trading_day(&mut self, events: &mut Vec<TdEvent>) {
        self.mark_all_unknown(&UnknownCause::NewTradingDay, events);
        self.flush_waiting(events);
        *self = Self { last_id: self.last_id, ..Self::default() };
    }

    /// Returns when [`Self::handle_deadline`] has to be called.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|(until, _)| *until).min()
    }

    /// Reports the trades that have waited long enough for their order.
    pub(crate) fn handle_deadline(&mut self, now: Instant, events: &mut Vec<TdEvent>) {
        let mut index = 0;
        while index < self.waiting.len() {
            if self.waiting[index].0 <= now {
                let (_, trade) = self.waiting.remove(index);
                let trade = Arc::new(trade);
                self.orphans.push(Arc::clone(&trade));
                events.push(TdEvent::Trade { order: None, trade });
            } else {
                index += 1;
            }
        }
    }

    /// Reports all trades that still wait, before the session ends.
    pub(crate) fn flush_waiting(&mut self, events: &mut Vec<TdEvent>) {
        for (_, trade) in self.waiting.drain(..) {
            events.push(TdEvent::Trade { order: None, trade: Arc::new(trade) });
        }
    }

    /// Finds the order of an action that a session sent, by whatever names it carries.
    pub(crate) fn order_of_action(&self, action: &OrderActionField) -> Option<&Arc<Order>> {
        self.by_exchange(action.exchange_id, action.order_sys_id)
            .or_else(|| self.by_session(action.front_id, action.session_id, action.order_ref))
    }

    /// Returns whether an own order was sent under the request number.
    pub(crate) fn was_sent_as(&self, request_id: i32) -> bool {
        self.requests.contains_key(&request_id)
    }

    fn next_id(&mut self) -> OrderId {
        self.last_id += 1;
        OrderId(self.last_id)
    }

    /// Finds the order of a record. The names that are never reassigned are asked first.
    fn find(&self, record: &OrderField) -> Option<OrderId> {
        let local = Key::Local(record.exchange_id, record.trader_id, record.order_local_id);
        if !record.order_local_id.is_empty()
            && let Some(id) = self.keys.get(&local)
        {
            return Some(*id);
        }
        if !record.order_sys_id.is_empty()
            && let Some(id) = self.keys.get(&Key::Exchange(record.exchange_id, record.order_sys_id))
        {
            return Some(*id);
        }
        let id = *self.keys.get(&Key::Session(record.front_id, record.session_id, record.order_ref))?;
        let order = self.orders.get(&id)?;
        // After a counter restart another order may carry the same session name: the local number tells.
        let same = order.keys.order_local_id.is_empty()
            || record.order_local_id.is_empty()
            || order.keys.order_local_id == record.order_local_id;
        (same && !record.order_ref.is_empty()).then_some(id)
    }

    /// Remembers all names of an order. A name that is taken stays with its first owner.
    fn name(&mut self, order: &Order) {
        let keys = &order.keys;
        let mut names = Vec::with_capacity(3);
        if !keys.order_ref.is_empty() {
            names.push(Key::Session(keys.front_id, keys.session_id, keys.order_ref));
        }
        if !keys.order_sys_id.is_empty() {
            names.push(Key::Exchange(keys.exchange_id, keys.order_sys_id));
        }
        if !keys.order_local_id.is_empty() {
            names.push(Key::Local(keys.exchange_id, keys.trader_id, keys.order_local_id));
        }
        for name in names {
            self.keys.entry(name).or_insert(order.id);
        }
    }

    fn order_of(&self, trade: &Trade) -> Option<OrderId> {
        let by_exchange = self.keys.get(&Key::Exchange(trade.exchange_id, trade.order_sys_id));
        let record = &trade.record;
        let local = Key::Local(record.exchange_id, record.trader_id, record.order_local_id);
        by_exchange
            .filter(|_| !trade.order_sys_id.is_empty())
            .or_else(|| self.keys.get(&local).filter(|_| !record.order_local_id.is_empty()))
            .copied()
    }

    fn fill(&mut self, id: OrderId, trade: Trade, events: &mut Vec<TdEvent>) {
        let Some(slot) = self.orders.get_mut(&id) else { return };
        let order = Arc::make_mut(slot);
        order.volume_filled = order.volume_filled.saturating_add(trade.volume.max(0));
        events.push(TdEvent::Trade { order: Some(Arc::clone(slot)), trade: Arc::new(trade) });
    }

    /// Reports the trades whose order is known by now, in the order of their arrival.
    fn release_waiting(&mut self, events: &mut Vec<TdEvent>) {
        let mut index = 0;
        while index < self.waiting.len() {
            match self.order_of(&self.waiting[index].1) {
                Some(id) => {
                    let (_, trade) = self.waiting.remove(index);
                    self.fill(id, trade, events);
                }
                None => index += 1,
            }
        }
        self.count_orphans(events);
    }

    /// Counts the trades that were reported already, and whose order has come at last.
    fn count_orphans(&mut self, events: &mut Vec<TdEvent>) {
        let mut index = 0;
        while index < self.orphans.len() {
            let Some(id) = self.order_of(&self.orphans[index]) else {
                index += 1;
                continue;
            };
            let trade = self.orphans.remove(index);
            if let Some(slot) = self.orders.get_mut(&id) {
                let order = Arc::make_mut(slot);
                order.volume_filled = order.volume_filled.saturating_add(trade.volume.max(0));
                events.push(TdEvent::Order(Arc::clone(slot)));
            }
        }
    }

    /// Finds the own order that a refused input is, without the session's numbers, which an input does not carry.
    fn own_of(&self, input: &InputOrderField) -> Option<OrderId> {
        let id = *self.requests.get(&input.request_id)?;
        let order = self.orders.get(&id)?;
        let same = order.keys.order_ref == input.order_ref
            && order.instrument_id == input.instrument_id
            && order.direction == input.direction
            && order.volume == input.volume_total_original;
        same.then_some(id)
    }

    /// Rejects an order that the exchange has not taken: once.
    pub(crate) fn reject(&mut self, id: OrderId, error: ServerError, events: &mut Vec<TdEvent>) {
        let Some(slot) = self.orders.get_mut(&id) else { return };
        if slot.phase == OrderPhase::Rejected {
            return;
        }
        if slot.phase.rank() >= OrderPhase::Working.rank() {
            tracing::warn!(order = id.0, %error, "a refusal came for an order that the exchange has; it is ignored");
            return;
        }
        let order = Arc::make_mut(slot);
        order.phase = OrderPhase::Rejected;
        order.refusal = Some(error.clone());
        order.unknown_cause = None;
        events.push(TdEvent::Rejected { order: Arc::clone(slot), error });
    }
}

#[cfg(test)]
mod tests;
