//! A tick: a snapshot of one instrument, typed, with the exact record beside it.

mod flags;
pub(crate) mod stamper;

use std::borrow::Cow;
use std::fmt;

use ctp_market::{Exchange, china_time};
use ctp_types::{DepthMarketDataField, Text, price};
use jiff::civil::{Date, DateTime};

pub use flags::TickFlags;

/// One level of the book.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The price in CNY per unit of quotation.
    pub price: f64,
    /// The lots.
    pub volume: i32,
}

/// A snapshot of one instrument. Prices are in CNY per unit of quotation, volumes in lots; what CTP has no value for
/// (`DBL_MAX`) is `None`.
///
/// The values are read from [`record`](Self::record) when they are asked for, so a tick that is only passed on costs
/// next to nothing.
#[derive(Clone)]
#[non_exhaustive]
pub struct Tick {
    /// The record exactly as it came.
    pub record: DepthMarketDataField,
    /// When the record was received, in nanoseconds since the Unix epoch.
    pub received_ns: i64,
    pub(crate) facts: Facts,
}

/// What a reader found out about a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) sequence: u64,
    pub(crate) lost_before: u64,
    /// Nanoseconds since the Unix epoch.
    pub(crate) exchange_ns: Option<i64>,
    pub(crate) trading_day: Option<Date>,
    pub(crate) exchange: Option<Exchange>,
    /// Units of the price in one lot; 0: not known.
    pub(crate) multiplier: i32,
    pub(crate) flags: TickFlags,
}

/// Reads prices of the record.
macro_rules! prices {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[inline]
            pub fn $name(&self) -> Option<f64> {
                price(self.record.$name)
            }
        )*
    };
}

impl Tick {
    /// Returns a tick that says nothing, to be filled.
    pub(crate) fn empty() -> Self {
        Self { record: DepthMarketDataField::default(), received_ns: 0, facts: Facts::default() }
    }

    /// Returns the snapshot that a query answered with.
    pub(crate) fn of_query(record: &DepthMarketDataField, received_ns: i64) -> Option<Self> {
        let words = crate::md::slot::to_words(record, received_ns, 0);
        stamper::Stamper::new(stamper::reference()).tick(&words, 0)
    }

    /// Returns the instrument. C: `InstrumentID`.
    #[inline]
    pub fn instrument_id(&self) -> &Text<81> {
        &self.record.instrument_id
    }

    /// Returns the instrument as text. C: `InstrumentID`.
    pub fn instrument(&self) -> Cow<'_, str> {
        self.record.instrument_id.to_str()
    }

    /// Returns the exchange: what the front says or, as ordinary fronts say nothing, the product's; `None` for a
    /// product that is not known. C: `ExchangeID`.
    pub fn exchange(&self) -> Option<Exchange> {
        self.facts.exchange
    }

    /// Returns the tick's number among all ticks of its client, counted from 0 without a hole. Ticks of one instrument
    /// that are equal in everything else differ in it.
    pub fn sequence(&self) -> u64 {
        self.facts.sequence
    }

    /// Returns how many ticks, of any instrument, this reader lost between its last tick and this one, because it was
    /// slower than the market for longer than the ring lasts (`tick_capacity`).
    pub fn lost_before(&self) -> u64 {
        self.facts.lost_before
    }

    /// Returns what is odd about the tick.
    pub fn flags(&self) -> TickFlags {
        self.facts.flags
    }

    /// Returns the moment of the snapshot at the exchange in China's time, with the right calendar date: of a night
    /// session, too, whatever the exchange writes into the record. `None` where the date cannot be known; see
    /// [`TickFlags::is_date_unknown`]. C: `ActionDay`, `TradingDay`, `UpdateTime`, `UpdateMillisec`.
    pub fn exchange_time(&self) -> Option<DateTime> {
        self.facts.exchange_ns.map(china_time)
    }

    /// Returns the moment of the snapshot at the exchange, in nanoseconds since the Unix epoch.
    pub fn exchange_ns(&self) -> Option<i64> {
        self.facts.exchange_ns
    }

    /// Returns the trading day that the snapshot belongs to: at night the next one, at CZCE, too. C: `TradingDay`.
    pub fn trading_day(&self) -> Option<Date> {
        self.facts.trading_day
    }

    /// Returns the time at the exchange as it came, `HH:MM:SS`. C: `UpdateTime`.
    pub fn update_time(&self) -> &Text<9> {
        &self.record.update_time
    }

    /// Returns its milliseconds, in the way of the exchange: half seconds, milliseconds, or always 0 (CZCE).
    /// C: `UpdateMillisec`.
    pub fn update_millisec(&self) -> i32 {
        self.record.update_millisec
    }

    prices! {
        /// Returns the last price; `None` before the first trade. C: `LastPrice`.
        last_price;
        /// Returns the first price of the day. C: `OpenPrice`.
        open_price;
        /// Returns the highest price of the day. C: `HighestPrice`.
        highest_price;
        /// Returns the lowest price of the day. C: `LowestPrice`.
        lowest_price;
        /// Returns the closing price, after the close. C: `ClosePrice`.
        close_price;
        /// Returns the settlement price, after the close. C: `SettlementPrice`.
        settlement_price;
        /// Returns the closing price of the day before. C: `PreClosePrice`.
        pre_close_price;
        /// Returns the settlement price of the day before. C: `PreSettlementPrice`.
        pre_settlement_price;
        /// Returns the highest price that an order may have. C: `UpperLimitPrice`.
        upper_limit_price;
        /// Returns the lowest price that an order may have. C: `LowerLimitPrice`.
        lower_limit_price;
        /// Returns the upper end of CFFEX's price protection band. C: `BandingUpperPrice`.
        banding_upper_price;
        /// Returns the lower end of CFFEX's price protection band. C: `BandingLowerPrice`.
        banding_lower_price;
        /// Returns the money traded in the trading day so far in CNY, as it came: CZCE's is reckoned from a rounded
        /// average and may fall. C: `Turnover`.
        turnover;
        /// Returns the open lots. C: `OpenInterest`.
        open_interest;
        /// Returns the open lots at the end of the day before. C: `PreOpenInterest`.
        pre_open_interest;
        /// Returns an option's delta. C: `CurrDelta`.
        curr_delta;
        /// Returns an option's delta of the day before. C: `PreDelta`.
        pre_delta;
    }

    /// Returns the lots traded in the trading day so far. C: `Volume`.
    #[inline]
    pub fn volume(&self) -> i32 {
        self.record.volume
    }

    /// Returns the average price of the day's trades per unit of quotation, if the product is known. C:
    /// `AveragePrice`, which all exchanges' ticks but CZCE's carry per lot.
    pub fn average_price(&self) -> Option<f64> {
        let average = price(self.record.average_price)?;
        match (self.facts.exchange?, self.facts.multiplier) {
            (Exchange::Czce, _) => Some(average),
            (_, 0) => None,
            (_, multiplier) => Some(average / f64::from(multiplier)),
        }
    }

    /// Returns the best buyer. C: `BidPrice1`, `BidVolume1`.
    #[inline]
    pub fn bid(&self) -> Option<Level> {
        level(self.record.bid_price1, self.record.bid_volume1)
    }

    /// Returns the best seller. C: `AskPrice1`, `AskVolume1`.
    #[inline]
    pub fn ask(&self) -> Option<Level> {
        level(self.record.ask_price1, self.record.ask_volume1)
    }

    /// Returns the buyers, best first; `None` where there is none. C: `BidPrice1` to `BidVolume5`.
    pub fn bids(&self) -> [Option<Level>; 5] {
        let r = &self.record;
        [
            level(r.bid_price1, r.bid_volume1),
            level(r.bid_price2, r.bid_volume2),
            level(r.bid_price3, r.bid_volume3),
            level(r.bid_price4, r.bid_volume4),
            level(r.bid_price5, r.bid_volume5),
        ]
    }

    /// Returns the sellers, best first; `None` where there is none. C: `AskPrice1` to `AskVolume5`.
    pub fn asks(&self) -> [Option<Level>; 5] {
        let r = &self.record;
        [
            level(r.ask_price1, r.ask_volume1),
            level(r.ask_price2, r.ask_volume2),
            level(r.ask_price3, r.ask_volume3),
            level(r.ask_price4, r.ask_volume4),
            level(r.ask_price5, r.ask_volume5),
        ]
    }
}

impl fmt::Debug for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tick")
            .field("sequence", &self.facts.sequence)
            .field("received_ns", &self.received_ns)
            .field("exchange_time", &self.exchange_time())
            .field("trading_day", &self.facts.trading_day)
            .field("flags", &self.facts.flags)
            .field("lost_before", &self.facts.lost_before)
            .field("record", &self.record)
            .finish()
    }
}

/// An empty level has volume 0, and `DBL_MAX` or 0 for a price.
#[inline]
fn level(raw_price: f64, volume: i32) -> Option<Level> {
    price(raw_price).filter(|_| volume > 0).map(|price| Level { price, volume })
}
