//! The names of orders at counter and exchange.

use ctp_types::{OrderField, Text};

use crate::maps::HashMap;
use crate::td::orders::order::{Order, OrderId};

/// A name of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    /// `FrontID`, `SessionID`, `OrderRef`: known from the request on, reassigned when the counter clears its flow.
    Session(i32, i32, Text<13>),
    /// `ExchangeID`, `OrderSysID`: known from the exchange's acceptance on.
    Exchange(Text<9>, Text<21>),
    /// `ExchangeID`, `TraderID`, `OrderLocalID`: known from the counter's acceptance on, never reassigned.
    Local(Text<9>, Text<21>, Text<13>),
}

impl Name {
    /// Returns a name of that kind, unless there is none.
    pub(crate) fn session(front_id: i32, session_id: i32, order_ref: Text<13>) -> Option<Self> {
        (!order_ref.is_empty()).then_some(Self::Session(front_id, session_id, order_ref))
    }

    /// Returns a name of that kind, unless there is none.
    pub(crate) fn exchange(exchange_id: Text<9>, order_sys_id: Text<21>) -> Option<Self> {
        (!order_sys_id.is_empty()).then_some(Self::Exchange(exchange_id, order_sys_id))
    }

    /// Returns a name of that kind, unless there is none.
    pub(crate) fn local(exchange_id: Text<9>, trader_id: Text<21>, order_local_id: Text<13>) -> Option<Self> {
        (!order_local_id.is_empty()).then_some(Self::Local(exchange_id, trader_id, order_local_id))
    }

    /// Returns the names in a record, those that are never reassigned first.
    pub(crate) fn all_of(record: &OrderField) -> [Option<Self>; 3] {
        [
            Self::local(record.exchange_id, record.trader_id, record.order_local_id),
            Self::exchange(record.exchange_id, record.order_sys_id),
            Self::session(record.front_id, record.session_id, record.order_ref),
        ]
    }

    /// Returns the names that an order has.
    fn all_of_order(order: &Order) -> [Option<Self>; 3] {
        let keys = &order.keys;
        [
            Self::local(keys.exchange_id, keys.trader_id, keys.order_local_id),
            Self::exchange(keys.exchange_id, keys.order_sys_id),
            Self::session(keys.front_id, keys.session_id, keys.order_ref),
        ]
    }
}

/// Who is meant by a name. A name that is taken stays with its first owner.
#[derive(Debug, Default)]
pub(crate) struct Names {
    owners: HashMap<Name, OrderId>,
}

impl Names {
    pub(crate) fn owner(&self, name: Option<Name>) -> Option<OrderId> {
        self.owners.get(&name?).copied()
    }

    /// Gives a name. Returns whether it was free.
    pub(crate) fn give(&mut self, name: Name, id: OrderId) -> bool {
        let mut is_new = false;
        self.owners.entry(name).or_insert_with(|| {
            is_new = true;
            id
        });
        is_new
    }

    /// Takes the names of an order back.
    pub(crate) fn take_back(&mut self, order: &Order) {
        for name in Name::all_of_order(order).into_iter().flatten() {
            if self.owners.get(&name) == Some(&order.id) {
                self.owners.remove(&name);
            }
        }
    }
}
