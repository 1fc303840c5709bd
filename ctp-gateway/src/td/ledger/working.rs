//! What a working order reserves: lots to close, or margin, premium and commission.

use ctp_types::{Direction, HedgeFlag, OffsetFlag, Text};

use super::amount::Price;
use super::terms::Side;
use crate::td::orders::legs::legs;
use crate::td::{Order, OrderPhase};

/// What one order reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Working {
    pub(super) exchange_id: Text<9>,
    /// The limit; `None` if the order has none.
    pub(super) price: Option<Price>,
    /// Whether the counter is known to have it.
    pub(super) exists: bool,
    first: Leg,
    /// The other leg of a combination.
    second: Option<Leg>,
}

/// What it reserves of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leg {
    pub(super) instrument_id: Text<81>,
    pub(super) side: Side,
    pub(super) hedge: HedgeFlag,
    pub(super) offset: OffsetFlag,
    pub(super) volume: i32,
}

impl Leg {
    fn new(
        instrument_id: Text<81>,
        direction: Direction,
        offset: OffsetFlag,
        hedge: HedgeFlag,
        volume: i32,
    ) -> Option<Self> {
        let side = Side::of(direction, offset == OffsetFlag::OPEN)?;
        Some(Self { instrument_id, side, hedge, offset, volume })
    }

    pub(super) fn opens(&self) -> bool {
        self.offset == OffsetFlag::OPEN
    }
}

impl Working {
    /// Returns what an order reserves; `None` for nothing.
    ///
    /// Until the trades of what was traded have arrived their lots stay reserved: they are still in the position. An order
    /// whose outcome is unknown may exist, and reserves. A conditional one reserves nothing before its trigger.
    pub(super) fn of(order: &Order) -> Option<Self> {
        let total = match order.phase {
            OrderPhase::Untriggered | OrderPhase::Triggered | OrderPhase::Rejected => 0,
            OrderPhase::Filled | OrderPhase::Canceled => order.volume_traded,
            _ => order.volume,
        };
        let left = |filled: i32| total.saturating_sub(filled).max(0);
        if left(order.volume_filled) == 0 {
            return None;
        }
        let (direction, offset, hedge) = (order.direction, order.offset, order.hedge);
        let (first, second) = match legs(order.instrument_id) {
            None => {
                let volume = left(order.volume_filled);
                (Leg::new(order.instrument_id, direction, offset, hedge, volume)?, None)
            }
            Some([first, second]) => {
                let record = order.record.as_ref();
                let flag = |text: Option<Text<5>>| text.map(|text| text.raw()[1]).filter(|flag| *flag != 0);
                let other_offset = flag(record.map(|record| record.comb_offset_flag));
                let other_hedge = flag(record.map(|record| record.comb_hedge_flag));
                let other_offset = other_offset.map_or(offset, OffsetFlag::from_char);
                let other_hedge = other_hedge.map_or(hedge, HedgeFlag::from_char);
                // Each leg has trades of its own.
                let [first_left, second_left] = order.legs_filled.map(left);
                let second = Leg::new(second, other(direction), other_offset, other_hedge, second_left)?;
                (Leg::new(first, direction, offset, hedge, first_left)?, Some(second))
            }
        };
        let price = order.limit_price.and_then(Price::of);
        let exists = !matches!(order.phase, OrderPhase::Sent | OrderPhase::Unknown);
        Some(Self { exchange_id: order.keys.exchange_id, price, exists, first, second })
    }

    pub(super) fn legs(&self) -> impl Iterator<Item = &Leg> {
        std::iter::once(&self.first).chain(&self.second)
    }

    pub(super) fn is_combination(&self) -> bool {
        self.second.is_some()
    }
}

fn other(direction: Direction) -> Direction {
    match direction {
        Direction::BUY => Direction::SELL,
        Direction::SELL => Direction::BUY,
        unknown => unknown,
    }
}
