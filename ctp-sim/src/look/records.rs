//! The exact records that a query would bring now: the truth that another program's books are compared with.

use ctp_types::{InvestorPositionField, OrderField, Text, TradeField, TradeSource, TradingAccountField};

use crate::exchange::Exchange;

impl Exchange {
    /// Returns the record of an order of the trading day by its place, from 0.
    pub fn look_at_order_record(&self, place: usize) -> Option<OrderField> {
        self.orders.get(place).map(|order| self.order_record(place, &order.state))
    }

    /// Returns the record of a trade of the trading day by its place, from 0.
    pub fn look_at_trade_record(&self, place: usize) -> Option<TradeField> {
        self.trades.get(place).map(|trade| self.trade_record(trade, TradeSource::QUERY))
    }

    /// Returns the record of an investor's account.
    pub fn look_at_account_record(&self, investor: &str) -> Option<TradingAccountField> {
        let (id, account) = self.accounts.iter().find(|(id, _)| **id == *investor)?;
        Some(self.account_record(id, account))
    }

    /// Returns the records of an investor's positions, in the order of a query.
    pub fn look_at_position_records(&self, investor: &str) -> Vec<InvestorPositionField> {
        let found = self.accounts.iter().find(|(id, _)| **id == *investor);
        found.map_or_else(Vec::new, |(id, account)| self.position_records(id, account, &Text::default()))
    }
}
