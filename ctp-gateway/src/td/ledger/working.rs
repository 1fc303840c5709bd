//! What a working order reserves: lots to close, or margin, premium and commission.

use ctp_types::{Direction, HedgeFlag, OffsetFlag, Text};

use super::amount::Price;
use super::effect;
use super::side::Effect;
use super::terms::{Side, legs};
use crate::td::orders::order::{Order, OrderPhase};

/// What one order reserves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Working {
    pub(super) exchange_id: Text<9>,
    pub(super) legs: Vec<Leg>,
    /// The limit; `None` if the order has none.
    pub(super) price: Option<Price>,
}

/// What it reserves of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leg {
    pub(super) instrument_id: Text<81>,
    pub(super) side: Side,
    pub(super) hedge: HedgeFlag,
    pub(super) effect: Effect,
    pub(super) volume: i32,
}

impl Working {
    /// Returns what an order reserves; `None` for nothing.
    ///
    /// Until the trades of what was traded have arrived their lots stay reserved: they are still in the position. An order
    /// whose outcome is unknown may exist, and reserves. A conditional one reserves nothing before its trigger.
    pub(super) fn of(order: &Order, split: impl Fn(Text<81>, Text<9>) -> bool) -> Option<Self> {
        let volume = match order.phase {
            OrderPhase::Untriggered | OrderPhase::Triggered | OrderPhase::Rejected => 0,
            OrderPhase::Filled | OrderPhase::Canceled => order.volume_traded - order.volume_filled,
            _ => order.volume - order.volume_filled,
        };
        if volume <= 0 {
            return None;
        }
        let exchange = order.keys.exchange_id;
        let leg = |id: Text<81>, direction, offset, hedge| {
            let effect = effect(offset, split(id, exchange));
            let side = Side::of(direction, effect == Effect::Opens)?;
            Some(Leg { instrument_id: id, side, hedge, effect, volume })
        };
        let legs = match legs(order.instrument_id) {
            None => vec![leg(order.instrument_id, order.direction, order.offset, order.hedge)?],
            Some([first, second]) => {
                let record = order.record.as_ref();
                let flag = |text: Option<Text<5>>| text.map(|text| text.raw()[1]).filter(|flag| *flag != 0);
                let offset = flag(record.map(|record| record.comb_offset_flag)).map(OffsetFlag::from_char);
                let hedge = flag(record.map(|record| record.comb_hedge_flag)).map(HedgeFlag::from_char);
                vec![
                    leg(first, order.direction, order.offset, order.hedge)?,
                    leg(
                        second,
                        other(order.direction),
                        offset.unwrap_or(order.offset),
                        hedge.unwrap_or(order.hedge),
                    )?,
                ]
            }
        };
        Some(Self { exchange_id: exchange, legs, price: order.limit_price.and_then(Price::of) })
    }

    pub(super) fn is_combination(&self) -> bool {
        self.legs.len() > 1
    }
}

fn other(direction: Direction) -> Direction {
    match direction {
        Direction::BUY => Direction::SELL,
        Direction::SELL => Direction::BUY,
        unknown => unknown,
    }
}
