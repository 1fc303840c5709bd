//! Trades, each with the exact record beside it.

use ctp_types::{Direction, OffsetFlag, Text, TradeField};

use crate::td::orders::names::Name;
use crate::td::orders::source::Arrival;

/// A trade: one fill of one order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trade {
    /// The exchange. C: `ExchangeID`.
    pub exchange_id: Text<9>,
    /// The exchange's number of the trade; both sides of a self-trade share it. C: `TradeID`.
    pub trade_id: Text<21>,
    /// The exchange's number of the order. C: `OrderSysID`.
    pub order_sys_id: Text<21>,
    /// The instrument. C: `InstrumentID`.
    pub instrument_id: Text<81>,
    /// Buy or sell. C: `Direction`.
    pub direction: Direction,
    /// Open or close, as the exchange reports it. C: `OffsetFlag`.
    pub offset: OffsetFlag,
    /// The price in CNY per unit of quotation. C: `Price`.
    pub price: Option<f64>,
    /// The lots of this fill. C: `Volume`.
    pub volume: i32,
    /// The trading day, `yyyymmdd`. C: `TradingDay`.
    pub trading_day: Text<9>,
    /// The time at the exchange, `HH:MM:SS`. C: `TradeTime`.
    pub trade_time: Text<9>,
    /// When the record was received, in nanoseconds since the Unix epoch.
    pub received_ns: i64,
    /// Whether it tells of the past: a replay of the day, a query or the journal brought it.
    pub replayed: bool,
    /// The record exactly as it came.
    pub record: Box<TradeField>,
}

impl Trade {
    pub(in crate::td) fn new(record: &TradeField, arrival: Arrival) -> Self {
        Self {
            exchange_id: record.exchange_id,
            trade_id: record.trade_id,
            order_sys_id: record.order_sys_id,
            instrument_id: record.instrument_id,
            direction: record.direction,
            offset: record.offset_flag,
            price: ctp_types::price(record.price),
            volume: record.volume,
            trading_day: record.trading_day,
            trade_time: record.trade_time,
            received_ns: arrival.received_ns,
            replayed: arrival.is_replayed(),
            record: Box::new(*record),
        }
    }

    /// Returns the names of its order that it carries.
    pub(in crate::td) fn names(&self) -> [Option<Name>; 2] {
        let record = &self.record;
        [
            Name::exchange(record.exchange_id, record.order_sys_id),
            Name::local(record.exchange_id, record.trader_id, record.order_local_id),
        ]
    }
}
