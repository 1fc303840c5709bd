//! Trades.

use std::sync::Arc;

use ctp_gateway::td;
use ctp_types::{Direction, OffsetFlag, RecordBox};
use pyo3::prelude::*;

use super::view::OrderView;
use crate::gateway::td::view::{Member, repr, text};
use crate::records;

/// A trade: one fill of one order. Prices are CNY per unit of quotation, volumes lots.
#[pyclass(frozen, module = "ctp_py")]
pub(crate) struct Trade {
    trade: Arc<td::Trade>,
    order: Option<Arc<td::Order>>,
}

impl Trade {
    pub(crate) fn new(trade: Arc<td::Trade>, order: Option<Arc<td::Order>>) -> Self {
        Self { trade, order }
    }
}

const SHOWN: &[&str] = &["instrument_id", "direction", "offset", "volume", "price", "trade_id", "trade_time"];

#[pymethods]
impl Trade {
    /// The order with this fill counted in; `None` in lists, and if no record of it came.
    #[getter]
    fn order(&self) -> Option<OrderView> {
        self.order.clone().map(OrderView::then)
    }

    /// The exchange. C: `ExchangeID`.
    #[getter]
    fn exchange_id(&self) -> String {
        text(&self.trade.exchange_id)
    }

    /// The exchange's number of the trade; both sides of a trade with oneself share it. C: `TradeID`.
    #[getter]
    fn trade_id(&self) -> String {
        text(&self.trade.trade_id)
    }

    /// The exchange's number of the order. C: `OrderSysID`.
    #[getter]
    fn order_sys_id(&self) -> String {
        text(&self.trade.order_sys_id)
    }

    /// The instrument. C: `InstrumentID`.
    #[getter]
    fn instrument_id(&self) -> String {
        text(&self.trade.instrument_id)
    }

    /// Buy or sell. C: `Direction`.
    #[getter]
    fn direction(&self) -> Member<Direction> {
        self.trade.direction.into()
    }

    /// Open or close, as the exchange reports it. C: `OffsetFlag`.
    #[getter]
    fn offset(&self) -> Member<OffsetFlag> {
        self.trade.offset.into()
    }

    /// The price in CNY per unit of quotation. C: `Price`.
    #[getter]
    fn price(&self) -> Option<f64> {
        self.trade.price
    }

    /// The lots of this fill. C: `Volume`.
    #[getter]
    fn volume(&self) -> i32 {
        self.trade.volume
    }

    /// The trading day, `yyyymmdd`. C: `TradingDay`.
    #[getter]
    fn trading_day(&self) -> String {
        text(&self.trade.trading_day)
    }

    /// The time at the exchange, `HH:MM:SS`. C: `TradeTime`.
    #[getter]
    fn trade_time(&self) -> String {
        text(&self.trade.trade_time)
    }

    /// When the record was received, in nanoseconds since the Unix epoch.
    #[getter]
    fn received_ns(&self) -> i64 {
        self.trade.received_ns
    }

    /// Whether it tells of the past: a replay of the day, a query or the journal brought it.
    #[getter]
    fn replayed(&self) -> bool {
        self.trade.replayed
    }

    /// The record exactly as it came.
    #[getter]
    fn record<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        records::to_data(py, RecordBox::new(&*self.trade.record))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        repr(slf.as_any(), SHOWN)
    }
}
