//! Conditional orders and what they become: the counter keeps the condition, and places another order when it is met.

use std::sync::Arc;

use ctp_types::{ErrorConditionalOrderField, OrderField};

use super::OrderBook;
use crate::error::ServerError;
use crate::maps::HashMap;
use crate::td::event::TdEvent;
use crate::td::orders::names::Name;
use crate::td::orders::order::{Order, OrderId, OrderPhase, Origin};
use crate::td::orders::source::Arrival;

/// Orders whose parent is not known yet, by the parent's name.
pub(super) type Orphans = HashMap<Name, Vec<OrderId>>;

impl OrderBook {
    /// Links an order with the conditional order that it comes from, if its record names one (C:
    /// `RelativeOrderSysID`). Returns the order as it stands then.
    pub(super) fn join_family(
        &mut self,
        order: Arc<Order>,
        record: &OrderField,
        events: &mut Vec<TdEvent>,
    ) -> Arc<Order> {
        let Some(name) = Name::exchange(record.exchange_id, record.relative_order_sys_id) else {
            return order;
        };
        if order.parent.is_some() {
            return order;
        }
        match self.names.owner(Some(name)) {
            Some(parent) => self.link(parent, order.id, events).unwrap_or(order),
            None => {
                let orphans = self.orphans.entry(name).or_default();
                if !orphans.contains(&order.id) {
                    orphans.push(order.id);
                }
                order
            }
        }
    }

    /// Links the children that came before their parent.
    pub(super) fn adopt(&mut self, name: Name, parent: OrderId, events: &mut Vec<TdEvent>) {
        for child in self.orphans.remove(&name).unwrap_or_default() {
            if let Some(child) = self.link(parent, child, events) {
                events.push(TdEvent::Order(child));
            }
        }
    }

    /// Takes the counter's word that it could not place what a condition had set off
    /// (`OnRtnErrorConditionalOrder`).
    pub(crate) fn refuse_triggered(
        &mut self,
        record: &ErrorConditionalOrderField,
        arrival: Arrival,
        events: &mut Vec<TdEvent>,
    ) {
        let by_exchange = self.by_exchange(record.exchange_id, record.order_sys_id);
        let by_session = || self.by_session(record.front_id, record.session_id, record.order_ref);
        let id = by_exchange.or_else(by_session).map(|order| order.id);
        let error = ServerError::counter(record.error_id, record.error_msg.to_str());
        match id {
            Some(id) => self.reject(id, error, arrival, events),
            None => events.push(TdEvent::Error { error, request_id: record.request_id }),
        }
    }

    /// Returns the child as it stands.
    fn link(&mut self, parent: OrderId, child: OrderId, events: &mut Vec<TdEvent>) -> Option<Arc<Order>> {
        if parent == child {
            return None;
        }
        let (_, parent, ()) = self.change(parent, |order| {
            order.child = Some(child);
            // Its own record may have been lost.
            if order.phase == OrderPhase::Untriggered {
                order.phase = OrderPhase::Triggered;
            }
        })?;
        let (_, child, ()) = self.change(child, |order| {
            order.parent = Some(parent.id);
            if order.origin == Origin::Foreign {
                order.origin = parent.origin;
            }
        })?;
        events.push(TdEvent::Order(parent));
        Some(child)
    }
}
