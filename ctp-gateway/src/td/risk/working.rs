//! The orders that work or may still trade, summed up per instrument and side.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use ctp_types::{Direction, InputOrderField, OffsetFlag, OrderPriceType};

use super::sanity::has_trigger;
use crate::td::orders::order::{Order, OrderPhase, Origin};

/// A price that can be sorted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Price(pub(super) f64);

impl PartialEq for Price {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Price {}

impl PartialOrd for Price {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Price {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// What an order does to the positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Opens,
    /// Closes lots of earlier days, or any.
    Closes,
    ClosesToday,
}

impl Effect {
    pub(super) fn of(offset: u8) -> Self {
        match OffsetFlag::from_char(offset) {
            OffsetFlag::OPEN => Self::Opens,
            OffsetFlag::CLOSE_TODAY => Self::ClosesToday,
            _ => Self::Closes,
        }
    }
}

/// One order as the sums have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Working {
    /// The instrument's place.
    pub(super) place: u32,
    pub(super) is_buy: bool,
    pub(super) effect: Effect,
    /// Whether this gateway placed it, now or in an earlier run.
    pub(super) is_own: bool,
    /// At which price it trades against others; `None` while it waits for a trigger.
    pub(super) price: Option<Price>,
    /// Whether it can still be cancelled.
    pub(super) is_open: bool,
    /// Whether nothing has come back yet.
    pub(super) is_unanswered: bool,
    /// The lots that positions do not show yet.
    pub(super) lots: i64,
}

impl Working {
    /// Returns an order that is about to be sent.
    pub(super) fn sent(place: u32, order: &InputOrderField) -> Self {
        Self {
            place,
            is_buy: order.direction == Direction::BUY,
            effect: Effect::of(order.comb_offset_flag.raw()[0]),
            is_own: true,
            price: market_price(order),
            is_open: true,
            is_unanswered: true,
            lots: i64::from(order.volume_total_original),
        }
    }

    /// Returns an order as its records tell.
    pub(super) fn known(place: u32, order: &Order) -> Self {
        let is_buy = order.direction == Direction::BUY;
        let (traded, filled) = (i64::from(order.volume_traded), i64::from(order.volume_filled));
        let is_open = !order.phase.is_over();
        let in_market = is_open && order.phase != OrderPhase::Untriggered;
        let is_limit =
            order.record.as_ref().is_none_or(|record| record.order_price_type == OrderPriceType::LIMIT_PRICE);
        let limit = order.limit_price.filter(|_| is_limit);
        Self {
            place,
            is_buy,
            effect: Effect::of(order.offset.as_char()),
            is_own: order.origin != Origin::Foreign,
            price: in_market.then(|| limit.map_or(at_any_price(is_buy), Price)),
            is_open,
            is_unanswered: order.phase == OrderPhase::Sent && order.record.is_none(),
            // Trades come after the order that tells of them: until then the lots are on their way.
            lots: (if is_open { i64::from(order.volume) } else { traded } - filled).max(0),
        }
    }

    /// Returns the lots that it opens.
    pub(super) fn opens(&self) -> i64 {
        if self.effect == Effect::Opens { self.lots } else { 0 }
    }

    /// Returns whether nothing of it counts any more.
    pub(super) fn is_gone(&self) -> bool {
        !self.is_open && self.lots == 0
    }
}

fn at_any_price(is_buy: bool) -> Price {
    Price(if is_buy { f64::INFINITY } else { f64::NEG_INFINITY })
}

/// Returns the price at which an order trades as soon as it is in the market.
pub(super) fn market_price(order: &InputOrderField) -> Option<Price> {
    match order.order_price_type {
        _ if has_trigger(order) => None,
        OrderPriceType::LIMIT_PRICE => Some(Price(order.limit_price)),
        _ => Some(at_any_price(order.direction == Direction::BUY)),
    }
}

/// The sums of one side of an instrument.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    /// Orders that can still be cancelled.
    pub(super) orders: u32,
    /// Of them, this gateway's.
    pub(super) own: u32,
    /// Lots on order that open positions.
    pub(super) opening: i64,
    /// How many orders are in the market at each price.
    prices: BTreeMap<Price, u32>,
}

impl Side {
    pub(super) fn add(&mut self, order: &Working) {
        if order.is_open {
            self.orders += 1;
            self.own += u32::from(order.is_own);
        }
        self.opening += order.opens();
        if let Some(price) = order.price {
            *self.prices.entry(price).or_default() += 1;
        }
    }

    pub(super) fn remove(&mut self, order: &Working) {
        if order.is_open {
            self.orders -= 1;
            self.own -= u32::from(order.is_own);
        }
        self.opening -= order.opens();
        if let Some(price) = order.price
            && let Some(count) = self.prices.get_mut(&price)
        {
            *count -= 1;
            if *count == 0 {
                self.prices.remove(&price);
            }
        }
    }

    /// Returns the lowest price in the market.
    pub(super) fn lowest(&self) -> Option<f64> {
        self.prices.first_key_value().map(|(price, _)| price.0)
    }

    /// Returns the highest price in the market.
    pub(super) fn highest(&self) -> Option<f64> {
        self.prices.last_key_value().map(|(price, _)| price.0)
    }
}
