//! Orders (§5): what the core checks, what the exchange does with them, and what of it is told.

mod cancel;
pub(crate) mod desk;
mod insert;
mod record;
pub(crate) mod state;
pub(crate) mod trade;
mod venue;

use ctp_types::{InputOrderActionField, OrderStatus, OrderSubmitStatus};

use crate::exchange::Exchange;
use crate::session::stream::Message;

pub(crate) use state::{Note, Order, OrderState, Phase};

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
        let (holding, effect, frozen) = (order.holding, order.effect, std::mem::take(&mut order.frozen));
        self.release(&investor, holding, effect, frozen);
        self.markets[market].matcher.remove(index);
        self.touched.insert(market);
    }
}
