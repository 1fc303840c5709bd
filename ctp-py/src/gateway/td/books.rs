//! What the gateway's own books say: positions, money, and what differs from the counter's.

use ctp_gateway::td;
use ctp_types::{HedgeFlag, PosiDirection, PositionDate};
use pyo3::prelude::*;

use super::view::{Member, text, view};

view! {
    /// The lots of a position that can be closed: held, and not reserved by working orders to close.
    Closable(of: &td::Closable) {
        /// Lots of today that can be closed.
        today: i32 = of.today,
        /// Older lots that can be closed.
        yesterday: i32 = of.yesterday,
        /// What can be closed in all; where the exchange does not keep them apart (all but SHFE and INE) this counts.
        total: i32 = of.total,
        /// Whether lots of today and older ones are closed by different flags, as at SHFE and INE.
        is_split: bool = of.is_split,
    }
    money {}
}

view! {
    /// A position by the gateway's own books, from the start of the trading day and every trade since. What is not known
    /// is `None`, and `unknown` says why.
    PositionNow(of: &td::PositionNow) {
        /// The instrument. C: `InstrumentID`.
        instrument_id: String = text(&of.key.instrument_id),
        /// Long or short. C: `PosiDirection`.
        direction: Member<PosiDirection> = of.key.direction.into(),
        /// The purpose. C: `HedgeFlag`.
        hedge: Member<HedgeFlag> = of.key.hedge_flag.into(),
        /// The exchange. C: `ExchangeID`.
        exchange_id: String = text(&of.exchange_id),
        /// The lots held.
        volume: i32 = of.volume,
        /// Those of them that were opened today (今仓).
        volume_today: i32 = of.volume_today,
        /// The lots held when the trading day began (昨仓); it does not change in the day. C: `YdPosition`.
        volume_at_start: i32 = of.volume_at_start,
        /// The lots that working orders to close reserve.
        frozen: i32 = of.frozen,
        /// What can be closed.
        closable: Closable = (&of.closable).into(),
        /// The lots opened today. C: `OpenVolume`.
        open_volume: i32 = of.open_volume,
        /// The lots closed today. C: `CloseVolume`.
        close_volume: i32 = of.close_volume,
        /// Lots that were closed and that the books have never seen opened: trades are missing.
        missing: i32 = of.missing,
        /// The last price that the profits are reckoned at, in CNY per unit of quotation.
        price: Option<f64> = of.price,
        /// Why something is `None`, in words.
        unknown: Vec<String> = of.unknown.iter().map(ToString::to_string).collect(),
    }
    money {
        /// What the lots cost, marked to market: older ones at the settlement price of the day before. C: `PositionCost`.
        cost, cost_e4 = of.cost,
        /// What the lots cost when they were opened. C: `OpenCost`.
        open_cost, open_cost_e4 = of.open_cost,
        /// The margin, before one-sided margin (大边) is looked at. C: `UseMargin`.
        margin, margin_e4 = of.margin,
        /// The commission of the day. C: `Commission`.
        commission, commission_e4 = of.commission,
        /// The profit of the lots closed today, marked to market (逐日). C: `CloseProfitByDate`.
        close_profit, close_profit_e4 = of.close_profit,
        /// The profit of the lots closed today since they were opened (逐笔). C: `CloseProfitByTrade`.
        close_profit_by_trade, close_profit_by_trade_e4 = of.close_profit_by_trade,
        /// The profit of the lots held at the last price, marked to market; zero for options. C: `PositionProfit`.
        profit, profit_e4 = of.profit,
        /// The profit of the lots held at the last price since they were opened.
        profit_by_trade, profit_by_trade_e4 = of.profit_by_trade,
    }
}

view! {
    /// The money of the account by the gateway's own books. What is not known is `None`, and `unknown` says why.
    AccountNow(of: &td::AccountNow) {
        /// Why something is `None`, or only as good as its best guess, in words.
        unknown: Vec<String> = of.unknown.iter().map(ToString::to_string).collect(),
    }
    money {
        /// What the account began the day with, after deposits and withdrawals (静态权益).
        static_equity, static_equity_e4 = of.static_equity,
        /// Dynamic equity (动态权益). C: `Balance`.
        balance, balance_e4 = of.balance,
        /// What new orders can use (可用资金). C: `Available`.
        available, available_e4 = of.available,
        /// Margin of the positions (占用保证金), one-sided where the exchange says so. C: `CurrMargin`.
        margin, margin_e4 = of.margin,
        /// Margin frozen by working orders. C: `FrozenMargin`.
        frozen_margin, frozen_margin_e4 = of.frozen_margin,
        /// Commission frozen by working orders. C: `FrozenCommission`.
        frozen_commission, frozen_commission_e4 = of.frozen_commission,
        /// Premium frozen by working orders for options. C: `FrozenCash`.
        frozen_cash, frozen_cash_e4 = of.frozen_cash,
        /// Premium received less premium paid today (权利金收支). C: `CashIn`.
        cash_in, cash_in_e4 = of.cash_in,
        /// Commission of the day (手续费). C: `Commission`.
        commission, commission_e4 = of.commission,
        /// Profit of the lots closed today, marked to market (平仓盈亏). C: `CloseProfit`.
        close_profit, close_profit_e4 = of.close_profit,
        /// Profit of the lots held, marked to market (持仓盈亏). C: `PositionProfit`.
        position_profit, position_profit_e4 = of.position_profit,
        /// What the options held are worth, long less short (期权市值). C: `OptionValue`.
        option_value, option_value_e4 = of.option_value,
    }
}

view! {
    /// Profit and loss of the trading day by the gateway's own books, without deposits and withdrawals. What is not known
    /// counts as nothing: see `is_complete`.
    DayProfit(of: &td::DayProfit) {
        /// Whether all prices, multipliers and rates are known.
        is_complete: bool = of.is_complete,
    }
    money {
        /// The profit of the day; negative is a loss.
        total, total_e4 = Some(of.total()),
        /// Of lots closed today, marked to market.
        closed, closed_e4 = Some(of.closed),
        /// Of lots held, marked to market at the last prices.
        held, held_e4 = Some(of.held),
        /// Commission paid.
        commission, commission_e4 = Some(of.commission),
        /// Premium received less paid, plus what the options held are worth now less at the settlement before.
        options, options_e4 = Some(of.options),
    }
}

/// A figure: lots, or money.
#[derive(Clone, Copy, Debug, PartialEq, IntoPyObject)]
pub(crate) enum Figure {
    Lots(i64),
    Cny(f64),
}

impl From<td::Figure> for Figure {
    fn from(figure: td::Figure) -> Self {
        match figure {
            td::Figure::Lots(lots) => Self::Lots(lots.into()),
            td::Figure::Money(money) => Self::Cny(money.to_f64()),
            // A kind of figure that this binding does not know has no unit.
            _ => Self::Cny(f64::NAN),
        }
    }
}

view! {
    /// A figure that the gateway's books and the counter say differently.
    Difference(of: &td::Difference) {
        /// Which figure, by the name of its field at the counter, for example `Position`.
        what: String = of.what.to_string(),
        /// The instrument of its position; `None` for the account.
        instrument_id: Option<String> = of.key.map(|key| text(&key.instrument_id)),
        /// Long or short; `None` for the account.
        direction: Option<Member<PosiDirection>> = of.key.map(|key| key.direction.into()),
        /// The purpose; `None` for the account.
        hedge: Option<Member<HedgeFlag>> = of.key.map(|key| key.hedge_flag.into()),
        /// Of which row, where today's lots and older ones have their own.
        date: Option<Member<PositionDate>> = of.date.map(Member::from),
        /// What the books say: lots, or CNY.
        ours: Figure = of.ours.into(),
        /// What the counter says: lots, or CNY.
        theirs: Figure = of.theirs.into(),
        /// Whether lots differ, and not only money.
        is_of_lots: bool = of.is_of_lots(),
        /// The same in words.
        text: String = of.to_string(),
    }
    money {}
}

view! {
    /// What a comparison of the gateway's books with the counter found.
    Comparison(of: &td::Comparison) {
        /// Whether everything that was compared agrees.
        agrees: bool = of.agrees(),
        /// What differs.
        differences: Vec<Difference> = of.differences.iter().map(Difference::from).collect(),
        /// What was not compared, because the books do not know it, in words.
        unknown: Vec<String> = of.unknown.iter().map(ToString::to_string).collect(),
        /// How many figures were compared.
        compared: usize = of.compared,
    }
    money {}
}
