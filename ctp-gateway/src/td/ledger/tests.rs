//! The rules one by one, against §6 of the behaviour notes.

mod edges;
mod example;
mod frozen;
mod judged;
mod margins;
mod market;
mod model;
mod money;
mod rows;
mod rules;
mod sides;

use ctp_market::Money;
use ctp_types::{
    Algorithm, BrokerTradingParamsField, HedgeFlag, InstrumentCommissionRateField, InstrumentMarginRateField,
    InvestorPositionDetailField, InvestorPositionField, MarginPriceType, OptionsType, PosiDirection,
    ProductClass, Text, TradeField, TradingAccountField,
};

use super::*;
use crate::td::OrderPhase;

pub(super) const TODAY: &str = "20261123";
pub(super) const BEFORE: &str = "20261120";

pub(super) fn text<const N: usize>(value: &str) -> Text<N> {
    Text::new(value).unwrap()
}

pub(super) fn yuan(value: f64) -> Option<Money> {
    Some(Money((value * 10_000.0).round() as i64))
}

/// A ledger with the rates of §6.5, and rows of a day without positions.
pub(super) struct Bench {
    pub(super) ledger: Ledger,
    pub(super) instrument: Text<81>,
    pub(super) exchange: Text<9>,
    trades: i32,
}

impl Bench {
    pub(super) fn new(instrument: &str, exchange: &str) -> Self {
        let mut ledger = Ledger::default();
        ledger.begin_day(text(TODAY));
        ledger.params(&BrokerTradingParamsField {
            margin_price_type: MarginPriceType::OPEN_PRICE,
            algorithm: Algorithm::from_char(b'1'),
            ..Default::default()
        });
        Self { ledger, instrument: text(instrument), exchange: text(exchange), trades: 0 }
    }

    /// Begins the day with older long lots at an opening price and a settlement price.
    pub(super) fn begin(&mut self, lots: i32, open: f64, pre_settlement: f64) {
        let row = InvestorPositionField {
            instrument_id: self.instrument,
            exchange_id: self.exchange,
            posi_direction: PosiDirection::LONG,
            hedge_flag: HedgeFlag::SPECULATION,
            position: lots,
            yd_position: lots,
            pre_settlement_price: pre_settlement,
            settlement_price: pre_settlement,
            margin_rate_by_money: 0.1,
            ..Default::default()
        };
        let detail = InvestorPositionDetailField {
            instrument_id: self.instrument,
            exchange_id: self.exchange,
            direction: Direction::BUY,
            hedge_flag: HedgeFlag::SPECULATION,
            open_date: text(BEFORE),
            open_price: open,
            volume: lots,
            ..Default::default()
        };
        self.ledger.baseline(&Rows {
            positions: Some(vec![row]),
            details: Some(vec![detail]),
            account: Some(TradingAccountField { pre_balance: 1_000_000.0, ..Default::default() }),
        });
        self.ledger.commission_rate(&InstrumentCommissionRateField {
            instrument_id: self.instrument,
            open_ratio_by_money: 0.0001,
            close_ratio_by_money: 0.0001,
            close_today_ratio_by_money: 0.0002,
            ..Default::default()
        });
        self.ledger.margin_rate(&InstrumentMarginRateField {
            instrument_id: self.instrument,
            hedge_flag: HedgeFlag::SPECULATION,
            long_margin_ratio_by_money: 0.1,
            short_margin_ratio_by_money: 0.1,
            ..Default::default()
        });
    }

    pub(super) fn record(&mut self, side: &str, lots: i32, price: f64) -> TradeField {
        self.trades += 1;
        let (direction, offset) = match side {
            "buy" => (Direction::BUY, OffsetFlag::OPEN),
            "sell" => (Direction::SELL, OffsetFlag::OPEN),
            "close" => (Direction::SELL, OffsetFlag::CLOSE),
            "close today" => (Direction::SELL, OffsetFlag::CLOSE_TODAY),
            "close yesterday" => (Direction::SELL, OffsetFlag::CLOSE_YESTERDAY),
            "cover" => (Direction::BUY, OffsetFlag::CLOSE),
            "cover today" => (Direction::BUY, OffsetFlag::CLOSE_TODAY),
            _ => panic!("no such side: {side}"),
        };
        TradeField {
            instrument_id: self.instrument,
            exchange_id: self.exchange,
            trade_id: text(&self.trades.to_string()),
            order_sys_id: text(&self.trades.to_string()),
            trading_day: text(TODAY),
            trade_time: text("10:00:00"),
            sequence_no: self.trades,
            direction,
            offset_flag: offset,
            hedge_flag: HedgeFlag::SPECULATION,
            price,
            volume: lots,
            ..Default::default()
        }
    }

    pub(super) fn trade(&mut self, side: &str, lots: i32, price: f64) {
        let record = self.record(side, lots, price);
        self.ledger.trade(&record);
    }

    pub(super) fn mark(&mut self, last: f64) {
        self.ledger.mark(&Mark { instrument_id: self.instrument, last: Some(last), ..Mark::default() });
    }

    pub(super) fn long(&self) -> PositionNow {
        let key = PositionKey::new(self.instrument, PosiDirection::LONG, HedgeFlag::SPECULATION);
        self.ledger.position(&key).unwrap()
    }

    /// A working order at 3510.
    pub(super) fn order(&mut self, id: u64, side: &str, volume: i32) -> Order {
        let record = self.record(side, volume, 3510.0);
        let mut order = Order::of_record(
            OrderId(id),
            crate::td::orders::order::Origin::Foreign,
            &ctp_types::OrderField {
                instrument_id: self.instrument,
                exchange_id: self.exchange,
                direction: record.direction,
                comb_offset_flag: Text::from_bytes(&[record.offset_flag.as_char()]).unwrap(),
                comb_hedge_flag: text("1"),
                limit_price: 3510.0,
                volume_total_original: volume,
                ..Default::default()
            },
        );
        order.phase = OrderPhase::Working;
        order
    }
}
