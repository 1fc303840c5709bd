//! Orders and trades: what left, what the user is told of it, and what the exchange has.
//!
//! The orders of the trader carry a memo each, which comes back in the exchange's records: so an order is found again
//! whatever happens to its other names.

use std::collections::BTreeMap;
use std::sync::Arc;

use ctp_sim::Exchange;
use ctp_types::{
    Direction, InputOrderField, OrderField, OrderStatus, OrderSubmitStatus, RspUserLoginField, Text,
    TradeField,
};

use super::super::venue;
use crate::error::Error;
use crate::journal::Entry;
use crate::td::orders::Placed;
use crate::td::{Order, OrderId, OrderPhase, TdEvent};

type Memo = Text<13>;
/// What makes a trade unique, the two sides of a self-trade and the legs of a combination included.
type TradeKey = (Text<9>, Text<21>, Direction, Text<21>, Text<81>);
/// `FrontID`, `SessionID`, `OrderRef`.
type Triple = (i32, i32, Text<13>);

/// What became of an order that the trader wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    Wished,
    /// It left, and the library did not take it.
    NotTaken,
    Taken,
}

#[derive(Debug, Default)]
pub(crate) struct Orders {
    sendings: BTreeMap<Memo, Sending>,
    memos: BTreeMap<Triple, Memo>,
    trading_day: Text<9>,
    /// `FrontID` and `SessionID` of the login.
    session: (i32, i32),
    /// The highest reference that left.
    last_ref: i64,
    /// What this process was told of each order.
    told: BTreeMap<OrderId, Arc<Order>>,
    /// Trades that this process was told of, with their lots.
    trades: BTreeMap<TradeKey, i32>,
}

impl Orders {
    pub(crate) fn wished(&mut self, memo: Memo) {
        self.sendings.insert(memo, Sending::Wished);
    }

    pub(crate) fn logged_in(&mut self, login: &RspUserLoginField) {
        self.session = (login.front_id, login.session_id);
        if self.trading_day != login.trading_day {
            self.trading_day = login.trading_day;
            self.last_ref = 0;
        }
    }

    /// Another process begins: it knows nothing but what its journal has.
    pub(crate) fn died(&mut self) {
        self.told.clear();
        self.trades.clear();
        self.last_ref = 0;
    }

    /// The process finds references in its journal: none may leave again on the same day.
    pub(crate) fn remembers(&mut self, entries: &[Entry]) {
        let (mut last_ref, mut day) = (0, Text::default());
        for entry in entries {
            match entry {
                Entry::Login { trading_day, .. } if day != *trading_day => {
                    (last_ref, day) = (0, *trading_day)
                }
                Entry::Action { order_ref, .. } => {
                    last_ref = last_ref.max(order_ref.to_str().trim().parse().unwrap_or(0));
                }
                _ => {}
            }
        }
        (self.last_ref, self.trading_day) = (last_ref, day);
    }

    /// The session gives an order to the library, which takes it or not.
    pub(crate) fn left(&mut self, record: &InputOrderField, code: i32) -> Result<(), String> {
        let memo = record.order_memo;
        let order_ref: i64 = record.order_ref.to_str().trim().parse().unwrap_or(0);
        match self.sendings.get_mut(&memo) {
            Some(sending @ Sending::Wished) => {
                *sending = if code == 0 { Sending::Taken } else { Sending::NotTaken };
            }
            Some(sending) => return Err(format!("order {memo} left a second time, it was {sending:?}")),
            None => return Err(format!("order {memo} left and nobody wished for it")),
        }
        if order_ref <= self.last_ref {
            return Err(format!("order {memo} left under OrderRef {order_ref} after {}", self.last_ref));
        }
        self.last_ref = order_ref;
        self.memos.insert((self.session.0, self.session.1, record.order_ref), memo);
        Ok(())
    }

    /// The trader was told how placing ended.
    pub(crate) fn ended(&self, memo: Memo, end: &Result<Placed, Error>) -> Result<(), String> {
        match (self.sendings.get(&memo), end) {
            (Some(Sending::Taken), Ok(_)) => Ok(()),
            (Some(Sending::Wished | Sending::NotTaken), Err(Error::NotSent { .. })) => Ok(()),
            (Some(Sending::Wished), Err(Error::Denied { .. })) => Ok(()),
            (sending, Ok(_)) => Err(format!("order {memo} was said to be placed, it was {sending:?}")),
            (sending, Err(error)) => Err(format!("order {memo} was {sending:?}, and was said: {error}")),
        }
    }

    /// Returns whether the gateway does not know of an order whether it exists: then its books reserve for it.
    pub(crate) fn is_any_unknown(&self) -> bool {
        self.told.values().any(|order| order.phase == OrderPhase::Unknown)
    }

    /// Returns the orders that a condition holds for.
    pub(crate) fn known(&self, holds: impl Fn(&Order) -> bool) -> Vec<OrderId> {
        self.told.values().filter(|order| holds(order)).map(|order| order.id).collect()
    }

    /// The session tells an event.
    pub(crate) fn event(&mut self, event: &TdEvent, exchange: &Exchange) -> Result<(), String> {
        if let TdEvent::TradingDayChanged { .. } = event {
            self.told.clear();
            self.trades.clear();
        }
        if let TdEvent::Trade { trade, .. } = event {
            let key = trade_key(&trade.record);
            if self.trades.insert(key, trade.volume).is_some() {
                return Err(format!("trade {} was told twice", trade.trade_id));
            }
            if !venue::has_trade(exchange, |truth| trade_key(truth) == key) {
                // A trade of the day before may still come with its last messages.
                self.trades.remove(&key);
            }
        }
        let Some(order) = event.order() else { return Ok(()) };
        if let TdEvent::Rejected { .. } = event
            && let Some(truth) = self.truth_of(order, exchange)
            && truth.order_submit_status != OrderSubmitStatus::INSERT_REJECTED
        {
            return Err(format!("order {} was said to be rejected; the exchange has it", order.id.0));
        }
        match self.told.insert(order.id, Arc::clone(order)) {
            Some(last) => follows(&last, order),
            None => Ok(()),
        }
    }

    /// Compares what the process was told with what the exchange has, when nothing is under way any more.
    pub(crate) fn compare(&self, exchange: &Exchange) -> Result<(), String> {
        let truth = venue::trades(exchange);
        for trade in &truth {
            match self.trades.get(&trade_key(trade)) {
                Some(volume) if *volume == trade.volume => {}
                Some(volume) => return Err(format!("trade {}: {volume} lots were told", trade.trade_id)),
                None => {
                    return Err(format!("trade {} of order {} was lost", trade.trade_id, trade.order_sys_id));
                }
            }
        }
        if self.trades.len() != truth.len() {
            return Err(format!("{} trades were told, the exchange has {}", self.trades.len(), truth.len()));
        }
        let orders = venue::orders(exchange);
        for record in &orders {
            self.compare_order(record)?;
        }
        for order in self.told.values() {
            let is_there = orders.iter().any(|record| is_of(order, record));
            if !is_there && order.phase != OrderPhase::Rejected && !self.may_stay_unknown(order, &orders) {
                return Err(format!(
                    "order {} is {:?}; the exchange has no such order",
                    order.id.0, order.phase
                ));
            }
        }
        Ok(())
    }

    /// Returns whether nothing proves that an order does not exist: it left on the present login, where it may be
    /// under way still, or it may be one of the counter's under another name (§9.3).
    fn may_stay_unknown(&self, order: &Order, orders: &[OrderField]) -> bool {
        let keys = &order.keys;
        let is_same = |record: &OrderField| {
            record.request_id == 0
                && record.instrument_id == order.instrument_id
                && record.direction == order.direction
                && record.comb_offset_flag.raw()[0] == order.offset.as_char()
                && record.volume_total_original == order.volume
        };
        order.phase == OrderPhase::Unknown
            && ((keys.front_id, keys.session_id) == self.session || orders.iter().any(is_same))
    }

    fn compare_order(&self, record: &OrderField) -> Result<(), String> {
        let name = format!("order {} {}", record.order_local_id.to_str().trim(), record.order_memo);
        let found: Vec<_> = self.told.values().filter(|order| is_of(order, record)).collect();
        let [order] = found[..] else {
            return Err(format!("{name} of the exchange is {} orders of the gateway", found.len()));
        };
        let phase = match record.order_status {
            _ if record.order_submit_status == OrderSubmitStatus::INSERT_REJECTED => OrderPhase::Rejected,
            OrderStatus::ALL_TRADED => OrderPhase::Filled,
            OrderStatus::CANCELED => OrderPhase::Canceled,
            OrderStatus::NO_TRADE_QUEUEING | OrderStatus::PART_TRADED_QUEUEING => OrderPhase::Working,
            OrderStatus::UNKNOWN => OrderPhase::Acknowledged,
            other => return Err(format!("{name} has the status {other:?}")),
        };
        if order.phase != phase {
            return Err(format!("{name} is {phase:?}; the gateway says {:?}", order.phase));
        }
        let lots = (order.volume_traded, order.volume_filled);
        if lots != (record.volume_traded, record.volume_traded) {
            let traded = record.volume_traded;
            return Err(format!(
                "{name} has {traded} lots traded; the gateway says (traded, filled) {lots:?}"
            ));
        }
        Ok(())
    }

    /// Finds the exchange's record of an order that this account's gateway sent.
    fn truth_of(&self, order: &Order, exchange: &Exchange) -> Option<OrderField> {
        let keys = &order.keys;
        let memo = self.memos.get(&(keys.front_id, keys.session_id, keys.order_ref))?;
        venue::find_order(exchange, |record| record.order_memo == *memo)
    }
}

/// Checks that what is told of an order only moves forward.
fn follows(last: &Order, order: &Order) -> Result<(), String> {
    let stage = |phase: OrderPhase| match phase {
        OrderPhase::Sent => 0,
        OrderPhase::Unknown => 1,
        OrderPhase::Acknowledged => 2,
        OrderPhase::Untriggered => 3,
        OrderPhase::Working => 4,
        OrderPhase::Triggered => 5,
        OrderPhase::Filled | OrderPhase::Canceled | OrderPhase::Rejected => 6,
    };
    let (was, is) = (last.phase, order.phase);
    if stage(is) < stage(was) || was.is_over() && is != was && was != OrderPhase::Triggered {
        return Err(format!("order {} was {was:?} and became {is:?}", order.id.0));
    }
    if order.volume_traded < last.volume_traded || order.volume_filled < last.volume_filled {
        return Err(format!("order {} has fewer lots traded than before", order.id.0));
    }
    if order.volume_traded > order.volume || order.volume_filled > order.volume {
        return Err(format!("order {} has more lots traded than it has", order.id.0));
    }
    Ok(())
}

fn is_of(order: &Order, record: &OrderField) -> bool {
    let keys = &order.keys;
    !keys.order_local_id.is_empty()
        && keys.exchange_id == record.exchange_id
        && keys.order_local_id == record.order_local_id
}

fn trade_key(record: &TradeField) -> TradeKey {
    (record.exchange_id, record.trade_id, record.direction, record.order_sys_id, record.instrument_id)
}
