//! The exchanges and the rules that differ between them.

use std::fmt;

use serde::Deserialize;

/// One of the six futures exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Exchange {
    /// Shanghai Futures Exchange (上期所).
    Shfe,
    /// Shanghai International Energy Exchange (上期能源).
    Ine,
    /// Dalian Commodity Exchange (大商所).
    Dce,
    /// Zhengzhou Commodity Exchange (郑商所).
    Czce,
    /// China Financial Futures Exchange (中金所).
    Cffex,
    /// Guangzhou Futures Exchange (广期所).
    Gfex,
}

impl Exchange {
    /// All exchanges, in CTP's usual order.
    pub const ALL: [Self; 6] = [Self::Shfe, Self::Ine, Self::Dce, Self::Czce, Self::Cffex, Self::Gfex];

    /// Returns the id that CTP uses (`ExchangeID`).
    pub const fn id(self) -> &'static str {
        match self {
            Self::Shfe => "SHFE",
            Self::Ine => "INE",
            Self::Dce => "DCE",
            Self::Czce => "CZCE",
            Self::Cffex => "CFFEX",
            Self::Gfex => "GFEX",
        }
    }

    /// Returns the exchange with this `ExchangeID`.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|exchange| exchange.id() == id)
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// What one exchange does differently.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ExchangeRules {
    /// The exchange.
    pub id: Exchange,
    /// Its Chinese name.
    pub name: String,
    /// Whether today's and yesterday's lots are kept and closed apart.
    pub close_today: bool,
    /// How the life of an order reaches CTP.
    pub order_reports: OrderReports,
    /// Digits of the year in a contract's code: 2, or 1 at CZCE.
    pub year_digits: u8,
    /// Levels of the book on an ordinary market-data front.
    pub depth_levels: u8,
    /// What `UpdateMillisec` holds.
    pub milliseconds: Milliseconds,
    /// What `ActionDay` of a tick holds at night.
    pub night_action_day: NightDate,
    /// What `TradingDay` of a tick holds at night.
    pub night_trading_day: NightDate,
    /// Whether only the larger side of a product is charged margin (大边); a product may differ.
    pub one_sided_margin: bool,
}

/// How the life of an order reaches CTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderReports {
    /// The exchange reports each change of the order; CTP repeats the former state before each.
    Full,
    /// The exchange reports acceptance and trades only; CTP makes up the order's state (DCE, GFEX).
    TradesOnly,
}

/// What `UpdateMillisec` of a tick holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Milliseconds {
    /// 0 or 500.
    Half,
    /// The millisecond.
    Real,
    /// Always 0.
    None,
}

/// Which date a field of a tick holds at night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NightDate {
    /// The calendar date.
    Calendar,
    /// The trading day the night belongs to.
    TradingDay,
}
