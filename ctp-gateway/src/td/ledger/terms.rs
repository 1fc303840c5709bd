//! What the ledger has to know of an instrument and of the account's conditions.

use std::sync::LazyLock;

use ctp_market::{Exchange, ReferenceData};
use ctp_types::{
    BrokerTradingParamsField, Direction, InstrumentCommissionRateField, InstrumentField, MarginPriceType,
    MaxMarginSideAlgorithm, OptionInstrCommRateField, OptionRoyaltyPriceType, OptionsType, PosiDirection,
    PositionDateType, ProductClass, Text,
};

use super::amount::{Charge, Price};

static REFERENCE: LazyLock<Option<ReferenceData>> = LazyLock::new(|| ReferenceData::builtin().ok());

/// One side of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Side {
    Long,
    Short,
}

impl Side {
    /// The side that an order or trade changes: a purchase opens long lots or closes short ones.
    pub(super) fn of(direction: Direction, opens: bool) -> Option<Self> {
        match direction {
            Direction::BUY => Some(if opens { Self::Long } else { Self::Short }),
            Direction::SELL => Some(if opens { Self::Short } else { Self::Long }),
            _ => None,
        }
    }

    /// The side of a row. Net rows have none: no futures account has them.
    pub(super) fn of_row(direction: PosiDirection) -> Option<Self> {
        match direction {
            PosiDirection::LONG => Some(Self::Long),
            PosiDirection::SHORT => Some(Self::Short),
            _ => None,
        }
    }

    pub(super) fn direction(self) -> PosiDirection {
        match self {
            Self::Long => PosiDirection::LONG,
            Self::Short => PosiDirection::SHORT,
        }
    }

    /// What a rise of the price by one means for the side.
    pub(super) fn sign(self) -> i64 {
        match self {
            Self::Long => 1,
            Self::Short => -1,
        }
    }
}

/// What kind of contract an instrument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Future,
    Option(OptionTerms),
    /// Its trades and lots are those of its legs.
    Combination,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OptionTerms {
    pub(super) is_call: bool,
    pub(super) strike: Option<Price>,
    pub(super) underlying: Text<81>,
}

/// The terms of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) multiplier: i32,
    pub(super) kind: Kind,
    /// Whether lots of today and older ones are closed by different flags, as at SHFE and INE.
    pub(super) split: bool,
    /// Whether only the larger side of the product pays margin (大边).
    pub(super) one_sided: bool,
    pub(super) product: Text<81>,
    pub(super) exchange_id: Text<9>,
    /// Whether the counter's own record says so, and not the reference data.
    pub(super) is_from_counter: bool,
}

impl Terms {
    /// The terms as the counter says them; `None` for a record without a multiplier.
    pub(super) fn of(record: &InstrumentField) -> Option<Self> {
        if record.volume_multiple <= 0 {
            return None;
        }
        let kind = match record.product_class {
            ProductClass::COMBINATION => Kind::Combination,
            ProductClass::OPTIONS | ProductClass::SPOT_OPTION => Kind::Option(OptionTerms {
                is_call: record.options_type == OptionsType::CALL_OPTIONS,
                strike: Price::of(record.strike_price),
                underlying: record.underlying_instr_id,
            }),
            _ => Kind::Future,
        };
        Some(Self {
            multiplier: record.volume_multiple,
            kind,
            split: match record.position_date_type {
                PositionDateType::USE_HISTORY => true,
                PositionDateType::NO_USE_HISTORY => false,
                _ => is_split(record.exchange_id),
            },
            one_sided: record.max_margin_side_algorithm == MaxMarginSideAlgorithm::YES,
            product: record.product_id,
            exchange_id: record.exchange_id,
            is_from_counter: true,
        })
    }

    /// The terms by the reference data, until the counter has said its own. Options are not guessed at: their strike and
    /// underlying come from the counter.
    pub(super) fn guess(instrument_id: Text<81>, exchange_id: Text<9>) -> Option<Self> {
        let data = REFERENCE.as_ref()?;
        let id = instrument_id.to_str();
        let traded = data.traded(&id)?;
        if traded.options.is_some() {
            return None;
        }
        Some(Self {
            multiplier: traded.multiplier(),
            kind: if traded.is_combination { Kind::Combination } else { Kind::Future },
            split: is_split(exchange_id),
            one_sided: traded.product.one_sided_margin,
            product: Text::new(&traded.product.id).ok()?,
            exchange_id,
            is_from_counter: false,
        })
    }

    pub(super) fn is_option(&self) -> bool {
        matches!(self.kind, Kind::Option(_))
    }
}

/// Whether an exchange closes lots of today and older ones by different flags (§5.3).
pub(super) fn is_split(exchange_id: Text<9>) -> bool {
    matches!(Exchange::from_id(&exchange_id.to_str()), Some(Exchange::Shfe | Exchange::Ine))
}

/// What an account pays for trades of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Commission {
    pub(super) open: Charge,
    pub(super) close: Charge,
    pub(super) close_today: Charge,
}

impl Commission {
    pub(super) fn of(record: &InstrumentCommissionRateField) -> Option<Self> {
        Some(Self {
            open: Charge::of(record.open_ratio_by_money, record.open_ratio_by_volume)?,
            close: Charge::of(record.close_ratio_by_money, record.close_ratio_by_volume)?,
            close_today: Charge::of(record.close_today_ratio_by_money, record.close_today_ratio_by_volume)?,
        })
    }

    /// What trades of an option cost. What its exercise costs is charged after the day.
    pub(super) fn of_option(record: &OptionInstrCommRateField) -> Option<Self> {
        Some(Self {
            open: Charge::of(record.open_ratio_by_money, record.open_ratio_by_volume)?,
            close: Charge::of(record.close_ratio_by_money, record.close_ratio_by_volume)?,
            close_today: Charge::of(record.close_today_ratio_by_money, record.close_today_ratio_by_volume)?,
        })
    }
}

/// The broker's rules for the account. C: `CThostFtdcBrokerTradingParamsField`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Params {
    pub(super) margin_price: MarginPriceType,
    /// Which floating profit counts as available, as the record has it: `'1'` all, `'2'` losses, `'3'` profits, `'4'` none.
    pub(super) algorithm: u8,
    /// Whether profit of closed positions is available the same day.
    pub(super) includes_close_profit: bool,
    pub(super) royalty: OptionRoyaltyPriceType,
}

impl Params {
    pub(super) fn of(record: &BrokerTradingParamsField) -> Self {
        Self {
            margin_price: record.margin_price_type,
            algorithm: record.algorithm.as_char(),
            includes_close_profit: record.avail_include_close_profit.as_char() != b'2',
            royalty: record.option_royalty_price_type,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<const N: usize>(value: &str) -> Text<N> {
        Text::new(value).unwrap()
    }

    #[test]
    fn the_reference_data_stand_in_for_a_future_and_not_for_an_option() {
        let terms = Terms::guess(text("rb2701"), text("SHFE")).unwrap();
        assert_eq!((terms.multiplier, terms.split, terms.one_sided), (10, true, true));
        let terms = Terms::guess(text("m2701"), text("DCE")).unwrap();
        assert_eq!((terms.multiplier, terms.split, terms.one_sided), (10, false, false));
        assert_eq!(Terms::guess(text("m2701-C-3000"), text("DCE")), None);
        assert_eq!(Terms::guess(text("zz9"), text("DCE")), None);
    }

    #[test]
    fn the_counters_record_wins() {
        let mut record =
            InstrumentField { volume_multiple: 5, exchange_id: text("DCE"), ..Default::default() };
        record.position_date_type = PositionDateType::USE_HISTORY;
        assert!(Terms::of(&record).unwrap().split);
        record.position_date_type = PositionDateType::default();
        assert!(!Terms::of(&record).unwrap().split);
        // Nor are the days kept apart at SHFE where the counter says that they are not.
        record.exchange_id = text("SHFE");
        assert!(Terms::of(&record).unwrap().split);
        record.position_date_type = PositionDateType::NO_USE_HISTORY;
        assert!(!Terms::of(&record).unwrap().split);
        // A combination has no lots of its own.
        assert_eq!(Terms::of(&record).unwrap().kind, Kind::Future);
        record.product_class = ProductClass::COMBINATION;
        assert_eq!(Terms::of(&record).unwrap().kind, Kind::Combination);
        record.volume_multiple = 0;
        assert_eq!(Terms::of(&record), None);
    }

    #[test]
    fn sides() {
        assert_eq!(Side::of(Direction::BUY, true), Some(Side::Long));
        assert_eq!(Side::of(Direction::SELL, false), Some(Side::Long));
        assert_eq!(Side::of(Direction::SELL, true), Some(Side::Short));
        assert_eq!(Side::of(Direction::BUY, false), Some(Side::Short));
        assert_eq!(Side::of(Direction::from_char(b'x'), true), None);
        assert_eq!(Side::of_row(PosiDirection::NET), None);
    }
}
