//! The queries of orders and trades (§3.5 for the filters).

use ctp_types::{OrderField, QryOrderField, QryTradeField, Text, TradeField, TradeSource};

use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::query::matches;

impl Exchange {
    /// Returns the orders of the day in order of entry, each as it stands.
    pub(crate) fn query_orders(&self, id: SessionId, query: &QryOrderField) -> Vec<OrderField> {
        let investor = self.investor_of(id);
        let meant = |index: &usize| {
            let order = &self.orders[*index];
            let market = &self.markets[order.market];
            order.investor == investor
                && matches(&query.instrument_id, &market.instrument.id)
                && matches(&query.exchange_id, &self.desk.exchange_id(market.instrument.exchange))
                && matches(&query.order_sys_id, &order.state.sys_id)
                && is_between(&query.insert_time_start, &query.insert_time_end, &order.state.insert_time)
        };
        let found = (0..self.orders.len()).filter(meant);
        found.map(|index| self.order_record(index, &self.orders[index].state)).collect()
    }

    /// Returns the trades of the day in their order.
    pub(crate) fn query_trades(&self, id: SessionId, query: &QryTradeField) -> Vec<TradeField> {
        let investor = self.investor_of(id);
        let found = self.trades.iter().filter(|trade| {
            let market = &self.markets[trade.market];
            self.orders[trade.order].investor == investor
                && matches(&query.instrument_id, &market.instrument.id)
                && matches(&query.exchange_id, &self.desk.exchange_id(market.instrument.exchange))
                && matches(&query.trade_id, &trade.trade_id())
                && is_between(&query.trade_time_start, &query.trade_time_end, &trade.time)
        });
        found.map(|trade| self.trade_record(trade, TradeSource::QUERY)).collect()
    }
}

pub(super) fn is_between(start: &Text<9>, end: &Text<9>, time: &Text<9>) -> bool {
    (start.is_empty() || start <= time) && (end.is_empty() || time <= end)
}
