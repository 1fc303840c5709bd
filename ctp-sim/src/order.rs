//! An order: its record, what it holds back, and how its state is written down (§5.6, §5.7).

mod cancel;
mod insert;
mod trade;
mod venue;

use ctp_types::{
    InputOrderActionField, OrderField, OrderSource, OrderStatus, OrderSubmitStatus, Text, TraderCallback,
};

use crate::exchange::Exchange;
use crate::matching::book::Side;
use crate::money::account::HoldingKey;
use crate::money::holding::{Effect, Frozen, Terms};
use crate::text::text;

/// An order that the core accepted.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The record as last published.
    pub(crate) record: OrderField,
    pub(crate) investor: Text<13>,
    pub(crate) market: usize,
    pub(crate) side: Side,
    pub(crate) effect: Effect,
    pub(crate) holding: HoldingKey,
    /// Limit in ticks.
    pub(crate) price: i64,
    pub(crate) lasting: Lasting,
    pub(crate) frozen: Frozen,
    pub(crate) phase: Phase,
    pub(crate) cancel_pending: bool,
}

/// How long an order may rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    Day,
    /// Fill at least `minimum` now or nothing; kill the rest.
    FillAndKill {
        minimum: i32,
    },
    FillOrKill,
}

/// Where an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// On its way to the exchange.
    Sent,
    Resting,
    Final,
}

/// A cancel on its way to the exchange.
#[derive(Clone, Debug)]
pub(crate) struct Cancel {
    pub(crate) order: usize,
    pub(crate) action: InputOrderActionField,
}

/// Returns what `volume` lots of an order hold back.
pub(crate) fn frozen(terms: &Terms, effect: Effect, price: i64, volume: i32) -> Frozen {
    let amount = terms.amount(price, volume);
    match effect {
        Effect::Open => Frozen {
            volume,
            amount,
            margin: terms.margin_of(price, volume),
            commission: terms.open_fee(price, volume),
        },
        // §6.2: with the plain close rate.
        _ => Frozen { volume, amount, commission: terms.close_fee(price, volume), ..Frozen::default() },
    }
}

/// §5.7: the status, then the submit status unless it is "accepted".
pub(crate) fn status_message(status: OrderStatus, submit: OrderSubmitStatus) -> &'static str {
    match (status, submit) {
        (OrderStatus::UNKNOWN, _) => "报单已提交",
        (OrderStatus::ALL_TRADED, OrderSubmitStatus::INSERT_SUBMITTED) => "全部成交报单已提交",
        (OrderStatus::ALL_TRADED, _) => "全部成交",
        (OrderStatus::PART_TRADED_QUEUEING, OrderSubmitStatus::INSERT_SUBMITTED) => "部分成交报单已提交",
        (OrderStatus::PART_TRADED_QUEUEING, _) => "部分成交",
        (OrderStatus::CANCELED, OrderSubmitStatus::INSERT_SUBMITTED) => "已撤单报单已提交",
        (OrderStatus::CANCELED, OrderSubmitStatus::INSERT_REJECTED) => "已撤单报单被拒绝",
        (OrderStatus::CANCELED, _) => "已撤单",
        _ => "未成交",
    }
}

impl Exchange {
    /// Writes a new state into an order's record.
    pub(crate) fn set_state(&mut self, index: usize, status: OrderStatus, submit: OrderSubmitStatus) {
        self.counters.sequence_no = self.counters.sequence_no.wrapping_add(1);
        let sequence_no = self.counters.sequence_no;
        let order = &mut self.orders[index];
        order.record.order_status = status;
        order.record.order_submit_status = submit;
        order.record.status_msg = text(status_message(status, submit));
        order.record.sequence_no = sequence_no;
        // §5.6: SHFE leaves OrderSource empty except for instant fills and refusals.
        let is_shfe = self.markets[order.market].instrument.exchange == ctp_market::Exchange::Shfe;
        let is_instant =
            matches!(submit, OrderSubmitStatus::INSERT_SUBMITTED | OrderSubmitStatus::INSERT_REJECTED);
        let named = !is_shfe || is_instant;
        order.record.order_source = if named { OrderSource::PARTICIPANT } else { OrderSource::default() };
    }

    /// Tells every session of the investor the order's record as it stands.
    pub(crate) fn publish_order(&mut self, index: usize) {
        let (investor, record) = (self.orders[index].investor, self.orders[index].record);
        self.publish(investor, TraderCallback::OnRtnOrder, &record, None);
    }

    /// Ends an order: what it held is free again and it leaves the book.
    pub(crate) fn finish(&mut self, index: usize) {
        let now = self.stamp().time;
        let order = &mut self.orders[index];
        order.phase = Phase::Final;
        if order.record.order_status == OrderStatus::CANCELED {
            order.record.cancel_time = now;
        }
        let (investor, market) = (order.investor, order.market);
        let (holding, effect, frozen) = (order.holding, order.effect, std::mem::take(&mut order.frozen));
        let terms = self.terms(market);
        if let Some(account) = self.accounts.get_mut(&investor) {
            account.release(holding, &terms, effect, frozen);
        }
        if let Some(resting) = self.resting.get_mut(&market) {
            resting.retain(|other| *other != index);
        }
        self.touched.insert(market);
    }
}
