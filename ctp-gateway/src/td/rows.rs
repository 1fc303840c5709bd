//! What the queries return: typed views, each with the exact record beside it.

use ctp_types::{
    HedgeFlag, InstrumentCommissionRateField, InstrumentField, InstrumentMarginRateField,
    InvestorPositionField, PosiDirection, PositionDate, ProductClass, Text, TradingAccountField, price,
};

/// An instrument as the counter describes it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Instrument {
    /// The id, for example `rb2601`. C: `InstrumentID`.
    pub instrument_id: Text<81>,
    /// The exchange, for example `SHFE`. C: `ExchangeID`.
    pub exchange_id: Text<9>,
    /// The name.
    pub name: String,
    /// The product, for example `rb`. C: `ProductID`.
    pub product_id: Text<81>,
    /// Futures, option, combination and so on. C: `ProductClass`.
    pub product_class: ProductClass,
    /// Units of quotation in one lot. C: `VolumeMultiple`.
    pub multiplier: i32,
    /// The smallest step of the price in CNY per unit of quotation. C: `PriceTick`.
    pub price_tick: Option<f64>,
    /// The most lots in one limit order, if there is a limit. C: `MaxLimitOrderVolume`.
    pub volume_max: Option<i32>,
    /// The last day, `yyyymmdd`. C: `ExpireDate`.
    pub expire_date: Text<9>,
    /// Whether the counter lets it trade. C: `IsTrading`.
    pub is_trading: bool,
    /// The record exactly as it came.
    pub record: Box<InstrumentField>,
}

impl Instrument {
    pub(super) fn new(record: &InstrumentField) -> Self {
        Self {
            instrument_id: record.instrument_id,
            exchange_id: record.exchange_id,
            name: record.instrument_name.to_str().into_owned(),
            product_id: record.product_id,
            product_class: record.product_class,
            multiplier: record.volume_multiple,
            price_tick: price(record.price_tick).filter(|tick| *tick > 0.0),
            volume_max: Some(record.max_limit_order_volume).filter(|volume| *volume > 0),
            expire_date: record.expire_date,
            is_trading: record.is_trading != 0,
            record: Box::new(*record),
        }
    }
}

/// The money of an account, in CNY unless the record names another currency.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Account {
    /// The account. C: `AccountID`.
    pub account_id: Text<13>,
    /// The currency, for example `CNY`. C: `CurrencyID`.
    pub currency_id: Text<4>,
    /// Dynamic equity. C: `Balance`.
    pub balance: Option<f64>,
    /// What new orders can use. C: `Available`.
    pub available: Option<f64>,
    /// Margin of the positions. C: `CurrMargin`.
    pub margin: Option<f64>,
    /// Margin frozen by open orders. C: `FrozenMargin`.
    pub frozen_margin: Option<f64>,
    /// Commission of the day. C: `Commission`.
    pub commission: Option<f64>,
    /// Profit of the positions closed today, marked to market. C: `CloseProfit`.
    pub close_profit: Option<f64>,
    /// Profit of the open positions, marked to market. C: `PositionProfit`.
    pub position_profit: Option<f64>,
    /// The record exactly as it came.
    pub record: Box<TradingAccountField>,
}

impl Account {
    pub(super) fn new(record: &TradingAccountField) -> Self {
        Self {
            account_id: record.account_id,
            currency_id: record.currency_id,
            balance: price(record.balance),
            available: price(record.available),
            margin: price(record.curr_margin),
            frozen_margin: price(record.frozen_margin),
            commission: price(record.commission),
            close_profit: price(record.close_profit),
            position_profit: price(record.position_profit),
            record: Box::new(*record),
        }
    }
}

/// One row of the positions. SHFE and INE have one row for today's lots and one for older ones.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Position {
    /// The instrument. C: `InstrumentID`.
    pub instrument_id: Text<81>,
    /// The exchange. C: `ExchangeID`.
    pub exchange_id: Text<9>,
    /// Long, short or net. C: `PosiDirection`.
    pub direction: PosiDirection,
    /// Whether the row holds today's lots or older ones, where the exchange keeps them apart. C: `PositionDate`.
    pub date: PositionDate,
    /// The lots held. C: `Position`.
    pub volume: i32,
    /// The lots opened today and still held. C: `TodayPosition`.
    pub volume_today: i32,
    /// The margin in CNY. C: `UseMargin`.
    pub margin: Option<f64>,
    /// What the lots cost: price × lots × multiplier, in CNY. C: `PositionCost`.
    pub cost: Option<f64>,
    /// The profit marked to market, in CNY. C: `PositionProfit`.
    pub profit: Option<f64>,
    /// The record exactly as it came.
    pub record: Box<InvestorPositionField>,
}

impl Position {
    pub(super) fn new(record: &InvestorPositionField) -> Self {
        Self {
            instrument_id: record.instrument_id,
            exchange_id: record.exchange_id,
            direction: record.posi_direction,
            date: record.position_date,
            volume: record.position,
            volume_today: record.today_position,
            margin: price(record.use_margin),
            cost: price(record.position_cost),
            profit: price(record.position_profit),
            record: Box::new(*record),
        }
    }
}

/// What an account's margin of one instrument is, for one kind of hedge: the sum of a part of the money and an amount
/// per lot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MarginRate {
    /// The instrument, or the product that the rate holds for. C: `InstrumentID`.
    pub instrument_id: Text<81>,
    /// Speculation, arbitrage or hedge. C: `HedgeFlag`.
    pub hedge_flag: HedgeFlag,
    /// The part of a long position's money, for example 0.08. C: `LongMarginRatioByMoney`.
    pub long_by_money: Option<f64>,
    /// The amount per long lot in CNY. C: `LongMarginRatioByVolume`.
    pub long_by_volume: Option<f64>,
    /// The part of a short position's money. C: `ShortMarginRatioByMoney`.
    pub short_by_money: Option<f64>,
    /// The amount per short lot in CNY. C: `ShortMarginRatioByVolume`.
    pub short_by_volume: Option<f64>,
    /// Whether the rate is added to the exchange's instead of being whole. C: `IsRelative`.
    pub is_relative: bool,
    /// The record exactly as it came.
    pub record: Box<InstrumentMarginRateField>,
}

impl MarginRate {
    pub(super) fn new(record: &InstrumentMarginRateField) -> Self {
        Self {
            instrument_id: record.instrument_id,
            hedge_flag: record.hedge_flag,
            long_by_money: price(record.long_margin_ratio_by_money),
            long_by_volume: price(record.long_margin_ratio_by_volume),
            short_by_money: price(record.short_margin_ratio_by_money),
            short_by_volume: price(record.short_margin_ratio_by_volume),
            is_relative: record.is_relative != 0,
            record: Box::new(*record),
        }
    }
}

/// What an account pays for a trade of one instrument: the sum of a part of the money and an amount per lot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CommissionRate {
    /// The instrument, or the product that the rate holds for. C: `InstrumentID`.
    pub instrument_id: Text<81>,
    /// The part of the money when opening, for example 0.0001. C: `OpenRatioByMoney`.
    pub open_by_money: Option<f64>,
    /// The amount per lot when opening, in CNY. C: `OpenRatioByVolume`.
    pub open_by_volume: Option<f64>,
    /// The part of the money when closing. C: `CloseRatioByMoney`.
    pub close_by_money: Option<f64>,
    /// The amount per lot when closing, in CNY. C: `CloseRatioByVolume`.
    pub close_by_volume: Option<f64>,
    /// The part of the money when closing lots of today. C: `CloseTodayRatioByMoney`.
    pub close_today_by_money: Option<f64>,
    /// The amount per lot when closing lots of today, in CNY. C: `CloseTodayRatioByVolume`.
    pub close_today_by_volume: Option<f64>,
    /// The record exactly as it came.
    pub record: Box<InstrumentCommissionRateField>,
}

impl CommissionRate {
    pub(super) fn new(record: &InstrumentCommissionRateField) -> Self {
        Self {
            instrument_id: record.instrument_id,
            open_by_money: price(record.open_ratio_by_money),
            open_by_volume: price(record.open_ratio_by_volume),
            close_by_money: price(record.close_ratio_by_money),
            close_by_volume: price(record.close_ratio_by_volume),
            close_today_by_money: price(record.close_today_ratio_by_money),
            close_today_by_volume: price(record.close_today_ratio_by_volume),
            record: Box::new(*record),
        }
    }
}
