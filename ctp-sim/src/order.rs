//! Orders (§5): what the core checks, what the exchange does with them, and what of it is told.

mod cancel;
pub(crate) mod check;
mod conditional;
pub(crate) mod desk;
mod fill;
mod insert;
mod intent;
mod operator;
mod record;
mod references;
mod report;
mod rights;
pub(crate) mod state;
pub(crate) mod trade;
mod venue;

use ctp_types::{InputOrderActionField, OrderStatus, OrderSubmitStatus};

use crate::exchange::Exchange;
use crate::money::holding::Frozen;
use crate::order::intent::Trigger;
use crate::session::stream::Message;

pub use operator::{
    ConditionalOrders, CoreState, EndOrder, ExchangeLimit, ExchangeLink, FillOrder, InstrumentTrading,
    LinkState, OrderLimits, PositionLimit, RefuseCancels, RefuseOrders, Right, TradingCode, TradingRight,
};

pub(crate) use fill::Fill;
pub(crate) use state::{Leg, Note, Order, OrderState, Phase};

/// How an exchange tells the life of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reports {
    /// Every change, the former state repeated before it.
    Full,
    /// As `Full`, but what is killed is acknowledged first.
    Czce,
    /// Acceptance and trades only.
    TradesOnly,
}

/// A cancel on its way to the exchange.
#[derive(Clone, Debug)]
pub(crate) struct Cancel {
    pub(crate) order: usize,
    pub(crate) action: InputOrderActionField,
}

impl Exchange {
    /// Puts an order into a new state.
    pub(crate) fn set_state(&mut self, index: usize, status: OrderStatus, submit: OrderSubmitStatus) {
        self.counters.sequence_no = self.counters.sequence_no.wrapping_add(1);
        let sequence_no = self.counters.sequence_no;
        let state = &mut self.orders[index].state;
        (state.status, state.submit, state.note) = (status, submit, Note::Usual);
        state.sequence_no = sequence_no;
    }

    /// Tells every session of the investor the order's record as it stands.
    pub(crate) fn publish_order(&mut self, index: usize) {
        let order = &self.orders[index];
        let message = Message::Order { order: index, state: order.state };
        self.publish_message(order.investor, message);
    }

    /// Ends an order: what it held is free again and it leaves the book.
    pub(crate) fn finish(&mut self, index: usize) {
        let now = self.stamp().time;
        let order = &mut self.orders[index];
        order.phase = Phase::Final;
        if order.state.status == OrderStatus::CANCELED {
            order.state.cancel_time = now;
        }
        let (investor, market) = (order.investor, order.market);
        let first = std::mem::take(&mut order.first.frozen);
        let Leg { holding, effect, .. } = order.first;
        let second = order.second.as_deref_mut().map(|leg| {
            let frozen = std::mem::take(&mut leg.frozen);
            (leg.holding, leg.effect, frozen)
        });
        let is_stop = order.trigger != Trigger::None;
        if first != Frozen::default() {
            self.release(&investor, holding, effect, first);
        }
        if let Some((holding, effect, frozen)) = second {
            self.release(&investor, holding, effect, frozen);
        }
        if is_stop {
            self.desk.stops.remove(market, index);
            self.desk.conditions.remove(market, index);
        }
        self.markets[market].matcher.remove(index);
        self.touched.insert(market);
    }
}
