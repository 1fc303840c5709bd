//! A tick: a snapshot of one instrument, typed, with the exact record beside it.

use ctp_market::{Exchange, ReferenceData};
use ctp_types::{DepthMarketDataField, Text, price};

/// One level of the book.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The price in CNY per unit of quotation.
    pub price: f64,
    /// The lots.
    pub volume: i32,
}

/// A snapshot of one instrument. Prices are in CNY per unit of quotation, volumes in lots.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tick {
    /// The instrument. C: `InstrumentID`.
    pub instrument_id: Text<81>,
    /// The exchange; empty on ordinary fronts. C: `ExchangeID`.
    pub exchange_id: Text<9>,
    /// The trading day, `yyyymmdd`; CZCE sends the calendar date. C: `TradingDay`.
    pub trading_day: Text<9>,
    /// The calendar date, `yyyymmdd`; DCE sends the trading day. C: `ActionDay`.
    pub action_day: Text<9>,
    /// The time at the exchange, `HH:MM:SS`. C: `UpdateTime`.
    pub update_time: Text<9>,
    /// Its milliseconds, in the way of the exchange. C: `UpdateMillisec`.
    pub update_millisec: i32,
    /// The last price; `None` before the first trade. C: `LastPrice`.
    pub last_price: Option<f64>,
    /// The first price of the day. C: `OpenPrice`.
    pub open_price: Option<f64>,
    /// The highest price of the day. C: `HighestPrice`.
    pub highest_price: Option<f64>,
    /// The lowest price of the day. C: `LowestPrice`.
    pub lowest_price: Option<f64>,
    /// The settlement price of the day before. C: `PreSettlementPrice`.
    pub pre_settlement_price: Option<f64>,
    /// The closing price of the day before. C: `PreClosePrice`.
    pub pre_close_price: Option<f64>,
    /// The settlement price, after the close. C: `SettlementPrice`.
    pub settlement_price: Option<f64>,
    /// The highest price that an order may have. C: `UpperLimitPrice`.
    pub upper_limit_price: Option<f64>,
    /// The lowest price that an order may have. C: `LowerLimitPrice`.
    pub lower_limit_price: Option<f64>,
    /// The average price of the day's trades, if the product is known. C: `AveragePrice`, which most exchanges'
    /// ticks carry per lot.
    pub average_price: Option<f64>,
    /// The lots traded in the trading day so far. C: `Volume`.
    pub volume: i32,
    /// The money traded in the trading day so far, as it came. C: `Turnover`.
    pub turnover: Option<f64>,
    /// The open lots. C: `OpenInterest`.
    pub open_interest: Option<f64>,
    /// The buyers, best first; `None` where there is none. C: `BidPrice1` to `BidVolume5`.
    pub bids: [Option<Level>; 5],
    /// The sellers, best first; `None` where there is none. C: `AskPrice1` to `AskVolume5`.
    pub asks: [Option<Level>; 5],
    /// When the record was received, in nanoseconds since the Unix epoch.
    pub received_ns: i64,
    /// The record exactly as it came.
    pub record: DepthMarketDataField,
}

impl Tick {
    /// Returns the best buyer.
    pub fn bid(&self) -> Option<Level> {
        self.bids[0]
    }

    /// Returns the best seller.
    pub fn ask(&self) -> Option<Level> {
        self.asks[0]
    }

    pub(crate) fn new(
        record: &DepthMarketDataField,
        received_ns: i64,
        reference: Option<&ReferenceData>,
    ) -> Self {
        let r = record;
        Self {
            instrument_id: r.instrument_id,
            exchange_id: r.exchange_id,
            trading_day: r.trading_day,
            action_day: r.action_day,
            update_time: r.update_time,
            update_millisec: r.update_millisec,
            last_price: price(r.last_price),
            open_price: price(r.open_price),
            highest_price: price(r.highest_price),
            lowest_price: price(r.lowest_price),
            pre_settlement_price: price(r.pre_settlement_price),
            pre_close_price: price(r.pre_close_price),
            settlement_price: price(r.settlement_price),
            upper_limit_price: price(r.upper_limit_price),
            lower_limit_price: price(r.lower_limit_price),
            average_price: average_price(r, reference),
            volume: r.volume,
            turnover: price(r.turnover),
            open_interest: price(r.open_interest),
            bids: [
                level(r.bid_price1, r.bid_volume1),
                level(r.bid_price2, r.bid_volume2),
                level(r.bid_price3, r.bid_volume3),
                level(r.bid_price4, r.bid_volume4),
                level(r.bid_price5, r.bid_volume5),
            ],
            asks: [
                level(r.ask_price1, r.ask_volume1),
                level(r.ask_price2, r.ask_volume2),
                level(r.ask_price3, r.ask_volume3),
                level(r.ask_price4, r.ask_volume4),
                level(r.ask_price5, r.ask_volume5),
            ],
            received_ns,
            record: *record,
        }
    }
}

/// An empty level has volume 0, and `DBL_MAX` or 0 for a price.
fn level(raw_price: f64, volume: i32) -> Option<Level> {
    price(raw_price).filter(|_| volume > 0).map(|price| Level { price, volume })
}

/// CZCE sends the average per unit; elsewhere CTP divides the turnover by the lots, which leaves the multiplier in.
fn average_price(record: &DepthMarketDataField, reference: Option<&ReferenceData>) -> Option<f64> {
    let product = reference?.product_of(&record.instrument_id.to_str()).ok()?;
    let average = price(record.average_price)?;
    match product.exchange {
        Exchange::Czce => Some(average),
        _ => Some(average / f64::from(product.multiplier)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> DepthMarketDataField {
        DepthMarketDataField {
            instrument_id: Text::new("rb2601").unwrap(),
            last_price: f64::MAX,
            bid_price1: 3_900.0,
            bid_volume1: 7,
            ask_price1: f64::MAX,
            ask_price2: 0.0,
            average_price: 39_000.0,
            ..DepthMarketDataField::default()
        }
    }

    #[test]
    fn no_value_is_none() {
        let tick = Tick::new(&record(), 5, None);
        assert_eq!((tick.last_price, tick.average_price, tick.received_ns), (None, None, 5));
        assert_eq!(tick.bid(), Some(Level { price: 3_900.0, volume: 7 }));
        assert_eq!(tick.asks, [None; 5]);
        assert_eq!(tick.record.last_price, f64::MAX);
    }

    #[test]
    fn the_average_is_per_unit() {
        let reference = ReferenceData::builtin().unwrap();
        assert_eq!(Tick::new(&record(), 0, Some(&reference)).average_price, Some(3_900.0));
        let mut czce = record();
        czce.instrument_id = Text::new("SR601").unwrap();
        assert_eq!(Tick::new(&czce, 0, Some(&reference)).average_price, Some(39_000.0));
        let mut unknown = record();
        unknown.instrument_id = Text::new("zz9999").unwrap();
        assert_eq!(Tick::new(&unknown, 0, Some(&reference)).average_price, None);
    }
}
