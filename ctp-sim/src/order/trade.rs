//! A trade's record (§5.6).

use ctp_market::Exchange as Venue;
use ctp_types::{HedgeFlag, OffsetFlag, Text, TradeField, TradeSource, TradeType};

use crate::clock;
use crate::exchange::Exchange;
use crate::money::holding::Effect;

impl Exchange {
    /// Returns the record of `volume` lots of an order traded at `price` ticks.
    pub(crate) fn trade_record(
        &self,
        index: usize,
        trade_id: Text<21>,
        price: i64,
        volume: i32,
    ) -> TradeField {
        let order = &self.orders[index];
        let record = &order.record;
        let market = &self.markets[order.market];
        let offset = record.comb_offset_flag.as_bytes().first().copied().unwrap_or_default();
        // §5.3: where nothing but "close" exists, a closing trade says so whatever was sent.
        let offset_flag =
            if order.effect == Effect::Close { OffsetFlag::CLOSE } else { OffsetFlag::from_char(offset) };
        let hedge = record.comb_hedge_flag.as_bytes().first().copied().unwrap_or_default();
        let by_trading_day = matches!(market.instrument.exchange, Venue::Dce | Venue::Czce);
        let date = if by_trading_day { self.trading_day } else { clock::local(self.now).date() };
        TradeField {
            broker_id: record.broker_id,
            investor_id: record.investor_id,
            reserve1: record.reserve1,
            order_ref: record.order_ref,
            user_id: record.user_id,
            exchange_id: record.exchange_id,
            trade_id,
            direction: record.direction,
            order_sys_id: record.order_sys_id,
            participant_id: record.participant_id,
            client_id: record.client_id,
            reserve2: record.reserve2,
            offset_flag,
            hedge_flag: HedgeFlag::from_char(hedge),
            price: market.price(price),
            volume,
            trade_date: clock::date_text(date),
            trade_time: self.stamp().time,
            trade_type: TradeType::COMMON,
            trader_id: record.trader_id,
            order_local_id: record.order_local_id,
            business_unit: record.business_unit,
            trading_day: record.trading_day,
            settlement_id: record.settlement_id,
            broker_order_seq: record.broker_order_seq,
            trade_source: TradeSource::NORMAL,
            invest_unit_id: record.invest_unit_id,
            instrument_id: record.instrument_id,
            exchange_inst_id: record.exchange_inst_id,
            ..TradeField::default()
        }
    }
}
