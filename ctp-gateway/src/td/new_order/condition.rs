//! What a conditional order waits for.

use ctp_types::ContingentCondition;

/// A price of the market against a stop price: what a conditional order (条件单) waits for, in the counter. Prices are
/// in CNY per unit of quotation. C: `ContingentCondition`, `StopPrice`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    pub(super) contingent: ContingentCondition,
    pub(super) stop_price: f64,
}

macro_rules! conditions {
    ($($(#[$doc:meta])* $name:ident = $value:ident;)*) => {
        impl Condition {
            $($(#[$doc])*
            pub fn $name(stop_price: f64) -> Self {
                Self { contingent: ContingentCondition::$value, stop_price }
            })*
        }
    };
}

conditions! {
    /// The last price is above the stop price (最新价大于条件价).
    last_above = LAST_PRICE_GREATER_THAN_STOP_PRICE;
    /// The last price is at the stop price or above (最新价大于等于条件价).
    last_at_least = LAST_PRICE_GREATER_EQUAL_STOP_PRICE;
    /// The last price is below the stop price (最新价小于条件价).
    last_below = LAST_PRICE_LESSER_THAN_STOP_PRICE;
    /// The last price is at the stop price or below (最新价小于等于条件价).
    last_at_most = LAST_PRICE_LESSER_EQUAL_STOP_PRICE;
    /// The best ask is above the stop price (卖一价大于条件价).
    ask_above = ASK_PRICE_GREATER_THAN_STOP_PRICE;
    /// The best ask is at the stop price or above (卖一价大于等于条件价).
    ask_at_least = ASK_PRICE_GREATER_EQUAL_STOP_PRICE;
    /// The best ask is below the stop price (卖一价小于条件价).
    ask_below = ASK_PRICE_LESSER_THAN_STOP_PRICE;
    /// The best ask is at the stop price or below (卖一价小于等于条件价).
    ask_at_most = ASK_PRICE_LESSER_EQUAL_STOP_PRICE;
    /// The best bid is above the stop price (买一价大于条件价).
    bid_above = BID_PRICE_GREATER_THAN_STOP_PRICE;
    /// The best bid is at the stop price or above (买一价大于等于条件价).
    bid_at_least = BID_PRICE_GREATER_EQUAL_STOP_PRICE;
    /// The best bid is below the stop price (买一价小于条件价).
    bid_below = BID_PRICE_LESSER_THAN_STOP_PRICE;
    /// The best bid is at the stop price or below (买一价小于等于条件价).
    bid_at_most = BID_PRICE_LESSER_EQUAL_STOP_PRICE;
}
