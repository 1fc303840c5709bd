//! All orders and trades of the trading day, found by any of their names.
//!
//! A pure state machine: records go in, events come out. Records may be repeated, late, out of order or replayed;
//! each change is reported once, each trade is counted once, each refusal is told once. What one record costs does not
//! depend on how many orders there are.

mod family;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use ctp_types::{Direction, InputOrderField, OrderActionField, OrderField, Text, TradeField};

use self::family::Orphans;
use crate::error::{ServerError, UnknownCause};
use crate::maps::{HashMap, HashSet};
use crate::td::event::TdEvent;
use crate::td::orders::names::{Name, Names};
use crate::td::orders::order::{Order, OrderId, OrderPhase, Origin};
use crate::td::orders::source::Arrival;
use crate::td::orders::trade::Trade;
use crate::td::orders::waiting::WaitingTrades;

/// What makes a trade unique: both sides of a self-trade share the exchange's number.
type TradeKey = (Text<9>, Text<21>, Direction, Text<21>, Text<81>);

#[derive(Debug, Default)]
pub(crate) struct OrderBook {
    /// By their numbers, which count on from `before`; `None` where the library did not take the order.
    orders: Vec<Option<Arc<Order>>>,
    /// The last number of the trading days before.
    before: u64,
    names: Names,
    /// Own orders by the request numbers they were sent under.
    requests: HashMap<i32, OrderId>,
    /// The sessions of this client today, and those of earlier runs.
    sessions: HashMap<(i32, i32), Origin>,
    /// Orders that nothing has come back of, and those of which that is said.
    sent: BTreeSet<OrderId>,
    unknown: BTreeSet<OrderId>,
    trades: HashSet<TradeKey>,
    /// Trades whose order is not known yet.
    waiting: WaitingTrades,
    /// Orders whose conditional parent is not known yet.
    orphans: Orphans,
    /// Refusals of other sessions' orders that were told already.
    foreign_refusals: HashSet<(Text<13>, i32, Text<81>, i32)>,
}

impl OrderBook {
    /// Returns the order as it stands.
    pub(crate) fn get(&self, id: OrderId) -> Option<&Arc<Order>> {
        self.orders.get(self.index(id)?)?.as_ref()
    }

    /// Returns the order that was placed under the front, session and reference.
    pub(crate) fn by_session(
        &self,
        front_id: i32,
        session_id: i32,
        order_ref: Text<13>,
    ) -> Option<&Arc<Order>> {
        self.named(Name::session(front_id, session_id, order_ref))
    }

    /// Returns the order with the exchange's number.
    pub(crate) fn by_exchange(&self, exchange_id: Text<9>, order_sys_id: Text<21>) -> Option<&Arc<Order>> {
        self.named(Name::exchange(exchange_id, order_sys_id))
    }

    /// Notes a session whose orders are this client's, of this run or an earlier one.
    pub(crate) fn know_session(&mut self, front_id: i32, session_id: i32, origin: Origin) {
        self.sessions.entry((front_id, session_id)).or_insert(origin);
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
        for request_id in request_id.into_iter().chain([input.request_id]) {
            self.requests.insert(request_id, self.next_id());
        }
        let order = self.add(|id| Order::own(id, Origin::Own, input, front_id, session_id));
        self.sent.insert(order.id);
        if let Some(name) = Name::session(front_id, session_id, input.order_ref) {
            self.names.give(name, order.id);
        }
        order
    }

    /// Adds an order that this program sent in an earlier run, as the journal tells: nothing is known of its answer.
    pub(crate) fn place_earlier(
        &mut self,
        input: &InputOrderField,
        front_id: i32,
        session_id: i32,
    ) -> Arc<Order> {
        self.know_session(front_id, session_id, Origin::Earlier);
        let name = Name::session(front_id, session_id, input.order_ref);
        if let Some(known) = self.named(name) {
            return Arc::clone(known);
        }
        let order = self.add(|id| Order {
            phase: OrderPhase::Unknown,
            unknown_cause: Some(UnknownCause::SessionEnded),
            replayed: true,
            ..Order::own(id, Origin::Earlier, input, front_id, session_id)
        });
        self.unknown.insert(order.id);
        // A number of this run is never given away to one of another.
        self.requests.entry(input.request_id).or_insert(order.id);
        if let Some(name) = name {
            self.names.give(name, order.id);
        }
        order
    }

    /// Removes an own order that the library did not take.
    pub(crate) fn remove_unsent(&mut self, id: OrderId) {
        let slot = self.index(id).and_then(|index| self.orders.get_mut(index));
        let Some(order) = slot.and_then(Option::take) else { return };
        self.names.take_back(&order);
        self.sent.remove(&id);
        self.unknown.remove(&id);
    }

    /// Takes an order record, pushed or queried.
    pub(crate) fn apply_order(
        &mut self,
        record: &OrderField,
        arrival: Arrival,
        events: &mut Vec<TdEvent>,
    ) -> OrderId {
        let (id, is_new) = match self.find(record) {
            Some(id) => (id, false),
            None => {
                let session = (record.front_id, record.session_id);
                let origin = self.sessions.get(&session).copied().unwrap_or(Origin::Foreign);
                (self.add(|id| Order::of_record(id, origin, record)).id, true)
            }
        };
        let Some((was, order, changed)) = self.change(id, |order| order.merge(record, arrival)) else {
            return id;
        };
        let rejected = order.phase == OrderPhase::Rejected && was != OrderPhase::Rejected;
        let order = if rejected {
            let error = ServerError::exchange(&order.status_message);
            self.change(id, |order| order.refusal = Some(error)).map_or(order, |(_, order, ())| order)
        } else {
            order
        };
        let order = self.join_family(order, record, events);
        match &order.refusal {
            Some(error) if rejected => {
                events.push(TdEvent::Rejected { order: Arc::clone(&order), error: error.clone() });
            }
            _ if changed || is_new => events.push(TdEvent::Order(order)),
            _ => {}
        }
        // Behind the event: what waited for one of the names comes after it.
        for name in Name::all_of(record).into_iter().flatten() {
            self.name(name, id, events);
        }
        id
    }

    /// Takes a trade record, pushed or queried.
    pub(crate) fn apply_trade(
        &mut self,
        now: Instant,
        record: &TradeField,
        arrival: Arrival,
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
        let trade = Trade::new(record, arrival);
        let mut names = trade.names().into_iter();
        match names.find_map(|name| self.names.owner(name)) {
            Some(id) => self.fill(id, trade, events),
            None => self.waiting.add(now, trade),
        }
    }

    /// Takes a refusal by the counter of an order of this session (`OnRspOrderInsert`).
    pub(crate) fn refuse(
        &mut self,
        input: Option<&InputOrderField>,
        request_id: i32,
        error: ServerError,
        arrival: Arrival,
        events: &mut Vec<TdEvent>,
    ) {
        let is_own = |id: &OrderId| self.get(*id).is_some_and(|order| order.origin == Origin::Own);
        let by_request = self.requests.get(&request_id).copied().filter(is_own);
        match by_request.or_else(|| input.and_then(|input| self.own_of(input))) {
            Some(id) => self.reject(id, error, arrival, events),
            None => events.push(TdEvent::Error { error, request_id }),
        }
    }

    /// Takes a refusal by the counter that all sessions of the account hear (`OnErrRtnOrderInsert`).
    pub(crate) fn refuse_public(
        &mut self,
        input: &InputOrderField,
        error: ServerError,
        arrival: Arrival,
        events: &mut Vec<TdEvent>,
    ) {
        if let Some(id) = self.own_of(input) {
            return self.reject(id, error, arrival, events);
        }
        let key = (input.order_ref, input.request_id, input.instrument_id, error.code);
        if self.foreign_refusals.insert(key) {
            events.push(TdEvent::ForeignRejected { input: Box::new(*input), error });
        }
    }

    /// Takes a refusal of an order that is known; of one that the exchange has it is ignored.
    pub(crate) fn reject(
        &mut self,
        id: OrderId,
        error: ServerError,
        arrival: Arrival,
        events: &mut Vec<TdEvent>,
    ) {
        let Some(phase) = self.get(id).map(|order| order.phase) else { return };
        if phase == OrderPhase::Rejected {
            return;
        }
        // A conditional order is refused when it is triggered.
        if phase.rank() >= OrderPhase::Working.rank() && phase != OrderPhase::Triggered {
            tracing::warn!(order = id.0, %error, "a refusal came for an order that the exchange has; it is ignored");
            return;
        }
        let changed = self.change(id, |order| {
            order.phase = OrderPhase::Rejected;
            order.refusal = Some(error.clone());
            order.unknown_cause = None;
            order.replayed = arrival.is_replayed();
        });
        if let Some((_, order, ())) = changed {
            events.push(TdEvent::Rejected { order, error });
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
        if !self.sent.contains(&id) {
            return false;
        }
        let changed = self.change(id, |order| {
            order.phase = OrderPhase::Unknown;
            order.unknown_cause = Some(cause.clone());
        });
        if let Some((_, order, ())) = changed {
            events.push(TdEvent::Unknown { order, cause });
        }
        true
    }

    /// Takes the proof that the counter does not have an order whose outcome is unknown: complete queries of the day's
    /// orders, after a later login, do not show it.
    pub(crate) fn prove_absent(&mut self, id: OrderId, arrival: Arrival, events: &mut Vec<TdEvent>) {
        if self.unknown.contains(&id) {
            self.reject(id, ServerError::absent(), arrival, events);
        }
    }

    /// Returns the order that a record is of.
    pub(crate) fn by_record(&self, record: &OrderField) -> Option<&Arc<Order>> {
        self.find(record).and_then(|id| self.get(id))
    }

    /// Marks all own orders that have no answer yet.
    pub(crate) fn mark_all_unknown(&mut self, cause: &UnknownCause, events: &mut Vec<TdEvent>) {
        while let Some(id) = self.sent.first().copied() {
            self.mark_unknown(id, cause.clone(), events);
        }
    }

    /// Returns whether nothing has come back of an order yet.
    pub(crate) fn is_unanswered(&self, id: OrderId) -> bool {
        self.sent.contains(&id)
    }

    /// Returns the orders whose outcome is unknown.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = &Arc<Order>> {
        self.unknown.iter().filter_map(|id| self.get(*id))
    }

    /// Forgets everything at the start of a new trading day. Numbers of the exchange begin anew with it.
    pub(crate) fn begin_trading_day(&mut self, events: &mut Vec<TdEvent>) {
        self.mark_all_unknown(&UnknownCause::NewTradingDay, events);
        self.flush_waiting(events);
        let before = self.before + self.orders.len() as u64;
        *self = Self { before, ..Self::default() };
    }

    /// Returns when [`Self::handle_deadline`] has to be called.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.waiting.next()
    }

    /// Reports the trades that have waited long enough for their order.
    pub(crate) fn handle_deadline(&mut self, now: Instant, events: &mut Vec<TdEvent>) {
        while let Some(trade) = self.waiting.pop_due(Some(now)) {
            self.waiting.note_told(&trade);
            events.push(TdEvent::Trade { order: None, trade: Arc::new(trade) });
        }
    }

    /// Reports all trades that still wait, before the session ends.
    pub(crate) fn flush_waiting(&mut self, events: &mut Vec<TdEvent>) {
        while let Some(trade) = self.waiting.pop_due(None) {
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
        self.requests.get(&request_id).is_some_and(|id| self.get(*id).is_some())
    }

    fn index(&self, id: OrderId) -> Option<usize> {
        usize::try_from(id.0.checked_sub(self.before + 1)?).ok()
    }

    fn next_id(&self) -> OrderId {
        OrderId(self.before + self.orders.len() as u64 + 1)
    }

    fn add(&mut self, make: impl FnOnce(OrderId) -> Order) -> Arc<Order> {
        let order = Arc::new(make(self.next_id()));
        self.orders.push(Some(Arc::clone(&order)));
        order
    }

    /// Changes an order, and keeps what is found by its phase. Returns the phase before, and the order as it stands.
    fn change<T>(
        &mut self,
        id: OrderId,
        change: impl FnOnce(&mut Order) -> T,
    ) -> Option<(OrderPhase, Arc<Order>, T)> {
        let index = self.index(id)?;
        let slot = self.orders.get_mut(index)?.as_mut()?;
        let was = slot.phase;
        let changed = change(Arc::make_mut(slot));
        let order = Arc::clone(slot);
        if was != order.phase {
            match was {
                OrderPhase::Sent => drop(self.sent.remove(&id)),
                OrderPhase::Unknown => drop(self.unknown.remove(&id)),
                _ => {}
            }
            if order.phase == OrderPhase::Unknown {
                self.unknown.insert(id);
            }
        }
        Some((was, order, changed))
    }

    fn named(&self, name: Option<Name>) -> Option<&Arc<Order>> {
        self.get(self.names.owner(name)?)
    }

    /// Finds the order of a record. The names that are never reassigned are asked first.
    fn find(&self, record: &OrderField) -> Option<OrderId> {
        let [local, exchange, session] = Name::all_of(record);
        if let Some(id) = self.names.owner(local).or_else(|| self.names.owner(exchange)) {
            return Some(id);
        }
        let order = self.named(session)?;
        // After a counter restart another order may carry the same session name: the local number tells.
        let same = order.keys.order_local_id.is_empty()
            || record.order_local_id.is_empty()
            || order.keys.order_local_id == record.order_local_id;
        same.then_some(order.id)
    }

    /// Gives an order a name. Trades and children that waited for it come with it.
    fn name(&mut self, name: Name, id: OrderId, events: &mut Vec<TdEvent>) {
        if !self.names.give(name, id) {
            return;
        }
        for trade in self.waiting.take(name) {
            self.fill(id, trade, events);
        }
        // Trades that were reported already only count.
        let told = self.waiting.take_told(name);
        if !told.is_empty()
            && let Some((_, order, ())) = self.change(id, |order| {
                told.iter().for_each(|(instrument_id, lots)| order.fill(*instrument_id, *lots));
            })
        {
            events.push(TdEvent::Order(order));
        }
        self.adopt(name, id, events);
    }

    fn fill(&mut self, id: OrderId, trade: Trade, events: &mut Vec<TdEvent>) {
        let record = &trade.record;
        let name = Name::exchange(record.exchange_id, record.order_sys_id);
        let changed = self.change(id, |order| {
            order.fill(trade.instrument_id, trade.volume);
            order.replayed = trade.replayed;
            // A trade that overtook the exchange's acceptance brings the number with it.
            if order.keys.order_sys_id.is_empty() && name.is_some() {
                order.keys.exchange_id = trade.exchange_id;
                order.keys.order_sys_id = trade.order_sys_id;
            }
        });
        let Some((_, order, ())) = changed else { return };
        events.push(TdEvent::Trade { order: Some(order), trade: Arc::new(trade) });
        if let Some(name) = name {
            self.name(name, id, events);
        }
    }

    /// Finds the own order that a refused input is, without the session's numbers, which an input does not carry.
    fn own_of(&self, input: &InputOrderField) -> Option<OrderId> {
        let id = *self.requests.get(&input.request_id)?;
        let order = self.get(id)?;
        let same = order.keys.order_ref == input.order_ref
            && order.instrument_id == input.instrument_id
            && order.direction == input.direction
            && order.volume == input.volume_total_original;
        same.then_some(id)
    }
}

#[cfg(test)]
mod tests;
