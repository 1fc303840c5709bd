//! Trades: kept small, written out as records when told (§5.6).

use ctp_market::Exchange as Venue;
use ctp_types::{Direction, HedgeFlag, OffsetFlag, Text, TradeField, TradeSource, TradeType};

use crate::exchange::Exchange;
use crate::order::record::Participant;
use crate::text::{aligned, shortened};

/// A trade of one of a client's orders, or of one leg of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trade {
    pub(crate) order: usize,
    /// What traded: the order's instrument, or a leg of it.
    pub(crate) market: usize,
    pub(crate) number: u64,
    pub(crate) direction: Direction,
    pub(crate) offset: OffsetFlag,
    pub(crate) hedge: HedgeFlag,
    pub(crate) kind: TradeType,
    /// In ticks.
    pub(crate) price: i64,
    pub(crate) volume: i32,
    pub(crate) sequence_no: i32,
    pub(crate) date: Text<9>,
    pub(crate) time: Text<9>,
}

impl Trade {
    pub(crate) fn trade_id(&self) -> Text<21> {
        aligned(self.number)
    }
}

impl Exchange {
    /// Returns a trade's record; `source` tells whether it is pushed or asked for.
    pub(crate) fn trade_record(&self, trade: &Trade, source: TradeSource) -> TradeField {
        let order = &self.orders[trade.order];
        let (sent, origin) = (&order.sent, &order.origin);
        let market = &self.markets[trade.market];
        let Participant { id, trader } = self.desk.participant;
        TradeField {
            broker_id: id,
            investor_id: order.investor,
            reserve1: shortened(&market.instrument.id),
            order_ref: origin.order_ref,
            user_id: sent.user_id,
            exchange_id: self.desk.exchange_id(market.instrument.exchange),
            trade_id: trade.trade_id(),
            direction: trade.direction,
            order_sys_id: order.state.sys_id,
            participant_id: id,
            client_id: origin.client_id,
            reserve2: shortened(&market.instrument.id),
            offset_flag: trade.offset,
            hedge_flag: trade.hedge,
            price: market.price(trade.price),
            volume: trade.volume,
            trade_date: trade.date,
            trade_time: trade.time,
            trade_type: trade.kind,
            trader_id: trader,
            order_local_id: origin.local_id,
            business_unit: trader,
            sequence_no: trade.sequence_no,
            trading_day: self.desk.trading_day,
            settlement_id: 1,
            broker_order_seq: i32::try_from(origin.number).unwrap_or(i32::MAX),
            trade_source: source,
            invest_unit_id: sent.invest_unit_id,
            instrument_id: market.instrument.id,
            exchange_inst_id: market.instrument.id,
            ..TradeField::default()
        }
    }

    /// §5.6: DCE and CZCE date a trade by the trading day, the others by the calendar.
    pub(crate) fn trade_date(&self, venue: Venue) -> Text<9> {
        let by_trading_day = matches!(venue, Venue::Dce | Venue::Czce);
        if by_trading_day { self.desk.trading_day } else { self.stamp().date }
    }
}
