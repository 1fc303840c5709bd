//! Commands about orders: what brokers and exchanges do, and what goes wrong with them.

use ctp_types::Text;
use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;
use crate::matching::Fill;
use crate::order::Phase;

/// The exchange refuses orders (sequence H) with a code and a text of its own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RefuseOrders {
    /// Of which instrument; of all when it is left out.
    pub instrument: Option<String>,
    /// Of which exchange; of all when it is left out.
    pub exchange: Option<String>,
    /// The number before the text.
    pub code: Option<i32>,
    /// The text behind the exchange's name.
    pub reason: String,
    /// How many orders; without end when it is left out, 0 ends it.
    pub count: Option<u32>,
}

/// The exchange refuses cancels (sequence J) with a text of its own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RefuseCancels {
    /// Of which instrument; of all when it is left out.
    pub instrument: Option<String>,
    /// Of which exchange; of all when it is left out.
    pub exchange: Option<String>,
    /// The text behind the exchange's name.
    pub reason: String,
    /// How many cancels; without end when it is left out, 0 ends it.
    pub count: Option<u32>,
}

/// Somebody at the exchange trades with a resting order.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FillOrder {
    /// The order's OrderSysID, with or without its blanks.
    pub order: String,
    /// How many lots; all that are left when it is left out.
    pub volume: Option<i32>,
    /// At which price; at the order's when it is left out.
    pub price: Option<f64>,
}

/// The exchange ends a resting order.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EndOrder {
    /// The order's OrderSysID, with or without its blanks.
    pub order: String,
}

/// The broker changes what an investor may trade (28, 29).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TradingRight {
    /// The investor.
    pub investor: String,
    /// What is allowed.
    pub right: Right,
    /// For which product only.
    pub product: Option<String>,
}

/// What an investor may trade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Everything.
    #[default]
    Full,
    /// Only closing positions.
    CloseOnly,
    /// Nothing.
    None,
}

/// An investor gets or loses the trading code of an exchange (20).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TradingCode {
    /// The investor.
    pub investor: String,
    /// The exchange.
    pub exchange: String,
    /// Whether there is one.
    pub open: bool,
}

/// The core's connection to an exchange changes (21, 39).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeLink {
    /// The exchange.
    pub exchange: String,
    /// How it is.
    pub state: LinkState,
}

/// How the core's connection to an exchange is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// It works.
    Up,
    /// There is none: orders are refused by the core (21).
    Down,
    /// It fails while orders are sent: they come back cancelled (39).
    Broken,
}

/// An exchange limits what the core sends it: what is too much comes back cancelled (40, 41).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeLimit {
    /// The exchange.
    pub exchange: String,
    /// How many orders a second.
    pub per_second: Option<u32>,
    /// How many orders that it has not answered yet.
    pub pending: Option<u32>,
}

/// An instrument stops or starts trading (17).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentTrading {
    /// The instrument.
    pub instrument: String,
    /// Whether it trades.
    pub trading: bool,
}

/// The broker limits an investor's position (106).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PositionLimit {
    /// The investor.
    pub investor: String,
    /// The product, or one instrument.
    pub product: String,
    /// The most lots held and ordered; no limit when it is left out.
    pub lots: Option<i32>,
}

/// The broker limits an investor's orders and cancels (116, 158).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OrderLimits {
    /// The investor.
    pub investor: String,
    /// How many a second.
    pub per_second: Option<u32>,
    /// How many a day.
    pub per_day: Option<u32>,
}

/// The broker changes what an investor may do with conditional orders (53, 62).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionalOrders {
    /// The investor.
    pub investor: String,
    /// Whether it may have any.
    #[serde(default = "yes")]
    pub allowed: bool,
    /// How many may wait at once.
    pub limit: Option<u32>,
}

/// The core's data are not, or are again, those of the day (1, 35, 36).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CoreState {
    /// The error that every order and cancel is refused with; 0 is none.
    pub error: i32,
}

const fn yes() -> bool {
    true
}

/// A refusal that waits for its orders or cancels.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    instrument: Option<Text<81>>,
    exchange: Option<Text<9>>,
    code: Option<i32>,
    reason: String,
    left: Option<u32>,
}

/// Refusals to come, the oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusals(Vec<Refusal>);

impl Refusals {
    fn add(&mut self, refusal: Refusal) {
        let is_same =
            |other: &Refusal| (other.instrument, other.exchange) == (refusal.instrument, refusal.exchange);
        if refusal.left == Some(0) {
            self.0.retain(|other| !is_same(other));
        } else {
            self.0.push(refusal);
        }
    }

    /// Returns code and text of the refusal that an order or cancel of this instrument meets, and counts it.
    pub(crate) fn take(
        &mut self,
        instrument: &Text<81>,
        exchange: &Text<9>,
    ) -> Option<(Option<i32>, String)> {
        let is_meant = |refusal: &Refusal| {
            refusal.instrument.is_none_or(|id| id == *instrument)
                && refusal.exchange.is_none_or(|id| id == *exchange)
        };
        let position = self.0.iter().position(is_meant)?;
        let refusal = &mut self.0[position];
        let found = (refusal.code, refusal.reason.clone());
        match &mut refusal.left {
            Some(1) => {
                self.0.remove(position);
            }
            Some(left) => *left -= 1,
            None => {}
        }
        Some(found)
    }
}

impl Exchange {
    pub(crate) fn refuse_orders(&mut self, command: RefuseOrders) {
        let RefuseOrders { instrument, exchange, code, reason, count } = command;
        let (instrument, exchange) = (id(instrument), id(exchange));
        self.desk.order_refusals.add(Refusal { instrument, exchange, code, reason, left: count });
    }

    pub(crate) fn refuse_cancels(&mut self, command: RefuseCancels) {
        let RefuseCancels { instrument, exchange, reason, count } = command;
        let (instrument, exchange) = (id(instrument), id(exchange));
        self.desk.cancel_refusals.add(Refusal { instrument, exchange, code: None, reason, left: count });
    }

    /// Fills a resting order as if somebody outside traded with it; what cannot be is left undone.
    pub(crate) fn fill_order(&mut self, command: &FillOrder) {
        let Some(order) = self.resting_order(&command.order) else { return };
        let (market, limit) = (self.orders[order].market, self.orders[order].price);
        let price =
            command.price.map_or(Some(limit), |price| self.markets[market].instrument.tick.ticks(price).ok());
        let left = self.orders[order].left();
        let volume = command.volume.unwrap_or(left).min(left);
        let Some(price) = price.filter(|_| volume > 0) else { return };
        let (side, rest) = (self.orders[order].side, left - volume);
        self.markets[market].matcher.remove(order);
        if rest > 0 {
            let crate::market::Market { matcher, book, .. } = &mut self.markets[market];
            matcher.rest(order, side, limit, rest, book);
        }
        self.report_fills(market, &[Fill { order, price, volume, counter: None }]);
    }

    /// Ends a resting order without its owner's wish.
    pub(crate) fn end_order(&mut self, command: &EndOrder) {
        if let Some(order) = self.resting_order(&command.order) {
            self.end_by_exchange(order);
        }
    }

    fn resting_order(&self, sys_id: &str) -> Option<usize> {
        let order = self.desk.find_sys_id(&Text::new(sys_id).ok()?)?;
        (self.orders[order].phase == Phase::Resting).then_some(order)
    }
}

fn id<const N: usize>(id: Option<String>) -> Option<Text<N>> {
    id.map(|id| Text::new(&id).unwrap_or_default())
}
