//! An order to be placed, and the record it becomes.

use ctp_types::{
    ContingentCondition, Direction, ForceCloseReason, HedgeFlag, InputOrderField, OffsetFlag, OrderPriceType,
    Text, TextError, TimeCondition, VolumeCondition,
};

use crate::error::{Denial, Rule};

/// An order to be placed.
///
/// ```
/// use ctp_gateway::td::NewOrder;
/// use ctp_types::{Direction, OffsetFlag};
///
/// let order = NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 2, 3_925.0).exchange("SHFE");
/// # let _ = order;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewOrder {
    pub(super) instrument_id: String,
    pub(super) exchange_id: String,
    pub(super) direction: Direction,
    pub(super) offset: OffsetFlag,
    pub(super) hedge: HedgeFlag,
    pub(super) volume: i32,
    pub(super) price: f64,
    pub(super) time: TimeCondition,
    pub(super) fill: VolumeCondition,
    pub(super) memo: String,
}

impl NewOrder {
    /// Returns a limit order for the day: `volume` lots at `price` CNY per unit of quotation or better.
    pub fn limit(
        instrument_id: impl Into<String>,
        direction: Direction,
        offset: OffsetFlag,
        volume: i32,
        price: f64,
    ) -> Self {
        Self {
            instrument_id: instrument_id.into(),
            exchange_id: String::new(),
            direction,
            offset,
            hedge: HedgeFlag::SPECULATION,
            volume,
            price,
            time: TimeCondition::GFD,
            fill: VolumeCondition::AV,
            memo: String::new(),
        }
    }

    /// Names the exchange, for example `SHFE`. Not needed for instruments that `instruments()` has returned.
    #[must_use]
    pub fn exchange(mut self, exchange_id: impl Into<String>) -> Self {
        self.exchange_id = exchange_id.into();
        self
    }

    /// Fills what can be filled now and cancels the rest (FAK).
    #[must_use]
    pub fn fill_and_kill(mut self) -> Self {
        self.time = TimeCondition::IOC;
        self.fill = VolumeCondition::AV;
        self
    }

    /// Fills all lots now or none (FOK).
    #[must_use]
    pub fn fill_or_kill(mut self) -> Self {
        self.time = TimeCondition::IOC;
        self.fill = VolumeCondition::CV;
        self
    }

    /// Sets the purpose; speculation by default.
    #[must_use]
    pub fn hedge(mut self, hedge: HedgeFlag) -> Self {
        self.hedge = hedge;
        self
    }

    /// Adds a note of at most 12 bytes that comes back in the order's records. C: `OrderMemo`.
    #[must_use]
    pub fn memo(mut self, memo: impl Into<String>) -> Self {
        self.memo = memo.into();
        self
    }

    /// Returns the record without the account, the exchange and the numbers, which the session fills.
    ///
    /// # Errors
    ///
    /// Returns a denial that names the text that does not fit.
    pub(super) fn record(&self) -> Result<InputOrderField, Denial> {
        Ok(InputOrderField {
            instrument_id: fit("instrument", &self.instrument_id)?,
            exchange_id: fit("exchange", &self.exchange_id)?,
            order_memo: fit("memo", &self.memo)?,
            direction: self.direction,
            comb_offset_flag: flag("offset", self.offset.as_char())?,
            comb_hedge_flag: flag("hedge", self.hedge.as_char())?,
            order_price_type: OrderPriceType::LIMIT_PRICE,
            limit_price: self.price,
            volume_total_original: self.volume,
            time_condition: self.time,
            volume_condition: self.fill,
            min_volume: 1,
            contingent_condition: ContingentCondition::IMMEDIATELY,
            force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
            ..InputOrderField::default()
        })
    }
}

fn fit<const N: usize>(what: &str, text: &str) -> Result<Text<N>, Denial> {
    Text::new(text).map_err(|error| does_not_fit(what, text, &error))
}

fn flag<const N: usize>(what: &str, flag: u8) -> Result<Text<N>, Denial> {
    Text::from_bytes(&[flag])
        .map_err(|_| Denial::new(Rule::Text, format!("{what} is not set"), "give one of its constants"))
}

fn does_not_fit(what: &str, text: &str, error: &TextError) -> Denial {
    // The text may be long: its head tells which one it is.
    let head: String = text.chars().take(24).collect();
    Denial::new(Rule::Text, format!("{what} `{head}`"), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> NewOrder {
        NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 2, 3_925.0)
    }

    #[test]
    fn a_limit_order_fills_the_required_fields() {
        let record = order().exchange("SHFE").memo("a1").record().unwrap();
        assert_eq!(record.instrument_id, "rb2601");
        assert_eq!(record.exchange_id, "SHFE");
        assert_eq!(record.comb_offset_flag, "0");
        assert_eq!(record.comb_hedge_flag, "1");
        assert_eq!(record.order_price_type, OrderPriceType::LIMIT_PRICE);
        assert_eq!(record.time_condition, TimeCondition::GFD);
        assert_eq!(record.volume_condition, VolumeCondition::AV);
        assert_eq!(record.contingent_condition, ContingentCondition::IMMEDIATELY);
        assert_eq!(record.force_close_reason, ForceCloseReason::NOT_FORCE_CLOSE);
        assert_eq!((record.is_auto_suspend, record.is_swap_order), (0, 0));
        assert_eq!((record.volume_total_original, record.limit_price), (2, 3_925.0));
        assert_eq!(record.order_memo, "a1");
    }

    #[test]
    fn immediate_orders() {
        let record = order().fill_and_kill().record().unwrap();
        assert_eq!(
            (record.time_condition, record.volume_condition),
            (TimeCondition::IOC, VolumeCondition::AV)
        );
        let record = order().fill_or_kill().record().unwrap();
        assert_eq!(
            (record.time_condition, record.volume_condition),
            (TimeCondition::IOC, VolumeCondition::CV)
        );
    }

    #[test]
    fn texts_that_do_not_fit_are_denied() {
        for order in [order().memo("a".repeat(1024)), order().exchange("S\0"), order().memo("🦀")] {
            assert_eq!(order.record().unwrap_err().rule, Rule::Text);
        }
    }
}
