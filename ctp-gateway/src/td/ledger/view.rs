//! What the ledger shows: positions, money, what can be closed, and what is not known.

use std::fmt;

use ctp_market::Money;
use ctp_types::{HedgeFlag, PosiDirection, Text};

/// What makes a position of an account one of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct PositionKey {
    /// The instrument. C: `InstrumentID`.
    pub instrument_id: Text<81>,
    /// Long or short. C: `PosiDirection`.
    pub direction: PosiDirection,
    /// The purpose. C: `HedgeFlag`.
    pub hedge_flag: HedgeFlag,
}

impl PositionKey {
    /// Names a position.
    pub fn new(instrument_id: Text<81>, direction: PosiDirection, hedge_flag: HedgeFlag) -> Self {
        Self { instrument_id, direction, hedge_flag }
    }
}

impl fmt::Display for PositionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.direction {
            PosiDirection::LONG => "long",
            PosiDirection::SHORT => "short",
            _ => "net",
        };
        write!(f, "{} {side}", self.instrument_id)?;
        if self.hedge_flag != HedgeFlag::SPECULATION {
            write!(f, " (HedgeFlag {})", char::from(self.hedge_flag.as_char()))?;
        }
        Ok(())
    }
}

/// The lots of a position that can be closed: held, and not reserved by working orders to close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closable {
    /// Lots of today that can be closed.
    pub today: i32,
    /// Older lots that can be closed.
    pub yesterday: i32,
    /// What can be closed in all. Where the exchange does not keep them apart (all but SHFE and INE) this is what counts:
    /// a working order reserves lots of either kind there, and the two above are what it leaves when it takes the oldest
    /// first.
    pub total: i32,
    /// Whether lots of today and older ones are closed by different flags, as at SHFE and INE.
    pub is_split: bool,
}

/// A position as the gateway's own ledger has it, from the start of the trading day and every trade since.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PositionNow {
    /// Instrument, side and purpose.
    pub key: PositionKey,
    /// The exchange. C: `ExchangeID`.
    pub exchange_id: Text<9>,
    /// The lots held.
    pub volume: i32,
    /// Those of them that were opened today (今仓).
    pub volume_today: i32,
    /// The lots held when the trading day began (昨仓); it does not change in the day. C: `YdPosition`.
    pub volume_at_start: i32,
    /// The lots that working orders to close reserve.
    pub frozen: i32,
    /// What can be closed.
    pub closable: Closable,
    /// The lots opened today. C: `OpenVolume`.
    pub open_volume: i32,
    /// The lots closed today. C: `CloseVolume`.
    pub close_volume: i32,
    /// Lots that were closed and that the ledger has never seen opened: trades are missing.
    pub missing: i32,
    /// What the lots cost, marked to market: older ones at the settlement price of the day before. C: `PositionCost`.
    pub cost: Option<Money>,
    /// What the lots cost when they were opened. C: `OpenCost`.
    pub open_cost: Option<Money>,
    /// The margin, before one-sided margin (大边) is looked at. C: `UseMargin`.
    pub margin: Option<Money>,
    /// The commission of the day. C: `Commission`.
    pub commission: Option<Money>,
    /// The profit of the lots closed today, marked to market (逐日). C: `CloseProfitByDate`.
    pub close_profit: Option<Money>,
    /// The profit of the lots closed today since they were opened (逐笔). C: `CloseProfitByTrade`.
    pub close_profit_by_trade: Option<Money>,
    /// The profit of the lots held at the last price, marked to market; zero for options. C: `PositionProfit`.
    pub profit: Option<Money>,
    /// The profit of the lots held at the last price since they were opened.
    pub profit_by_trade: Option<Money>,
    /// The last price that the profits are reckoned at, in CNY per unit of quotation.
    pub price: Option<f64>,
    /// Why something above is `None`.
    pub unknown: Vec<Unknown>,
}

/// The money of the account as the gateway's own ledger has it. `None` is what is not known, and [`unknown`](Self::unknown)
/// says why.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct AccountNow {
    /// What the account began the day with, after deposits and withdrawals (静态权益).
    pub static_equity: Option<Money>,
    /// Dynamic equity (动态权益). C: `Balance`.
    pub balance: Option<Money>,
    /// What new orders can use (可用资金). C: `Available`.
    pub available: Option<Money>,
    /// Margin of the positions (占用保证金), one-sided where the exchange says so. C: `CurrMargin`.
    pub margin: Option<Money>,
    /// Margin frozen by working orders. C: `FrozenMargin`.
    pub frozen_margin: Option<Money>,
    /// Commission frozen by working orders. C: `FrozenCommission`.
    pub frozen_commission: Option<Money>,
    /// Premium frozen by working orders for options. C: `FrozenCash`.
    pub frozen_cash: Option<Money>,
    /// Premium received less premium paid today (权利金收支). C: `CashIn`.
    pub cash_in: Option<Money>,
    /// Commission of the day (手续费). C: `Commission`.
    pub commission: Option<Money>,
    /// Profit of the lots closed today, marked to market (平仓盈亏). C: `CloseProfit`.
    pub close_profit: Option<Money>,
    /// Profit of the lots held, marked to market (持仓盈亏). C: `PositionProfit`.
    pub position_profit: Option<Money>,
    /// What the options held are worth, long less short (期权市值). C: `OptionValue`.
    pub option_value: Option<Money>,
    /// Why something above is `None`, or only as good as its best guess.
    pub unknown: Vec<Unknown>,
}

/// Profit and loss of the trading day, without what deposits and withdrawals change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DayProfit {
    /// Of lots closed today, marked to market.
    pub closed: Money,
    /// Of lots held, marked to market at the last prices.
    pub held: Money,
    /// Commission paid.
    pub commission: Money,
    /// Premium received less premium paid, plus what the options held are worth now less what they were worth at the
    /// settlement before.
    pub options: Money,
    /// Whether all prices, multipliers and rates are known; what is not known counts as nothing.
    pub is_complete: bool,
}

impl DayProfit {
    /// Returns the profit of the day; negative is a loss.
    pub fn total(&self) -> Money {
        self.closed + self.held + self.options - self.commission
    }
}

/// Something that the ledger does not know. It is said, never guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Unknown {
    /// The positions at the start of the day: no query has told them yet.
    Baseline,
    /// The money at the start of the day: no query has told it yet.
    Funds,
    /// The broker's parameters (C: `ReqQryBrokerTradingParams`): available funds and today's margin are of the usual ones.
    Params,
    /// Units of quotation in a lot, and what kind of instrument it is.
    Terms(Text<81>),
    /// What trades of the instrument cost.
    CommissionRate(Text<81>),
    /// What margin lots of the instrument need.
    MarginRate(Text<81>),
    /// The last price of the instrument.
    Price(Text<81>),
    /// The settlement price of the day before.
    PreSettlement(Text<81>),
    /// The opening prices of the lots that were held at the start of the day.
    OpenPrices(Text<81>),
    /// Lots in combinations: which are closed first and what they need of margin is the exchange's affair.
    Combination(Text<81>),
    /// Margin of short options: it follows a formula of the exchange and prices at the counter.
    OptionMargin(Text<81>),
    /// What an order without a limit price freezes.
    MarketOrder(Text<81>),
    /// Margin of today's lots at a last or average price: only the counter knows which.
    MarginPrice(Text<81>),
    /// Whether an order of the instrument exists that was not answered: the ledger reserves for it, and the counter may
    /// or may not.
    Order(Text<81>),
    /// A trade without a price, of an unknown direction, or otherwise unlike a trade.
    Trade(Text<81>),
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Baseline => f.write_str("positions at the start of the day"),
            Self::Funds => f.write_str("money at the start of the day"),
            Self::Params => f.write_str("parameters of the broker"),
            Self::Terms(id) => write!(f, "multiplier of {id}"),
            Self::CommissionRate(id) => write!(f, "commission rate of {id}"),
            Self::MarginRate(id) => write!(f, "margin rate of {id}"),
            Self::Price(id) => write!(f, "last price of {id}"),
            Self::PreSettlement(id) => write!(f, "settlement price of {id} of the day before"),
            Self::OpenPrices(id) => write!(f, "opening prices of older lots of {id}"),
            Self::Combination(id) => write!(f, "lots of {id} in combinations"),
            Self::OptionMargin(id) => write!(f, "margin of short {id}"),
            Self::MarketOrder(id) => write!(f, "what an order for {id} without a limit price freezes"),
            Self::MarginPrice(id) => write!(f, "price of the margin of today's lots of {id}"),
            Self::Order(id) => write!(f, "whether an order of {id} exists"),
            Self::Trade(id) => write!(f, "a trade of {id} that cannot be read"),
        }
    }
}
