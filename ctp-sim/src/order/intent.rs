//! What an order wants, read from its fields (§5.1, §5.2), before anything is looked up.

use ctp_types::{
    ContingentCondition, Direction, ForceCloseReason, HedgeFlag, InputOrderField, OffsetFlag, OrderPriceType,
    Text, TimeCondition, VolumeCondition,
};

use crate::errors::CoreError;
use crate::matching::Lasting;
use crate::matching::book::Side;

/// An order's wish; the fields of a single leg stand for both legs of a combination where the second is not given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Intent {
    pub(crate) side: Side,
    pub(crate) offsets: [OffsetFlag; 2],
    pub(crate) hedges: [u8; 2],
    pub(crate) pricing: Pricing,
    pub(crate) lasting: Lasting,
    pub(crate) trigger: Trigger,
    pub(crate) for_section: bool,
    pub(crate) swaps: bool,
}

/// How an order's price is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pricing {
    Limit,
    Market,
    /// At most so many of the other side's prices (CFFEX).
    Levels(usize),
}

/// What an order waits for before it goes into the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    None,
    /// At the exchange, until the last price touches the stop price from the losing side.
    StopLoss,
    /// At the exchange, until the last price touches the stop price from the winning side.
    TakeProfit,
    /// In the core.
    Condition(Condition),
}

/// A condition that the core watches: a price of the market against the stop price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) quote: Quote,
    pub(crate) comparison: Comparison,
}

/// Which price of the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quote {
    Last,
    Ask,
    Bid,
}

/// How it must stand to the stop price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Greater,
    GreaterEqual,
    Lesser,
    LesserEqual,
}

impl Comparison {
    pub(crate) fn holds(self, price: f64, stop: f64) -> bool {
        match self {
            Self::Greater => price > stop,
            Self::GreaterEqual => price >= stop,
            Self::Lesser => price < stop,
            Self::LesserEqual => price <= stop,
        }
    }
}

impl Intent {
    /// Reads an order's fields. `unsupported` is the error of a price type or time condition that nobody supports.
    pub(crate) fn read(input: &InputOrderField, unsupported: CoreError) -> Result<Self, CoreError> {
        if input.volume_total_original <= 0
            || input.force_close_reason != ForceCloseReason::NOT_FORCE_CLOSE
            || input.is_auto_suspend != 0
        {
            return Err(CoreError::BadField);
        }
        let side = side(input.direction)?;
        let offsets = legs(&input.comb_offset_flag).map(OffsetFlag::from_char);
        if !offsets.into_iter().all(is_investors_offset) {
            return Err(CoreError::BadField);
        }
        let hedges = legs(&input.comb_hedge_flag);
        if hedges.into_iter().any(|hedge| hedge == 0 || HedgeFlag::from_char(hedge).name().is_none()) {
            return Err(CoreError::BadField);
        }
        let trigger = trigger(input.contingent_condition)?;
        let pricing = match input.order_price_type {
            OrderPriceType::LIMIT_PRICE => Pricing::Limit,
            OrderPriceType::ANY_PRICE => Pricing::Market,
            OrderPriceType::BEST_PRICE => Pricing::Levels(1),
            OrderPriceType::FIVE_LEVEL_PRICE => Pricing::Levels(5),
            other if other.name().is_some() => return Err(unsupported),
            _ => return Err(CoreError::BadField),
        };
        let lasting = lasting(input, pricing, unsupported)?;
        if input.limit_price.is_nan() || beyond(input.limit_price) || beyond(input.stop_price) {
            return Err(CoreError::BadPrice);
        }
        Ok(Self {
            side,
            offsets,
            hedges,
            pricing,
            lasting,
            trigger,
            for_section: input.time_condition == TimeCondition::GFS,
            swaps: input.is_swap_order != 0,
        })
    }
}

/// Returns whether a price is CTP's "no value", infinite or not a number.
fn beyond(price: f64) -> bool {
    !price.is_finite() || price.abs() > 1e12
}

/// Returns the letters of both legs.
pub(crate) fn legs(flags: &Text<5>) -> [u8; 2] {
    match *flags.raw() {
        [first, 0, ..] => [first, first],
        [first, second, ..] => [first, second],
    }
}

fn is_investors_offset(offset: OffsetFlag) -> bool {
    matches!(
        offset,
        OffsetFlag::OPEN | OffsetFlag::CLOSE | OffsetFlag::CLOSE_TODAY | OffsetFlag::CLOSE_YESTERDAY
    )
}

fn side(direction: Direction) -> Result<Side, CoreError> {
    match direction {
        Direction::BUY => Ok(Side::Buy),
        Direction::SELL => Ok(Side::Sell),
        _ => Err(CoreError::BadField),
    }
}

fn trigger(condition: ContingentCondition) -> Result<Trigger, CoreError> {
    use Comparison::{Greater, GreaterEqual, Lesser, LesserEqual};
    let (quote, comparison) = match condition.as_char() {
        b'1' => return Ok(Trigger::None),
        b'2' => return Ok(Trigger::StopLoss),
        b'3' => return Ok(Trigger::TakeProfit),
        b'4' => return Err(CoreError::UnsupportedFunction),
        b'5' => (Quote::Last, Greater),
        b'6' => (Quote::Last, GreaterEqual),
        b'7' => (Quote::Last, Lesser),
        b'8' => (Quote::Last, LesserEqual),
        b'9' => (Quote::Ask, Greater),
        b'A' => (Quote::Ask, GreaterEqual),
        b'B' => (Quote::Ask, Lesser),
        b'C' => (Quote::Ask, LesserEqual),
        b'D' => (Quote::Bid, Greater),
        b'E' => (Quote::Bid, GreaterEqual),
        b'F' => (Quote::Bid, Lesser),
        b'H' => (Quote::Bid, LesserEqual),
        _ => return Err(CoreError::BadField),
    };
    Ok(Trigger::Condition(Condition { quote, comparison }))
}

/// How long the order may rest (§5.2).
fn lasting(input: &InputOrderField, pricing: Pricing, unsupported: CoreError) -> Result<Lasting, CoreError> {
    let is_market = pricing == Pricing::Market;
    match (input.time_condition, input.volume_condition) {
        (TimeCondition::IOC, VolumeCondition::CV) => Ok(Lasting::FillOrKill),
        (TimeCondition::IOC, VolumeCondition::MV) => {
            Ok(Lasting::FillAndKill { minimum: input.min_volume.max(1) })
        }
        (TimeCondition::IOC, VolumeCondition::AV) => Ok(Lasting::FillAndKill { minimum: 1 }),
        // A market order never rests (§5.2 has CZCE's as GFD).
        (TimeCondition::GFD, VolumeCondition::AV | VolumeCondition::CV) if is_market => {
            Ok(Lasting::FillAndKill { minimum: 1 })
        }
        (TimeCondition::GFD | TimeCondition::GFS, VolumeCondition::AV | VolumeCondition::MV) => {
            Ok(Lasting::Day)
        }
        (TimeCondition::GTD | TimeCondition::GTC | TimeCondition::GFA, VolumeCondition::AV) => {
            Err(unsupported)
        }
        _ => Err(CoreError::BadField),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_combination_repeats_the_first_letter() {
        assert_eq!(legs(&Text::new("0").unwrap_or_default()), [b'0', b'0']);
        assert_eq!(legs(&Text::new("01").unwrap_or_default()), [b'0', b'1']);
        assert_eq!(legs(&Text::default()), [0, 0]);
    }

    #[test]
    fn comparisons_at_the_stop_price() {
        let at = |comparison: Comparison| [1.0, 2.0, 3.0].map(|price| comparison.holds(price, 2.0));
        assert_eq!(at(Comparison::Greater), [false, false, true]);
        assert_eq!(at(Comparison::GreaterEqual), [false, true, true]);
        assert_eq!(at(Comparison::Lesser), [true, false, false]);
        assert_eq!(at(Comparison::LesserEqual), [true, true, false]);
    }
}
