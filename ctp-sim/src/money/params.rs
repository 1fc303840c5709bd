//! The broker's trading parameters (§6.1): `ReqQryBrokerTradingParams` answers them.

use ctp_types::{Algorithm, IncludeCloseProfit, MarginPriceType, OptionRoyaltyPriceType};

/// How a broker counts margin and available money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TradingParams {
    /// The price of the margin of lots opened today: `'1'` settlement of the day before, `'2'` last price at the
    /// position's latest trade, `'3'` average price of the day then, `'4'` (default) the lot's own.
    pub margin_price_type: MarginPriceType,
    /// Which floating profit is available: `'1'` (default) all, `'2'` only losses, `'3'` only profits, `'4'` none.
    pub algorithm: Algorithm,
    /// Whether the day's closed profit is available: `'0'` (default) yes, `'2'` no.
    pub avail_include_close_profit: IncludeCloseProfit,
    /// The price of the premium in a short option's margin: `'1'` settlement of the day before, `'4'` the lot's own,
    /// `'5'` (default) the higher of settlement and last price.
    pub option_royalty_price_type: OptionRoyaltyPriceType,
}

impl Default for TradingParams {
    fn default() -> Self {
        Self {
            margin_price_type: MarginPriceType::OPEN_PRICE,
            algorithm: Algorithm::ALL,
            avail_include_close_profit: IncludeCloseProfit::INCLUDE,
            option_royalty_price_type: OptionRoyaltyPriceType::MAX_PRE_SETTLEMENT_PRICE,
        }
    }
}

impl TradingParams {
    /// Returns the margin price type that a digit means.
    pub(crate) fn margin_price(text: &str) -> Option<MarginPriceType> {
        digit(text, "1234").map(MarginPriceType::from_char)
    }

    /// Returns the algorithm that a digit means.
    pub(crate) fn algorithm_of(text: &str) -> Option<Algorithm> {
        digit(text, "1234").map(Algorithm::from_char)
    }

    /// Returns whether closed profit is available, from its digit.
    pub(crate) fn close_profit(text: &str) -> Option<IncludeCloseProfit> {
        digit(text, "02").map(IncludeCloseProfit::from_char)
    }

    /// Returns the royalty price type that a digit means.
    pub(crate) fn royalty_price(text: &str) -> Option<OptionRoyaltyPriceType> {
        digit(text, "145").map(OptionRoyaltyPriceType::from_char)
    }
}

fn digit(text: &str, allowed: &str) -> Option<u8> {
    match text.as_bytes() {
        [letter] if allowed.as_bytes().contains(letter) => Some(*letter),
        _ => None,
    }
}
