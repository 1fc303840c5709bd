//! Orders and trades.

use ctp_types::{Direction, HedgeFlag, OffsetFlag, Text, TradeSource, TradeType};
use serde::{Deserialize, Serialize};

use super::{Page, Wanted, owned, word};
use crate::exchange::Exchange;
use crate::order::Phase;

/// An order of a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Order {
    /// `InvestorID`
    pub investor: String,
    /// `InstrumentID`
    pub instrument: String,
    /// `ExchangeID`
    pub exchange: String,
    /// `buy` or `sell`.
    pub direction: String,
    /// `open`, `close`, `close-today`, `close-yesterday` …; of a combination one for each leg.
    pub offset: String,
    /// `speculation`, `hedge` …
    pub hedge: String,
    /// `LimitPrice`
    pub price: Option<f64>,
    /// Lots asked for.
    pub volume: i32,
    /// Lots traded.
    pub traded: i32,
    /// `OrderStatus` as a word: `no-trade-queueing`, `all-traded` …
    pub status: String,
    /// `OrderSubmitStatus` as a word.
    pub submit: String,
    /// `StatusMsg`, in Chinese as clients receive it.
    pub message: String,
    /// Whether it may still trade.
    pub live: bool,
    /// `OrderRef`
    pub order_ref: String,
    /// `OrderSysID` without its blanks; empty before the exchange has it.
    pub order_sys_id: String,
    /// `FrontID`
    pub front_id: i32,
    /// `SessionID` of who sent it.
    pub session_id: i32,
    /// `InsertTime`
    pub time: String,
    /// `CancelTime`; empty when it was not.
    pub cancel_time: String,
}

/// A trade of a client's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trade {
    /// `InvestorID`
    pub investor: String,
    /// `InstrumentID`
    pub instrument: String,
    /// `ExchangeID`
    pub exchange: String,
    /// `buy` or `sell`.
    pub direction: String,
    /// `open`, `close`, `close-today` or `close-yesterday`.
    pub offset: String,
    /// Per unit.
    pub price: f64,
    /// Lots.
    pub volume: i32,
    /// `TradeID` without its blanks.
    pub trade_id: String,
    /// `OrderRef` of the order.
    pub order_ref: String,
    /// `OrderSysID` of the order without its blanks.
    pub order_sys_id: String,
    /// `TradeTime`
    pub time: String,
}

impl Exchange {
    /// Returns the orders of the trading day in the order of their acceptance.
    pub fn look_at_orders(&self, wanted: &Wanted) -> Page<Order> {
        let (investor, instrument) = (id(&wanted.investor), id(&wanted.instrument));
        let is_wanted = |index: &usize| {
            let order = &self.orders[*index];
            is_of(&investor, order.investor)
                && is_of(&instrument, self.markets[order.market].instrument.id)
                && wanted.live.is_none_or(|live| live == (order.phase != Phase::Final))
        };
        let found = wanted.page((0..self.orders.len()).filter(is_wanted));
        Page { rows: found.rows.into_iter().map(|index| self.order_row(index)).collect(), more: found.more }
    }

    pub(super) fn order_row(&self, index: usize) -> Order {
        let order = &self.orders[index];
        let record = self.order_record(index, &order.state);
        let flags = |flags: Text<5>, name: &dyn Fn(u8) -> String| {
            flags.as_bytes().iter().map(|flag| name(*flag)).collect::<Vec<_>>().join(",")
        };
        Order {
            investor: owned(&record.investor_id),
            instrument: owned(&record.instrument_id),
            exchange: owned(&record.exchange_id),
            direction: direction(record.direction),
            offset: flags(record.comb_offset_flag, &|flag| word(OffsetFlag::from_char(flag))),
            hedge: flags(record.comb_hedge_flag, &|flag| word(HedgeFlag::from_char(flag))),
            price: ctp_types::price(record.limit_price),
            volume: record.volume_total_original,
            traded: record.volume_traded,
            status: word(record.order_status),
            submit: word(record.order_submit_status),
            message: owned(&record.status_msg),
            live: order.phase != Phase::Final,
            order_ref: owned(&record.order_ref),
            order_sys_id: owned(&record.order_sys_id),
            front_id: record.front_id,
            session_id: record.session_id,
            time: owned(&record.insert_time),
            cancel_time: owned(&record.cancel_time),
        }
    }

    /// Returns the trades of the trading day in their order; `live` has no meaning here.
    pub fn look_at_trades(&self, wanted: &Wanted) -> Page<Trade> {
        let (investor, instrument) = (id(&wanted.investor), id(&wanted.instrument));
        let is_wanted = |trade: &&crate::order::trade::Trade| {
            is_of(&investor, self.orders[trade.order].investor)
                && is_of(&instrument, self.markets[trade.market].instrument.id)
        };
        // The legs of a combination's trade have their own rows; the combination itself has none.
        let found = wanted.page(self.trades.iter().filter(is_wanted));
        let row = |trade: &crate::order::trade::Trade| self.trade_row(trade);
        Page { rows: found.rows.into_iter().map(row).collect(), more: found.more }
    }

    pub(super) fn trade_row(&self, trade: &crate::order::trade::Trade) -> Trade {
        let record = self.trade_record(trade, TradeSource::QUERY);
        Trade {
            investor: owned(&record.investor_id),
            instrument: owned(&record.instrument_id),
            exchange: owned(&record.exchange_id),
            direction: direction(record.direction),
            offset: match record.trade_type {
                TradeType::COMMON | TradeType::COMBINATION_DERIVED => word(record.offset_flag),
                other => word(other),
            },
            price: record.price,
            volume: record.volume,
            trade_id: owned(&record.trade_id),
            order_ref: owned(&record.order_ref),
            order_sys_id: owned(&record.order_sys_id),
            time: owned(&record.trade_time),
        }
    }
}

/// Returns a wanted name; one that cannot be is that of nobody.
fn id<const N: usize>(wanted: &Option<String>) -> Option<Option<Text<N>>> {
    wanted.as_deref().map(|wanted| Text::new(wanted).ok())
}

fn is_of<const N: usize>(wanted: &Option<Option<Text<N>>>, id: Text<N>) -> bool {
    wanted.is_none_or(|wanted| wanted == Some(id))
}

fn direction(direction: Direction) -> String {
    word(direction)
}
