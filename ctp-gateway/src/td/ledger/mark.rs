//! Prices of the market data for what the account has or wants.

use ctp_types::{DepthMarketDataField, Text};

/// The prices of an instrument at a moment; `None` for what the market data have no value of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Mark {
    pub(crate) instrument_id: Text<81>,
    pub(crate) last: Option<f64>,
    pub(crate) bid: Option<f64>,
    pub(crate) ask: Option<f64>,
    pub(crate) upper: Option<f64>,
    pub(crate) lower: Option<f64>,
    pub(crate) pre_settlement: Option<f64>,
}

impl Mark {
    pub(crate) fn of_record(record: &DepthMarketDataField) -> Self {
        Self {
            instrument_id: record.instrument_id,
            last: ctp_types::price(record.last_price),
            bid: ctp_types::price(record.bid_price1),
            ask: ctp_types::price(record.ask_price1),
            upper: ctp_types::price(record.upper_limit_price),
            lower: ctp_types::price(record.lower_limit_price),
            pre_settlement: ctp_types::price(record.pre_settlement_price),
        }
    }

    /// Returns the prices with their names.
    pub(crate) fn prices(&self) -> [(&'static str, Option<f64>); 6] {
        [
            ("last", self.last),
            ("bid", self.bid),
            ("ask", self.ask),
            ("upper", self.upper),
            ("lower", self.lower),
            ("pre_settlement", self.pre_settlement),
        ]
    }

    /// Makes a mark of prices by name.
    pub(crate) fn named(instrument_id: Text<81>, price: impl Fn(&str) -> Option<f64>) -> Self {
        Self {
            instrument_id,
            last: price("last"),
            bid: price("bid"),
            ask: price("ask"),
            upper: price("upper"),
            lower: price("lower"),
            pre_settlement: price("pre_settlement"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_has_the_prices_of_the_record_and_nothing_for_no_value() {
        let record = DepthMarketDataField {
            instrument_id: Text::new("rb2701").unwrap(),
            last_price: 1.0,
            bid_price1: 2.0,
            ask_price1: f64::MAX,
            upper_limit_price: 4.0,
            lower_limit_price: 5.0,
            pre_settlement_price: 6.0,
            ..DepthMarketDataField::default()
        };
        let mark = Mark::of_record(&record);
        let expected = [
            ("last", Some(1.0)),
            ("bid", Some(2.0)),
            ("ask", None),
            ("upper", Some(4.0)),
            ("lower", Some(5.0)),
            ("pre_settlement", Some(6.0)),
        ];
        assert_eq!(mark.prices(), expected);
        let price = |name: &str| expected.iter().find(|own| own.0 == name).and_then(|own| own.1);
        assert_eq!(Mark::named(record.instrument_id, price), mark);
    }
}
