//! The messages of the streams.

use ctp_types::{OrderStatus, RecordRef, Value, until_nul};
use serde::{Deserialize, Serialize};

use super::{owned, word};
use crate::exchange::Exchange;
use crate::look::Order;
use crate::look::Trade;

/// A message of a private stream or of the public one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Whose stream; empty for the public one.
    pub investor: String,
    /// Its number there, from 1.
    pub number: usize,
    /// The callback, for example `OnRtnTrade`.
    pub callback: String,
    /// `InstrumentID`, where there is one.
    pub instrument: String,
    /// `OrderRef`, where there is one.
    pub order_ref: String,
    /// `OrderSysID` without its blanks, where there is one.
    pub order_sys_id: String,
    /// `TradeID` without its blanks, where there is one.
    pub trade_id: String,
    /// `OrderStatus` as a word, where there is one.
    pub status: String,
    /// `VolumeTraded` of an order, `Volume` of a trade.
    pub volume: Option<i32>,
    /// `LimitPrice` of an order, `Price` of a trade.
    pub price: Option<f64>,
    /// `ErrorID` of an error.
    pub error: Option<i32>,
}

impl Exchange {
    /// Returns every stream by its investor, the public one by an empty name, and how many messages it has.
    pub fn look_at_streams(&self) -> Vec<(String, usize)> {
        self.stream_lengths().into_iter().map(|(investor, length)| (owned(&investor), length)).collect()
    }

    /// Returns a message of an investor's stream, or of the public one, by its number from 1.
    pub fn look_at_message(&self, investor: &str, number: usize) -> Option<Message> {
        let (callback, record, error) = self.message(investor, number)?;
        let record = record.as_ref();
        let number_of = |name: &str| match field(record, name)? {
            Value::Int(value) => Some(value),
            _ => None,
        };
        let price_of = |name: &str| match field(record, name)? {
            Value::Double(value) => ctp_types::price(value),
            _ => None,
        };
        let status = match field(record, "OrderStatus") {
            Some(Value::Char(value)) => word(OrderStatus::from_char(value)),
            _ => String::new(),
        };
        Some(Message {
            investor: investor.to_owned(),
            number,
            callback: callback.name().to_owned(),
            instrument: text(record, "InstrumentID"),
            order_ref: text(record, "OrderRef"),
            order_sys_id: text(record, "OrderSysID"),
            trade_id: text(record, "TradeID"),
            status,
            volume: number_of("VolumeTraded").or_else(|| number_of("Volume")),
            price: price_of("LimitPrice").or_else(|| price_of("Price")),
            error,
        })
    }

    /// Returns how many orders and trades the trading day has.
    pub fn look_at_counts(&self) -> (usize, usize) {
        (self.orders.len(), self.trades.len())
    }

    /// Returns an order of the trading day by its place, from 0.
    pub fn look_at_order(&self, place: usize) -> Option<Order> {
        (place < self.orders.len()).then(|| self.order_row(place))
    }

    /// Returns a trade of the trading day by its place, from 0.
    pub fn look_at_trade(&self, place: usize) -> Option<Trade> {
        self.trades.get(place).map(|trade| self.trade_row(trade))
    }
}

fn field<'a>(record: RecordRef<'a>, name: &str) -> Option<Value<'a>> {
    record.descriptor().field(name).map(|field| record.field(field))
}

fn text(record: RecordRef<'_>, name: &str) -> String {
    match field(record, name) {
        Some(Value::Text(bytes)) => ctp_types::decode(until_nul(bytes)).trim().to_owned(),
        _ => String::new(),
    }
}
